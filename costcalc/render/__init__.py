"""The table of output formats, each a module of its own that is imported when asked for.

A module of the table has the function that its row's ``takes`` names: ``page(Page)``,
``data(dict)`` or ``answer(Answer)``, each to text.
"""

from __future__ import annotations

from typing import Literal

from costcalc.records import NamedTuple


class Format(NamedTuple):
    """A format: where its renderer is, what that takes, and the suffix of its files, if any."""

    name: str
    module: str
    suffix: str
    takes: Literal["page", "data", "answer", ""] = "page"
    """Empty for what is written as it is computed, and renders no answer."""
    only: str = ""
    """The one question that it is for; every answer has the others."""


FORMATS = (
    Format("table", "costcalc.render.terminal", ".txt"),
    Format("json", "costcalc.render.json", ".json", "data"),
    Format("csv", "costcalc.render.csv", ".csv"),
    Format("markdown", "costcalc.render.markdown", ".md"),
    Format("latex", "costcalc.render.latex", ".tex"),
    Format("html", "costcalc.render.html", ".html"),
    Format("parquet", "costcalc.render.stream", ".parquet", "", only="sweep"),
    Format("junit", "costcalc.claims.junit", ".xml", "answer", only="check"),
    Format("github", "costcalc.claims.github", "", "answer", only="check"),
)


def formats(question: str = "") -> tuple[Format, ...]:
    """The formats that answers to a question are rendered in."""
    return tuple(row for row in FORMATS if row.only in ("", question))
