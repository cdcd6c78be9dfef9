"""Pooling: over a window, to a given size, over the whole map."""

from collections.abc import Callable

from costcalc.formulas.algebra import Size, product
from costcalc.formulas.reductions import folds, pooled_elements
from costcalc.formulas.windows import adaptive_rows
from costcalc.kinds.base import (
    Events,
    Flag,
    Padding,
    Shape,
    Spatial,
    elements,
    spatial_axes,
    spread,
)
from costcalc.kinds.windows import slide
from costcalc.records import NamedTuple

Reduction = Callable[[Size, Size], Events]
"""The events of reducing a number of elements to a number of results."""


def largest(elements: Size, results: Size) -> Events:
    """A comparison for every element but the first of each window."""
    return Events(comparisons=folds(elements, results))


def mean(elements: Size, results: Size) -> Events:
    """An addition for every element but the first of each window, then a division."""
    return Events(additions=folds(elements, results), divisions=results)


class Pool(NamedTuple):
    """One result for each window."""

    reduction: Reduction
    kernel: Spatial
    stride: Spatial = None
    """The kernel's size by default."""
    padding: Padding = "valid"
    dilation: Spatial = 1
    ceil_mode: Flag = False
    """Whether the last window may extend past the end, if it starts inside."""

    def output_shape(self, inputs: tuple[Shape, ...]) -> Shape:
        """``(C, H', W')``."""
        axes = spatial_axes(inputs[0], "pooling")
        stride = self.kernel if self.stride is None else self.stride
        positions = slide(axes, self.kernel, stride, self.padding, self.dilation, self.ceil_mode)
        return (inputs[0][0], *positions)

    def events(self, inputs: tuple[Shape, ...], output: Shape) -> Events:
        """Every element of every window, padding included."""
        kernel = spread(self.kernel, len(output) - 1, "kernel")
        results = elements(output)
        reduced = self.reduction(pooled_elements(kernel, output[0], output[1:]), results)
        return reduced._replace(reads=elements(inputs[0]), writes=results)


class AdaptivePool(NamedTuple):
    """Pooling to a given size, in windows as equal as possible."""

    reduction: Reduction
    size: Spatial

    def output_shape(self, inputs: tuple[Shape, ...]) -> Shape:
        """``(C, *size)``."""
        axes = spatial_axes(inputs[0], "pooling")
        return (inputs[0][0], *spread(self.size, len(axes), "size"))

    def events(self, inputs: tuple[Shape, ...], output: Shape) -> Events:
        """Every element of every window; neighbouring windows may share a row."""
        channels, *sides = inputs[0]
        rows = (adaptive_rows(n, m) for n, m in zip(sides, output[1:], strict=True))
        results = elements(output)
        reduced = self.reduction(channels * product(rows), results)
        return reduced._replace(reads=elements(inputs[0]), writes=results)


class GlobalPool(NamedTuple):
    """One result for each channel."""

    reduction: Reduction

    def output_shape(self, inputs: tuple[Shape, ...]) -> Shape:
        """``(C, 1, 1)``."""
        axes = spatial_axes(inputs[0], "pooling")
        return (inputs[0][0], *(1 for _ in axes))

    def events(self, inputs: tuple[Shape, ...], output: Shape) -> Events:
        """Every element once."""
        n, results = elements(inputs[0]), elements(output)
        return self.reduction(n, results)._replace(reads=n, writes=results)
