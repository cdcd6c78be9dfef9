"""Layers as lines of a spec: each with the norm and the activation that belong to it."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any, NamedTuple

from costcalc.blocks.steps import BORROWS, NETWORK, Formula, Step
from costcalc.graph.layer import NETWORK_INPUT, Layer, LayerGraph
from costcalc.kinds.base import MATRICES, NONE, PARAMS, Events, Kind, Padding, Shape, Spatial
from costcalc.kinds.convolution import Conv
from costcalc.kinds.windows import pads

_CALLED = {None: False, "function": True, "operator": "operator"}
"""What a line says of how a layer is called."""

_MAP = 3
"""Axes of a map: channels, rows and columns."""


class Line(NamedTuple):
    """A step of one line, and the lines whose results it reads."""

    step: Step
    inputs: tuple[int, ...]
    gives: Any
    """The channels of its result."""


class Lines(NamedTuple):
    """All lines of a network, in the order of its layers."""

    lines: tuple[Line, ...]
    of_layer: tuple[int, ...]
    """The line that each layer stands in."""
    channels: Any
    """The channels of the network's input."""


def lines(graph: LayerGraph, is_folded: bool = True) -> Lines:
    """The lines of a network; each norm and activation on a line of its own if not folded."""
    folding = _Folding(graph)
    found: list[Line] = []
    of_layer: list[int] = []
    index = 0
    while index < len(graph.layers):
        layer = graph.layers[index]
        kinds = folding.behind(index) if is_folded else {}
        word, values = attributes(layer)
        if layer.kind.name == "reshape":
            values["shape"] = _relative(layer.output, layer.input_shapes[0])
        if layer.kind.family in MATRICES:
            values.update(norm="none", act="none")
        for family, at in kinds.items():
            kind = graph.layers[at].kind
            values["norm" if family == "norm" else "act"] = kind.name.removesuffix("_norm")
        act = kinds.get("activation")
        called = how_called(layer), how_called(graph.layers[act]) if act is not None else None
        for name, how in zip(("functional", "functional_act"), called, strict=True):
            if how is not None:
                values[name] = _CALLED[how]
        values.update(folding.shared(index))
        values.update({f"{BORROWS}{name}": count for name, count in layer.borrows.items()})
        if not layer.inputs and layer.kind.arity != NONE:
            values["from"] = ()
        number = len(found)
        of_layer += [number] * (1 + len(kinds))
        inputs = tuple(NETWORK if i == NETWORK_INPUT else of_layer[i] for i in layer.inputs)
        reads = _channels(layer.input_shapes[0]) if layer.input_shapes else 0
        step = Step(word, values, reads, number, number, layer.name)
        index += 1 + len(kinds)
        found.append(Line(step, inputs, _channels(graph.layers[index - 1].output)))
    return Lines(tuple(found), tuple(of_layer), graph.input[0])


def _channels(shape: Shape) -> Any:
    """The channels of a tensor; 0 of a single number, which has no axis."""
    return shape[0] if shape else 0


class _Folding:
    """Which norms and activations stand on the line of the layer before them."""

    def __init__(self, graph: LayerGraph) -> None:
        self.layers = graph.layers
        self.readers = [0] * len(graph.layers)
        for layer in graph.layers:
            for index in layer.inputs:
                if index != NETWORK_INPUT:
                    self.readers[index] += 1
        self.starts = {part[0] for each in graph.gated for part in (each.gate, each.layers) if part}
        self.starts |= {each.layers.stop for each in graph.gated}
        self.owners = {layer.shares for layer in graph.layers if layer.shares is not None}

    def behind(self, index: int) -> dict[str, int]:
        """The norm and the activation on a layer's line: family to index."""
        first = self.layers[index]
        found: dict[str, int] = {}
        last = index
        for family in ("norm", "activation"):
            if self._belongs(first, index, last, family):
                last += 1
                found[family] = last
        return found

    def _belongs(self, first: Layer, host: int, last: int, family: str) -> bool:
        at = last + 1
        if at >= len(self.layers) or at in self.starts or self.readers[last] != 1:
            return False
        layer = self.layers[at]
        if layer.kind.family != family or layer.inputs != (last,) or not _is_plain(layer):
            return False
        if layer.borrows or (family == "norm" and layer.functional is not None):
            return False
        if not self._is_shared_alike(layer, at, first, host):
            return False
        if layer.host is not None:
            return layer.host == host
        return first.kind.family in MATRICES or (
            family == "activation" and first.kind.name in ("add", "concat") and last == host
        )

    def _is_shared_alike(self, layer: Layer, at: int, first: Layer, host: int) -> bool:
        """Whether two layers of one line use the params of two layers of one line, or neither."""
        if layer.shares is None or first.shares is None:
            return layer.shares == first.shares or not learns(layer)
        return layer.shares - first.shares == at - host

    def shared(self, index: int) -> dict[str, str]:
        """The word that layers of the same params share."""
        owner = self.layers[index].shares
        if owner is None and index not in self.owners:
            return {}
        number = index if owner is None else owner
        return {"shares": f"params{number}"}


def how_called(layer: Layer) -> str | None:
    """How a layer is called, where something happens in it that a convention may count."""
    return layer.functional if layer.events() != Events() else None


def learns(layer: Layer) -> bool:
    """Whether a layer has params."""
    events = layer.events()
    return any(getattr(events, name) for name in PARAMS)


def _is_plain(layer: Layer) -> bool:
    """Whether a line needs no more than the name of its kind."""
    kind = layer.kind
    return not kind.required and layer.operation == kind.operation(**kind.given)


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


def _relative(shape: Shape, input: Shape) -> tuple[Any, ...]:
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
