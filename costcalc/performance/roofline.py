"""Seconds of a network on a device: a bound and two estimates, from one table of steps.

    StoredNetwork --moves--> Moves: steps' traffic × Device's Rates --> StepTime for each step

For a step of O operations and B bytes on a device of P operations and W bytes a second:

    bound     max(sum of O / P, compulsory bytes / W)     no measurement is below it
    roofline  sum of max(O / P, B / W)                    an estimate: Williams et al. 2009
    serial    sum of (O / P + B / W)                      an estimate: Paleo, Qi et al. 2017

Operations are two for each multiply-accumulate: peaks are peaks of these, and what else a layer
computes runs elsewhere or beside them.  Compulsory bytes are the network's output, what its
first layers need of its input, and the weights that the chip cannot hold, each moved once.
Steps of work on weights alone can be computed beforehand: the bound leaves them out.

All three are exact rationals, and ``bound <= roofline <= serial <= 2 * roofline`` over one traffic.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Any, Literal

from costcalc.advice import advice, option
from costcalc.arena.schedule import Step
from costcalc.errors import DeviceError, refuse
from costcalc.formulas.algebra import Size, largest, maximum, minimum
from costcalc.graph.layer import Layer, LayerGraph
from costcalc.kinds.base import Shape, elements, spread
from costcalc.kinds.windows import explicit_pads
from costcalc.performance.device import Device, Memory
from costcalc.records import NamedTuple
from costcalc.storing.schedule import StoredNetwork
from costcalc.storing.traffic import Traffic

Limit = Literal["compute", "memory"]

_TAKES_A_PART = ("crop", "slice", "split")
"""Layer kinds whose outputs are elements of their input, and that need no others."""

_SLIDES = ("conv", "depthwise", "max_pool", "avg_pool")
"""Layer kinds with windows, which may skip rows."""


class Rates(NamedTuple):
    """What a device does in a second, for one dtype on some of its cores."""

    operations: Fraction
    """The dense peak of those cores."""
    tensors: Fraction | None
    """Bytes of the memory that activations are in; None if no source states them."""
    weights: Fraction | None
    """Bytes of the memory that weights are in, or of the other one if only those are stated."""
    is_one_memory: bool
    """Whether the two are the same; two memories move at the same time."""
    held: Fraction | None
    """The most bytes of weights that may stay on the chip from one run to the next; None if
    all may."""

    @property
    def ridge(self) -> Fraction | None:
        """The operations for each byte from which on computing is the limit."""
        return None if self.tensors is None else self.operations / self.tensors

    def computing(self, operations: Size) -> Size:
        """Seconds for operations."""
        return operations * (1 / self.operations)

    def moving(self, tensors: Size, weights: Size) -> Size:
        """Seconds for bytes of activations and of weights; 0 at a rate that is not stated."""
        if self.is_one_memory:
            return _at(tensors + weights, self.tensors)
        return maximum(_at(tensors, self.tensors), _at(weights, self.weights))


def _at(bytes_: Size, rate: Fraction | None) -> Size:
    return 0 if rate is None else bytes_ * (1 / rate)


class Moves(NamedTuple):
    """What the steps of a network compute and move, and what any order of them must move."""

    parts: tuple[tuple[str, ...], ...]
    """For each step the names of those that run as one; alone, its own."""
    traffic: tuple[Traffic, ...]
    """By step."""
    tensors: Size
    """Bytes of the network's inputs and outputs."""
    weights: Size
    """Bytes of the stored numbers that some step of a run must read, each once."""
    beforehand: Size = 0
    """Multiply-accumulates of steps on weights alone, which need not be part of a run."""

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the steps."""
        return tuple(map(" + ".join, self.parts))

    @property
    def operations(self) -> Size:
        """Operations of all steps."""
        macs: Size = sum(row.macs for row in self.traffic)
        return 2 * macs

    @property
    def needed_operations(self) -> Size:
        """Operations of the steps that every run needs."""
        return self.operations - 2 * self.beforehand


class StepTime(NamedTuple):
    """What a step needs on a device."""

    name: str
    traffic: Traffic
    compute_seconds: Fraction
    """Operations over the peak."""
    memory_seconds: Fraction
    """Bytes over the bandwidth."""

    @property
    def operations(self) -> int:
        """Two for each multiply-accumulate."""
        return int(2 * self.traffic.macs)

    @property
    def bytes(self) -> int:
        """All bytes read and written."""
        return int(self.traffic.traffic_bytes)

    @property
    def intensity(self) -> Fraction | None:
        """Operations for each byte; None if no byte is moved."""
        return Fraction(self.operations, self.bytes) if self.bytes else None

    @property
    def seconds(self) -> Fraction:
        """The roofline's seconds: those of the limit."""
        return max(self.compute_seconds, self.memory_seconds)

    @property
    def limit(self) -> Limit:
        """What takes longer; a tie is computing."""
        return "compute" if self.compute_seconds >= self.memory_seconds else "memory"


