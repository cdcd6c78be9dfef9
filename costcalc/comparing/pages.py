"""The page of ``costcalc compare``: totals as in MobileNetV1's Tables 8 and 9, then parts."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from costcalc.comparing.compare import (
    METRICS,
    Comparison,
    Entry,
    by_stage,
    by_type,
    saved_by_stage,
)
from costcalc.reporting.figures import rounded, scaled, share
from costcalc.reporting.table import (
    Cell,
    Column,
    Page,
    Ratio,
    Row,
    Scaled,
    Share,
    Sides,
    Table,
    text,
)
from costcalc.reporting.tables import uncounted_notes, unit_title

TITLES = {"mult_adds": "Mult-Adds", "params": "Params"}
"""What tables call the costs, where no convention gives them another unit."""

_DIGITS = {"mult_adds": 1, "params": 2}
_CAUSES = 3
"""Causes of a difference, and stages that it lies in, that are named."""


def comparison_page(comparison: Comparison) -> Page:
    """Totals with their ratios, costs by type of layer and by stage, and causes."""
    report = comparison.baseline.report
    facts = (
        ("baseline", comparison.baseline.label),
        ("convention", f"{report.convention}: {report.convention_title}"),
    )
    tables = [_totals(comparison)]
    tables += [_types(comparison, metric) for metric in METRICS]
    tables.append(_stages(comparison))
    title = ", ".join(entry.label for entry in comparison.entries)
    lacking = (
        note
        for entry in comparison.entries
        for note in uncounted_notes(entry.report.uncounted, entry.label)
    )
    return Page(title, facts, tuple(tables), (*_causes(comparison), *lacking))


def _titles(comparison: Comparison) -> dict[str, str]:
    return TITLES | {"mult_adds": unit_title(comparison.baseline.report.unit)}


def ratio_text(ratio: Fraction | None) -> str:
    """A ratio to the baseline in words.

    >>> ratio_text(Fraction(1, 8)), ratio_text(Fraction(272, 10)), ratio_text(Fraction(1))
    ('8.00 × fewer', '27.2 × more', 'the same')
    """
    if ratio is None:
        return "more than none"
    if ratio == 1:
        return "the same"
    if ratio == 0:
        return "none"
    factor = max(ratio, 1 / ratio)
    digits = 2 if factor < 10 else 1
    return f"{rounded(factor, digits)} × {'more' if ratio > 1 else 'fewer'}"


def _totals(comparison: Comparison) -> Table:
    has_accuracy = any(entry.report.accuracy for entry in comparison.entries)
    titles = _titles(comparison)
    columns = [Column("network", "Model")]
    columns += [Column("top1", "ImageNet top-1 %", "right")] if has_accuracy else []
    for metric, title in titles.items():
        columns.append(Column(f"million_{metric}", f"Million {title}", "right", audience="people"))
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
            cells += [Ratio(Fraction(total, 10**6), _DIGITS[metric]), total]
        for metric in titles:
            ratio = comparison.ratio(entry, metric)
            is_baseline = entry is comparison.baseline
            cells.append("" if is_baseline else ratio_text(ratio))
            cells.append(Ratio(ratio) if ratio is not None else None)
        rows.append(Row(tuple(cells)))
    sources = [
        f"Accuracy of {entry.label}: {entry.report.accuracy.source}."
        for entry in comparison.entries
        if entry.report.accuracy
    ]
    return Table("Totals", tuple(columns), tuple(rows), tuple(sources))


def _types(comparison: Comparison, metric: str) -> Table:
    parts = [by_type(entry.report, metric) for entry in comparison.entries]
    names = dict.fromkeys(name for part in parts for name in part)
    ordered = sorted(names, key=lambda name: -max(part.get(name, 0) for part in parts))
    lines: list[tuple[Cell, Any]] = [(name, name) for name in ordered]
    head = Column("type", "Type")
    title = f"{_titles(comparison)[metric]} by type of layer"
    return _side_by_side(comparison, title, head, lines, parts, metric)


def _stages(comparison: Comparison) -> Table:
    parts = [by_stage(entry.report, "mult_adds") for entry in comparison.entries]
    sizes = sorted({size for part in parts for size in part}, key=_positions, reverse=True)
    lines: list[tuple[Cell, Any]] = [(Sides(size), size) for size in sizes]
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
    for shown, key in lines:
        cells = [shown]
        for part, total in zip(parts, totals, strict=True):
            cost = part.get(key)
            cells += [Scaled(cost), Share(cost, total)] if cost is not None else [None, None]
        rows.append(Row(tuple(cells)))
    ends: list[Cell] = ["Total"]
    for total in totals:
        ends += [Scaled(total), None]
    return Table(title, tuple(columns), tuple(rows), total=Row(tuple(ends)))


def _causes(comparison: Comparison) -> list[str]:
    """For each network, what its difference from the baseline comes from, and where it lies."""
    return [
        sentence
        for entry in comparison.entries
        if entry is not comparison.baseline
        for sentence in (
            *(cause_text(comparison, entry, metric) for metric in METRICS),
            stage_text(comparison, entry),
        )
        if sentence
    ]


def cause_text(comparison: Comparison, entry: Entry, metric: str) -> str:
    """``Of 4.30 G mult-adds saved, 100.00 % from Conv 3x3 → Conv 1x1 + Conv DW 3x3``."""
    causes = comparison.causes(entry, metric)
    parts = [(cause.saved, f"from {cause.text}", f"by {cause.text}") for cause in causes]
    return _attributed(entry, comparison.saved(entry, metric), metric, parts)


def stage_text(comparison: Comparison, entry: Entry) -> str:
    """``Of 4.30 G mult-adds saved, 52.49 % at 14 × 14, 14.23 % at 56 × 56``."""
    stages = saved_by_stage(comparison, entry, "mult_adds")
    parts = [(saved, *2 * (f"at {text(Sides(size))}",)) for size, saved in stages.items()]
    return _attributed(entry, comparison.saved(entry, "mult_adds"), "mult_adds", parts)


def _attributed(
    entry: Entry, saved: int, metric: str, parts: Sequence[tuple[int, str, str]]
) -> str:
    """The largest parts of what a network saves.

    Args:
        entry: the network.
        saved: the whole difference.
        metric: what is saved.
        parts: of each part its amount, and what follows its share and what its amount.
    """
    if not saved:
        return ""
    is_one_way = all(part * saved >= 0 for part, *_ in parts)
    shown = ", ".join(
        f"{share(part, saved)} % {of_share}" if is_one_way else f"{_change(part)} {of_amount}"
        for part, of_share, of_amount in parts[:_CAUSES]
    )
    unit = entry.report.unit if metric == "mult_adds" else metric
    return f"{entry.label}: of {_change(saved, unit)}, {shown}."


def _change(saved: int, unit: str = "") -> str:
    words = (scaled(abs(saved)), unit, "saved" if saved > 0 else "added")
    return " ".join(word for word in words if word)


def _positions(size: tuple[int, ...]) -> int:
    positions = 1
    for side in size:
        positions *= side
    return positions
