"""The schema of files of claims."""

from __future__ import annotations

from costcalc.claims.attributes import ATTRIBUTES
from costcalc.claims.measure import METRICS
from costcalc.claims.reader import LISTS, TOP, UNDETERMINED
from costcalc.claims.tables import TABLE
from costcalc.schemas import figures
from costcalc.schemas import spec as specs
from costcalc.schemas.terms import (
    LINE,
    WORD,
    Term,
    by_name,
    described,
    either,
    keyed,
    listed,
    mapping,
    one_of,
    reference,
)


def claims() -> Term:
    """The schema of a file of claims, or of one's own networks with their bounds."""
    spec = specs.spec()
    definitions = spec.pop("definitions")
    values = {
        "paper": LINE,
        "arxiv": LINE,
        "url": LINE,
        "networks": by_name(reference("spec")),
        "tables": listed(reference("table")),
        "claims": listed(reference("claim")),
        "undetermined": listed(_undetermined()),
    }
    own = {**keyed(TOP, values), **figures.attributes(), **figures.metrics(reference("figure"))}
    return {
        **mapping(own),
        "anyOf": [{"required": [name]} for name in (*LISTS, "network")],
        "definitions": {**definitions, "spec": spec, "table": _table(), "column": _column()},
    }


def _table() -> Term:
    mappings = map(reference, ("figure", "erratum", "subject"))
    cell = either(LINE, listed(WORD), *mappings)  # of a figure, or of an attribute
    values = {
        "table": WORD,
        "title": LINE,
        "columns": listed(reference("column")),
        "rows": listed(either(listed(cell), reference("claim"))),
    }
    return mapping({**keyed(TABLE, values), **figures.attributes()}, ("table", "rows"))


def _undetermined() -> Term:
    values = {"reason": WORD, "figures": listed(listed(WORD, 4, 4))}
    return mapping(keyed(UNDETERMINED, values), UNDETERMINED)


def _column() -> Term:
    """A column of a table: its name alone, or with the ids of its figures, or with attributes."""
    heads = {**figures.attributes(), **figures.metrics(reference("attribute-id"))}
    titled = {**heads, "title": described(LINE, "the column's heading in the paper")}
    return either(one_of((*ATTRIBUTES, *METRICS)), {**mapping(titled), "minProperties": 1})
