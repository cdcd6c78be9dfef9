"""Networks side by side: ratios to a baseline, and the causes of differences.

The first table is like MobileNetV1's Tables 8 and 9; the others show types and stages.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from costcalc.costs.rules import COUNTS, Convention
from costcalc.errors import did_you_mean, refuse
from costcalc.formulas.algebra import product
from costcalc.kinds import KINDS
from costcalc.kinds.base import channels_last
from costcalc.metrics import METRICS, TIMES
from costcalc.metrics import title as title_of
from costcalc.opening import OpenNetwork
from costcalc.render.answer import FORMAT_VERSION, Answer
from costcalc.render.formatting import number, percent_text, rounded, scaled
from costcalc.render.page import (
    Cell,
    Column,
    Dimensions,
    Page,
    Ratio,
    Row,
    Scaled,
    Share,
    Significant,
    Table,
    text,
)
from costcalc.reporting.implementations import as_usually_run, implementations_line
from costcalc.reporting.layers import LayerReport
from costcalc.reporting.phrases import settings_line
from costcalc.reporting.report import Report, report
from costcalc.spec import library

if TYPE_CHECKING:
    from costcalc.reporting.report import BytesOf

K = TypeVar("K")

_DIGITS = {"mult_adds": 1, "params": 2}
WITHOUT_PARTS = ("peak_bytes", *TIMES)
"""The metrics that are no sums over layers."""
_CAUSES = 3
"""The most causes, or stages, of a difference that a note names."""


class ComparedNetwork(NamedTuple):
    """A network of a comparison."""

    reference: str
    """As the user wrote it: ``mobilenet_v1@alpha=0.5``."""
    report: Report
    is_ambiguous: bool = False
    """Whether another network of the comparison has the same name and settings."""

    @property
    def label(self) -> str:
        """The network's name with the settings of its reference.

        The reference itself if that is ambiguous, as for a network and a model of it.
        """
        if self.is_ambiguous:
            return self.reference
        _, at, settings = library.divided(self.reference)
        return f"{self.report.network}{at}{settings}" if at else self.report.network

    def total(self, metric: str) -> int:
        """The network's total cost."""
        return self.report.total(metric)


class TypeCause(NamedTuple):
    """A part of a difference: layers of one family that replace others."""

    fewer: tuple[str, ...]
    """Types that cost less than in the baseline, the largest difference first."""
    more: tuple[str, ...]
    """Types that cost more."""
    saved: int

    @property
    def text(self) -> str:
        """``Conv 3x3 → Conv 1x1 + Conv DW 3x3``."""
        sides = [" + ".join(types) for types in (self.fewer, self.more) if types]
        return " → ".join(sides)


