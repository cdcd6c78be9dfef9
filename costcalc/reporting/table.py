"""A plain table: what every text format renders and every command produces."""

from __future__ import annotations

from fractions import Fraction
from typing import Literal, NamedTuple, TypeAlias

from costcalc.reporting.figures import counted, exact, rounded, share


class Share(NamedTuple):
    """A part of a total, kept exact until it is shown."""

    part: int
    total: int


class Ratio(NamedTuple):
    """A ratio, kept exact until it is shown with ``digits`` decimals."""

    value: Fraction
    digits: int = 2
    suffix: str = ""


Cell: TypeAlias = str | int | Share | Ratio | None
"""None is an empty cell."""


class Column(NamedTuple):
    """A column's key, for ``--columns`` and CSV, and its title for people."""

    key: str
    title: str
    align: Literal["left", "right"] = "left"
    unit: str = ""
    bar: bool = False
    """Whether a renderer with the room for it may draw shares as bars."""


class Row(NamedTuple):
    """Cells, how deep they stand in a tree, and whether they are a sum of those below."""

    cells: tuple[Cell, ...]
    depth: int = 0
    is_sum: bool = False
    is_quiet: bool = False
    """Whether the row is shown for completeness alone, as free layers are."""


class Table(NamedTuple):
    """Rows under columns, with a title, and notes below."""

    title: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    notes: tuple[str, ...] = ()
    total: Row | None = None


class Page(NamedTuple):
    """What a command prints: a heading with facts, then tables."""

    title: str
    facts: tuple[tuple[str, str], ...]
    tables: tuple[Table, ...]
    notes: tuple[str, ...] = ()


def text(cell: Cell) -> str:
    """A cell as people read it."""
    if cell is None:
        return ""
    if isinstance(cell, int):
        return counted(cell)
    if isinstance(cell, Share):
        return share(cell.part, cell.total)
    if isinstance(cell, Ratio):
        return rounded(cell.value, cell.digits) + cell.suffix
    return cell


def raw(cell: Cell) -> str | int | float:
    """A cell as scripts read it: exact integers, unrounded ratios."""
    if cell is None:
        return ""
    if isinstance(cell, Share):
        return 100 * cell.part / cell.total if cell.total else 0.0
    if isinstance(cell, Ratio):
        return float(cell.value)
    return cell


__all__ = ["Cell", "Column", "Page", "Ratio", "Row", "Share", "Table", "exact", "raw", "text"]
