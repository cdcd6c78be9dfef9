"""The table of output formats, each in a module that is imported when it is used.

A module has the function that its row's ``takes`` names: ``page(Page)``, ``data(dict)`` or
``answer(Answer)``, each returning text.
"""

from __future__ import annotations

from typing import Literal

from costcalc.records import NamedTuple


class Format(NamedTuple):
    """A format: its renderer's module, what that takes, and the suffix of its files, if any."""

    name: str
    module: str
    suffix: str
    takes: Literal["page", "data", "answer", ""] = "page"
    """Empty for a format that is streamed while it is computed instead of rendered."""
    only: str = ""
    """The question whose answers have this format; empty for all."""
    has_parts: bool = False
    """Whether it is written as a folder of several files, too."""


FORMATS = (
    Format("table", "costcalc.render.terminal", ".txt"),
    Format("json", "costcalc.render.json", ".json", "data"),
    Format("csv", "costcalc.render.csv", ".csv"),
    Format("markdown", "costcalc.render.markdown", ".md"),
    Format("latex", "costcalc.render.latex", ".tex"),
    Format("html", "costcalc.render.html", ".html"),
    Format("parquet", "costcalc.render.stream", ".parquet", "", only="sweep", has_parts=True),
    Format("junit", "costcalc.claims.junit", ".xml", "answer", only="check"),
    Format("github", "costcalc.claims.github", "", "answer", only="check"),
)


def formats(question: str = "") -> tuple[Format, ...]:
    """The formats of answers to a question."""
    return tuple(row for row in FORMATS if row.only in ("", question))
