"""The style and the script of an interactive page, as pages carry them.

A page carries what it needs, its *parts*: the script of each combination is one file of
``minified/``, which ``tools/make_scripts.py`` makes of the sources beside this module.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from itertools import product
from pathlib import Path

FOLDER = Path(__file__).parent

MINIFIED = FOLDER / "minified"

BASE = (
    *("tape", "format", "elements", "state", "answers", "controls"),
    *("layers", "explanation", "drawing", "graph", "copies"),
)
"""The scripts of every page, before ``page``, which starts it."""

COMPARISON, CHARTS, RESOURCES = PARTS = ("comparison", "charts", "resources")
"""The parts that a page may have."""


def script_name(parts: Collection[str]) -> str:
    """The name of the script of a page with some parts."""
    return "-".join(["page", *(part for part in PARTS if part in parts)]) + ".js"


def bundles() -> Iterator[tuple[str, list[Path]]]:
    """The name of each script of ``minified/``, and its sources in order."""
    for chosen in product([False, True], repeat=len(PARTS)):
        parts = [part for part, is_chosen in zip(PARTS, chosen, strict=True) if is_chosen]
        if RESOURCES not in parts or CHARTS in parts:
            names = [*BASE, *parts, "page"]
            yield script_name(parts), [FOLDER / f"{name}.js" for name in names]


def script(parts: Collection[str]) -> str:
    """The script of a page with some parts."""
    return (MINIFIED / script_name(parts)).read_text(encoding="utf-8")


def style(parts: Collection[str]) -> str:
    """The style of a page with some parts, without what only we read in it."""
    names = ["page", "drawing", *([CHARTS] if CHARTS in parts else [])]
    text = "".join((FOLDER / f"{name}.css").read_text(encoding="utf-8") for name in names)
    text = re.sub(r"(?s)/\*.*?\*/|\n *", "", text)
    return re.sub(r"(?<=[:,;{}>]) +|(?<! ) +(?=[{>])|;(?= *})|\b0(?=\.)", "", text) + "\n"
