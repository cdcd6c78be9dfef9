"""The page of ``costcalc diff``."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from costcalc.comparing.diff import Change, Difference
from costcalc.kinds.base import shape_text
from costcalc.reporting.figures import counted, exact, rounded
from costcalc.reporting.table import Cell, Column, Page, Row, Signed, Table, Word
from costcalc.reporting.tables import uncounted_notes, unit_title

_TITLES = {"mult_adds": "Mult-Adds", "params": "Params"}
_TONES: dict[str, Any] = {"changed": "quiet", "added": "good", "removed": "bad"}


def difference_page(difference: Difference, title: str) -> Page:
    """The layers that changed, and the totals before and after."""
    report = difference.new or difference.old
    facts = []
    if report is not None:
        facts.append(("convention", f"{report.convention}: {report.convention_title}"))
    titles = _titles(difference)
    columns = (
        Column("change", "Change"),
        Column("layer", "Layer"),
        Column("what", "What"),
        *(Column(metric, title, "right") for metric, title in titles.items()),
    )
    rows = tuple(_row(change) for change in difference.changes)
    tables = [Table("Layers", columns, rows)] if rows else []
    return Page(title, tuple(facts), (*tables, _totals(difference)), _notes(difference))


def _titles(difference: Difference) -> dict[str, str]:
    report = difference.new or difference.old
    return _TITLES | ({"mult_adds": unit_title(report.unit)} if report else {})


def _row(change: Change) -> Row:
    cells: list[Cell] = [Word(change.kind, _TONES[change.kind]), change.layer.name, _what(change)]
    cells += [Signed(change.added(metric)) for metric in _TITLES]
    return Row(tuple(cells))


def _what(change: Change) -> str:
    """What is different, ``output 64x56x56 → 96x56x56``; the type of a layer that came or went."""
    details = change.details()
    if change.kind != "changed":
        return change.layer.type
    if not details:
        return "the same, counted differently"
    if "output" in details and "out" in details:
        del details["out"]
    return ", ".join(
        f"{name} {_shown(name, old)} → {_shown(name, new)}" for name, (old, new) in details.items()
    )


def _totals(difference: Difference) -> Table:
    columns = (
        Column("total", "Total"),
        Column("old", "Old", "right"),
        Column("new", "New", "right"),
        Column("difference", "Difference", "right"),
        Column("percent", "%", "right"),
    )
    rows = []
    for metric, title in _titles(difference).items():
        old: int = getattr(difference.totals("old"), metric)
        new: int = getattr(difference.totals("new"), metric)
        percent = rounded(Fraction(100 * (new - old), old), 2) if old else ""
        sign = "+" if new > old and percent else ""
        rows.append(Row((title, old, new, Signed(new - old), f"{sign}{percent}")))
    return Table("Totals", columns, tuple(rows))


def _notes(difference: Difference) -> tuple[str, ...]:
    found = ["No layer changed."]
    if difference.changes:
        count = len(difference.changes)
        found = [f"{counted(count)} {'layer' if count == 1 else 'layers'} changed."]
    for which, report in (("the old", difference.old), ("the new", difference.new)):
        if report is not None:
            found += uncounted_notes(report.uncounted, which)
    return tuple(found)


def _shown(name: str, value: Any) -> str:
    if value is None:
        return "none"
    if name in ("input", "output"):
        return shape_text(value)
    return value if isinstance(value, str) else exact(value)