@dataclass(frozen=True, repr=False)
class Comparison(Answer):
    """Networks, compared with one of them."""

    entries: tuple[ComparedNetwork, ...]
    baseline: ComparedNetwork
    settings: Mapping[str, Any] = field(default_factory=dict)
    """The values set for all networks that do not state their own."""
    metrics: tuple[str, ...] = COUNTS
    """What is shown."""

    @property
    def parted(self) -> tuple[str, ...]:
        """The metrics that are sums over layers."""
        return tuple(metric for metric in self.metrics if metric not in WITHOUT_PARTS)

    @property
    def measured(self) -> tuple[str, ...]:
        """All metrics that are known, shown or not."""
        return tuple(self.baseline.report.all_totals())

    def ratio(self, entry: ComparedNetwork, metric: str) -> Fraction | None:
        """A network's cost over the baseline's; None if that is zero."""
        base = self.baseline.total(metric)
        return Fraction(entry.total(metric), base) if base else None

    def saved(self, entry: ComparedNetwork, metric: str) -> int:
        """How much less a network costs than the baseline."""
        return self.baseline.total(metric) - entry.total(metric)

    def causes(self, entry: ComparedNetwork, metric: str) -> list[TypeCause]:
        """The causes of the difference, the largest first.

        Layers of one family do the same job: if some types cost less and others more,
        the latter replace the former.
        """
        before, after = (_by_family(network.report, metric) for network in (self.baseline, entry))
        causes = []
        for family in dict.fromkeys([*before, *after]):
            old, new = before.get(family, {}), after.get(family, {})
            saved = {
                type_: old.get(type_, 0) - new.get(type_, 0)
                for type_ in dict.fromkeys([*old, *new])
            }
            ordered = sorted(saved, key=lambda type_: -abs(saved[type_]))
            cause = TypeCause(
                tuple(type_ for type_ in ordered if saved[type_] > 0),
                tuple(type_ for type_ in ordered if saved[type_] < 0),
                sum(saved.values()),
            )
            if cause.fewer or cause.more:
                causes.append(cause)
        return sorted(causes, key=lambda cause: -abs(cause.saved))

    def caveats(self) -> tuple[str, ...]:
        """Those of each network, by its label."""
        return tuple(note for row in self.entries for note in row.report.caveats(row.label))

    def page(self) -> Page:
        """Totals with their ratios, costs by type of layer and by stage, and causes."""
        report = self.baseline.report
        line = implementations_line(
            (entry.label, entry.report.parameters) for entry in self.entries
        )
        facts = (
            ("baseline", self.baseline.label),
            *([("settings", _settings(self))] if self.settings else []),
            *([("implementation", line)] if line else []),
            ("convention", f"{report.convention}: {report.convention_title}"),
            *_storages(self),
        )
        tables = [_totals(self)]
        tables += [_types(self, metric) for metric in self.parted]
        tables += [_stages(self)] if "mult_adds" in self.metrics else []
        title = ", ".join(entry.label for entry in self.entries)
        return Page(title, facts, tuple(tables), (*_causes(self), *self.caveats()))

    def data(self) -> dict[str, Any]:
        """Each network's report without its layers, with its ratio to the baseline."""
        return {
            "format_version": FORMAT_VERSION,
            "baseline": self.baseline.reference,
            "networks": [_network_data(self, entry) for entry in self.entries],
        }


def side_by_side(
    networks: Iterable[OpenNetwork], convention: Convention, bytes_of: BytesOf | None = None
) -> list[ComparedNetwork]:
    """Networks with their reports.

    Args:
        networks: the networks.
        convention: how costs are counted.
        bytes_of: as for :func:`report`.

    Raises:
        CostcalcError: a network is wrong, or the convention lacks a rule.
    """
    usual = (as_usually_run(network, convention) for network in networks)
    return [
        ComparedNetwork(
            network.label, report(network.document, network.settings, convention, bytes_of)
        )
        for network in usual
    ]


def saved_by_stage(
    comparison: Comparison, entry: ComparedNetwork, metric: str
) -> dict[tuple[int, ...], int]:
    """How much less a network costs than the baseline at each size, the largest part first."""
    old, new = (by_stage(network.report, metric) for network in (comparison.baseline, entry))
    saved = {size: old.get(size, 0) - new.get(size, 0) for size in dict.fromkeys([*old, *new])}
    ordered = sorted(saved, key=lambda size: -abs(saved[size]))
    return {size: saved[size] for size in ordered if saved[size]}


def compare(
    entries: Sequence[ComparedNetwork],
    baseline: str | None,
    settings: Mapping[str, Any] = MappingProxyType({}),
    metrics: Sequence[str] = (),
) -> Comparison:
    """Compares networks with the first, or with ``baseline``.

    Args:
        entries: the networks.
        baseline: the label, reference or name of one of them.
        settings: the values set for all that do not state their own.
        metrics: what is shown; by default all that is known.

    Raises:
        SpecError: there are fewer than two networks, or the baseline is not among them.
    """
    if len(entries) < 2:
        refuse(None, "a comparison needs two networks", "two or more networks")
    labels = [entry.label for entry in entries]
    entries = [entry._replace(is_ambiguous=labels.count(entry.label) > 1) for entry in entries]
    known = entries[0].report.all_totals()
    shown = tuple(metrics) or (*COUNTS, *(name for name in known if name not in COUNTS))
    if baseline is None:
        return Comparison(tuple(entries), entries[0], settings, shown)
    if not isinstance(baseline, str):
        refuse(
            None,
            f"a baseline of type {type(baseline).__name__} is not a name",
            expected="the name of one of the networks; by default, it is the first",
        )
    for entry in entries:
        if baseline in (entry.reference, entry.label, entry.report.network):
            return Comparison(tuple(entries), entry, settings, shown)
    references = [entry.reference for entry in entries]
    refuse(
        None,
        f"the baseline '{baseline}' is not among the networks compared",
        "one of " + ", ".join(references),
        hint=did_you_mean(baseline, references),
    )


