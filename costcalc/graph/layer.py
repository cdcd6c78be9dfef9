"""The layer graph: made from specs and models, and read by everything else."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from costcalc.errors import Mark
from costcalc.formulas.algebra import Size
from costcalc.kinds.base import PARAMS, Events, Kind, Operation, Shape
from costcalc.records import NamedTuple

if TYPE_CHECKING:
    from costcalc.arena.schedule import Schedule
    from costcalc.graph.in_training import InTraining
    from costcalc.spec.document import Step

NETWORK_INPUT = -1
"""The index of the network's input among a layer's inputs."""

INPUT = "input"
"""The layer kind of the network's inputs but the first, which is no layer."""

FUNCTIONAL = ("function", "operator")
"""Ways to call a layer without a module: ``F.relu(x)``; ``x + y`` or ``x.mean((2, 3))``."""


class Computation:
    """A layer's kind and attributes, on inputs of some shapes.

    Equal layers of a graph have the same computation object, so that anything that
    depends only on it is worked out once: it is compared and hashed by identity.
    """

    __slots__ = ("_events", "input_shapes", "kind", "operation", "output")

    def __init__(
        self, kind: Kind, operation: Operation, input_shapes: tuple[Shape, ...], output: Shape
    ) -> None:
        self.kind = kind
        self.operation = operation
        self.input_shapes = input_shapes
        self.output = output
        self._events: Events | None = None

    @property
    def events(self) -> Events:
        """What happens in one forward pass, with all params that it uses."""
        if self._events is None:
            self._events = self.operation.events(self.input_shapes, self.output)
        return self._events


class Layer(NamedTuple):
    """One layer, with everything that its cost depends on."""

    name: str
    """Its path: the blocks around it, then its own name, joined by '/'."""
    computation: Computation
    inputs: tuple[int, ...]
    """Indexes of the layers that it reads, or :data:`NETWORK_INPUT`."""
    mark: Mark
    host: int | None = None
    """For a norm or an activation, the layer whose line it is written on, if any."""
    functional: str | None = None
    """One of :data:`FUNCTIONAL` if the implementation has no module for it."""
    shares: int | None = None
    """The layer whose params this one uses, so that they count once."""
    borrows: Mapping[str, Size] = MappingProxyType({})
    """Params counted with another layer, by the name of their event."""

    @property
    def kind(self) -> Kind:
        """Its row in the table of layer kinds."""
        return self.computation.kind

    @property
    def operation(self) -> Operation:
        """Its attributes."""
        return self.computation.operation

    @property
    def input_shapes(self) -> tuple[Shape, ...]:
        """The shape of each of its inputs, channels first."""
        return self.computation.input_shapes

    @property
    def output(self) -> Shape:
        """The shape of its output, channels first."""
        return self.computation.output

    @property
    def is_learned(self) -> bool:
        """Whether it uses params: its own, another layer's or both."""
        events = self.computation.events
        return any(getattr(events, name) for name in PARAMS)

    def computing(self, **changed: Any) -> Layer:
        """The layer with another operation, other input shapes or another output."""
        now = self.computation
        parts = {name: getattr(now, name) for name in ("operation", "input_shapes", "output")}
        return self._replace(computation=Computation(now.kind, **{**parts, **changed}))

    def events(self) -> Events:
        """What happens in one forward pass, without the params that it borrows."""
        events = self.computation.events
        if not self.borrows:
            return events
        own = {name: getattr(events, name) - count for name, count in self.borrows.items()}
        return events._replace(**own)


class Gated(NamedTuple):
    """A part of a network that runs with some probability, and the gate that decides."""

    name: str
    """The path of the step, or of the block around it if it has no name."""
    execute: int | Fraction
    """The probability, from 0 to 1."""
    gate: range
    """Indexes of the gate's layers; empty if only the probability is stated."""
    layers: range
    """Indexes of the layers that the gate controls."""


class Repeats(NamedTuple):
    """The repeats of a step whose number is a symbol."""

    times: Any
    """How often it occurs, a number above zero; it is unfolded that often at the settings."""
    inputs: tuple[tuple[Shape | None, ...], ...]
    """The shapes that each repeat reads, and those that one more would read."""
    layers: tuple[range, ...]
    """Indexes of the layers of each repeat."""
    is_first_other: bool
    """Whether the first repeat has arguments of its own, or params that the others share."""


class BlockCall(NamedTuple):
    """A call of a block."""

    block: str
    arguments: Mapping[str, Any]
    """The values of its parameters; widths are scaled."""
    inputs: Mapping[str, int]
    """Its inputs: indexes of layers, or :data:`NETWORK_INPUT`."""


class Line(NamedTuple):
    """A layer with the norm and the activation that are written on its line."""

    layers: tuple[int, ...]
    """Indexes of the layers, the host first."""

    @property
    def host(self) -> int:
        """The layer that the line is named after."""
        return self.layers[0]

    @property
    def last(self) -> int:
        """The layer whose output is the line's."""
        return self.layers[-1]


class Outermost(NamedTuple):
    """What an outermost step of a network is at these settings."""

    step: Step
    layers: range
    """Indexes of its layers; empty if it is left out."""
    output: Shape
    """The shape that the next step reads, unless it names another."""
    tensor: int
    """The layer that has this output, or :data:`NETWORK_INPUT`."""
    unfolded: int
    """The steps that it unfolds to, which are limited."""