def rates(device: Device, dtype: str, cores: int | None = None) -> Rates:
    """What a device does in a second.

    Args:
        device: a device.
        dtype: the type of the numbers that are multiplied.
        cores: how many cores work; by default all.

    Raises:
        DeviceError: it has not so many cores, or states no peak for the dtype.
    """
    if cores is not None and not 1 <= cores <= device.cores:
        refuse(
            None,
            advice("{}: {} has {}", option("cores", str(cores)), device.name, _cores(device)),
            expected=f"1 to {device.cores}" if device.cores > 1 else "1",
            error=DeviceError,
        )
    peak = device.peak(dtype, cores)
    if peak is None:
        refuse(
            None,
            f"{device.name} has no stated peak for {dtype}",
            expected="one of " + ", ".join(device.peaks) if device.peaks else "",
            hint=advice("{}", option("dtype", next(iter(device.peaks)))) if device.peaks else "",
            error=DeviceError,
        )
    home = device.flash or device.dram
    tensors = _bandwidth(device.ram) or _bandwidth(device.dram)
    weights = _bandwidth(home)
    is_one = weights is None or (home is device.dram and _bandwidth(device.ram) is None)
    return Rates(
        operations=peak,
        tensors=tensors,
        weights=tensors if is_one else weights,
        is_one_memory=is_one,
        held=_held(device),
    )


def _cores(device: Device) -> str:
    return f"{device.cores} cores" if device.cores > 1 else "one core"


def _bandwidth(memory: Memory | None) -> Fraction | None:
    """Bytes a second, if they are stated."""
    return memory.bandwidth.value if memory is not None and memory.bandwidth is not None else None


def _held(device: Device) -> Fraction | None:
    """The bytes of memory on the chip that may hold weights from run to run; None for all."""
    if device.flash is not None and device.flash.is_on_chip:
        return None
    on_chip = [memory for memory in (device.ram, device.cache) if memory and memory.is_on_chip]
    sizes = [memory.size.value for memory in on_chip if memory.size is not None]
    return Fraction(sum(sizes)) if sizes and len(sizes) == len(on_chip) else None


def moves(graph: LayerGraph, network: StoredNetwork) -> Moves:
    """The traffic of a network's steps, and its compulsory bytes.

    Neither is more than the steps move: what no step reads needs no time.

    Args:
        graph: a network.
        network: its steps.
    """
    schedule, traffic = network.apart, network.traffic
    alone = graph.weights_alone
    rows = [
        (bool(step.layers) and all(index in alone for index in step.layers), row)
        for step, row in zip(network.schedule.steps, traffic, strict=True)
    ]
    read: dict[int, Size] = {}
    for step in schedule.steps:
        for index in step.reads:
            needed = _needed(graph, step, schedule.tensors[index].bytes)
            read[index] = read.get(index, 0) + needed
    written = {index for step in schedule.steps for index in step.writes}
    ends: Size = 0
    for index, tensor in enumerate(schedule.tensors):
        if index in written and (index not in read or tensor.kept):
            ends += tensor.bytes
        elif index in read and index not in written:
            ends += minimum(tensor.bytes, read[index])
    moved: Size = sum(row.read_bytes + row.write_bytes for row in traffic)
    return Moves(
        parts=tuple((step.name,) for step in network.schedule.steps),
        traffic=traffic,
        tensors=minimum(ends, moved),
        weights=sum(row.first_bytes for is_alone, row in rows if not is_alone),
        beforehand=sum(row.macs for is_alone, row in rows if is_alone),
    )