def by_type(report: Report, metric: str) -> dict[str, int]:
    """A network's cost by type of layer, without types that cost nothing."""
    return _sums(report, ((layer.type, layer) for layer in report.layers), metric)


def by_stage(report: Report, metric: str) -> dict[tuple[int, ...], int]:
    """A network's cost by the spatial size of the layers' outputs; a vector's is 1 x 1."""
    axes = len(report.input) - 1
    stages = (
        (channels_last(layer.output, layer.output_axis)[:-1] or (1,) * axes, layer)
        for layer in report.layers
    )
    return _sums(report, stages, metric)


def _by_family(report: Report, metric: str) -> dict[str, dict[str, int]]:
    families: dict[str, list[LayerReport]] = {}
    for layer in report.layers:
        families.setdefault(KINDS[layer.kind].family, []).append(layer)
    return {
        family: _sums(report, ((layer.type, layer) for layer in layers), metric)
        for family, layers in families.items()
    }


def _sums(report: Report, pairs: Iterable[tuple[K, LayerReport]], metric: str) -> dict[K, int]:
    sums: dict[K, int] = {}
    for key, layer in pairs:
        cost = report.cost(layer, metric)
        if cost:
            sums[key] = sums.get(key, 0) + cost
    return sums


def _settings(comparison: Comparison) -> str:
    """The common settings; some networks may have their own instead."""
    is_common = all(
        entry.report.parameters.get(name, value) == value
        for entry in comparison.entries
        for name, value in comparison.settings.items()
    )
    line = settings_line(comparison.settings)
    return line if is_common else f"{line}, where a network does not state its own"


def _storages(comparison: Comparison) -> Iterator[tuple[str, str]]:
    """The storage, or each network's where they have their own; batch and planner."""
    stored = {entry.label: entry.report.stored for entry in comparison.entries}
    base = comparison.baseline.report.stored
    if base is None:
        return
    names = {label: row.storage for label, row in stored.items() if row is not None}
    if len({*names.values()}) > 1:
        yield "storage", ", ".join(f"{name} of {label}" for label, name in names.items())
        return
    facts = dict(base.facts)
    if "device" in facts:
        yield "device", facts["device"]
    yield "storage", facts["storage"]
    if facts["batch"]:
        yield "batch", facts["batch"]
    yield "planner", base.planner


def _titles(comparison: Comparison) -> dict[str, str]:
    """The titles of the metrics that are shown."""
    unit = comparison.baseline.report.unit
    return {name: title_of(name, unit) for name in comparison.metrics}


def ratio_text(ratio: Fraction | None, less: str = "fewer") -> str:
    """A ratio to the baseline in words; ``less`` is the word for one below 1.

    >>> ratio_text(Fraction(1, 8)), ratio_text(Fraction(272, 10)), ratio_text(Fraction(1))
    ('8.00 × fewer', '27.2 × more', 'the same')
    >>> ratio_text(Fraction(1001, 1000))
    '0.10 % more'
    """
    if ratio is None:
        return "more than none"
    if ratio == 1:
        return "the same"
    if ratio == 0:
        return "none"
    side = "more" if ratio > 1 else less
    factor = max(ratio, 1 / ratio)
    if rounded(factor, 2) == "1.00":
        return f"{percent_text(abs(ratio - 1))} {side}"
    text = rounded(factor, 2)
    return f"{text if len(text) == len('9.99') else rounded(factor, 1)} × {side}"


