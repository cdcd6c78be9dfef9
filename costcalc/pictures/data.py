"""The data of the pictures, as plain values; names from models are made safe to print."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

from costcalc import escaping
from costcalc.advice import joined, option
from costcalc.arena.planned import PlannedSchedule
from costcalc.comparing.compare import WITHOUT_PARTS, ComparedNetwork, by_type
from costcalc.costs.rules import Convention
from costcalc.errors import Problems, refuse
from costcalc.graph.parameters import all_parameters, resolve
from costcalc.grid.sweep import Sweep
from costcalc.metrics import METRICS, Accounting, measured
from costcalc.opening import OpenNetwork
from costcalc.render.formatting import exact, milliseconds, scaled, significant
from costcalc.reporting.implementations import as_usually_run
from costcalc.reporting.report import Report, report
from costcalc.solving.search import Budgets
from costcalc.spec.document import Accuracy, Document
from costcalc.spec.family import year_of
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


class Point(NamedTuple):
    """A network at settings with a published accuracy."""

    series: str
    """What its spec's networks have in common: ``EfficientNet`` of ``EfficientNet-B0``."""
    label: str
    mult_adds: int
    params: int
    top1: float
    bound: Fraction | None = None
    """Milliseconds that no run on the device is below; None without a device."""
    year: int | None = None

    @property
    def variant(self) -> str:
        """Its label without what the series has in common, if anything is left: ``B0``."""
        left = self.label.removeprefix(self.series).strip(_BETWEEN)
        is_enclosed = left.startswith("(") and left.find(")") == len(left) - 1
        return (left[1:-1] if is_enclosed else left) or self.label


_FEW = 24
"""The most networks whose whole names stand beside them."""

_BETWEEN = " -_/"
"""What stands between the name of a network and that of its variant."""


class Accuracies(NamedTuple):
    """Networks with a published accuracy, and those without."""

    points: tuple[Point, ...]
    left_out: tuple[str, ...]
    """The networks without one, each with the reason."""
    device: str = ""
    """The device of the bounds; empty for mult-adds."""

    @property
    def is_crowded(self) -> bool:
        """Whether there are too many for their whole names to stand beside them."""
        return len(self.points) > _FEW

    def by_series(self) -> dict[str, list[Point]]:
        """The points of each spec, the oldest spec first and in each the cheapest network."""
        series: dict[str, list[Point]] = {}
        for point in sorted(self.points, key=lambda point: point.year or 0):
            series.setdefault(point.series, []).append(point)
        return {name: sorted(members, key=self.cost) for name, members in series.items()}

    @property
    def counted(self) -> str:
        """What a network costs, for an axis."""
        return f"bound on {self.device}, ms: no run is faster" if self.device else "mult-adds"

    def cost(self, point: Point) -> int:
        """What a network costs, in picoseconds on a device."""
        return point.mult_adds if point.bound is None else round(point.bound * 10**9)

    def place(self, point: Point) -> float:
        """Where a network stands on the axis."""
        return point.mult_adds if point.bound is None else float(point.bound)

    def amount(self, point: Point) -> str:
        """What a network costs, in words."""
        if point.bound is None:
            return f"{scaled(point.mult_adds)} mult-adds"
        return f"{milliseconds(point.bound / 1000)} or more"

    def short(self, point: Point) -> str:
        """What a network costs, without what it is."""
        return scaled(point.mult_adds) if point.bound is None else milliseconds(point.bound / 1000)


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

    @property
    def counted(self) -> str:
        """What is drawn, for an axis; a bound says that it is one."""
        reads = {"bound_ms": " (no run is faster)", "energy": " (no run needs less)"}
        return words(self.metric) + reads.get(self.metric, "")


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
            words(metric): tuple(costs[index][column] for index in shown)
            for column, metric in enumerate(metrics)
        },
    )


def amount(metric: str, cost: int | Fraction) -> str:
    """A cost with three digits: ``569 M``, and of times ``17.9``."""
    return significant(cost) if METRICS[metric].is_timed else scaled(int(cost))


def words(metric: str) -> str:
    """A metric as the title of an axis: ``mult-adds``, ``weight bytes``, ``ms at the bound``."""
    if METRICS[metric].is_timed:
        return f"{METRICS[metric].unit} at the bound"
    return metric.replace("_", " " if METRICS[metric].is_bytes else "-")


def shares(entries: Sequence[ComparedNetwork], metric: str) -> Shares:
    """The costs of networks by type of layer."""
    return Shares(
        tuple(escaping.label(entry.label) for entry in entries),
        tuple(by_type(entry.report, metric) for entry in entries),
        words(metric),
    )


