"""The window of a layer, with explicit numbers for each axis, as other formats need it."""

from __future__ import annotations

from typing import Any, NamedTuple

from costcalc.graph.layer import Layer
from costcalc.kinds.base import Shape, spread
from costcalc.kinds.windows import explicit_pads, transposed_pads

Pads = tuple[tuple[int, int], ...]
"""The padding before and after each axis."""


class Window(NamedTuple):
    """A window that slides over a map."""

    kernel: Shape
    stride: Shape
    dilation: Shape
    pads: Pads


def window_of(layer: Layer) -> Window:
    """The window of a convolution or a pool."""
    operation: Any = layer.operation
    axes = layer.input_shapes[0][1:]
    rank = len(axes)
    kernel = spread(operation.kernel, rank, "kernel")
    stride = kernel if operation.stride is None else spread(operation.stride, rank, "stride")
    dilation = spread(operation.dilation, rank, "dilation")
    pads = explicit_pads(axes, kernel, stride, operation.padding, dilation)
    return Window(kernel, stride, dilation, pads)


def transposed_window(layer: Layer) -> tuple[Window, Shape]:
    """The window of a transposed convolution, and its output padding.

    The pads are cropped from the output.
    """
    operation: Any = layer.operation
    rank = len(layer.output) - 1
    kernel = spread(operation.kernel, rank, "kernel")
    stride = spread(operation.stride, rank, "stride")
    dilation = spread(operation.dilation, rank, "dilation")
    added = spread(operation.output_padding, rank, "output_padding")
    pads, added = transposed_pads(kernel, stride, operation.padding, dilation, added)
    return Window(kernel, stride, dilation, pads), added


def even_kernel(layer: Layer) -> Shape | None:
    """The kernel, and stride, of an adaptive pool; None if its windows differ in size."""
    axes, results = layer.input_shapes[0][1:], layer.output[1:]
    if any(n % result for n, result in zip(axes, results, strict=True)):
        return None
    return tuple(n // result for n, result in zip(axes, results, strict=True))
