"""The page of ``costcalc networks``: what ships, where it is from, what it costs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from costcalc.costs.convention import Convention
from costcalc.costs.count import count
from costcalc.costs.rules import UNITS
from costcalc.kinds.base import Shape, channels_last
from costcalc.opening import OpenNetwork, carried, opened_at
from costcalc.records import NamedTuple
from costcalc.reporting.report import Totals, totals
from costcalc.reporting.table import Cell, Column, Page, Row, Sides, Table
from costcalc.reporting.tables import unit_title
from costcalc.spec import library
from costcalc.spec.numbers import exact


class Entry(NamedTuple):
    """A network that ships, at the settings that its name stands for."""

    name: str
    title: str
    """What its spec calls it."""
    source: Mapping[str, str]
    parameters: Mapping[str, Any]
    input: Shape
    totals: Totals


def entries(search: str, convention: Convention) -> list[Entry]:
    """The networks that ship and have every word of ``search`` in name, title or source."""
    specs: dict[str, OpenNetwork] = {}
    found = []
    for name in library.shipped():
        reference = library.reference(name)
        spec = specs.get(reference.network) or opened_at(reference.network, {})
        specs[reference.network] = spec
        source = spec.document.source
        known = " ".join((name, spec.document.title.text, *source.values())).lower()
        if all(word in known for word in search.lower().split()):
            graph = spec.at(carried(reference)).graph()
            sums = totals(count(graph, convention))
            found.append(Entry(name, graph.name, source, graph.parameters, graph.input, sums))
    return found


def networks_page(entries: Sequence[Entry], convention: Convention, search: str) -> Page:
    """The networks as one table, in the order given."""
    columns = (
        Column("name", "Name"),
        Column("title", "Network", rank=3),
        Column("paper", "Paper", audience="scripts"),
        Column("arxiv", "arXiv", rank=1),
        Column("table", "Table", rank=4),
        Column("input", "Input", audience="scripts"),
        Column("settings", "Default settings", rank=2),
        Column("mult_adds", unit_title(UNITS[convention.unit].title), "right"),
        Column("params", "Params", "right"),
    )
    rows = tuple(Row(_cells(each)) for each in entries)
    found = f"{len(rows)} network" + ("" if len(rows) == 1 else "s")
    notes = (
        f"{found} with '{search}' in name or source." if search else f"{found}.",
        "Where the settings do not say otherwise, alpha is 1 and classes 1000.",
    )
    facts = (("convention", f"{convention.name}: {convention.title}"),)
    return Page("Networks", facts, (Table("", columns, rows, notes),))


def _cells(entry: Entry) -> tuple[Cell, ...]:
    source = entry.source
    settings = ", ".join(
        f"{name}={exact(value)}"
        for name, value in entry.parameters.items()
        if (name, value) not in (("alpha", 1), ("classes", 1000))
    )
    return (
        entry.name,
        entry.title,
        source.get("paper"),
        source.get("arxiv", source.get("venue")),
        source.get("table"),
        Sides(channels_last(entry.input)),
        settings,
        entry.totals.mult_adds,
        entry.totals.params,
    )
