"""The data of the pictures, as plain values; names from models are made safe to print."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any, NamedTuple

from costcalc import escaping
from costcalc.advice import joined, option
from costcalc.arena.planned import PlannedSchedule
from costcalc.comparing.compare import WITHOUT_PARTS, ComparedNetwork, by_type
from costcalc.costs.rules import UNITS
from costcalc.errors import refuse
from costcalc.grid.sweep import Sweep
from costcalc.metrics import METRICS
from costcalc.render.formatting import scaled, significant
from costcalc.reporting.report import Report
from costcalc.solving.search import Budgets
from costcalc.storing.memory import Memory
from costcalc.storing.storage import in_unit


class Series(NamedTuple):
    """The costs of each layer, from input to output."""

    title: str
    names: tuple[str, ...]
    types: tuple[str, ...]
    costs: dict[str, tuple[int, ...]]
    """The cost of each layer, by metric."""


class Shares(NamedTuple):
    """The cost of each type of layer in each network."""

    networks: tuple[str, ...]
    parts: tuple[dict[str, int], ...]
    counted: str


class HeatMap(NamedTuple):
    """Costs over two parameters; None where a setting is not valid."""

    title: str
    down: tuple[str, tuple[float, ...]]
    across: tuple[str, tuple[float, ...]]
    metric: str
    """The metric that is drawn."""
    costs: dict[str, tuple[tuple[int | Fraction | None, ...], ...]]
    """By metric: the one that is drawn, and those that have budgets."""
    budgets: dict[str, Sequence[Any]]
    """The limits to draw as contours, by metric."""
    unit: str
    """What mult-adds are called in their unit: ``FLOPs``."""

    @property
    def counted(self) -> str:
        """What is drawn, for an axis; a bound says that it is one."""
        reads = {"bound_ms": " (no run is faster)", "energy": " (no run needs less)"}
        return words(self.metric, self.unit) + reads.get(self.metric, "")

    def limit(self, metric: str, limit: int | Fraction) -> str:
        """A limit with its metric: ``150 M mult-adds``."""
        return f"{amount(metric, limit)} {words(metric, self.unit)}"


class PlacedTensor(NamedTuple):
    """A tensor in the arena: from one step to another, at an address."""

    name: str
    bytes: int
    first: int
    last: int
    offset: int


class Arena(NamedTuple):
    """Memory over the steps of a network, and its tensors at their addresses."""

    title: str
    storage: str
    planner: str
    """The planner of the addresses, or of the peak if it gives none."""
    unit: str
    """What people are shown: ``KiB``, or ``kB``."""
    peak: int
    bound: int
    steps: tuple[str, ...]
    alive: tuple[int, ...]
    """The bytes alive in each step."""
    fullest: int | None
    """The step with the most bytes alive; None if there are no steps."""
    blocks: tuple[PlacedTensor, ...]
    """The largest first; none if the planner gives no addresses."""

    def is_at_peak(self, block: PlacedTensor) -> bool:
        """Whether a tensor is alive in the fullest step."""
        return self.fullest is not None and block.first <= self.fullest <= block.last

    def amount(self, bytes_: int) -> str:
        """Bytes in the unit of the storage: ``1176.0 KiB``."""
        return in_unit(bytes_, self.unit)


PLACED_BY = "greedy-by-size"
"""The planner that draws an arena, if none is named and the storage's gives no addresses."""


def arena(memory: Memory, planner: str | None) -> Arena:
    """The memory of a network as rectangles of time and address.

    Args:
        memory: what it needs.
        planner: the planner that was asked for, if any.
    """
    planned, storage = memory.planned, memory.storage
    if planner is None and not planned.has_addresses:
        planned = PlannedSchedule(memory.schedule, PLACED_BY, storage.alignment)
    blocks = [
        PlacedTensor(
            escaping.label(tensor.name), int(tensor.bytes), tensor.first, tensor.last, offset
        )
        for tensor, offset in zip(memory.schedule.tensors, planned.plan.offsets or (), strict=False)
    ]
    return Arena(
        title=escaping.label(memory.network),
        storage=escaping.label(storage.name),
        planner=planned.planner,
        unit=storage.unit,
        peak=planned.peak,
        bound=planned.bound,
        steps=tuple(escaping.label(step.name) for step in memory.schedule.steps),
        alive=planned.alive,
        fullest=planned.bound_step,
        blocks=tuple(sorted(blocks, key=lambda block: -block.bytes)),
    )


