"""A layer graph under a storage as a schedule: what runs as one step, and what stays in memory.

    LayerGraph × Storage --stored--> StoredNetwork: a Schedule, and the traffic of its steps

- A layer of a kind that the storage fuses is part of the step whose output it reads, if no
  other layer reads that output: a norm after a layer with weights, an activation after any.
  An elementwise layer joins the layer with weights that gives its last input.
- A view (reshape, flatten, what is inactive) is no step: its output is its input.
- Learned tensors and constants are stored; they are no tensors of the schedule.
- Gated parts run: the schedule is that of every gate open.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

from costcalc.arena.merging import Overwrite, in_place, with_views
from costcalc.arena.plan import named_planner
from costcalc.arena.planned import PlannedSchedule
from costcalc.arena.schedule import Constant, Schedule, Step, Tensor
from costcalc.costs.names import SIZES, LayerNames
from costcalc.errors import StorageError, refuse
from costcalc.formulas.algebra import Size, ceil, largest, maximum, minimum
from costcalc.formulas.memory import groups, stored_bytes
from costcalc.graph.layer import INPUT as OTHER_INPUT
from costcalc.graph.layer import NETWORK_INPUT, Layer, LayerGraph
from costcalc.kinds.base import MATRICES, PARAMS, Events, elements
from costcalc.kinds.naming import is_depthwise
from costcalc.records import NamedTuple
from costcalc.spec.numbers import is_number
from costcalc.storing.files import BATCH
from costcalc.storing.storage import Storage
from costcalc.storing.traffic import Traffic, operations, traffic

VIEWS = ("reshape", "flatten")
"""Kinds whose output is their input in another shape; so is that of the family ``inactive``."""

FOLDED = "batch_norm"
"""The norm whose statistics are stored, so that it can be part of weights and a bias."""

STORED = (*PARAMS, "buffers")
"""The events that are stored numbers."""

INPUT = 0
"""The tensor of the network's input."""


class StoredNetwork(NamedTuple):
    """A network under a storage."""

    storage: Storage
    schedule: Schedule
    apart: Schedule
    """The same steps with a tensor for each output: nothing in place, no views of concats."""
    traffic: tuple[Traffic, ...]
    """By the steps of ``schedule``: a concat that is a view moves nothing."""

    def planned(self, planner: str | None = None) -> PlannedSchedule:
        """The schedule under a planner, by default the storage's.

        Raises:
            SpecError: there is no planner of that name.
        """
        name = planner or self.storage.planner
        named_planner(name)
        return PlannedSchedule(self.schedule, name, self.storage.alignment)


def stored(
    graph: LayerGraph, storage: Storage, batch: Size = 1, order: Sequence[int] | None = None
) -> StoredNetwork:
    """A layer graph under a storage.

    Args:
        graph: a network; sizes may be numbers of any algebra.
        storage: how its numbers are kept.
        batch: how many inputs are run at once: activations are multiplied.
        order: the steps of ``apart`` in another order, as indexes.

    Raises:
        StorageError: a rule of scratch has no value at a layer.
    """
    return _Builder(graph, storage, batch).stored(order)


class PeakBytes(NamedTuple):
    """The bytes of a network under a storage, in any algebra."""

    weight_bytes: Size
    peak_bytes: Size
    """Without addresses: for a planner with addresses, the bound."""
    step: str
    """The step that needs them; empty for ``sum``, or if there are no steps."""


def peak_of(graph: LayerGraph, storage: Storage, planner: str, batch: int = 1) -> PeakBytes:
    """The bytes of a layer graph by a planner."""
    schedule = stored(graph, storage, batch).planned(planner).sized
    by_step = schedule.by_step(planner)
    if by_step is None:
        total: Size = sum(tensor.bytes for tensor in schedule.tensors)
        return PeakBytes(schedule.weight_bytes, total, "")
    return PeakBytes(schedule.weight_bytes, largest(by_step), _largest_step(schedule, by_step))


def _largest_step(schedule: Schedule, by_step: Sequence[Size]) -> str:
    """The name of the first step with the most bytes at the settings; '' over a grid."""
    values: list[Any] = [getattr(size, "value", size) for size in by_step]
    if not values or not all(isinstance(value, int) for value in values):
        return ""
    return schedule.steps[max(range(len(values)), key=values.__getitem__)].name


class _Op(NamedTuple):
    """A step while it grows."""

    host: int
    layers: list[int]
    reads: list[int]
    output: int


