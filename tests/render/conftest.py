"""A network small enough to count by hand, and a page with everything that needs escaping."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

import costcalc
from costcalc.render.page import Column, Dimensions, Page, Ratio, Row, Share, Table, Word
from costcalc.reporting.report import Report

HOSTILE = [
    "\x1b[31mred",
    "two\nlines\rand\ta tab",
    r"a|b\|c",
    "**bold** _under_ `code` ~~no~~",
    "<script>alert(1)</script> &amp;",
    "[link](http://a.b)",
    r"\input{x} {$%&#_^~} \\",
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    '"quoted", and a comma',
    "畳み込み é \u202e backwards",
]


@pytest.fixture(scope="session")
def small() -> Report:
    return costcalc.report(str(Path(__file__).parent / "small.yaml"))


@pytest.fixture
def hostile() -> Page:
    """Every kind of cell, and text that each format has to escape, wherever text is possible."""
    rows = [Row((each, 1, Share(1, 3), Word(each, "bad"))) for each in HOSTILE]
    rows.append(Row((Dimensions((3, 3, 64), " dw"), None, None, Ratio(Fraction(1, 3), 2, "x"))))
    columns = (
        Column("name", HOSTILE[0]),
        Column("count", "Count", "right"),
        Column("percent", "%", "right", bar=True),
        Column("word", HOSTILE[4]),
    )
    facts = tuple((each, each) for each in HOSTILE)
    table = Table(HOSTILE[4], columns, tuple(rows), notes=tuple(HOSTILE))
    return Page(HOSTILE[4], facts, (table, table), notes=tuple(HOSTILE))
