"""Pages of plain tables: what every answer makes of itself, and every text format renders."""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from typing import Literal, TypeAlias

from costcalc.records import NamedTuple
from costcalc.render.formatting import counted, percent, printable, rounded, scaled, share


class Share(NamedTuple):
    """A part of a total, kept exact until it is shown in per cent."""

    part: int
    total: int


class Ratio(NamedTuple):
    """A ratio, kept exact until it is shown with ``digits`` decimals."""

    value: Fraction
    digits: int = 2
    suffix: str = ""


class Scaled(NamedTuple):
    """A count that people read with three digits and a unit, as papers print it."""

    value: int


class Sides(NamedTuple):
    """Sides as papers print them, ``3 × 3 × 64 dw``: a filter, a map."""

    sizes: tuple[int, ...]
    suffix: str = ""


class Signed(NamedTuple):
    """A difference, which people read with its sign."""

    value: int | Fraction


class Word(NamedTuple):
    """A word whose tone a renderer with colours may show."""

    text: str
    tone: Literal["good", "bad", "quiet"]


Cell: TypeAlias = str | int | Fraction | Share | Ratio | Scaled | Sides | Signed | Word | None
"""None is an empty cell; a fraction is an expected count."""


Audience: TypeAlias = Literal["all", "people", "scripts", "asked"]
"""Who sees a column without asking for it; ``asked`` stands for nobody."""


class Column(NamedTuple):
    """A column's key, for ``--columns`` and CSV, and its title for people."""

    key: str
    title: str
    align: Literal["left", "right"] = "left"
    bar: bool = False
    """Whether its shares belong to the count on their left, and may be drawn as bars."""
    rank: int = 0
    """Where there is no room for all columns the highest rank goes first; 0 stays."""
    audience: Audience = "all"


class Row(NamedTuple):
    """Cells, how deep they stand in a tree, and whether they are a sum of those below."""

    cells: tuple[Cell, ...]
    depth: int = 0
    is_sum: bool = False
    is_quiet: bool = False
    """Whether the row is shown for completeness alone, as free layers are."""


class Table(NamedTuple):
    """Rows under columns, with a title, and notes below.

    The first column of those that people see carries the tree.
    """

    title: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    notes: tuple[str, ...] = ()
    total: Row | None = None

    def seen_by(self, audience: Literal["people", "scripts"]) -> Table:
        """The table with the columns that this audience sees."""
        kept = [
            index
            for index, column in enumerate(self.columns)
            if column.audience in ("all", audience)
        ]
        return self.with_columns(kept)

    def with_columns(self, kept: list[int]) -> Table:
        """The table with some of its columns, in the order asked for."""

        def row(row: Row) -> Row:
            cells = tuple(map(row.cells.__getitem__, kept))
            return Row(cells, row.depth, row.is_sum, row.is_quiet)

        return self._replace(
            columns=tuple(self.columns[index] for index in kept),
            rows=tuple(row(each) for each in self.rows),
            total=row(self.total) if self.total else None,
        )

    def largest(self, index: int) -> int:
        """The largest part among a column's shares, which bars are measured by."""
        cells = (row.cells[index] for row in self.rows)
        return max((cell.part for cell in cells if isinstance(cell, Share)), default=0)


class Equations(NamedTuple):
    """The lines of one ``align`` environment of LaTeX."""

    lines: tuple[str, ...]


class Prose(NamedTuple):
    """Text with formulas in it, spelled in three ways."""

    unicode: tuple[str, ...]
    """Paragraphs, their lines as they shall stand: nothing breaks a formula."""
    ascii: tuple[str, ...]
    """The same where the encoding lacks the signs."""
    latex: tuple[str | Equations, ...]
    """Equations, and words that stand as comments between them."""
    title: str = ""
    """The page's title in ASCII, where it has other signs."""


class Page(NamedTuple):
    """What a command prints: a heading with facts, then tables, then notes.

    People get all of it, or the prose where there is some; CSV carries one table alone,
    since two tables in one file are none.
    """

    title: str
    facts: tuple[tuple[str, str], ...]
    tables: tuple[Table, ...]
    notes: tuple[str, ...] = ()
    prose: Prose | None = None
    """What people read instead of facts, tables and notes."""
    listing: Table | None = None
    """What scripts get instead of the first table."""

    @property
    def scripted(self) -> Table:
        """The one table that scripts get, with the columns that they see."""
        return (self.listing or self.tables[0]).seen_by("scripts")


def text(cell: Cell, times: str = " × ") -> str:
    """A cell as people read it, with ``times`` between sides.

    >>> text(4209088), text(Scaled(4209088)), text(Share(1, 8)), text(Sides((3, 3, 64), " dw"))
    ('4,209,088', '4.21 M', '12.50', '3 × 3 × 64 dw')
    >>> text(Signed(26712448)), text(Signed(-1000)), text(Signed(0))
    ('+26,712,448', '-1,000', '0')
    """
    if isinstance(cell, str):
        return printable(cell)
    return "" if cell is None else _written(cell, times)


@lru_cache(maxsize=1024, typed=True)
def _written(cell: Cell, times: str) -> str:
    """A cell other than text, formatted once however many rows have it."""
    if isinstance(cell, int | Fraction):
        return counted(cell)
    if isinstance(cell, Share):
        return share(cell.part, cell.total)
    if isinstance(cell, Ratio):
        return rounded(cell.value, cell.digits) + cell.suffix
    if isinstance(cell, Scaled):
        return scaled(cell.value)
    if isinstance(cell, Signed):
        return f"{'+' if cell.value > 0 else ''}{counted(cell.value)}"
    if isinstance(cell, Sides):
        return times.join(map(str, cell.sizes)) + cell.suffix
    return printable(cell.text) if isinstance(cell, Word) else ""


def raw(cell: Cell) -> str | int | float:
    """A cell as scripts read it: exact integers, unrounded ratios.

    >>> raw(4209088), raw(Share(1, 8)), raw(Sides((3, 3, 64), " dw")), raw(Signed(-7))
    (4209088, 12.5, '3x3x64 dw', -7)
    """
    if isinstance(cell, Share):
        return percent(cell.part, cell.total)
    if isinstance(cell, Ratio):
        return float(cell.value)
    if isinstance(cell, Scaled | Signed):
        cell = cell.value
    if isinstance(cell, int):
        return cell
    if isinstance(cell, Fraction):
        return float(cell)
    return text(cell, "x")