def series(report: Report, metrics: Sequence[str] = ("mult_adds", "params")) -> Series:
    """The layers of a report with a cost.

    Raises:
        SpecError: a metric is no sum over layers.
    """
    for metric in metrics:
        if metric in WITHOUT_PARTS:
            parted = ", ".join(name for name in METRICS if name not in WITHOUT_PARTS)
            refuse(None, f"{metric} is not a sum over layers", f"one of {parted}")
    costs = [[report.cost(layer, metric) for metric in metrics] for layer in report.layers]
    shown = [index for index, row in enumerate(costs) if any(row)]
    return Series(
        escaping.label(report.network),
        tuple(escaping.label(report.layers[index].name) for index in shown),
        tuple(report.layers[index].type for index in shown),
        {
            words(metric, report.unit): tuple(costs[index][column] for index in shown)
            for column, metric in enumerate(metrics)
        },
    )


def amount(metric: str, cost: int | Fraction) -> str:
    """A cost with three digits: ``569 M``, and of times ``17.9``."""
    return significant(cost) if METRICS[metric].is_timed else scaled(int(cost))


def words(metric: str, unit: str) -> str:
    """A metric as the title of an axis: ``FLOPs``, ``weight bytes``, ``ms at the bound``.

    Args:
        metric: its name.
        unit: what mult-adds are called in their unit.
    """
    if metric == "mult_adds":
        return unit
    if METRICS[metric].is_timed:
        return f"{METRICS[metric].unit} at the bound"
    return metric.replace("_", " ")


def shares(entries: Sequence[ComparedNetwork], metric: str) -> Shares:
    """The costs of networks by type of layer."""
    return Shares(
        tuple(escaping.label(entry.label) for entry in entries),
        tuple(by_type(entry.report, metric) for entry in entries),
        words(metric, entries[0].report.unit),
    )


def heat_map(sweep: Sweep, budgets: Budgets, metric: str = "mult_adds") -> HeatMap:
    """A metric of one network over two parameters.

    Raises:
        SpecError: there are several networks, or not two numeric parameters; or no setting
            is valid and costs anything.
    """
    if (
        len(sweep.networks) > 1
        or len(sweep.axes) != 2
        or not all(axis.is_numeric and len(axis.values) > 1 for axis in sweep.axes)
    ):
        refuse(
            None,
            "a heat map shows one network over two parameters that vary",
            expected=joined(" ", (option("alpha", "0.25:1:0.05"), option("res", "96:256:16"))),
        )
    (down, ups), (across, sides) = ((axis.name, sorted(axis.values)) for axis in sweep.axes)
    rows = {tuple(row.settings.values()): row for row in sweep.chosen().rows}
    unit = UNITS[sweep.accounting.convention.unit].title
    if not any(row.costs[metric] for row in rows.values()):
        refuse(None, f"no setting of the grid costs any {words(metric, unit)}")
    cells = [[rows.get((up, side)) for side in sides] for up in ups]
    limits: dict[str, Sequence[Any]] = {name: (limit,) for name, limit in budgets.limits.items()}
    facts = sweep.bytes_facts
    where = [facts[name] for name in ("device", "storage") if name in facts]
    return HeatMap(
        ", ".join(map(escaping.label, (sweep.networks[0].title, *where))),
        (escaping.label(down), tuple(map(float, ups))),
        (escaping.label(across), tuple(map(float, sides))),
        metric,
        {
            name: tuple(tuple(row.costs[name] if row else None for row in line) for line in cells)
            for name in {metric, *limits}
        },
        limits,
        unit,
    )
