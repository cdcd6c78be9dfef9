"""Pages as lines of text: widths, alignment, tree branches, and what to leave out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Literal, TypeAlias

from costcalc.escaping import printable
from costcalc.records import NamedTuple
from costcalc.render.page import Cell, Column, Page, Row, Share, Table, Word, text

Style: TypeAlias = Literal["", "title", "head", "sum", "quiet", "bar", "good", "bad"]


class Span(NamedTuple):
    """Text in one style; the terminal module maps styles to colours."""

    text: str
    style: Style = ""


Line: TypeAlias = list[Span]

_HALF, _FULL = "╸", "━"
"""Half a character cell of a bar, and a whole one."""

_FIRST_UNEVEN = "\u0300"
"""The first combining character; every printable one before it takes one column."""

_BRANCHES = "│├└ "
"""The characters of a tree's branches, one column wide each."""

_SIGNS = re.compile(r"[^/_,@=.:+-]*[/_,@=.:+-]+|[^/_,@=.:+-]+")
"""The parts that a long word may be broken into."""

_NAME = re.compile(r" *[^ ]+(?: [^ ]+)*  +(?:= )?| +(?:[^ ]+ +)?= ")
"""The start of a line of an explanation: a name and a gap, or an equals sign."""

_LEAST_BAR, _MOST_BAR = 8, 20
_LONG_WORD = 16
"""Longer words, such as paths and references, may be broken after a sign."""

_NARROWEST = 8
"""A column of words is never made narrower than this."""


def page_lines(page: Page, width: int | None, is_ascii: bool = False) -> list[Line]:
    """A page in lines no longer than ``width`` if possible; None means no limit."""
    title = (is_ascii and page.prose and page.prose.title) or page.title
    lines = [[Span(line, "title")] for line in wrapped(title, width)]
    if page.prose is not None:
        for paragraph in page.prose.ascii if is_ascii else page.prose.unicode:
            lines.append([])
            for line in paragraph.split("\n"):
                lines += [[Span(part)] for part in hanging(line, width)]
        return lines
    facts = [(printable(name), fact) for name, fact in page.facts]
    indent = max((text_width(name) for name, _ in facts), default=0) + 2
    for name, fact in facts:
        first, *rest = wrapped(fact, width and width - indent)
        lines.append([Span(name.ljust(indent), "quiet"), Span(first)])
        lines += [[Span(" " * indent + line)] for line in rest]
    for table in page.tables:
        lines.append([])
        if len(page.tables) > 1:
            lines += [[Span(line, "title")] for line in wrapped(table.title, width)]
        lines += table_lines(table.seen_by("people"), width)
        lines += _notes(table.notes, width)
    return [*lines, *([[]] if page.notes else []), *_notes(page.notes, width)]


def table_lines(table: Table, width: int | None) -> list[Line]:
    """A table's lines: head, rule, rows, and the total below another rule."""
    panels, missing = _fitted(table, width)
    lines: list[Line] = []
    for columns in panels:
        lines += [*([[]] if lines else []), *_panel_lines(table, columns)]
    if missing:
        titles = ", ".join(dict.fromkeys(column.title for column in missing))
        needed = _total_width(_measured(table, is_dense=True))
        note = f"Not shown: {titles}; {needed} columns, or -o FILE.txt, have room for all."
        lines += [[Span(line, "quiet")] for line in wrapped(note, width)]
    return lines


def _panel_lines(table: Table, columns: list[_Measured]) -> list[Line]:
    """The lines of some of a table's columns."""
    rule = [Span("─" * _total_width(columns), "quiet")]
    heads = [wrapped(measured.column.title, measured.width) for measured in columns]
    height = max((len(head) for head in heads), default=0)
    padded = [[""] * (height - len(head)) + head for head in heads]
    lines = _joined(columns, padded, ["head"] * len(columns), [""] * len(columns))
    lines.append(rule)
    for index, row in enumerate(_all_rows(table)):
        if index == len(table.rows):
            lines.append(rule)
        cells = [measured.lines(index) for measured in columns]
        bars = [measured.bars[index] if measured.bars else "" for measured in columns]
        lines += _joined(columns, cells, _styles(row, columns, index), bars)
    return lines


