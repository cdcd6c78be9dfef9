"""The bytes and the seconds of a network's steps, as numbers of a tape."""

from __future__ import annotations

from costcalc.arena.schedule import Step
from costcalc.formulas.algebra import Size, largest, maximum
from costcalc.graph.layer import LayerGraph
from costcalc.performance.roofline import bound
from costcalc.performance.running import Run, work
from costcalc.records import NamedTuple
from costcalc.storing.network import stored_network


class StepsInMemory(NamedTuple):
    """What is alive in each step under a storage."""

    storage: str
    unit: str
    """Of bytes for people."""
    planner: str
    names: tuple[str, ...]
    """Of the steps."""
    alive: tuple[Size, ...]
    """Bytes in each step."""
    flash: Size
    """Bytes of what is stored."""
    bound: Size
    """The most bytes alive in one step: no plan has less."""
    peak: Size | None
    """Of the planner; None for one with addresses, which are not numbers of a tape."""


class StepTime(NamedTuple):
    """A step under a roof."""

    name: str
    layer: str
    """The layer that it begins with; '' for none."""
    operations: Size
    bytes: Size
    seconds: Size
    """By the roofline, an estimate."""


class StepsInTime(NamedTuple):
    """What each step needs on a device."""

    bound: Size
    """Seconds that no measurement is below."""
    roofline: Size
    """Seconds, an estimate: computing and moving overlap within each step."""
    serial: Size
    """Seconds, an estimate: nothing overlaps."""
    steps: tuple[StepTime, ...]


def in_memory(graph: LayerGraph, storage: str) -> StepsInMemory:
    """The steps of a network under a storage.

    Raises:
        CostcalcError: there is no such storage, or it does not fit the network.
    """
    network = stored_network(graph, storage)
    planned = network.planned()
    most = largest([0, *planned.alive])
    return StepsInMemory(
        storage=network.storage.name,
        unit=network.storage.unit,
        planner=planned.planner,
        names=tuple(step.name for step in network.schedule.steps),
        alive=planned.alive,
        flash=network.schedule.weight_bytes,
        bound=most,
        peak=None if planned.has_addresses else planned.peak,
    )


def in_time(graph: LayerGraph, run: Run) -> StepsInTime:
    """The steps of a network on a device.

    Raises:
        CostcalcError: the device lacks a figure.
    """
    done = work(graph, run)
    steps, serial = [], []
    for name, step, row in zip(
        done.moves.names, done.network.schedule.steps, done.moves.traffic, strict=True
    ):
        computing = done.rates.computing(2 * row.macs)
        moving = done.rates.moving(row.read_bytes + row.write_bytes, row.weight_bytes)
        seconds = maximum(computing, moving)
        steps.append(StepTime(name, _layer(graph, step), 2 * row.macs, row.traffic_bytes, seconds))
        serial.append(computing + moving)
    return StepsInTime(
        bound(done.moves, done.rates),
        sum(step.seconds for step in steps),
        sum(serial),
        tuple(steps),
    )


def _layer(graph: LayerGraph, step: Step) -> str:
    return graph.layers[step.layers[0]].name if step.layers else ""
