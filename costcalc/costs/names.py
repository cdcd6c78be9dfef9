"""The names that a convention's rules may use: events, sizes and how a layer is implemented."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, get_args

from costcalc.formulas.algebra import Size, product
from costcalc.formulas.windows import window_output
from costcalc.graph.layer import Layer
from costcalc.kinds import TABLE
from costcalc.kinds.base import (
    Axis,
    Count,
    Events,
    Flag,
    Kind,
    Offset,
    Shape,
    all_elements,
    axes_of,
    elements,
    spread,
)
from costcalc.kinds.windows import pads
from costcalc.records import NamedTuple


class RuleName(NamedTuple):
    """A value that layers of every kind have."""

    doc: str
    compute: Callable[[Layer, Layer | None], Any]
    """Takes a layer and the layer that it reads, None for the network's input."""


def _channels(layer: Layer, shape: Shape) -> Size:
    """The side along the layer's axis, by default the first; 1 for a single number."""
    return product(shape[axis] for axis in _axis(layer, shape))


def _positions(layer: Layer, shape: Shape) -> Size:
    """The product of the other sides."""
    axis = _axis(layer, shape)
    return product(side for index, side in enumerate(shape) if index not in axis)


def _axis(layer: Layer, shape: Shape) -> tuple[int, ...]:
    operation: Any = layer.operation
    axis = operation.axis if layer.kind.attributes.get("axis") is Axis else 0
    return axes_of((axis,), shape) if shape else ()


def _kernel(layer: Layer) -> tuple[Size, ...]:
    """The kernel's sides; for pooling without a kernel, those that would give its output."""
    axes = layer.input_shapes[0][1:]
    kernel = getattr(layer.operation, "kernel", None)
    if kernel is None:
        return tuple(n // m for n, m in zip(axes, layer.output[1:], strict=True))
    return spread(kernel, len(axes), "kernel")


def _stride_area(layer: Layer) -> Size:
    """The product of the strides; by default windows do not overlap."""
    stride = getattr(layer.operation, "stride", None)
    rank = len(layer.input_shapes[0]) - 1
    return product(_kernel(layer) if stride is None else spread(stride, rank, "stride"))


def _windows(layer: Layer) -> Size:
    """Positions of an ordinary sliding window with the layer's kernel, stride and so on."""
    operation: Any = layer.operation
    axes = layer.input_shapes[0][1:]
    rank = len(axes)
    padding = "valid" if operation.padding == "same" else operation.padding
    return product(
        window_output(n, k, s, before, after, d)
        for n, k, s, (before, after), d in zip(
            axes,
            _kernel(layer),
            spread(operation.stride, rank, "stride"),
            pads(padding, rank),
            spread(operation.dilation, rank, "dilation"),
            strict=True,
        )
    )


SIZES: Mapping[str, RuleName] = {
    "n_in": RuleName(
        "elements of all inputs",
        lambda layer, before: all_elements(layer.input_shapes),
    ),
    "n_first": RuleName(
        "elements of the first input", lambda layer, before: elements(layer.input_shapes[0])
    ),
    "n_second": RuleName(
        "elements of the second input", lambda layer, before: elements(layer.input_shapes[1])
    ),
    "inputs": RuleName("how many inputs it reads", lambda layer, before: len(layer.input_shapes)),
    "n_out": RuleName("elements of the output", lambda layer, before: elements(layer.output)),
    "c_in": RuleName(
        "channels of the first input: the side along the layer's `axis`",
        lambda layer, before: _channels(layer, layer.input_shapes[0]),
    ),
    "c_out": RuleName(
        "channels of the output", lambda layer, before: _channels(layer, layer.output)
    ),
    "positions_in": RuleName(
        "elements of one channel of the first input",
        lambda layer, before: _positions(layer, layer.input_shapes[0]),
    ),
    "positions_out": RuleName(
        "elements of one channel of the output",
        lambda layer, before: _positions(layer, layer.output),
    ),
    "rank": RuleName(
        "spatial axes of the first input", lambda layer, before: len(layer.input_shapes[0]) - 1
    ),
    "window": RuleName(
        "elements of the kernel; without one, of the kernel that would give the output's size",
        lambda layer, before: product(_kernel(layer)),
    ),
    "window_side": RuleName("the kernel's first side", lambda layer, before: _kernel(layer)[0]),
    "stride_area": RuleName(
        "the product of the strides; without any, `window`",
        lambda layer, before: _stride_area(layer),
    ),
    "windows": RuleName(
        "positions that an ordinary convolution with these settings would have",
        lambda layer, before: _windows(layer),
    ),
    "sized": RuleName(
        "whether the size of the output is given",
        lambda layer, before: getattr(layer.operation, "size", None) is not None,
    ),
    "follows": RuleName(
        "the kind of the layer that it reads",
        lambda layer, before: before.kind.name if before else "input",
    ),
    "follows_bias": RuleName(
        "whether the layer that it reads has a bias",
        lambda layer, before: before is not None and getattr(before.operation, "bias", False),
    ),
    "functional": RuleName(
        "whether the implementation calls a function instead of a module",
        lambda layer, before: layer.functional is not None,
    ),
    "operator": RuleName(
        "whether that function is an operator or a method: x + y, x.mean((2, 3))",
        lambda layer, before: layer.functional == "operator",
    ),
}
"""Names that every layer has, besides its events."""

OF_LAYER_READ = frozenset(("follows", "follows_bias"))
"""Those of them that tell of the layer that a layer reads."""

GENERAL = frozenset((*Events._fields, *SIZES))
"""Names that a rule for any layer may use."""


def attributes_of(kind: Kind) -> frozenset[str]:
    """The attributes of a kind that a rule may use: those with single values."""
    return frozenset(
        name
        for name, annotation in kind.attributes.items()
        if name != "out" and (annotation in (Flag, Count, Offset) or _is_choice(annotation))
    )


def _is_choice(annotation: Any) -> bool:
    arguments = get_args(annotation)
    return len(arguments) == 2 and isinstance(arguments[1], tuple)


def known_names() -> frozenset[str]:
    """Every name that some rule may use."""
    return GENERAL.union(*map(attributes_of, TABLE))


class LayerNames:
    """The values of the names at one layer, computed on demand."""

    __slots__ = ("before", "events", "layer")

    def __init__(self, layer: Layer, before: Layer | None) -> None:
        self.layer = layer
        self.before = before
        self.events: Events | None = None

    def __getitem__(self, name: str) -> Any:
        layer = self.layer
        if name in SIZES:
            return SIZES[name].compute(layer, self.before)
        if name in Events._fields:
            if self.events is None:
                self.events = layer.events()
            return getattr(self.events, name)
        return getattr(layer.operation, name)
