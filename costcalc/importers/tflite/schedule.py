"""The schedule of a file: its operators, the tensors that tflite-micro plans, its constants.

Lifetimes and order are those of tflite-micro (``micro_allocation_info.cc``): tensors by
their index, subgraph by subgraph, then scratch in the order of its requests.  Constants,
variables, handles and tensors without bytes take no memory of the arena.  A subgraph that
an operator runs has its steps right after that operator's, which lasts until they end.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from math import prod

from costcalc.arena.schedule import PARAMS, Constant, Schedule, Step, Tensor
from costcalc.errors import Mark, refuse
from costcalc.formats.tflite_schema import TYPES, TensorTable
from costcalc.importers.tflite.file import TfliteFile
from costcalc.importers.tflite.names import LayerNames
from costcalc.importers.tflite.scratch import scratch
from costcalc.records import NamedTuple
from costcalc.spec import limits

Place = tuple[int, int]
"""A subgraph's index, and an index in it: a tensor's or an operator's."""

_LSTM = (*("weights",) * 11, *("biases",) * 4, "weights", "biases")

ROLES: Mapping[str, tuple[str, ...]] = {
    "CONV_2D": ("", "weights", "biases"),
    "DEPTHWISE_CONV_2D": ("", "weights", "biases"),
    "CONV_3D": ("", "weights", "biases"),
    "FULLY_CONNECTED": ("", "weights", "biases"),
    "TRANSPOSE_CONV": ("", "weights", "", "biases"),
    "CONV_3D_TRANSPOSE": ("", "weights", "", "biases"),
    "BATCH_MATMUL": ("weights", "weights"),
    "PRELU": ("", "weights"),
    "SVDF": ("", "weights", "weights", "biases"),
    "UNIDIRECTIONAL_SEQUENCE_LSTM": ("", *_LSTM),
    "BIDIRECTIONAL_SEQUENCE_LSTM": ("", *_LSTM, *_LSTM),
    "RNN": ("", "weights", "weights", "biases"),
    "UNIDIRECTIONAL_SEQUENCE_RNN": ("", "weights", "weights", "biases"),
    "EMBEDDING_LOOKUP": ("", "weights"),
    "GATHER": ("weights",),
}
"""The roles of constant inputs, by operator; other constants are neither."""

LOOKED_UP: Mapping[str, int] = {
    "EMBEDDING_LOOKUP": 1,
    "GATHER": 0,
    "GATHER_ND": 0,
    "SLICE": 0,
    "STRIDED_SLICE": 0,
}
"""The inputs that operators copy their output from, of which they read no more than that."""

_UNUSED = -1


class _Life:
    """The steps in which a tensor is used, as they are found."""

    __slots__ = ("first", "last")

    def __init__(self) -> None:
        self.first = self.last = _UNUSED

    def use(self, step: int) -> None:
        if self.first == _UNUSED:
            self.first = step
        self.last = max(self.last, step)


class _Use(NamedTuple):
    """A use of an operator: a step."""

    place: Place
    reads: tuple[Place, ...]
    writes: tuple[Place, ...]


class _Walk:
    """Runs through the operators in order, and notes when each tensor is used."""

    def __init__(self, file: TfliteFile) -> None:
        self.file = file
        self.lives: dict[Place, _Life] = {}
        self.scratch: dict[Place, tuple[_Life, tuple[int, ...]]] = {}
        """When the scratch of each operator is used, and the bytes of its requests."""
        self.uses: list[_Use] = []

    def run(self, subgraph: int, depth: int = 0) -> None:
        """The operators of a subgraph; its inputs are filled right before the first."""
        if depth > limits.NESTING:
            refuse(Mark(self.file.name), "subgraphs run one another without end", "an order")
        graph = self.file.model.subgraphs[subgraph]
        for tensor in graph.inputs:
            self.use(subgraph, tensor, len(self.uses))
        for index, operator in enumerate(graph.operators):
            outputs = [(subgraph, tensor) for tensor in operator.outputs]
            if outputs and all(map(self.file.is_unpacked_ahead, outputs)):
                continue
            step = len(self.uses)
            if step >= limits.STEPS:
                refuse(Mark(self.file.name), "has too many steps", f"at most {limits.STEPS:,}")
            reads = tuple((subgraph, tensor) for tensor in operator.inputs if tensor >= 0)
            writes = tuple((subgraph, tensor) for tensor in operator.outputs if tensor >= 0)
            self.uses.append(_Use((subgraph, index), reads, writes))
            requests = scratch(self.file, subgraph, operator)
            life, _ = self.scratch.setdefault((subgraph, index), (_Life(), requests))
            life.use(step)
            for _, tensor in writes:
                self.use(subgraph, tensor, step)
            for inner in self.file.inner_subgraphs(operator):
                self.run(inner, depth + 1)
            last = len(self.uses) - 1
            for _, tensor in (*reads, *writes):
                self.use(subgraph, tensor, last)
            life.use(last)
        for tensor in graph.outputs:
            self.use(subgraph, tensor, max(len(self.uses) - 1, 0))

    def use(self, subgraph: int, tensor: int, step: int) -> None:
        self.lives.setdefault((subgraph, tensor), _Life()).use(step)


