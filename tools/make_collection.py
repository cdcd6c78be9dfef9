"""Writes the list of the networks that ship into ``docs/collection.md``."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from pathlib import Path

from costcalc.render.formatting import exact
from costcalc.reporting.gallery import OfCollection, Selection, selected
from costcalc.spec.document import Accuracy
from costcalc.spec.family import FAMILIES, age

PAGE = Path(__file__).parents[1] / "docs" / "collection.md"
START, END = "<!-- networks -->\n", "<!-- end -->"


def listed() -> str:
    """A table for each family, the oldest network first."""
    rows = list(selected(Selection()))
    specs = [row for row in rows if row.name == row.spec]
    parts = [f"{len(specs)} networks; with the names of their variants, {len(rows)}."]
    for family, meaning in FAMILIES.items():
        members = [row for row in specs if row.network.document.family == family]
        if members:
            lines = [
                f"### {family}: {meaning}",
                "",
                "| network | year | variants | top-1, % | source |",
                "|---|---|---|---|---|",
                *(_row(row, rows) for row in sorted(members, key=_age)),
            ]
            parts.append("\n".join(lines))
    return "\n\n".join(parts)


def _row(spec: OfCollection, rows: Iterable[OfCollection]) -> str:
    document = spec.network.document
    names = [row.name for row in rows if row.spec == spec.name and row != spec]
    variants = [f"`{name}`" for name in sorted(names, key=_numbered)]
    source = document.source
    where = f"arXiv {source['arxiv']}" if "arxiv" in source else source.get("venue", "")
    paper = f"{source.get('paper', '')}, {where}"
    cells = (f"`{spec.name}`", spec.year, ", ".join(variants), _span(document.accuracies), paper)
    return f"| {' | '.join(map(str, cells))} |"


def _age(row: OfCollection) -> tuple[tuple[int, str], str]:
    return age(row.network.document.source), row.name


def _numbered(name: str) -> list[str]:
    """The sort key of a name with numbers: ``resnet50`` before ``resnet101``."""
    return [part.zfill(9) if part.isdigit() else part for part in re.split(r"(\d+)", name)]


def _span(accuracies: Iterable[Accuracy]) -> str:
    """The printed accuracies, from the least to the highest."""
    printed = sorted({accuracy.top1 for accuracy in accuracies})
    return " to ".join(map(exact, dict.fromkeys((*printed[:1], *printed[-1:]))))


def filled() -> str:
    """The page as the collection is now."""
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(START)
    return f"{before}{START}{listed()}\n{END}{rest.partition(END)[2]}"


if __name__ == "__main__":
    PAGE.write_text(filled(), encoding="utf-8")
    sys.exit(0)