def _totals(comparison: Comparison) -> Table:
    has_accuracy = any(entry.report.accuracy for entry in comparison.entries)
    titles = _titles(comparison)
    columns = [Column("network", "Model")]
    columns += [Column("top1", "ImageNet top-1 %", "right")] if has_accuracy else []
    units = {metric: _unit(comparison, metric) for metric in titles}
    for metric, title in titles.items():
        key, head, _, _ = units[metric]
        columns.append(Column(key, head.format(title), "right", audience="people"))
        columns.append(Column(metric, title, "right", audience="scripts"))
    for metric, title in titles.items():
        columns.append(Column(f"{metric}_words", f"{title} ratio", audience="people"))
        columns.append(Column(f"{metric}_ratio", f"{title} ratio", "right", audience="scripts"))
    rows = []
    for entry in comparison.entries:
        accuracy = entry.report.accuracy
        cells: list[Cell] = [entry.label]
        if has_accuracy:
            cells.append(Ratio(Fraction(accuracy.top1), 1) if accuracy else None)
        for metric in titles:
            total = entry.total(metric)
            cells += [_for_people(metric, total, units[metric]), total]
        for metric in titles:
            ratio = comparison.ratio(entry, metric)
            is_baseline = entry is comparison.baseline
            less = "less" if METRICS[metric].unit else "fewer"
            cells.append("" if is_baseline else ratio_text(ratio, less))
            cells.append(Ratio(ratio) if ratio is not None else None)
        rows.append(Row(tuple(cells)))
    sources = [
        f"Accuracy of {entry.label}: {entry.report.accuracy.source}."
        for entry in comparison.entries
        if entry.report.accuracy
    ]
    return Table("Totals", tuple(columns), tuple(rows), tuple(sources))


class _Unit(NamedTuple):
    """The unit of a total for people."""

    key: str
    """The key of the column."""
    heading: str
    """Its title, in which ``{}`` stands for the metric's."""
    size: int
    digits: int


def _unit(comparison: Comparison, metric: str) -> _Unit:
    """The unit of a total for people."""
    if METRICS[metric].is_timed:
        return _Unit(f"{metric}_in_digits", f"{{}}, {METRICS[metric].unit}", 1, 4)
    stored = comparison.baseline.report.stored
    if stored is None or not METRICS[metric].is_bytes:
        return _Unit(f"million_{metric}", "Million {}", 10**6, _DIGITS[metric])
    name, size = stored.unit
    return _Unit(f"{metric}_in_units", f"{{}}, {name}", size, 1)


def _for_people(metric: str, total: Any, unit: _Unit) -> Cell:
    if METRICS[metric].is_timed:
        return Significant(Fraction(total))
    return Ratio(Fraction(total, unit.size), unit.digits)


def _types(comparison: Comparison, metric: str) -> Table:
    parts = [by_type(entry.report, metric) for entry in comparison.entries]
    names = dict.fromkeys(name for part in parts for name in part)
    ordered = sorted(names, key=lambda name: -max(part.get(name, 0) for part in parts))
    lines: list[tuple[Cell, Any]] = [(name, name) for name in ordered]
    head = Column("type", "Type")
    unit = ", bytes" if METRICS[metric].is_bytes else ""
    title = f"{_titles(comparison)[metric]} by type of layer{unit}"
    return _side_by_side(comparison, title, head, lines, parts, metric)


def _stages(comparison: Comparison) -> Table:
    parts = [by_stage(entry.report, "mult_adds") for entry in comparison.entries]
    sizes = dict.fromkeys(size for part in parts for size in part)
    ordered = sorted(sizes, key=lambda size: -product(size))
    lines: list[tuple[Cell, Any]] = [(Dimensions(size), size) for size in ordered]
    head = Column("stage", "Output size")
    title = f"{_titles(comparison)['mult_adds']} by stage"
    return _side_by_side(comparison, title, head, lines, parts, "mult_adds")