def accuracies(
    networks: Sequence[OpenNetwork], convention: Convention, how: Accounting | None = None
) -> Accuracies:
    """Networks at all settings for which their specs give an accuracy.

    A reference with settings is shown only at those.  Equal points are shown once.

    Args:
        networks: the networks.
        convention: how their mult-adds are counted.
        how: the accounting of their bounds, on a device; None for mult-adds.

    Raises:
        CostcalcError: a network is wrong, or no spec gives an accuracy.
    """
    shown: dict[Point, str] = {}
    left_out = []
    for network in (as_usually_run(network, convention) for network in networks):
        points = [
            _point(network, accuracy, convention, how) for accuracy in network.document.accuracies
        ]
        shown |= {point: network.document.file for point in points if point is not None}
        if not any(points):
            left_out.append(_without_accuracy(network))
    if not shown:
        refuse(
            None,
            "no accuracy is published for these networks at these settings",
            expected="a spec with 'accuracy:', as mobilenet_v1 has",
            found="; ".join(left_out),
        )
    device = how.facts(("bound_ms",))["device"] if how is not None else ""
    return Accuracies(_in_series(shown), tuple(dict.fromkeys(left_out)), device)


def _point(
    network: OpenNetwork, accuracy: Accuracy, convention: Convention, how: Accounting | None
) -> Point | None:
    """A network where its spec gives an accuracy; None if its own settings are others."""
    costs = report(network.document, {**accuracy.settings, **network.settings}, convention)
    if costs.accuracy != accuracy:
        return None
    name, totals = escaping.label(costs.network), costs.totals
    given = _unsaid(network.document, accuracy.settings)
    label = f"{name} ({escaping.label(given)})" if given else name
    bound = None
    if how is not None:
        graph = network.at(accuracy.settings).graph()
        bound = measured(graph, how, ("bound_ms",))["bound_ms"]
    year, top1 = year_of(network.document.source), float(accuracy.top1)
    return Point(name, label, totals.mult_adds, totals.params, top1, bound, year)


def _unsaid(document: Document, settings: Mapping[str, Any]) -> str:
    """The settings that a network's name does not say: ``alpha 0.5, res 192``."""
    title = document.title
    texts = (title.text, *(case for _, case in title.cases))
    said = {
        name
        for name in settings
        if name == title.parameter
        or any(f"{{{name}}}" in text for text in texts)
        or _names_differ(document, name)
    }
    return ", ".join(
        f"{name} {exact(value)}" for name, value in settings.items() if name not in said
    )


def _names_differ(document: Document, parameter: str) -> bool:
    """Whether a network has a name of its own for each choice of a parameter, as for variants."""
    choices = all_parameters(document)[parameter].choices
    names = {
        document.titled(resolve(document, {parameter: choice}, Problems()).values)
        for choice in choices
    }
    return len(choices) > 1 and len(names) == len(choices)


def _in_series(files: Mapping[Point, str]) -> tuple[Point, ...]:
    """The points, those of one file with the name that they have in common."""
    names: dict[str, list[str]] = {}
    for point, file in files.items():
        names.setdefault(file, []).append(point.series)
    common = {file: _common(series) for file, series in names.items()}
    return tuple(point._replace(series=common[file]) for point, file in files.items())


def _common(names: Sequence[str]) -> str:
    """What names begin with, up to a sign or a number.

    >>> _common(["EfficientNet-B0", "EfficientNet-B1"]), _common(["VGG16"]), _common(["S0", "S1"])
    ('EfficientNet', 'VGG16', 'S0')
    >>> _common(["DeiT-Ti", "DeiT-Ti distilled", "DeiT-S"]), _common(["VGG11", "VGG13", "VGG-C"])
    ('DeiT', 'VGG')
    """
    if len({*names}) == 1:
        return names[0]
    start = os.path.commonprefix(list(names))
    rests = [name.removeprefix(start)[:1] for name in names]
    if len(start) > 1 and start.isalpha() and not any(rest.isalpha() for rest in rests):
        return start
    cut = max(start.rfind(sign) for sign in (*_BETWEEN, "("))
    return start[: cut + 1].rstrip(f"{_BETWEEN}(") or names[0]


def _without_accuracy(network: OpenNetwork) -> str:
    published = network.document.accuracies
    settings = [
        " and ".join(f"{name} = {exact(value)}" for name, value in accuracy.settings.items())
        for accuracy in published
    ]
    if not published:
        reason = "its spec has no 'accuracy:'"
    elif any(settings):
        reason = f"published only at {', '.join(filter(None, settings))}"
    else:
        reason = "published only at the default settings"
    return f"{escaping.label(network.label)}: {escaping.printable(reason)}"


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
    if not any(row.costs[metric] for row in rows.values()):
        refuse(None, f"no setting of the grid costs any {words(metric)}")
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
    )
