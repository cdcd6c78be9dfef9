"""The table of output formats, each a module of its own that is imported when asked for."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, cast

from costcalc.records import NamedTuple

if TYPE_CHECKING:
    from costcalc.reporting.table import Page


class Format(NamedTuple):
    """A text format: where its renderer is, and the suffix of its files."""

    name: str
    module: str
    suffix: str


FORMATS = (
    Format("table", "costcalc.render.terminal", ".txt"),
    Format("json", "costcalc.render.json", ".json"),
    Format("csv", "costcalc.render.csv", ".csv"),
    Format("markdown", "costcalc.render.markdown", ".md"),
    Format("latex", "costcalc.render.latex", ".tex"),
    Format("html", "costcalc.render.html", ".html"),
)


PARQUET = Format("parquet", "costcalc.render.stream", ".parquet")
"""For sweeps alone: columns of numbers in a binary file."""


def page_renderer(name: str) -> Callable[[Page], str]:
    """The function that renders a page in a format; JSON has a shape per command instead."""
    module = next(row.module for row in FORMATS if row.name == name)
    return cast("Callable[[Page], str]", import_module(module).page)