def _side_by_side(
    comparison: Comparison,
    title: str,
    head: Column,
    lines: Sequence[tuple[Cell, Any]],
    parts: Sequence[dict[Any, int]],
    metric: str,
) -> Table:
    """One column of costs and one of shares for each network."""
    columns = [head]
    for entry in comparison.entries:
        columns.append(Column(entry.reference, entry.label, "right"))
        columns.append(Column(f"{entry.reference}_percent", "%", "right", rank=2))
    totals = [entry.total(metric) for entry in comparison.entries]
    rows = []
    for name, key in lines:
        cells = [name]
        for part, total in zip(parts, totals, strict=True):
            cost = part.get(key)
            cells += [Scaled(cost), Share(cost, total)] if cost is not None else [None, None]
        rows.append(Row(tuple(cells)))
    ends: list[Cell] = ["Total"]
    for total in totals:
        ends += [Scaled(total), None]
    return Table(title, tuple(columns), tuple(rows), total=Row(tuple(ends)))


def _causes(comparison: Comparison) -> list[str]:
    """Notes on the causes of each network's difference from the baseline, and on its stages."""
    return [
        sentence
        for entry in comparison.entries
        if entry is not comparison.baseline
        for sentence in (
            *(cause_text(comparison, entry, metric) for metric in comparison.parted),
            stage_text(comparison, entry) if "mult_adds" in comparison.metrics else "",
        )
        if sentence
    ]


def cause_text(comparison: Comparison, entry: ComparedNetwork, metric: str) -> str:
    """``Of 4.30 G mult-adds saved, 100.00 % from Conv 3x3 → Conv 1x1 + Conv DW 3x3``."""
    causes = comparison.causes(entry, metric)
    parts = [(cause.saved, f"from {cause.text}", f"by {cause.text}") for cause in causes]
    return _attributed(entry, comparison.saved(entry, metric), metric, parts)


def stage_text(comparison: Comparison, entry: ComparedNetwork) -> str:
    """``Of 4.30 G mult-adds saved, 52.49 % at 14 × 14, 14.23 % at 56 × 56``."""
    stages = saved_by_stage(comparison, entry, "mult_adds")
    parts = [(saved, *2 * (f"at {text(Dimensions(size))}",)) for size, saved in stages.items()]
    return _attributed(entry, comparison.saved(entry, "mult_adds"), "mult_adds", parts)


def _attributed(
    entry: ComparedNetwork, saved: int, metric: str, parts: Sequence[tuple[int, str, str]]
) -> str:
    """A note on the largest parts of what a network saves.

    Args:
        entry: the network.
        saved: the whole difference.
        metric: the metric of the difference.
        parts: for each part its amount, the phrase after a share, and that after an amount.
    """
    if not saved:
        return ""
    is_one_way = all(part * saved >= 0 for part, *_ in parts)
    shown = ", ".join(
        f"{percent_text(Fraction(part, saved))} {of_share}"
        if is_one_way
        else f"{_change(part)} {of_amount}"
        for part, of_share, of_amount in [part for part in parts if part[0]][:_CAUSES]
    )
    unit = entry.report.unit if metric == "mult_adds" else metric
    if METRICS[metric].is_bytes:
        unit = f"bytes {METRICS[metric].noun}"
    return f"{entry.label}: of {_change(saved, unit)}, {shown}."


def _change(saved: int, unit: str = "") -> str:
    words = (scaled(abs(saved)), unit, "saved" if saved > 0 else "added")
    return " ".join(word for word in words if word)


def _network_data(comparison: Comparison, entry: ComparedNetwork) -> dict[str, Any]:
    data = entry.report.data()
    del data["layers"]
    ratios = {metric: comparison.ratio(entry, metric) for metric in comparison.measured}
    stages = by_stage(entry.report, "mult_adds")
    return {
        "reference": entry.reference,
        **data,
        "stages": [
            {"size": list(size), "mult_adds": mult_adds} for size, mult_adds in stages.items()
        ],
        "ratio": {metric: number(ratio) for metric, ratio in ratios.items()},
        "causes": {
            metric: [
                {"fewer": list(cause.fewer), "more": list(cause.more), "saved": cause.saved}
                for cause in comparison.causes(entry, metric)
            ]
            for metric in comparison.measured
            if metric not in WITHOUT_PARTS
        },
    }
