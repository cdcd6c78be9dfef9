"""The lines of a network: each layer with its norm and its activation.

A graph that comes from a spec keeps its lines; those of any other graph, such as an
imported model's, are found.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from costcalc.blocks.attributes import attributes, how_called, relative
from costcalc.blocks.steps import BORROWS, Step
from costcalc.graph.layer import NETWORK_INPUT, Layer, LayerGraph, Line
from costcalc.kinds.base import MATRICES, NONE, Shape
from costcalc.spec.document import ALL

_CALLED = {None: False, "function": True, "operator": "operator"}
"""How a spec writes the way a layer is called."""


class FlatStep(NamedTuple):
    """A line as a step, and the lines that it reads."""

    step: Step
    inputs: tuple[int, ...]
    channels: Any
    """The channels of its output."""


class FlatSteps(NamedTuple):
    """A network as one list of steps, in the order of its layers."""

    steps: tuple[FlatStep, ...]
    of_layer: tuple[int, ...]
    """The line of each layer."""
    channels: Any
    """The channels of the network's input."""


def flat_steps(graph: LayerGraph, is_folded: bool = True) -> FlatSteps:
    """A network's lines as steps; each layer is a line of its own if not folded."""
    owners = {layer.shares for layer in graph.layers}
    steps: list[FlatStep] = []
    of_layer: list[int] = []
    for number, line in enumerate(lines(graph, is_folded)):
        layers = [graph.layers[index] for index in line.layers]
        host = layers[0]
        word, values = _word_and_values(layers)
        if host.shares is not None or line.host in owners:
            values["shares"] = f"params{line.host if host.shares is None else host.shares}"
        if host.borrows:
            values.update(_borrowed(host))
        if not host.inputs and host.kind.arity != NONE:
            values["from"] = ()
        of_layer += [number] * len(layers)
        inputs = tuple(NETWORK_INPUT if i == NETWORK_INPUT else of_layer[i] for i in host.inputs)
        reads = _channels(host.input_shapes[0]) if host.input_shapes else 0
        step = Step(word, values, reads, number, number, host.name)
        steps.append(FlatStep(step, inputs, _channels(layers[-1].output)))
    return FlatSteps(tuple(steps), tuple(of_layer), graph.input[0])


def _borrowed(layer: Layer) -> dict[str, Any]:
    """The params that a layer borrows: how many of each event, or all of them."""
    events = layer.computation.events
    return {
        f"{BORROWS}{name}": ALL if count == getattr(events, name) else count
        for name, count in layer.borrows.items()
    }


def _word_and_values(layers: list[Layer]) -> tuple[str, dict[str, Any]]:
    """The kind that a line names, and its attributes."""
    host, *after = layers
    word, values = attributes(host)
    if host.kind.name == "reshape":
        values["shape"] = relative(host.output, host.input_shapes[0]) or values["shape"]
    if host.kind.family in MATRICES:
        values.update(norm="none", act="none")
    for layer in after:
        name = "norm" if layer.kind.family == "norm" else "act"
        values[name] = layer.kind.name.removesuffix("_norm")
    act = next((layer for layer in after if layer.kind.family == "activation"), None)
    for name, called in (("functional", host), ("functional_act", act)):
        how = how_called(called) if called is not None else None
        if how is not None:
            values[name] = _CALLED[how]
    return word, values


def _channels(shape: Shape) -> Any:
    """The channels of a tensor; 0 for a scalar."""
    return shape[0] if shape else 0


def lines(graph: LayerGraph, is_folded: bool = True) -> Iterator[Line]:
    """The lines of a graph; each layer is a line of its own if not folded."""
    readers = graph.readers
    starts = {part[0] for gated in graph.gated for part in (gated.gate, gated.layers) if part}
    starts |= {gated.layers.stop for gated in graph.gated}
    index = 0
    while index < len(graph.layers):
        members = [index]
        for family in ("norm", "activation") if is_folded else ():
            last = members[-1]
            is_alone = len(readers[last]) == 1 and last + 1 not in starts
            if is_alone and _belongs(graph.layers, index, last, family):
                members.append(last + 1)
        yield Line(tuple(members))
        index += len(members)


def _belongs(layers: tuple[Layer, ...], host: int, last: int, family: str) -> bool:
    """Whether the layer after the last of a line is the line's norm or activation."""
    if last + 1 >= len(layers):
        return False
    first, layer = layers[host], layers[last + 1]
    if layer.kind.family != family or layer.inputs != (last,) or not _is_plain(layer):
        return False
    if layer.borrows or (family == "norm" and layer.functional is not None):
        return False
    if not _is_shared_alike(layer, first, last + 1 - host):
        return False
    if layer.host is not None:
        return layer.host == host
    return first.kind.family in MATRICES or (
        family == "activation" and first.kind.name in ("add", "concat") and last == host
    )


def _is_shared_alike(layer: Layer, first: Layer, distance: int) -> bool:
    """Whether two layers of a line share params with two layers of another, or neither does."""
    if layer.shares is None or first.shares is None:
        return layer.shares == first.shares or not layer.is_learned
    return layer.shares - first.shares == distance


def _is_plain(layer: Layer) -> bool:
    """Whether the name of its kind describes a layer fully."""
    kind = layer.kind
    return not kind.required and layer.operation == kind.operation(**kind.given)
