"""What a convention's rules may speak of: events, sizes, and how a layer was written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, get_args

from costcalc.formulas.algebra import Size, product
from costcalc.formulas.windows import window_output
from costcalc.graph.layer import Layer
from costcalc.kinds import TABLE
from costcalc.kinds.base import Count, Events, Flag, Kind, Offset, elements, spread
from costcalc.kinds.windows import pads


class Name(NamedTuple):
    """Something that a layer has, whatever its kind."""

    doc: str
    compute: Callable[[Layer], Any]


def _n_in(layer: Layer) -> Size:
    return sum((elements(shape) for shape in layer.input_shapes), 0)


def _positions(channels_first: tuple[Size, ...]) -> Size:
    return product(channels_first[1:])


def _kernel(layer: Layer) -> tuple[Size, ...]:
    """The kernel's sides; the whole map where pooling has none of its own."""
    axes = layer.input_shapes[0][1:]
    kernel = getattr(layer.operation, "kernel", None)
    return axes if kernel is None else spread(kernel, len(axes), "kernel")


def _windows(layer: Layer) -> Size:
    """Positions of an ordinary window with the layer's kernel, stride, padding and dilation."""
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


SIZES: Mapping[str, Name] = {
    "n_in": Name("elements of all inputs", _n_in),
    "n_out": Name("elements of the output", lambda layer: elements(layer.output)),
    "c_in": Name("channels of the first input", lambda layer: layer.input_shapes[0][0]),
    "c_out": Name("channels of the output", lambda layer: layer.output[0]),
    "positions_in": Name(
        "elements of one channel of the first input",
        lambda layer: _positions(layer.input_shapes[0]),
    ),
    "positions_out": Name(
        "elements of one channel of the output", lambda layer: _positions(layer.output)
    ),
    "rank": Name("spatial axes of the first input", lambda layer: len(layer.input_shapes[0]) - 1),
    "window": Name(
        "elements of the kernel, of the whole map where there is none",
        lambda layer: product(_kernel(layer)),
    ),
    "window_side": Name("the kernel's first side", lambda layer: _kernel(layer)[0]),
    "windows": Name(
        "positions that an ordinary convolution with these settings would have", _windows
    ),
    "functional": Name(
        "whether the implementation calls a function, where it could have used a module",
        lambda layer: layer.functional is not None,
    ),
    "operator": Name(
        "whether that function is an operator or a method: x + y, x.mean((2, 3))",
        lambda layer: layer.functional == "operator",
    ),
}
"""Names of every layer, besides its events."""


def attributes_of(kind: Kind) -> frozenset[str]:
    """The attributes of a kind that a rule may speak of: those with one value."""
    return frozenset(
        name
        for name, annotation in kind.attributes.items()
        if name != "out" and (annotation in (Flag, Count, Offset) or _is_choice(annotation))
    )


def _is_choice(annotation: Any) -> bool:
    arguments = get_args(annotation)
    return len(arguments) == 2 and isinstance(arguments[1], tuple)


def known_names() -> frozenset[str]:
    """Every name that some rule may speak of."""
    return frozenset(Events._fields).union(SIZES, *(attributes_of(kind) for kind in TABLE))


class LayerNames:
    """The names' values at one layer, each computed when a rule asks for it."""

    __slots__ = ("events", "layer")

    def __init__(self, layer: Layer) -> None:
        self.layer = layer
        self.events: Events | None = None

    def __getitem__(self, name: str) -> Any:
        layer = self.layer
        if name in SIZES:
            return SIZES[name].compute(layer)
        if name in Events._fields:
            if self.events is None:
                self.events = layer.operation.events(layer.input_shapes, layer.output)
            return getattr(self.events, name)
        return getattr(layer.operation, name)
