"""Pages of plain tables: built by every answer, rendered by every text format."""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from typing import Literal, TypeAlias

from costcalc.escaping import printable
from costcalc.records import NamedTuple
from costcalc.render.formatting import counted, percent, rounded, scaled, share, significant


class Share(NamedTuple):
    """A part of a total, kept exact; shown in per cent."""

    part: int
    total: int


class Ratio(NamedTuple):
    """A ratio, kept exact; shown with ``digits`` decimals."""

    value: Fraction
    digits: int = 2
    suffix: str = ""


class Significant(NamedTuple):
    """A number, kept exact; shown with ``digits`` significant digits."""

    value: Fraction
    digits: int = 4


class Scaled(NamedTuple):
    """A count, shown to people with three digits and a unit, as in papers."""

    value: int


class Dimensions(NamedTuple):
    """Dimensions of a filter or a feature map as in papers: ``3 × 3 × 64 dw``."""

    sizes: tuple[int, ...]
    suffix: str = ""


SCALAR = "scalar"
"""The shape of a single number, which has no dimensions."""


class Signed(NamedTuple):
    """A difference, shown to people with its sign."""

    value: int | Fraction


class Word(NamedTuple):
    """A word with a tone that renderers may show as a colour."""

    text: str
    tone: Literal["good", "bad", "quiet"]


Cell: TypeAlias = (
    str | int | Fraction | Share | Ratio | Significant | Scaled | Dimensions | Signed | Word | None
)
"""None is an empty cell; a fraction is an expected count."""

Audience: TypeAlias = Literal["all", "people", "scripts", "asked"]
"""Who sees a column by default; ``asked`` columns are shown only on request."""


class Column(NamedTuple):
    """A column's key, for ``--columns`` and CSV, and its title for people."""

    key: str
    title: str
    align: Literal["left", "right"] = "left"
    bar: bool = False
    """Whether its shares are of the count on their left, and may be drawn as bars."""
    rank: int = 0
    """Columns that do not fit are dropped from the highest rank on: 1 only after cells are
    broken between words, 0 never."""
    audience: Audience = "all"
    is_beside: bool = False
    """Whether it stays next to the column on its left where a table is divided."""


class Row(NamedTuple):
    """Cells, their depth in a tree, and whether they sum the rows below."""

    cells: tuple[Cell, ...]
    depth: int = 0
    is_sum: bool = False
    is_quiet: bool = False
    """Whether the row is shown only for completeness, as free layers are."""


class Table(NamedTuple):
    """Rows under columns, with a title, and notes below.

    The first column that people see has the tree's branches.
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
        """The table with some of its columns, in the order of their indexes here."""

        def narrowed(row: Row) -> Row:
            cells = tuple(map(row.cells.__getitem__, kept))
            return Row(cells, row.depth, row.is_sum, row.is_quiet)

        return self._replace(
            columns=tuple(self.columns[index] for index in kept),
            rows=tuple(map(narrowed, self.rows)),
            total=narrowed(self.total) if self.total else None,
        )

    def largest(self, index: int) -> int:
        """The largest part among a column's shares: the length of a full bar."""
        cells = (row.cells[index] for row in self.rows)
        return max((cell.part for cell in cells if isinstance(cell, Share)), default=0)


class Equations(NamedTuple):
    """The lines of one ``align`` environment of LaTeX."""

    lines: tuple[str, ...]


class Prose(NamedTuple):
    """Text with formulas, in three notations."""

    unicode: tuple[str, ...]
    """Paragraphs; their lines are broken only for a narrow terminal, between words."""
    ascii: tuple[str, ...]
    """The same for encodings without the symbols."""
    latex: tuple[str | Equations, ...]
    """Equations, with words between them as comments."""
    title: str = ""
    """The page's title in ASCII, if it has other characters."""


class Page(NamedTuple):
    """The output of a command: a heading with facts, then tables, then notes.

    People see all of it, or the prose if there is some; a CSV file has only one table.
    """

    title: str
    facts: tuple[tuple[str, str], ...]
    tables: tuple[Table, ...]
    notes: tuple[str, ...] = ()
    prose: Prose | None = None
    """Shown to people instead of facts, tables and notes."""
    listing: Table | None = None
    """The table for scripts, if it is not the first one."""

    @property
    def scripted(self) -> Table:
        """The one table for scripts, with the columns that they see."""
        return (self.listing or self.tables[0]).seen_by("scripts")


def text(cell: Cell, times: str = " × ") -> str:
    """A cell for people, with ``times`` between dimensions.

    >>> text(4209088), text(Scaled(4209088)), text(Share(1, 8)), text(Dimensions((3, 3, 64), " dw"))
    ('4,209,088', '4.21 M', '12.50', '3 × 3 × 64 dw')
    >>> text(Signed(26712448)), text(Signed(-1000)), text(Signed(0))
    ('+26,712,448', '-1,000', '0')
    """
    if isinstance(cell, str):
        return printable(cell)
    return "" if cell is None else _written(cell, times)


@lru_cache(maxsize=1024, typed=True)
def _written(cell: Cell, times: str) -> str:
    """A cell other than text; cached, since many rows have equal cells."""
    if isinstance(cell, int | Fraction):
        return counted(cell)
    if isinstance(cell, Share):
        return share(cell.part, cell.total)
    if isinstance(cell, Ratio):
        return rounded(cell.value, cell.digits) + cell.suffix
    if isinstance(cell, Significant):
        return significant(cell.value, cell.digits)
    if isinstance(cell, Scaled):
        return scaled(cell.value)
    if isinstance(cell, Signed):
        return f"{'+' if cell.value > 0 else ''}{counted(cell.value)}"
    if isinstance(cell, Dimensions):
        return times.join(map(str, cell.sizes)) + cell.suffix or SCALAR
    return printable(cell.text) if isinstance(cell, Word) else ""


def raw(cell: Cell) -> str | int | float:
    """A cell for scripts: exact integers, unrounded ratios.

    >>> raw(4209088), raw(Share(1, 8)), raw(Dimensions((3, 3, 64), " dw")), raw(Signed(-7))
    (4209088, 12.5, '3x3x64 dw', -7)
    """
    if isinstance(cell, Share):
        return percent(cell.part, cell.total)
    if isinstance(cell, Ratio | Significant):
        return float(cell.value)
    if isinstance(cell, Scaled | Signed):
        cell = cell.value
    if isinstance(cell, int):
        return cell
    if isinstance(cell, Fraction):
        return float(cell)
    return text(cell, "x")