class _Ahead:
    """The steps ahead of the first operator, which a file has only if some tensor needs them.

    The runtime places tensors that nothing uses as if they were alive before all others,
    and fills inputs before the first operator: one that no operator reads is gone by then.
    """

    def __init__(self, walk: _Walk) -> None:
        file, graph = walk.file, walk.file.model.subgraphs[0]
        self._lives = walk.lives
        self._last = max(len(walk.uses) - 1, 0)
        self.planned = [
            place
            for place, tensor in file.tensors()
            if file.is_planned(tensor) and not file.is_unpacked_ahead(place)
        ]
        read = {place for use in walk.uses for place in use.reads}
        outputs = {(0, tensor) for tensor in graph.outputs}
        self._inputs = {(0, tensor) for tensor in graph.inputs}
        self._idle = (self._inputs - read - outputs) & {*self.planned}
        is_unused = any(place not in walk.lives for place in self.planned)
        self.steps = ["unused"] * is_unused + ["inputs"] * bool(self._idle)

    def life(self, place: Place) -> tuple[int, int]:
        """The first and the last step of a tensor."""
        life, count = self._lives.get(place), len(self.steps)
        if life is None:
            return 0, 0
        if place in self._idle:
            return count - 1, count - 1
        is_ahead = bool(self._idle) and place in self._inputs
        # The inputs of a graph without operators are filled after the last of all.
        first, last = (min(step, self._last) for step in (life.first, life.last))
        return first + count - is_ahead, last + count


def schedule(
    file: TfliteFile, names: LayerNames, layers: Mapping[Place, tuple[int, ...]]
) -> Schedule:
    """The schedule of a file, given the names and the layers that its operators became.

    Raises:
        SpecError: its subgraphs run one another without end.
    """
    walk = _Walk(file)
    walk.run(0)
    ahead = _Ahead(walk)
    outputs = {(0, tensor) for tensor in file.model.subgraphs[0].outputs}
    tensors, places = list[Tensor](), dict[Place, int]()
    for place in ahead.planned:
        places[place] = len(tensors)
        first, last = ahead.life(place)
        tensor = file.tensor(place)
        name, size = names.tensor(place), planned_bytes(tensor)
        offset, bits = file.offline_offset(place), TYPES[tensor.type].bits
        tensors.append(Tensor(name, size, first, last, offset, place in outputs, bits))
    scratch_places = dict[Place, range]()
    for place, (life, requests) in sorted(walk.scratch.items(), key=lambda item: item[0]):
        scratch_places[place] = range(len(tensors), len(tensors) + len(requests))
        name = f"scratch of {names.operator(place)}"
        first, last = (step + len(ahead.steps) for step in (life.first, life.last))
        tensors += [Tensor(name, size, first, last) for size in requests]
    constants, stored_as = _constants(file, names, layers)
    steps = [Step(name) for name in ahead.steps]
    known = dict[int, int]()
    for use in walk.uses:
        read = {
            index: size
            for index, size in _constants_read(file, use, places, stored_as, constants).items()
            if constants[index].role in PARAMS
        }
        new = sum(max(size - known.get(index, 0), 0) for index, size in read.items())
        steps.append(
            Step(
                names.operator(use.place),
                tuple(dict.fromkeys(places[place] for place in use.reads if place in places)),
                tuple(dict.fromkeys(places[place] for place in use.writes if place in places)),
                layers.get(use.place, ()),
                tuple(scratch_places[use.place]),
                sum(read.values()),
                new,
            )
        )
        known |= {index: max(size, known.get(index, 0)) for index, size in read.items()}
    return Schedule(
        steps=tuple(steps),
        tensors=tuple(tensors),
        constants=tuple(constants),
        file_bytes=file.size,
        inputs=tuple(
            places[0, tensor]
            for tensor in dict.fromkeys(file.model.subgraphs[0].inputs)
            if (0, tensor) in places
        ),
    )


