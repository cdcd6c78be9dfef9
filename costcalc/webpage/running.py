"""What a page shows of bytes and of time: steps under a storage and on a device.

All are numbers of any algebra.  Lower bounds and estimates are formulas of the sizes, so that
they move with the settings; addresses are not, and the page leaves peaks with them out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from costcalc.formulas.algebra import Size, largest, maximum
from costcalc.graph.layer import LayerGraph
from costcalc.performance.latency import left_out
from costcalc.performance.roofline import Rates, bound
from costcalc.performance.running import Run, work
from costcalc.records import NamedTuple
from costcalc.storing.network import stored_network
from costcalc.storing.schedule import StoredNetwork
from costcalc.storing.storage import Storage


class StoredSteps(NamedTuple):
    """The bytes of a network under a storage."""

    storage: Storage
    names: tuple[str, ...]
    """Of the steps."""
    rows: tuple[int, ...]
    """The row of the table of layers for each step."""
    alive: tuple[Size, ...]
    """The bytes alive in each step."""
    weight_bytes: Size
    lower_bound: Size
    """The most bytes alive in one step: no plan with addresses has less."""
    planner: str
    peak: Size | None
    """The peak of the storage's planner; None if that depends on addresses."""


class TimedSteps(NamedTuple):
    """The time of a network on a device, in seconds."""

    dtype: str
    rates: Rates
    names: tuple[str, ...]
    rows: tuple[int, ...]
    operations: tuple[Size, ...]
    """Of each step, two for each multiply-accumulate."""
    bytes: tuple[Size, ...]
    """That each step reads and writes."""
    seconds: tuple[Size, ...]
    """The roofline's, an estimate."""
    bound: Size
    """No measurement is below it."""
    roofline: Size
    serial: Size
    notes: tuple[str, ...]
    """What no time includes."""


def stored_steps(graph: LayerGraph, storage: str, rows: Mapping[int, int]) -> StoredSteps:
    """The bytes of a network, step by step.

    Args:
        graph: a network.
        storage: the name or path of a storage.
        rows: the row of each of its layers.

    Raises:
        CostcalcError: there is no such storage, or it does not fit the network.
    """
    network = stored_network(graph, storage)
    planned = network.planned()
    alive = planned.alive
    return StoredSteps(
        storage=network.storage,
        names=tuple(step.name for step in network.schedule.steps),
        rows=tuple(_rows(network, rows)),
        alive=alive,
        weight_bytes=network.schedule.weight_bytes,
        lower_bound=largest(alive),
        planner=planned.planner,
        peak=None if planned.has_addresses else planned.peak,
    )


def timed_steps(graph: LayerGraph, run: Run, rows: Mapping[int, int]) -> TimedSteps:
    """The time of a network on a device, step by step.

    Args:
        graph: a network.
        run: the device, and how it runs there.
        rows: the row of each of its layers.

    Raises:
        CostcalcError: the storage does not fit the network, or the device lacks a figure.
    """
    done = work(graph, run)
    rates, traffic = done.rates, done.moves.traffic
    computing = [rates.computing(2 * row.macs) for row in traffic]
    moving = [rates.moving(row.read_bytes + row.write_bytes, row.weight_bytes) for row in traffic]
    seconds = tuple(map(maximum, computing, moving))
    return TimedSteps(
        dtype=done.dtype,
        rates=rates,
        names=done.moves.names,
        rows=tuple(_rows(done.network, rows)),
        operations=tuple(2 * row.macs for row in traffic),
        bytes=tuple(row.traffic_bytes for row in traffic),
        seconds=seconds,
        bound=bound(done.moves, rates),
        roofline=sum(seconds),
        serial=sum(computing) + sum(moving),
        notes=tuple(left_out(graph)),
    )


def _rows(network: StoredNetwork, rows: Mapping[int, int]) -> Iterator[int]:
    """The row of each step: that of its first layer; of the step before it if it has none."""
    last = 0
    for step in network.schedule.steps:
        last = next((rows[index] for index in step.layers if index in rows), last)
        yield last