class LayerGraph(NamedTuple):
    """A network at one setting of its parameters, in topological order."""

    name: str
    file: str
    source: Mapping[str, str]
    parameters: Mapping[str, Any]
    input: Shape
    layers: tuple[Layer, ...]
    blocks: Mapping[str, str]
    """What each path inside the layers' names is: a block's name, or ``sequence``."""
    folded: frozenset[str] = frozenset()
    """The paths of single operations with many layers, which tables show as one row."""
    notes: tuple[str, ...] = ()
    """What a reader must know of its totals: a choice, a bound, a guess; whole sentences."""
    gated: tuple[Gated, ...] = ()
    """Gated parts in the order of their layers; they may be nested."""
    repeats: tuple[Repeats, ...] = ()
    """Repeats whose number is a symbol, those inside others first."""
    calls: Mapping[str, BlockCall] = MappingProxyType({})
    """The calls of blocks, by the paths inside the layers' names."""
    schedule: Schedule | None = None
    """Its tensors and steps as its file states them; None if it does not, or at other sizes."""
    is_file_resized: bool = False
    """Whether its file states a schedule, but at other settings than these."""
    in_training: InTraining = MappingProxyType({})
    """What its model does in training that no layer states."""
    steps: tuple[Outermost, ...] = ()
    """Its outermost steps in order, those inside a sequence without a name before it; up to the
    first that is wrong."""

    @property
    def uncounted(self) -> dict[str, list[str]]:
        """The names of the layers unknown to costcalc, by the model's name for the operation."""
        names: dict[str, list[str]] = {}
        for layer in self.layers:
            if not layer.kind.is_counted:
                operation: Any = layer.operation
                names.setdefault(operation.op, []).append(layer.name)
        return names

    @property
    def guessed(self) -> frozenset[int]:
        """Layers that are counted at a guessed shape: they read an unknown operation.

        Its shape is a guess, or at another width multiplier than 1 does not follow it.
        """
        if all(layer.kind.is_counted for layer in self.layers):
            return frozenset()  # without asking for the multiplier
        return self.guessed_at(self.parameters.get("alpha", 1) != 1)

    def guessed_at(self, is_scaled: bool) -> frozenset[int]:
        """Like :attr:`guessed`, at a width multiplier of 1 or at another."""
        guesses, guessed = set[int](), set[int]()
        for index, layer in enumerate(self.layers):
            operation: Any = layer.operation
            if not layer.kind.is_counted:
                if operation.guessed or is_scaled:
                    guesses.add(index)
            elif not guesses.isdisjoint(layer.inputs):
                guessed.add(index)
                # Behind a fully connected layer, a shape is known again.
                if layer.kind.family != "dense" or operation.per_position:
                    guesses.add(index)
        return frozenset(guessed)

    def guessed_names(self, is_scaled: bool = False) -> tuple[str, ...]:
        """The names of :attr:`guessed` layers, in order; also at a symbolic width multiplier."""
        guessed = self.guessed_at(is_scaled=True) if is_scaled else self.guessed
        return tuple(self.layers[index].name for index in sorted(guessed))

    @property
    def weights_alone(self) -> frozenset[int]:
        """Layers that no input of the network reaches: they compute on stored numbers alone.

        A power iteration of a spectral norm, or a network over fixed coordinates.  Its result
        is the same for every image.  Random numbers, and the zeros that a recurrence begins
        with, are data like an input.
        """
        if all(layer.inputs for layer in self.layers):
            return frozenset()
        reached = {NETWORK_INPUT}
        for index, layer in enumerate(self.layers):
            is_data = layer.kind.name == INPUT or getattr(layer.operation, "fresh", False)
            if is_data or not reached.isdisjoint(layer.inputs):
                reached.add(index)
        return frozenset(range(len(self.layers))) - reached

    @property
    def readers(self) -> list[list[int]]:
        """The layers that read each layer's output, in order; twice if they read it twice."""
        readers: list[list[int]] = [[] for _ in self.layers]
        for index, layer in enumerate(self.layers):
            for source in layer.inputs:
                if source != NETWORK_INPUT:
                    readers[source].append(index)
        return readers

    @property
    def outputs(self) -> tuple[int, ...]:
        """The network's outputs: the tensors that no layer reads.

        A gate's decision, an unused source and a weight that is computed are not outputs; the
        last layer always is.  In a network without layers it is the input.
        """
        if not self.layers:
            return (NETWORK_INPUT,)
        decisions = {index for part in self.gated for index in part.gate}
        last = len(self.layers) - 1
        read = decisions.union(*(layer.inputs for layer in self.layers))
        alone = self.weights_alone
        return tuple(
            index
            for index in range(last + 1)
            if index == last or not (index in read or index in alone)
        )

    @property
    def of_weights(self) -> frozenset[int]:
        """Layers that compute weights: nothing that the network's input reaches reads them."""
        alone = self.weights_alone
        read = set(self.outputs)
        for index in reversed(range(len(self.layers))):
            if index not in alone or index in read:
                read.update(self.layers[index].inputs)
        return alone - read

    def shape_of(self, tensor: int) -> Shape:
        """The shape of a layer's output, or of the network's input."""
        return self.input if tensor == NETWORK_INPUT else self.layers[tensor].output

    @property
    def lines(self) -> tuple[Line, ...]:
        """The lines of the network, in the order of their first layers."""
        members: dict[int, list[int]] = {}
        for index, layer in enumerate(self.layers):
            members.setdefault(index if layer.host is None else layer.host, []).append(index)
        return tuple(Line(tuple(indexes)) for indexes in members.values())
