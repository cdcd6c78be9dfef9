"""The layer graph: what every way in produces and everything later reads."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from types import MappingProxyType
from typing import Any, NamedTuple

from costcalc.errors import Mark
from costcalc.formulas.algebra import Size
from costcalc.kinds.base import PARAMS, Events, Kind, Operation, Shape

NETWORK_INPUT = -1
"""The index that stands for the network's input where a layer reads it."""


FUNCTIONAL = ("function", "operator")
"""``F.relu(x)``; ``x + y`` or ``x.mean((2, 3))``."""


class Layer(NamedTuple):
    """One layer with everything that its cost depends on."""

    name: str
    """Its path: the blocks that hold it, then its own name, joined by '/'."""
    kind: Kind
    operation: Operation
    inputs: tuple[int, ...]
    """Indexes of the layers that it reads, or :data:`NETWORK_INPUT`."""
    input_shapes: tuple[Shape, ...]
    output: Shape
    mark: Mark
    host: int | None = None
    """The layer whose norm or activation this is, where one line wrote both."""
    functional: str | None = None
    """One of :data:`FUNCTIONAL` where the implementation spoken of has no module for it."""
    shares: int | None = None
    """The layer whose params this one uses, so that they count once."""
    borrows: Mapping[str, Size] = MappingProxyType({})
    """Params that another layer counts, by the name of their event."""

    @property
    def is_learned(self) -> bool:
        """Whether it uses params: its own, another layer's or both."""
        events = self.operation.events(self.input_shapes, self.output)
        return any(getattr(events, name) for name in PARAMS)

    def events(self) -> Events:
        """What happens in it, with the params that are its own."""
        events = self.operation.events(self.input_shapes, self.output)
        if not self.borrows:
            return events
        own = {name: getattr(events, name) - count for name, count in self.borrows.items()}
        return events._replace(**own)


class Gated(NamedTuple):
    """A part of a network that runs with a probability, and the gate that decides it."""

    name: str
    """The path of the step, or of the block that holds it where it has no name."""
    execute: int | Fraction
    """The probability, from 0 to 1."""
    gate: range
    """Indexes of the gate's layers; empty where only the probability is stated."""
    layers: range
    """Indexes of the layers that it decides upon."""


class BlockCall(NamedTuple):
    """A call of a block."""

    block: str
    arguments: Mapping[str, Any]
    """The values of its parameters, widths as they are scaled."""
    inputs: Mapping[str, int]
    """The layer that each of its inputs is, or :data:`NETWORK_INPUT`."""


class Line(NamedTuple):
    """A layer with the norm and the activation that are written in its line."""

    layers: tuple[int, ...]
    """Indexes of the layers, the one that hosts the others first."""

    @property
    def host(self) -> int:
        """The layer that the line is named for."""
        return self.layers[0]

    @property
    def last(self) -> int:
        """The layer whose output the line gives."""
        return self.layers[-1]


class LayerGraph(NamedTuple):
    """A network at one setting of its parameters, in topological order."""

    name: str
    file: str
    source: Mapping[str, str]
    parameters: Mapping[str, Any]
    input: Shape
    layers: tuple[Layer, ...]
    blocks: Mapping[str, str]
    """What each inner path of the layers' names is: a block's name, or a sequence."""
    gated: tuple[Gated, ...] = ()
    """In the order of their layers; one may stand inside another."""

    calls: Mapping[str, BlockCall] = MappingProxyType({})
    """The calls of blocks, by the paths inside the layers' names."""

    @property
    def uncounted(self) -> dict[str, list[str]]:
        """The names of the layers that costcalc does not know, by what the model calls them."""
        found: dict[str, list[str]] = {}
        for layer in self.layers:
            if not layer.kind.is_counted:
                operation: Any = layer.operation
                found.setdefault(operation.op, []).append(layer.name)
        return found

    @property
    def readers(self) -> list[list[int]]:
        """The layers that read each layer's output, in order; one that reads it twice twice."""
        readers: list[list[int]] = [[] for _ in self.layers]
        for index, layer in enumerate(self.layers):
            for source in layer.inputs:
                if source != NETWORK_INPUT:
                    readers[source].append(index)
        return readers

    @property
    def outputs(self) -> tuple[int, ...]:
        """The layers whose outputs the network gives: those that nothing reads.

        A gate's decision and a tensor that is merely held are no outputs; the last
        layer always is one.
        """
        decisions = {index for part in self.gated for index in part.gate}
        last = len(self.layers) - 1
        return tuple(
            index
            for index, readers in enumerate(self.readers)
            if index == last
            or not (readers or index in decisions or self.layers[index].kind.family == "source")
        )

    @property
    def lines(self) -> tuple[Line, ...]:
        """The lines of the network, in the order of their first layers."""
        members: dict[int, list[int]] = {}
        for index, layer in enumerate(self.layers):
            members.setdefault(index if layer.host is None else layer.host, []).append(index)
        return tuple(Line(tuple(indexes)) for indexes in members.values())