class _Builder:
    """Goes through the layers in order."""

    def __init__(self, graph: LayerGraph, storage: Storage, batch: Size) -> None:
        self.graph = graph
        self.storage = storage
        self.batch = batch
        self.outputs = set(graph.outputs)
        self.of_weights = graph.of_weights
        """The layers that are no steps: what they compute is stored as weights."""
        self.readers = graph.readers
        self.ops: list[_Op] = []
        self.tails: dict[int, int] = {}
        """The step of each layer whose output is that step's."""
        self.homes: list[int | None] = []
        """The tensor of each layer's output; None for what is stored."""
        self.sources: dict[int, int] = {}
        """For each layer whose output is stored, or a view of it: the layer that stores it."""
        self.folded: dict[int, int] = {}
        """The norm that is folded into each layer, by their indexes."""
        self.vanished = set[int]()
        """The norms that are folded into other layers."""
        self.storing_read: dict[int, Size] = {}
        """For each layer whose stored numbers some step reads: the most bytes that one reads."""
        self.sizes: list[Size] = [self.activations(elements(graph.input))]
        self.names = ["input"]
        self.given = {INPUT}
        """The tensors of the network's inputs."""

    def activations(self, count: Size) -> Size:
        return stored_bytes(count * self.batch, self.storage.bits["activations"])

    def stored(self, order: Sequence[int] | None) -> StoredNetwork:
        for index, layer in enumerate(self.graph.layers):
            self.homes.append(self.home(index, layer))
        apart = self.schedule().in_order(order or range(len(self.ops)))
        merged = with_views(apart, self.concats(apart)) if self.storage.concat == "view" else apart
        schedule = in_place(merged, self.overwrites(merged)) if self.storage.in_place else merged
        ops = {self.graph.layers[op.host].name: op for op in self.ops}
        steps = {step.name: step for step in apart.steps}
        moved = tuple(
            traffic(apart, steps[step.name], *self.operations(ops[step.name]))
            for step in schedule.steps
        )
        return StoredNetwork(self.storage, schedule, apart, moved)

    # steps

    def home(self, index: int, layer: Layer) -> int | None:
        """The tensor of a layer's output, which is a new step's if it joins none."""
        kind = layer.kind
        if index in self.of_weights:
            return None
        if kind.name == OTHER_INPUT:
            self.sizes.append(self.activations(elements(layer.output)))
            self.names.append(layer.name)
            self.given.add(len(self.sizes) - 1)
            return len(self.sizes) - 1
        if kind.family == "source":
            self.sources[index] = index
            return None
        if is_view(layer):
            self.join_view(index, layer)
            if layer.inputs[0] in self.sources:
                self.sources[index] = self.sources[layer.inputs[0]]
            return self.source(layer.inputs[0])
        at = self.host_step(index, layer)
        if at is None:
            self.sizes.append(self.activations(elements(layer.output)))
            self.names.append(layer.name)
            op = _Op(index, [index], self.reads(layer), len(self.sizes) - 1)
            self.tails[index] = len(self.ops)
            self.ops.append(op)
            return op.output
        op = self.ops[at]
        op.layers.append(index)
        op.reads.extend(
            tensor for tensor in self.reads(layer) if tensor != op.output and tensor not in op.reads
        )
        self.sizes[op.output] = self.activations(elements(layer.output))
        self.tails[index] = at
        return op.output

    def source(self, index: int) -> int | None:
        return INPUT if index == NETWORK_INPUT else self.homes[index]

    def reads(self, layer: Layer) -> list[int]:
        sources = (self.source(source) for source in layer.inputs)
        return list(dict.fromkeys(tensor for tensor in sources if tensor is not None))

    def join_view(self, index: int, layer: Layer) -> None:
        """A view of a step's output, which nothing else reads, is that step's output."""
        source = layer.inputs[0]
        at = self.tails.get(source)
        if at is not None:
            self.ops[at].layers.append(index)
            if self.is_inner(source, index):
                self.tails[index] = at

    def is_inner(self, source: int, reader: int) -> bool:
        """Whether a layer's output is read by exactly one layer."""
        return self.readers[source] == [reader] and source not in self.outputs

    def host_step(self, index: int, layer: Layer) -> int | None:
        """The step that a layer is part of; None if it is a step of its own."""
        kind = layer.kind
        is_folded = kind.name == FOLDED and self.storage.norms == "folded"
        if not is_folded and not {kind.name, kind.family} & {*self.storage.fused}:
            return None
        # Of several inputs, the one that is made last: the others must be there before it.
        steps = [(self.tails[source], source) for source in layer.inputs if source in self.tails]
        if not steps:
            return None
        at, source = max(steps)
        host = self.ops[at].host
        if not self.is_inner(source, index):
            return None
        has_matrix = self.graph.layers[host].kind.family in MATRICES
        if kind.family == "norm":
            if source != host or not has_matrix:
                return None
            if is_folded:
                if (layer.shares is None) != (self.graph.layers[host].shares is None):
                    return None
                self.folded[host] = index
                self.vanished.add(index)
            return at
        if len(layer.inputs) > 1:
            made = {self.ops[step].output: step for step in range(at, len(self.ops))}
            others = [tensor for tensor in self.reads(layer) if tensor != self.ops[at].output]
            if not has_matrix or any(tensor in made for tensor in others):
                return None
        return at

    def schedule(self) -> Schedule:
        """The steps with their tensors, and scratch and states after them."""
        kept = set[int]()
        if "outputs" in self.storage.keeps:
            kept.update(
                tensor for index in self.outputs if (tensor := self.source(index)) is not None
            )
        if "inputs" in self.storage.keeps:
            kept.update(self.given)
        tensors = [
            Tensor(name, size, 0, 0, kept=index in kept)
            for index, (name, size) in enumerate(zip(self.names, self.sizes, strict=True))
        ]
        steps = []
        for op in self.ops:
            name = self.graph.layers[op.host].name
            buffers = [
                Tensor(f"{name} (scratch)", size, 0, 0)
                for index in op.layers
                for size in self.scratch(self.graph.layers[index])
            ]
            scratch = range(len(tensors), len(tensors) + len(buffers))
            tensors += buffers
            reads, layers = tuple(op.reads), tuple(op.layers)
            weights = self.weight_bytes(op)
            steps.append(Step(name, reads, (op.output,), layers, tuple(scratch), *weights))
        if "states" in self.storage.keeps:
            tensors += self.states()
        return Schedule(tuple(steps), tuple(tensors), tuple(self.constants()))

    def scratch(self, layer: Layer) -> Iterator[Size]:
        """The bytes that a layer needs in addition to its inputs and its output.

        Raises:
            StorageError: a rule has no value there, or one below zero.
        """
        for rule in self.storage.scratch_of(layer.kind):
            if rule.expression is not None:
                names = _ScratchNames(LayerNames(layer, self.before(layer)), self.batch)
                try:
                    value = rule.expression.evaluate(names)
                except ZeroDivisionError:
                    value = None
                if not is_number(value) or value < 0:
                    refuse(
                        rule.expression.mark,
                        f"the scratch '{rule.text}' of layer '{layer.name}' is not a size",
                        expected="a number of bytes, 0 or above",
                        found="a division by zero" if value is None else str(value),
                        error=StorageError,
                    )
                yield ceil(value)

    def before(self, layer: Layer) -> Layer | None:
        first = layer.inputs[0] if layer.inputs else NETWORK_INPUT
        return None if first == NETWORK_INPUT else self.graph.layers[first]

    def states(self) -> Iterator[Tensor]:
        """What recurrent layers keep, once for those that share their params."""
        bits = self.storage.bits["caches"]
        for layer in self.graph.layers:
            count = layer.computation.events.states
            if layer.shares is None and not _is_nothing(count):
                size = stored_bytes(count * self.batch, bits)
                yield Tensor(f"{layer.name} (states)", size, 0, 0, kept=True)

    # what is stored

    def constants(self) -> Iterator[Constant]:
        for index, layer in enumerate(self.graph.layers):
            if layer.shares is not None:
                continue
            for role, size in self.numbers(index, layer, layer.events()):
                yield Constant(f"{layer.name}/{role}", size, index, role)

    def weight_bytes(self, op: _Op) -> tuple[Size, Size]:
        """The bytes of the stored numbers that a step reads, and of those no step before reads."""
        readers: dict[int, Layer] = {}
        for index in op.layers:
            layer = self.graph.layers[index]
            readers.setdefault(index if layer.shares is None else layer.shares, layer)
            for source in layer.inputs:
                if source in self.sources:
                    readers.setdefault(self.sources[source], layer)
        bytes_: Size = 0
        first: Size = 0
        for index, reader in readers.items():
            events = self.graph.layers[index].computation.events
            # With the params that it borrows: another layer stores them, and this one reads them.
            bytes_ += self.bytes_read(index, reader, events)
            # Of a table whose rows were looked up, a later reader may need the rest.
            own = self.bytes_read(index, reader, self.graph.layers[index].events())
            known = self.storing_read.get(index)
            first += own if known is None else maximum(own - known, 0)
            self.storing_read[index] = own if known is None else maximum(own, known)
        return bytes_, first

    def bytes_read(self, index: int, reader: Layer, events: Events) -> Size:
        """The bytes that a layer reads of what another or itself stores; of a table, some rows."""
        layer = self.graph.layers[index]
        stored: Size = sum(size for _, size in self.numbers(index, layer, events))
        if reader.kind.family != "embedding":
            return stored
        rows = elements(reader.output) * self.batch
        return minimum(stored, stored_bytes(rows, self.bits("weights", layer)))

    def numbers(self, index: int, layer: Layer, events: Events) -> Iterator[tuple[str, Size]]:
        """The bytes that a layer stores, by role, once norms are folded."""
        counts = {role: getattr(events, role) for role in STORED}
        if index in self.vanished:
            return
        norm = self.folded.get(index)
        if norm is not None and _is_nothing(counts["biases"]):
            counts["biases"] = SIZES["c_out"].compute(self.graph.layers[norm], None)
        if self.storage.norms == "folded" and layer.kind.family == "norm":
            # Running statistics are folded into the scale and the shift, if not into weights.
            running = counts.pop("buffers")
            if _is_nothing(counts["norm_params"]):
                counts["norm_params"] = running
        if layer.kind.name == "constant" and index not in self.of_weights:
            yield "constants", stored_bytes(elements(layer.output), self.storage.bits["weights"])
        for role, count in counts.items():
            if _is_nothing(count):
                continue
            yield role, stored_bytes(count, self.bits(role, layer))
            if role == "weights" and self.storage.scales:
                yield "scales", self.scales(layer, count)

    def bits(self, role: str, layer: Layer) -> int:
        """The bits of a role; those of weights may differ by layer, the last pattern wins."""
        bits = self.storage.bits[role]
        if role == "weights":
            for pattern, special in self.storage.mixed.items():
                if fnmatchcase(layer.name, pattern):
                    bits = special
        return bits

    def scales(self, layer: Layer, weights: Size) -> Size:
        channels = SIZES["c_out"].compute(layer, None) if layer.kind.family in MATRICES else 1
        group = self.storage.scales.get("group")
        count = channels if group is None else groups(weights, channels, group)
        return stored_bytes(count, self.storage.scales["bits"])

    # traffic

    def operations(self, op: _Op) -> tuple[Size, Size]:
        """What a step computes for the whole batch: operations, and multiply-accumulates."""
        computed: Size = sum(
            operations(self.graph.layers[index].computation.events) + self.folded_additions(index)
            for index in op.layers
            if index not in self.vanished
        )
        macs: Size = sum(self.graph.layers[index].computation.events.macs for index in op.layers)
        return computed * self.batch, macs * self.batch

    def folded_additions(self, index: int) -> Size:
        """The additions of a bias that a layer has from the norm that is folded into it."""
        layer = self.graph.layers[index]
        is_new = index in self.folded and _is_nothing(layer.computation.events.biases)
        return elements(layer.output) if is_new else 0

    # memory that is shared

    def concats(self, schedule: Schedule) -> Mapping[int, tuple[int, ...]]:
        """The steps that only write their inputs one after another, with these inputs."""
        concats = {}
        for number, step in enumerate(schedule.steps):
            layer = self.graph.layers[step.layers[0]]
            operation: Any = layer.operation
            is_first = layer.kind.name == "concat" and operation.axis in (0, -len(layer.output))
            tensors = tuple(self.source(source) for source in layer.inputs)
            inputs = tuple(tensor for tensor in tensors if tensor is not None)
            others = (self.graph.layers[index] for index in step.layers[1:])
            is_alone = all(map(is_view, others)) and not step.scratch
            if is_first and len(set(inputs)) == len(tensors) and is_alone:
                concats[number] = inputs
        return concats

    def overwrites(self, schedule: Schedule) -> Iterator[Overwrite]:
        """The steps that may work in place."""
        for number, step in enumerate(schedule.steps):
            layer = self.graph.layers[step.layers[0]]
            shapes = layer.input_shapes
            depthwise = is_depthwise(layer.kind, layer.operation, shapes)
            names = {layer.kind.name, layer.kind.family, *(("depthwise",) if depthwise else ())}
            if names & {*self.storage.in_place}:
                extra = self.activations(elements(shapes[0][1:])) if depthwise else 0
                yield Overwrite(number, step.writes[0], step.reads, extra)


class _ScratchNames:
    """What a rule of scratch may use: a layer's names, and the batch size."""

    def __init__(self, names: LayerNames, batch: Size) -> None:
        self.names = names
        self.batch = batch

    def __getitem__(self, name: str) -> Any:
        return self.batch if name == BATCH else self.names[name]


def is_view(layer: Layer) -> bool:
    """Whether a layer's output is its input, under another shape or name."""
    return layer.kind.family == "inactive" or layer.kind.name in VIEWS


def _is_nothing(count: Size) -> bool:
    """Whether a count is the number 0; an array or a symbol is not."""
    return isinstance(count, int) and count == 0
