"""What a line says of a layer: its kind by the shortest name, and its attributes."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from costcalc.blocks.steps import Formula
from costcalc.graph.layer import Layer
from costcalc.kinds.base import Events, Kind, Padding, Shape, Spatial
from costcalc.kinds.convolution import Conv
from costcalc.kinds.windows import pads

_MAP = 3
"""Axes of a map: channels, rows and columns."""


def how_called(layer: Layer) -> str | None:
    """How a layer is called, where something happens in it that a convention may count."""
    return layer.functional if layer.events() != Events() else None


def attributes(layer: Layer) -> tuple[str, dict[str, Any]]:
    """The kind that a line names, and all attributes, as a spec writes them."""
    kind, operation = layer.kind, layer.operation
    rank = len(layer.input_shapes[0]) - 1 if layer.input_shapes else 0
    values = {
        name: _plain(getattr(operation, name), reads, rank)
        for name, reads in kind.attributes.items()
    }
    if isinstance(operation, Conv):
        return _convolution(values, layer, rank)
    if "stride" in values and values["stride"] is None:
        values["stride"] = values["kernel"]
    if "padding" in values and values["padding"] in (0, "valid"):
        values["padding"] = _nothing(kind)
    return kind.name, values


def _nothing(kind: Kind) -> Any:
    """How a kind writes that there is no padding."""
    return "valid" if "kernel" in kind.attributes else 0


def _convolution(values: dict[str, Any], layer: Layer, rank: int) -> tuple[str, dict[str, Any]]:
    """A convolution by the shortest of its names: pointwise, depthwise or itself."""
    if rank and _is_same(values, rank):
        values["padding"] = "same"
    elif values["padding"] == 0:
        values["padding"] = "valid"
    channels, groups = layer.input_shapes[0][0], values["groups"]
    if groups == channels > 1:
        del values["groups"]
        values["multiplier"] = values.pop("out") // channels
        return "depthwise", values
    if values["kernel"] == 1 and values["padding"] == "same":
        return "pointwise", {name: values[name] for name in ("out", "stride", "groups", "bias")}
    return "conv", values


def _is_same(values: Mapping[str, Any], rank: int) -> bool:
    """Whether a padding gives what ``same`` gives, at every size of the input.

    With p rows before and behind and an extent e, floor((n + 2p - e) / s) + 1 is
    ceil(n / s) = floor((n - 1) / s) + 1 for every n where 2p = e - 1.
    """
    if values["padding"] == "same":
        return True
    sides = pads(values["padding"], rank)
    extents = [
        _axis(values["dilation"], axis) * (_axis(values["kernel"], axis) - 1)
        for axis in range(rank)
    ]
    return all(
        before + after == rest and (before == after or _axis(values["stride"], axis) == 1)
        for axis, ((before, after), rest) in enumerate(zip(sides, extents, strict=True))
    )


def _axis(value: Any, axis: int) -> Any:
    return value[axis] if isinstance(value, tuple) else value


def _plain(value: Any, reads: Any, rank: int) -> Any:
    """A value in its shortest form: one number where all axes have the same."""
    if isinstance(value, Fraction | int | str) or value is None:
        return value
    if isinstance(value, tuple):
        value = tuple(_plain(item, None, 0) for item in value)
        if reads is Spatial and len(set(value)) == 1:
            return value[0]
        if reads is Padding and rank and len(value) == rank:
            value = tuple(side[0] if _is_even(side) else side for side in value)
            if len(set(value)) == 1 and not isinstance(value[0], tuple):
                return value[0]
    return value


def _is_even(side: Any) -> bool:
    return isinstance(side, tuple) and len(set(side)) == 1


def relative(shape: Shape, input: Shape) -> tuple[Any, ...]:
    """The shape of a reshape in words that hold at every resolution, or in numbers.

    Channels in groups, groups as channels again, and a map as a list of its
    positions: what an architecture means where a traced model holds sizes.
    """
    channels, *sides = input
    if len(input) == _MAP and len(shape) > 1:
        groups, *rest = shape
        if [*rest[1:]] == sides and groups * rest[0] == channels:
            each = Formula(f"in / {groups}")
            return groups, each, Formula("in_height"), Formula("in_width")
        if len(rest) == 1 and groups == channels:
            return Formula("in"), -1
    if len(input) == _MAP + 1 and len(shape) == _MAP and [*shape[1:]] == sides[1:]:
        return Formula("in * in_height"), Formula("in_width"), -1
    return shape
