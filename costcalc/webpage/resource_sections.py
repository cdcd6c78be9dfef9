"""Memory and time on an interactive page, as they stand without JavaScript."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from functools import partial

from costcalc.escaping import html
from costcalc.performance.roofline import rates
from costcalc.performance.running import Run, default_dtype, device_line
from costcalc.render.formatting import milliseconds
from costcalc.storing.network import storage_or_default
from costcalc.storing.storage import in_unit
from costcalc.webpage.charts import RoofPoint, over_steps, under_roof
from costcalc.webpage.resources import StepsInTime
from costcalc.webpage.static import StaticNetwork


def resource_sections(static: StaticNetwork) -> Iterator[str]:
    """What the page was asked for of a network's memory and time."""
    if static.model.measures.storages:
        yield from _memory(static)
    if static.model.measures.runs:
        yield from _times(static)


def _facts(facts: Mapping[str, tuple[str, str]]) -> str:
    """Facts with their names; ``resources.js`` writes others into the elements of their keys."""
    rows = "".join(
        f'<dt>{name}<dd data-fact="{key}">{html(text)}' for key, (name, text) in facts.items()
    )
    return f"<dl>{rows}</dl>"


def _memory(static: StaticNetwork) -> Iterator[str]:
    """The memory of a network under the first storage."""
    steps = static.structure.memory[0]
    storage = storage_or_default(static.model.measures.storages[0])
    peak = (
        f"not on this page: {steps.planner} gives addresses, which costcalc memory finds"
        if steps.peak is None
        else f"{storage.amount(static.value(steps.peak))}, planner {steps.planner}"
    )
    yield '<div class="memory"><h3>Memory</h3>'
    yield _facts(
        {
            "storage": ("Storage", f"{storage.name}: {storage.title}"),
            "flash": ("Flash", storage.amount(static.value(steps.flash))),
            "bound": ("RAM, no plan needs less", storage.amount(static.value(steps.bound))),
            "peak": ("RAM", peak),
        }
    )
    title = f"Bytes alive in each step of {static.model.title}"
    values = list(map(static.value, steps.alive))
    shown = partial(in_unit, unit=storage.unit)
    yield f"<figure>{over_steps(title, steps.names, values, shown)}</figure></div>"


def _times(static: StaticNetwork) -> Iterator[str]:
    """The times of a network on the first device, and a roof for each."""
    runs = static.model.measures.runs
    first = static.structure.times[0]
    seconds = [milliseconds(static.value(time)) for time in (first.bound, first.roofline)]
    yield '<div class="times"><h3>Time</h3>'
    yield _facts(
        {
            "device": ("Device", device_line(runs[0])),
            "bound": ("Bound, no run is faster", seconds[0]),
            "roofline": ("Roofline, an estimate", seconds[1]),
            "serial": ("Serial, an estimate", milliseconds(static.value(first.serial))),
        }
    )
    for run, times in zip(runs, static.structure.times, strict=True):
        yield f"<figure>{_roof(static, run, times)}</figure>"
    yield "</div>"


def _roof(static: StaticNetwork, run: Run, times: StepsInTime) -> str:
    """The roofline of a device; words where its bandwidth is not stated."""
    speeds = rates(run.device, run.dtype or default_dtype(run.device), run.cores)
    if speeds.tensors is None:
        return f"<p>{html(run.device.name)} has no stated bandwidth, and so no roofline.</p>"
    rows = {row.path: number for number, row in enumerate(static.structure.rows)}
    total = static.value(times.roofline)
    points = []
    for step in times.steps:
        operations, moved, seconds = map(static.value, step[2:])
        points.append(
            RoofPoint(
                step.name,
                rows.get(step.layer, 0),
                Fraction(operations, moved) if moved else Fraction(0),
                Fraction(operations) / seconds if seconds else Fraction(0),
                Fraction(seconds) / total if total else Fraction(0),
            )
        )
    title = f"{static.model.title} under the roof of {run.device.name}"
    return under_roof(title, speeds.operations, speeds.tensors, points)