def planned_bytes(tensor: TensorTable) -> int:
    """The bytes of an activation, whose elements take a byte at least."""
    return prod(tensor.shape) * -(-TYPES[tensor.type].bits // 8)


def _constants_read(
    file: TfliteFile,
    use: _Use,
    places: Container[Place],
    stored_as: Mapping[Place, int],
    constants: Sequence[Constant],
) -> dict[int, int]:
    """The bytes that an operator reads of each constant, by index; one unpacked ahead as stored."""
    operator = file.model.subgraphs[use.place[0]].operators[use.place[1]]
    table = LOOKED_UP.get(file.builtin_name(operator))
    read = dict[int, int]()
    for at, number in enumerate(operator.inputs):
        place = use.place[0], number
        root = file.root(place)
        if number < 0 or place in places or root not in stored_as:
            continue
        index = stored_as[root]
        size = constants[index].bytes
        if at == table:
            size = min(size, _bytes_copied(file, root, use.writes, size))
        read[index] = max(size, read.get(index, 0))
    return read


def _bytes_copied(file: TfliteFile, table: Place, outputs: Sequence[Place], size: int) -> int:
    """The bytes of a constant of some size that outputs are copies of, each element once."""
    copied = sum(prod(file.tensor(place).shape) for place in outputs)
    return -(-size * copied // max(prod(file.tensor(table).shape), 1))


def _constants(
    file: TfliteFile, names: LayerNames, layers: Mapping[Place, tuple[int, ...]]
) -> tuple[list[Constant], dict[Place, int]]:
    """The constants, and the one that holds each constant tensor, as an index.

    Each buffer counts once, however many tensors share it; then come what describes the
    file's tensors, and its metadata.
    """
    users: dict[Place, tuple[str, int | None]] = {}
    for place, operator in file.operators():
        if any((place[0], output) in file.unpacked for output in operator.outputs):
            continue
        roles = ROLES.get(file.builtin_name(operator), ())
        layer = next(iter(layers.get(place, ())), None)
        for index, number in enumerate(operator.inputs):
            role = roles[index] if index < len(roles) else ""
            read = place[0], number
            for source in (read, file.root(read)):
                users.setdefault(source, (role or "constants", layer))
    for place, _ in file.tensors():
        _, layer = users.get(place, ("", None))
        for source in file.tensors_of_scales(place):
            users.setdefault(source, ("quantisation", layer))
    constants, stored_as = list[Constant](), dict[Place, int]()
    of_buffer = dict[tuple[int, int], int]()
    for place, tensor in file.tensors():
        role, layer = users.get(place, ("constants", None))
        if file.is_constant(tensor):
            key = file.buffer_key(tensor)
            if key not in of_buffer:
                of_buffer[key] = len(constants)
                size = file.stored_bytes(tensor)
                constants.append(Constant(names.tensor(place), size, layer, role))
            stored_as[place] = of_buffer[key]
        described = file.quantisation_bytes(tensor)
        if described:
            constants.append(Constant(names.tensor(place), described, layer, "quantisation"))
    for entry in file.model.metadata:
        key = 0, entry.buffer
        if entry.buffer < len(file.model.buffers) and key not in of_buffer:
            of_buffer[key] = len(constants)
            size = file.model.buffers[entry.buffer].bytes
            constants.append(Constant(entry.name, size, None, "metadata"))
    return constants, stored_as
