"""A layer as a spec writes it: its kind by the shortest name, and its attributes."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from costcalc.blocks.steps import Formula
from costcalc.graph.layer import Layer
from costcalc.kinds.base import Events, Padding, Shape, Spatial
from costcalc.kinds.convolution import Conv, TransposedConv, is_depthwise
from costcalc.kinds.windows import pads

_MAP = 3
"""Axes of a map: channels, rows and columns."""


def how_called(layer: Layer) -> str | None:
    """How a layer is called, if a convention may count anything in it."""
    return layer.functional if layer.events() != Events() else None


def attributes(layer: Layer) -> tuple[str, dict[str, Any]]:
    """The kind and all attributes of a layer, as a spec writes them."""
    kind, operation = layer.kind, layer.operation
    rank = len(layer.input_shapes[0]) - 1 if layer.input_shapes else 0
    values = {
        name: _plain(getattr(operation, name), reads, rank)
        for name, reads in kind.attributes.items()
    }
    if isinstance(operation, Conv):
        return _convolution(values, layer, rank)
    if isinstance(operation, TransposedConv) and _is_split(values, layer):
        return "transposed_depthwise", _by_multiplier(values)
    if "stride" in values and values["stride"] is None:
        values["stride"] = values["kernel"]
    if "padding" in values and values["padding"] in (0, "valid"):
        values["padding"] = "valid" if "kernel" in kind.attributes else 0
    return kind.name, values


def _convolution(values: dict[str, Any], layer: Layer, rank: int) -> tuple[str, dict[str, Any]]:
    """A convolution under its shortest name: pointwise, depthwise or conv."""
    if rank and _is_same(values, rank):
        values["padding"] = "same"
    elif values["padding"] == 0:
        values["padding"] = "valid"
    if _is_split(values, layer):
        return "depthwise", _by_multiplier(values)
    if values["kernel"] == 1 and values["padding"] == "same":
        return "pointwise", {name: values[name] for name in ("out", "stride", "groups", "bias")}
    return "conv", values


def _is_split(values: Mapping[str, Any], layer: Layer) -> bool:
    """Whether every channel of the input is a group of its own."""
    return bool(is_depthwise(values["groups"], layer.input_shapes[0][0]))


def _by_multiplier(values: dict[str, Any]) -> dict[str, Any]:
    """The attributes of a depthwise convolution: outputs per channel instead of widths."""
    channels = values.pop("groups")
    values["multiplier"] = values.pop("out") // channels
    return values


def _is_same(values: Mapping[str, Any], rank: int) -> bool:
    """Whether a padding has the same effect as ``same`` at every size of the input.

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
    """A value in its shortest form: one number if it is the same for all axes."""
    if isinstance(value, Fraction | int | str) or value is None:
        return value
    if isinstance(value, tuple):
        value = tuple(_plain(item, None, 0) for item in value)
        if reads is Spatial and len(set(value)) == 1:
            return value[0]
        if reads is Padding and rank and len(value) == rank:
            value = tuple(
                pad[0] if isinstance(pad, tuple) and len(set(pad)) == 1 else pad for pad in value
            )
            if len(set(value)) == 1 and not isinstance(value[0], tuple):
                return value[0]
    return value


def relative(shape: Shape, input: Shape) -> tuple[Any, ...] | None:
    """The shape of a reshape as one that is valid at every resolution; None if it is not known.

    Channels split into groups, groups merged into channels, and a map flattened to a
    list of positions: a traced model contains only their sizes.
    """
    channels, *sides = input
    if len(input) == _MAP and len(shape) > 1:
        groups, *rest = shape
        if [*rest[1:]] == sides and groups * rest[0] == channels:
            size = Formula(f"in / {groups}")
            return groups, size, Formula("in_height"), Formula("in_width")
        if len(rest) == 1 and groups == channels:
            return Formula("in"), -1
    if len(input) == _MAP + 1 and len(shape) == _MAP and [*shape[1:]] == sides[1:]:
        return Formula("in * in_height"), Formula("in_width"), -1
    return None
