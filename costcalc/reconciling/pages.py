"""Reconciliations and searches as pages of tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from costcalc.costs.rules import UNITS
from costcalc.graph.layer import LayerGraph
from costcalc.kinds.base import channels_last
from costcalc.reconciling.causes import Cause
from costcalc.reconciling.printed import Match, Search
from costcalc.reconciling.reconcile import Count, Reconciliation
from costcalc.reporting.figures import exact
from costcalc.reporting.table import Column, Page, Row, Signed, Table
from costcalc.reporting.tables import uncounted_notes

SHOWN = 12
"""Rows of a search that are shown."""

_TITLES = {"mult_adds": "Mult-Adds", "params": "Params"}


def reconciliation_page(reconciliation: Reconciliation) -> Page:
    """The totals side by side, then what makes the differences from the first of them."""
    counts = reconciliation.counts
    tables = [_totals(counts)]
    for metric in _TITLES:
        table = _differences(counts, metric)
        if table.rows:
            tables.append(table)
    graph = reconciliation.graph
    notes = [note for count in counts for note in count.unseen]
    notes += uncounted_notes(graph.uncounted)
    return Page(graph.name, _facts(graph), tuple(tables), tuple(notes))


def search_page(search: Search) -> Page:
    """What gives a printed number, the likeliest first; the nearest where nothing does."""
    columns = (
        Column("convention", "Convention"),
        Column("metric", "Count"),
        Column("settings", "Settings"),
        Column("value", "Value", "right"),
        Column("fit", "Fit"),
    )
    groups: dict[tuple[Any, ...], list[str]] = {}
    for match in search.matches or search.nearest:
        groups.setdefault(_match_cells(match), []).append(match.convention)
    rows = tuple(Row((_listed(names), *cells)) for cells, names in groups.items())
    notes = [f"{len(rows) - SHOWN} less likely rows are not shown."] if len(rows) > SHOWN else []
    facts = [("printed", search.figure.text), ("searched", search.searched)]
    if not search.matches:
        facts.append(("found", "nothing; what comes near is below"))
    table = Table("What gives it", columns, rows[:SHOWN])
    return Page(search.network, tuple(facts), (table,), tuple(notes))


def _listed(names: list[str]) -> str:
    """Names one after another; of many, the first three."""
    rest = len(names) - 3
    return ", ".join(names) if rest < 2 else f"{', '.join(names[:3])} and {rest} more"


def _match_cells(match: Match) -> tuple[Any, ...]:
    """What conventions that agree share."""
    unit = UNITS[match.unit].title if match.metric == "mult_adds" else "params"
    return (unit, match.words, match.value, match.fit or "")


def _facts(graph: LayerGraph) -> tuple[tuple[str, str], ...]:
    return (
        ("input", " × ".join(str(side) for side in channels_last(graph.input))),
        ("settings", settings_text(graph.parameters)),
    )


def settings_text(parameters: Mapping[str, Any]) -> str:
    """Parameters as ``alpha = 1, res = 224``."""
    return ", ".join(f"{name} = {exact(value)}" for name, value in parameters.items())


def _totals(counts: tuple[Count, ...]) -> Table:
    columns = (
        Column("convention", "Convention"),
        Column("unit", "Unit"),
        Column("mult_adds", "Mult-Adds", "right"),
        Column("mult_adds_difference", "Difference", "right"),
        Column("params", "Params", "right"),
        Column("params_difference", "Difference", "right"),
        Column("counted_by", "Counted by", rank=1),
    )
    first = counts[0]
    rows = tuple(
        Row(
            (
                count.convention.name,
                UNITS[count.convention.unit].title,
                count.mult_adds,
                Signed(count.mult_adds - first.mult_adds) if count is not first else None,
                count.params,
                Signed(count.params - first.params) if count is not first else None,
                _tool(count),
            )
        )
        for count in counts
    )
    return Table("Totals", columns, rows)


def _tool(count: Count) -> str:
    convention = count.convention
    if not convention.tool:
        return ""
    package = convention.tool.partition("(")[0].partition(" ")[0].partition(".")[0]
    return f"{package} {convention.version}".strip()


def _differences(counts: tuple[Count, ...], metric: str) -> Table:
    """Causes from the first convention's total to the others', those that agree together."""
    first = counts[0]
    title = _TITLES[metric]
    columns = (
        Column("cause", "Cause"),
        Column("each", "How much"),
        Column("layers", "Layers", "right"),
        Column("difference", title, "right"),
    )
    groups: dict[tuple[tuple[Cause, ...], Any], list[str]] = {}
    for count in counts[1:]:
        key = (count.causes[metric], getattr(count, metric))
        groups.setdefault(key, []).append(count.convention.name)
    rows = []
    for (causes, total), names in groups.items():
        if causes:
            rows.append(Row((first.convention.name, None, None, getattr(first, metric))))
            rows += [
                Row((cause.what, cause.each, cause.layers, Signed(cause.difference)), depth=1)
                for cause in causes
            ]
            rows.append(Row((", ".join(names), None, None, total), is_sum=True))
    return Table(f"{title}: what makes the difference", columns, tuple(rows))