def _needed(graph: LayerGraph, step: Step, bytes_: Size) -> Size:
    """The bytes that a step needs at least of a tensor that it reads.

    A slice, a crop or a part of a split needs no more than it takes, and windows may skip rows
    between them or at the end.
    """
    if not step.layers or len(step.reads) != 1:
        return bytes_
    layer = graph.layers[step.layers[0]]
    if len(layer.input_shapes) != 1:
        return bytes_
    (shape,) = layer.input_shapes
    part = _elements_needed(layer, shape)
    return bytes_ if part is None else minimum(bytes_, bytes_ * part // maximum(elements(shape), 1))


def _elements_needed(layer: Layer, shape: Shape) -> Size | None:
    """The elements of its input that a layer needs at least; None for all."""
    operation: Any = layer.operation
    if layer.kind.name in _TAKES_A_PART:
        return elements(layer.output)
    if layer.kind.name not in _SLIDES:
        return None
    sides, positions = shape[1:], layer.output[1:]
    kernel = operation.kernel
    stride = kernel if operation.stride is None else operation.stride
    dilation = operation.dilation
    pads = explicit_pads(sides, kernel, stride, operation.padding, dilation)
    steps, kernels, gaps = (
        spread(value, len(sides), name)
        for value, name in ((stride, "stride"), (kernel, "kernel"), (dilation, "dilation"))
    )
    needed: Size = shape[0]
    for axis in zip(sides, positions, kernels, steps, gaps, pads, strict=True):
        needed = needed * rows_touched(*axis)
    return needed


def rows_touched(
    side: Size, positions: Size, kernel: Size, stride: Size, dilation: Size, pads: tuple[Size, Size]
) -> Size:
    """The rows of one axis that windows touch at least, of ``side``; those of padding are none.

    Windows that overlap or adjoin touch an interval, others their kernels alone; of one with
    holes only the first row is counted.

    >>> rows_touched(224, 112, 1, 2, 1, (0, 0)), rows_touched(10, 4, 3, 2, 1, (0, 0))
    (112, 9)
    """
    before, after = pads
    width = kernel if dilation == 1 else 1
    interval = (positions - 1) * stride + width - before
    apart = positions * width - before - after
    return maximum(minimum(side, minimum(interval, apart)), 0)


def bound(work: Moves, rates: Rates) -> Size:
    """Seconds that no measurement is below."""
    weights = maximum(work.weights - rates.held, 0) if rates.held is not None else 0
    moving = rates.moving(work.tensors, weights)
    return largest((rates.computing(work.needed_operations), moving))


def step_times(work: Moves, rates: Rates) -> tuple[StepTime, ...]:
    """What each step needs."""
    return tuple(
        StepTime(
            name,
            row,
            Fraction(rates.computing(2 * row.macs)),
            Fraction(rates.moving(row.read_bytes + row.write_bytes, row.weight_bytes)),
        )
        for name, row in zip(work.names, work.traffic, strict=True)
    )


def roofline(steps: Iterable[StepTime]) -> Fraction:
    """Seconds if computing and moving overlap within each step, and no step with another."""
    return sum((step.seconds for step in steps), Fraction(0))


def serial(steps: Sequence[StepTime]) -> Fraction:
    """Seconds if nothing overlaps."""
    return sum((step.compute_seconds + step.memory_seconds for step in steps), Fraction(0))