def wrapped(line: str, width: int | None) -> list[str]:
    """A text in lines, broken between words if possible.

    >>> wrapped("no line is too long", 8)
    ['no line', 'is too', 'long']
    """
    line = printable(line)
    if width is None or text_width(line) <= width:
        return [line]
    lines = [""]
    for word in line.split(" "):
        if lines[-1] and text_width(lines[-1]) + 1 + text_width(word) <= width:
            lines[-1] += f" {word}"
            continue
        if not lines[-1]:
            lines.pop()
        lines += _pieces(word, width)
    return lines


def _pieces(word: str, width: int) -> list[str]:
    """A word in lines; one that is too long is broken after a sign if possible.

    >>> _pieces("features/block1/conv", 12)
    ['features/', 'block1/conv']
    """
    pieces = [""]
    for part in _SIGNS.findall(word) if text_width(word) > width else [word]:
        if pieces[-1] and text_width(pieces[-1] + part) > width:
            pieces.append("")
        if text_width(part) <= width:
            pieces[-1] += part
            continue
        for character in part:
            if pieces[-1] and text_width(pieces[-1] + character) > width:
                pieces.append("")
            pieces[-1] += character
    return pieces


def hanging(line: str, width: int | None) -> list[str]:
    """A line of a formula or an explanation in lines, with hanging indentation after its name.

    >>> hanging("  params  a + b + c + d", 22)
    ['  params  a + b + c +', '          d']
    """
    if width is None or text_width(printable(line)) <= width:
        return [printable(line)]
    name = _NAME.match(line)
    start = name.end() if name and name.end() <= width // 2 else len(line) - len(line.lstrip()) + 2
    head = line[:start] if name and start == name.end() else " " * (start - 2)
    first, *rest = wrapped(line[len(head) :], max(width - start, 1))
    return [printable(head) + first, *(" " * start + part for part in rest)]


def text_width(line: str) -> int:
    """The number of terminal columns that a text takes.

    >>> text_width("3 × 3"), text_width("畳み込み")
    (5, 8)
    """
    stripped = line.lstrip(_BRANCHES)
    if stripped.isascii() or max(stripped) < _FIRST_UNEVEN:
        return len(line)
    from unicodedata import combining, east_asian_width

    return sum(
        0 if combining(character) else 2 if east_asian_width(character) in "WF" else 1
        for character in line
    )


