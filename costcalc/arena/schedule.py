"""When each tensor of a network is alive: steps in the order in which they run.

Sizes are bytes, and may be whole numbers, arrays of them or symbols, as everywhere.

>>> x, y = Tensor("x", 3072, 0, 0), Tensor("y", 14400, 0, 1)
>>> Schedule((Step("conv", reads=(0,), writes=(1,)), Step("relu", (1,), ())), (x, y)).alive
(17472, 14400)
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from costcalc.arena.plan import Buffer, Plan, named_planner
from costcalc.formulas.algebra import Size, largest, largest_sum, round_up, setting_by_setting
from costcalc.records import NamedTuple


class Tensor(NamedTuple):
    """A tensor that needs memory while the network runs: an activation or scratch.

    Constants are not tensors of a schedule: they stand in flash.
    """

    name: str
    bytes: Size
    first: int
    """The step that produces it; 0 for an input of the network."""
    last: int
    """The last step that reads it, which is in use itself; never before ``first``."""
    offset: int | None = None
    """Its address, if the network's file fixes it."""
    kept: bool = False
    """Whether it stays to the end in any order of the steps, as outputs of the network do."""
    bits: int | None = None
    """Of one number, if the network's file states a type."""


class Step(NamedTuple):
    """One operator of the network as a runtime runs it: a layer with what is fused into it."""

    name: str
    reads: tuple[int, ...] = ()
    """Indices of the schedule's tensors, each once."""
    writes: tuple[int, ...] = ()
    """Its outputs."""
    layers: tuple[int, ...] = ()
    """Indices of the graph's layers that it computes; empty if there is no graph."""
    scratch: tuple[int, ...] = ()
    """Extra tensors that only this step needs."""
    weight_bytes: Size = 0
    """Bytes of the stored numbers that it reads, each once; all steps that share some read them."""
    first_bytes: Size = 0
    """Those of ``weight_bytes`` that no step before it reads."""

    @property
    def tensors(self) -> set[int]:
        """All tensors that it reads, writes or uses as scratch."""
        return {*self.reads, *self.writes, *self.scratch}


PARAMS = ("weights", "biases", "norm_params", "other_params", "buffers", "scales", "constants")
CONSTANTS = (*PARAMS, "quantisation", "metadata")
"""What is stored: numbers of layers with their scales, and other tensors, such as shapes; in
a file also how its tensors are quantised, and facts for runtimes."""


class Constant(NamedTuple):
    """Stored numbers of a network: what flash holds."""

    name: str
    bytes: Size
    layer: int | None = None
    """The graph's layer that they belong to, if known."""
    role: str = "weights"
    """One of :data:`CONSTANTS`."""


