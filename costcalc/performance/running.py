"""What a network runs on: a device with a dtype, cores, a storage and a batch.

LayerGraph × Run --work--> Moves × Rates --> seconds
"""

from __future__ import annotations

import os
from fractions import Fraction

from costcalc.advice import advice
from costcalc.arena.schedule import Step
from costcalc.errors import DeviceError, did_you_mean, refuse
from costcalc.graph.layer import LayerGraph
from costcalc.graph.whole_numbers import whole_number
from costcalc.performance import DTYPES, files
from costcalc.performance.blocking import blocked
from costcalc.performance.device import Device
from costcalc.performance.fusing import with_pairs, with_sums
from costcalc.performance.roofline import Moves, Rates, moves, rates
from costcalc.records import NamedTuple
from costcalc.render.formatting import stated
from costcalc.spec.library import NameOrPath
from costcalc.storing.files import load
from costcalc.storing.network import A_STORAGE, stored_network
from costcalc.storing.schedule import StoredNetwork, stored
from costcalc.storing.storage import Storage

_BITS = {"int8": 8, "fp16": 16, "fp32": 32}
"""The bits of each dtype; the storage of its name has all numbers in these."""


class Run(NamedTuple):
    """What a network runs on, and how."""

    device: Device
    dtype: str | None = None
    """The type of the numbers that are multiplied; None for that of the storage."""
    storage: str | None = None
    """A storage's name or path; None for the dtype's own."""
    cores: int | None = None
    """How many cores work; None for all."""
    batch: int = 1
    is_fused: bool = False
    """Whether sums, and pointwise convolutions after depthwise ones, are no steps of their own."""
    fast_bytes: int | None = None
    """The fast memory that products are cut to fit; None if every operand is read once."""

    @property
    def working_cores(self) -> int:
        """How many cores work."""
        return self.cores or self.device.cores


class Work(NamedTuple):
    """A network as it runs on a device."""

    network: StoredNetwork
    moves: Moves
    dtype: str
    rates: Rates

    @property
    def storage(self) -> Storage:
        """How the network is kept."""
        return self.network.storage


def run(
    device: NameOrPath,
    dtype: str | None = None,
    storage: NameOrPath | None = None,
    cores: int | None = None,
    batch: int = 1,
    is_fused: bool = False,
    fast_bytes: int | None = None,
) -> Run:
    """A run on the device of a name, or in the file of a path.

    Raises:
        CostcalcError: there is no such device, dtype or storage, or a number is out of range.
    """
    if dtype is not None and dtype not in DTYPES:
        hint = did_you_mean(dtype, DTYPES)
        refuse(None, f"there is no dtype '{dtype}'", "one of " + ", ".join(DTYPES), hint=hint)
    if cores is not None:
        cores = whole_number("cores", cores)
    batch = whole_number("batch", batch)
    if storage is not None:
        load(storage)
        storage = os.fspath(storage)
    return Run(files.load(device), dtype, storage, cores, batch, is_fused, fast_bytes)


def device_line(run: Run) -> str:
    """The device with its processor, cores and clock."""
    device = run.device
    cores = run.working_cores
    of = f" of {device.cores}" if cores != device.cores else ""
    clock = "" if device.clock is None else f" at {stated(device.clock.value, 'Hz')}"
    noun = "core" if device.cores == 1 else "cores"
    return f"{device.name}: {device.title}, {device.processor}, {cores}{of} {noun}{clock}"


def default_dtype(device: Device) -> str:
    """int8 on microcontrollers, fp32 elsewhere; without a peak for it, one that it has.

    Raises:
        DeviceError: it states no peak.
    """
    if not device.peaks:
        refuse(
            None,
            f"{device.name} has no stated peak, so that no bound follows",
            hint="only measurements",
            error=DeviceError,
        )
    usual = "int8" if device.device_class == "mcu" else "fp32"
    return usual if usual in device.peaks else next(iter(device.peaks))


def work(graph: LayerGraph, run: Run, planner: str | None = None) -> Work:
    """What a network computes and moves on a device.

    The storage is the one that is named, else that of the dtype that is named, else that of the
    network's own file, as the planner's runtime keeps it, else that of the device's usual dtype.

    Raises:
        CostcalcError: the storage does not fit the network, or the device lacks a figure.
    """
    is_own = run.storage is None and run.dtype is None and graph.schedule is not None
    if is_own and run.is_fused:
        refuse(
            None,
            f"the steps of {graph.name} are those of its file",
            hint=advice("{}, for steps that may be fused", A_STORAGE),
        )
    if is_own:
        network = stored_network(graph, None, run.batch, planner)
        dtype = _dtype_of_file(graph)
        bits = _BITS[dtype]
    else:
        row = load(usual_storage(run))
        network = stored(graph, with_sums(row) if run.is_fused else row, run.batch)
        dtype = run.dtype or dtype_of(row)
        bits = row.bits.get("activations", 32)
    moved = moves(graph, network)
    if run.fast_bytes is not None:
        moved = blocked(graph, network, moved, run.fast_bytes, bits, run.batch)
    if run.is_fused:
        moved = with_pairs(graph, network, moved)
    return Work(network, moved, dtype, rates(run.device, dtype, run.cores))


def usual_storage(run: Run) -> str:
    """The storage that is named, else that of the dtype, else that of the device's usual one."""
    return run.storage or run.dtype or default_dtype(run.device)


def dtype_of(storage: Storage) -> str:
    """The dtype in which activations of a storage are multiplied."""
    return _dtype(Fraction(storage.bits.get("activations", 32)))


def _dtype(bits: Fraction) -> str:
    """The narrowest dtype of as many bits."""
    return next((dtype for dtype in DTYPES if bits <= _BITS[dtype]), "fp32")


def _dtype_of_file(graph: LayerGraph) -> str:
    """The dtype of what the step of a file that multiplies most reads; of its input, if none does.

    The input of a text's network is ids, in more bits than what is multiplied.
    """
    assert graph.schedule is not None
    tensors = graph.schedule.tensors

    def macs(step: Step) -> int:
        return sum(int(graph.layers[index].computation.events.macs) for index in step.layers)

    most = max(graph.schedule.steps, key=macs, default=None)
    read = most.reads if most is not None and macs(most) else graph.schedule.inputs
    bits = next((tensors[index].bits for index in read), None)
    return _dtype(Fraction(32 if bits is None else bits))