def bar(part: int, largest: int, width: int) -> str:
    """A bar for ``part``, where ``largest`` fills ``width``, to half a cell.

    >>> bar(5, 8, 4), bar(1, 1, 3), bar(0, 1, 3)
    ('━━╸', '━━━', '')
    """
    halves = (4 * width * part + largest) // (2 * largest) if largest else 0
    return _FULL * (halves // 2) + _HALF * (halves % 2)


class _Measured(NamedTuple):
    """A column's cells as text, and the width that they take."""

    column: Column
    branches: Sequence[str]
    """The prefix of each cell: the tree's branches in the first column."""
    texts: Sequence[str]
    tones: Sequence[Style]
    width: int
    gap: str
    """The space between it and the column on its left."""
    bars: Sequence[str] = ()
    bar: int = 0
    """The width of its bars."""
    is_whole: bool = True
    """Whether it is as wide as its widest cell."""

    def lines(self, index: int) -> list[str]:
        """A cell's lines; one if the column has its full width."""
        branch, text = self.branches[index], self.texts[index]
        if self.is_whole:
            return [branch + text]
        first, *rest = wrapped(text, self.width - len(branch))
        below = branch.replace("├", "│").replace("└", " ")
        return [branch + first, *(below + line for line in rest)]


def _fitted(table: Table, width: int | None) -> tuple[list[list[_Measured]], list[Column]]:
    """The columns that fit the width, in panels one below another, and those left out.

    Bars are dropped first, then the spaces within shapes, then the columns of the
    highest rank.  Before those of rank 1 go, cells are broken between words; what is
    still too wide becomes several panels, each with the first column.  Only then are words
    broken; numbers never.
    """
    spaced = _measured(table, is_dense=False)
    if width is None:
        return [spaced], []
    dense = _measured(table, is_dense=True)
    kept = list(range(len(table.columns)))
    missing: list[int] = []
    while True:
        for measured in (spaced, dense):
            columns = [measured[index] for index in kept]
            if _total_width(columns) <= width:
                return [_with_bars(table, columns, width)], _titled(table, missing)
        last = max(kept, key=lambda index: table.columns[index].rank, default=0)
        rank = table.columns[last].rank if kept else 0
        if rank == 0:
            return _panels(columns, width), _titled(table, missing)
        if rank == 1 and _total_width(folded := _folded(columns, width)) <= width:
            return [folded], _titled(table, missing)
        kept.remove(last)
        missing.append(last)


def _titled(table: Table, indexes: list[int]) -> list[Column]:
    return [table.columns[index] for index in sorted(indexes)]


def _panels(columns: list[_Measured], width: int) -> list[list[_Measured]]:
    """The columns in as few panels as fit, each with the first column."""
    if len(columns) < 2 or _total_width(_folded(columns, width)) <= width:
        return [_forced(columns, width)]
    first, *rest = columns
    units: list[list[_Measured]] = []
    for measured in rest:
        if units and measured.column.is_beside:
            units[-1].append(measured)
        else:
            units.append([measured])
    panels: list[list[_Measured]] = []
    for unit in _narrowed(first, units, width):
        if panels and _total_width(_folded([*panels[-1], *unit], width)) <= width:
            panels[-1] += unit
        else:
            panels.append([first, *unit])
    return [_forced(panel, width) for panel in panels]


def _narrowed(
    first: _Measured, units: list[list[_Measured]], width: int
) -> Iterator[list[_Measured]]:
    """The units; one that does not fit next to the first column is taken apart."""
    for unit in units:
        if _total_width(_folded([first, *unit], width)) <= width:
            yield unit
        else:
            yield from ([measured] for measured in unit)


def _forced(columns: list[_Measured], width: int) -> list[_Measured]:
    """Makes columns narrower, and breaks words if nothing else helps."""
    return _folded(_folded(columns, width), width, is_last_resort=True)


def _measured(table: Table, is_dense: bool) -> list[_Measured]:
    """All columns; dense ones use as little room as possible for shapes, titles and shares."""
    times = "×" if is_dense else " × "
    rows = _all_rows(table)
    branches = _branches(rows)
    nothing = [""] * len(rows)
    columns = []
    for index, column in enumerate(table.columns):
        cells = [row.cells[index] for row in rows]
        texts = [text(cell, times) for cell in cells]
        tones: list[Style] = [cell.tone if isinstance(cell, Word) else "" for cell in cells]
        before = branches if index == 0 and column.align == "left" else nothing
        widths = map(text_width, set(map(str.__add__, before, texts)))
        title = _unbroken(column.title) if is_dense else text_width(column.title)
        width = max([*widths, title], default=0)
        gap = " " if column.bar and is_dense else "  "
        columns.append(_Measured(column, before, texts, tones, width, gap))
    return columns


def _with_bars(table: Table, columns: list[_Measured], width: int) -> list[_Measured]:
    """Adds bars next to shares if enough width is left."""
    with_bars = sum(measured.column.bar for measured in columns)
    room = (width - _total_width(columns)) // with_bars - 1 if with_bars else 0
    if room < _LEAST_BAR:
        return columns
    return [_barred(table, measured, min(room, _MOST_BAR)) for measured in columns]


def _barred(table: Table, measured: _Measured, width: int) -> _Measured:
    if not measured.column.bar:
        return measured
    index = table.columns.index(measured.column)
    parts = [_part(row.cells[index]) for row in table.rows]
    parts += [0] * (table.total is not None)  # the whole is no part
    largest = table.largest(index)
    return measured._replace(bars=[bar(part, largest, width) for part in parts], bar=width)


def _folded(columns: list[_Measured], width: int, is_last_resort: bool = False) -> list[_Measured]:
    """Makes columns of words narrower, the widest first; words are broken only as a last resort."""
    folded = list(columns)
    least = [_NARROWEST if is_last_resort else _longest_word(measured) for measured in columns]
    while (excess := _total_width(folded) - width) > 0:
        words = [
            index
            for index, measured in enumerate(folded)
            if measured.column.align == "left" and measured.width > least[index]
        ]
        words.sort(key=lambda index: folded[index].width)
        if not words:
            break
        widest = folded[words[-1]]
        next_ = folded[words[-2]].width if len(words) > 1 else 0
        goal = max(widest.width - excess, min(next_, widest.width - 1), least[words[-1]])
        folded[words[-1]] = widest._replace(width=goal, is_whole=False)
    return folded


def _longest_word(measured: _Measured) -> int:
    """The width that a column's longest word needs, in its title as well."""
    cells = zip(measured.branches, measured.texts, strict=True)
    words = [len(branch) + _unbroken(cell) for branch, cell in cells]
    return max([*words, _unbroken(measured.column.title), 1])


def _unbroken(line: str) -> int:
    """The least width that a text needs: its longest word, or part of a long one."""
    words = (
        part
        for word in line.split(" ")
        for part in (_SIGNS.findall(word) if len(word) > _LONG_WORD else [word])
    )
    return max(map(text_width, words), default=0)


def _branches(rows: Sequence[Row]) -> list[str]:
    """The tree branches in front of each row, two characters for each level."""
    branches = []
    goes_on: list[bool] = []
    for row in reversed(rows):
        depth = row.depth
        goes_on += [False] * (depth + 1 - len(goes_on))
        above = ["│ " if is_open else "  " for is_open in goes_on[1:depth]]
        last = ["├ " if goes_on[depth] else "└ "] if depth else []
        branches.append("".join(above + last))
        goes_on[depth:] = [True]
    return branches[::-1]


def _joined(
    columns: Sequence[_Measured],
    cells: Sequence[list[str]],
    styles: Sequence[Style],
    bars: Sequence[str],
) -> list[Line]:
    """One row's cells side by side, on as many lines as the tallest cell takes."""
    lines = []
    for level in range(max(map(len, cells), default=0)):
        pieces: list[tuple[str, Style]] = []
        for measured, cell, style, drawn in zip(columns, cells, styles, bars, strict=True):
            part = cell[level] if level < len(cell) else ""
            padding = " " * (measured.width - text_width(part))
            gap = measured.gap if pieces else ""
            if measured.column.align == "right":
                pieces += ((gap + padding, ""), (part, style))
            else:
                pieces += ((gap, ""), (part, style), (padding, ""))
            if measured.bar:
                shown = drawn if level == 0 else ""
                pieces += ((" ", ""), (shown, "bar"), (" " * (measured.bar - len(shown)), ""))
        lines.append(_merged(pieces))
    return lines


def _merged(pieces: Sequence[tuple[str, Style]]) -> Line:
    """Merges neighbours of one style into a span; drops empty pieces and trailing spaces."""
    merged: Line = []
    texts: list[str] = []
    last: Style = ""
    for part, style in pieces:
        if not part:
            continue
        if style != last and texts:
            merged.append(Span("".join(texts), last))
            texts = []
        last = style
        texts.append(part)
    if texts:
        merged.append(Span("".join(texts), last))
    if merged and not merged[-1].text.strip():
        merged.pop()
    if merged:
        merged[-1] = merged[-1]._replace(text=merged[-1].text.rstrip())
    return merged


def _styles(row: Row, columns: Sequence[_Measured], index: int) -> list[Style]:
    if row.is_quiet:
        return ["quiet"] * len(columns)
    styles: list[Style] = [measured.tones[index] for measured in columns]
    if row.is_sum and styles:
        styles[0] = "sum"
    return styles


def _all_rows(table: Table) -> tuple[Row, ...]:
    return (*table.rows, table.total._replace(is_sum=True)) if table.total else table.rows


def _part(cell: Cell) -> int:
    return cell.part if isinstance(cell, Share) else 0


def _total_width(columns: Sequence[_Measured]) -> int:
    gaps = sum(len(measured.gap) for measured in columns[1:])
    bars = sum(measured.bar + 1 for measured in columns if measured.bar)
    return sum(measured.width for measured in columns) + gaps + bars


def _notes(notes: Sequence[str], width: int | None) -> Iterator[Line]:
    return ([Span(line)] for note in notes for line in wrapped(note, width))