class Schedule(NamedTuple):
    """The steps of a network in order, its tensors with their lifetimes, and its constants.

    The order of the tensors is the one in which they are handed to a planner, which decides
    between equals.
    """

    steps: tuple[Step, ...]
    tensors: tuple[Tensor, ...]
    constants: tuple[Constant, ...] = ()
    file_bytes: int | None = None
    """The size of the file that it was read from, with the constants and all else in it."""
    inputs: tuple[int, ...] = ()
    """Indices of the tensors that are a file's inputs; those of graphs inside it are not."""

    @property
    def weight_bytes(self) -> Size:
        """The bytes of what is stored, without those that describe a file's tensors."""
        bytes_: Size = sum(constant.bytes for constant in self.constants if constant.role in PARAMS)
        return bytes_

    @property
    def weights_by_layer(self) -> dict[int, Size]:
        """Likewise for each layer that stores something, by its index."""
        bytes_: dict[int, Size] = {}
        for constant in self.constants:
            if constant.layer is not None and constant.role in PARAMS:
                bytes_[constant.layer] = bytes_.get(constant.layer, 0) + constant.bytes
        return bytes_

    @property
    def alive(self) -> tuple[Size, ...]:
        """The bytes alive in each step."""
        if not self._is_sized:
            # Sums of what is alive, not differences of sums: those are never below 0.
            return tuple(map(self._sum, self._alive_tensors()))
        alive, bytes_ = list[int](), 0
        for begun, ended in self._begun_and_ended():
            bytes_ += self._sum(begun)
            alive.append(bytes_)
            bytes_ -= self._sum(ended)
        return tuple(alive)

    @property
    def _is_sized(self) -> bool:
        """Whether every size is a plain number."""
        return all(isinstance(tensor.bytes, int) for tensor in self.tensors)

    def _sum(self, tensors: Iterable[int]) -> Size:
        return sum(self.tensors[index].bytes for index in tensors)

    def _begun_and_ended(self) -> Iterator[tuple[list[int], list[int]]]:
        """For each step, the tensors whose lifetime begins there, and those whose ends."""
        begun: list[list[int]] = [[] for _ in self.steps]
        ended: list[list[int]] = [[] for _ in self.steps]
        for index, tensor in enumerate(self.tensors):
            if tensor.first < len(self.steps):
                begun[tensor.first].append(index)
                ended[tensor.last].append(index)
        return zip(begun, ended, strict=True)

    def _alive_tensors(self) -> Iterator[tuple[int, ...]]:
        """The tensors alive in each step, as indices."""
        alive = dict[int, None]()
        for begun, ended in self._begun_and_ended():
            alive |= dict.fromkeys(begun)
            yield tuple(alive)
            for index in ended:
                del alive[index]

    @property
    def liveness(self) -> Size:
        """The most bytes alive in one step: the lower bound of every plan."""
        return largest(self.alive)

    @property
    def layer_io(self) -> Size:
        """The most bytes that one step reads and writes; what else is alive is left out."""
        return largest(self.io_bytes(step) for step in self.steps)

    def io_bytes(self, step: Step) -> Size:
        """The bytes of the tensors that a step reads and writes, each once; scratch included."""
        return self._sum(step.tensors)

    def by_step(self, planner: str) -> tuple[Size, ...] | None:
        """For each step, what the peak is the largest of; None for ``sum``.

        A planner with addresses has the bytes alive, whose largest is its bound.
        """
        if planner == "sum":
            return None
        if planner == "layer-io":
            return tuple(self.io_bytes(step) for step in self.steps)
        if planner == "largest":
            return tuple(
                largest(self.tensors[index].bytes for index in step.writes) for step in self.steps
            )
        return self.alive

    def _summed(self, planner: str) -> Iterable[Iterable[int]]:
        """The tensors, as indices, of each sum; a peak without addresses is the largest sum."""
        if planner == "sum" or not self.steps:
            return (range(len(self.tensors)),)
        if planner == "layer-io":
            return (step.tensors for step in self.steps)
        if planner == "largest":
            return ((index,) for step in self.steps for index in step.writes)
        return self._alive_tensors()

    @property
    def buffers(self) -> tuple[Buffer, ...]:
        """The tensors as a planner takes them."""
        return tuple(Buffer(*tensor[1:5]) for tensor in self.tensors)

    def planned(self, planner: str, alignment: int = 1) -> Plan:
        """The plan of a planner; over a grid of sizes, only its peak.

        Raises:
            SpecError: there is no planner of that name.
        """
        row = named_planner(planner)
        place = row.place
        if row.has_addresses and place is not None:
            if self._is_sized:
                return place(self.buffers, alignment)
            buffers = self.buffers

            def peak(sizes: Sequence[int]) -> int:
                sized = [
                    buffer._replace(size=size) for buffer, size in zip(buffers, sizes, strict=True)
                ]
                return place(sized, alignment).peak

            return Plan(None, setting_by_setting(peak, (buffer.size for buffer in buffers)))
        if not self._is_sized:
            sums = self._summed(planner)
            sizes = ([self.tensors[index].bytes for index in tensors] for tensors in sums)
            return Plan(None, largest_sum(sizes, alignment))
        schedule = self if alignment == 1 else self.rounded(alignment)
        by_step = schedule.by_step(planner) if self.steps else None
        if by_step is None:
            return Plan(None, sum(tensor.bytes for tensor in schedule.tensors))
        return Plan(None, largest(by_step))

    def rounded(self, alignment: int) -> Schedule:
        """The schedule with its sizes rounded up to multiples of an alignment."""
        tensors = (
            tensor._replace(bytes=round_up(tensor.bytes, alignment)) for tensor in self.tensors
        )
        return self._replace(tensors=tuple(tensors))

    def with_inputs_kept(self) -> Schedule:
        """The schedule in which the inputs of the file stay to the end."""
        last = max(len(self.steps) - 1, 0)
        tensors = (
            tensor._replace(last=last, kept=True) if index in self.inputs else tensor
            for index, tensor in enumerate(self.tensors)
        )
        return self._replace(tensors=tuple(tensors))

    def without_scratch(self) -> Schedule:
        """The schedule of steps that need nothing besides what they read and write."""
        scratch = {index for step in self.steps for index in step.scratch}
        rest = [index for index in range(len(self.tensors)) if index not in scratch]
        places = {index: place for place, index in enumerate(rest)}

        def moved(indices: Iterable[int]) -> tuple[int, ...]:
            return tuple(places[index] for index in indices)

        steps = (
            step._replace(reads=moved(step.reads), writes=moved(step.writes), scratch=())
            for step in self.steps
        )
        return self._replace(
            steps=tuple(steps),
            tensors=tuple(self.tensors[index] for index in rest),
            inputs=moved(self.inputs),
        )

    def alive_in(self, step: int) -> list[int]:
        """The tensors alive in a step, as indexes."""
        rows = enumerate(self.tensors)
        return [index for index, tensor in rows if tensor.first <= step <= tensor.last]

    def in_order(self, order: Sequence[int]) -> Schedule:
        """The same steps in another order, with the lifetimes that follow from it.

        A tensor that no step writes is alive from the start, one that is kept to the end.
        """
        steps = tuple(self.steps[index] for index in order)
        uses: list[list[int]] = [[] for _ in self.tensors]
        written = set[int]()
        for number, step in enumerate(steps):
            written.update((*step.writes, *step.scratch))
            for index in step.tensors:
                uses[index].append(number)
        tensors = tuple(
            tensor._replace(
                first=uses[index][0] if index in written else 0,
                last=max(len(steps) - 1, 0) if tensor.kept else max(uses[index], default=0),
            )
            for index, tensor in enumerate(self.tensors)
        )
        return self._replace(steps=steps, tensors=tensors)
