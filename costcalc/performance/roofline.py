"""Seconds of a network on a device: a bound and two estimates, from one table of steps.

    StoredNetwork --moves--> Moves: steps' traffic × Device's Rates --> StepTime for each step

For a step of O operations and B bytes on a device of P operations and W bytes a second:

    bound     max(sum of O / P, compulsory bytes / W)     no measurement is below it
    roofline  sum of max(O / P, B / W)                    an estimate: Williams et al. 2009
    serial    sum of (O / P + B / W)                      an estimate: Paleo, Qi et al. 2017

Operations are two for each multiply-accumulate: peaks are peaks of these, and what else a layer
computes runs elsewhere or beside them.  Compulsory bytes are the network's input and output,
and the weights that the chip cannot hold, each moved once.

All three are exact rationals, and ``bound <= roofline <= serial <= 2 * roofline`` over one traffic.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Literal

from costcalc.advice import advice, option
from costcalc.errors import DeviceError, refuse
from costcalc.formulas.algebra import Size, largest, maximum, minimum
from costcalc.performance.device import Device, Memory
from costcalc.records import NamedTuple
from costcalc.storing.schedule import StoredNetwork
from costcalc.storing.traffic import Traffic

Limit = Literal["compute", "memory"]


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
    """Bytes of the stored numbers that some step reads, each once."""

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the steps."""
        return tuple(map(" + ".join, self.parts))

    @property
    def operations(self) -> Size:
        """Operations of all steps."""
        macs: Size = sum(row.macs for row in self.traffic)
        return 2 * macs


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


def moves(network: StoredNetwork) -> Moves:
    """The traffic of a network's steps, and its compulsory bytes.

    Neither is more than the steps move: what no step reads needs no time.
    """
    schedule, traffic = network.apart, network.traffic
    read = {index for step in schedule.steps for index in step.reads}
    written = {index for step in schedule.steps for index in step.writes}
    ends: Size = sum(
        tensor.bytes
        for index, tensor in enumerate(schedule.tensors)
        if (index in read) != (index in written) or (tensor.kept and index in written)
    )
    moved: Size = sum(row.read_bytes + row.write_bytes for row in traffic)
    return Moves(
        parts=tuple((step.name,) for step in network.schedule.steps),
        traffic=traffic,
        tensors=minimum(ends, moved),
        weights=sum(row.first_bytes for row in traffic),
    )


def bound(work: Moves, rates: Rates) -> Size:
    """Seconds that no measurement is below."""
    weights = maximum(work.weights - rates.held, 0) if rates.held is not None else 0
    moving = rates.moving(work.tensors, weights)
    return largest((rates.computing(work.operations), moving))


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
