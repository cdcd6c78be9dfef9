"""HTML: a standalone document, and the fragment for notebooks."""

from __future__ import annotations

from fractions import Fraction

from costcalc.escaping import html
from costcalc.render.formatting import rounded
from costcalc.render.page import Cell, Column, Page, Row, Share, Table, Word, text

# Colours are inherited or translucent, so that a page is legible on light and on dark.
_BODY = "font: 14px/1.45 system-ui, sans-serif; margin: 2em auto; max-width: 80em; padding: 0 1em"
_TABLE = "border-collapse: collapse; font-variant-numeric: tabular-nums; margin: 0.5em 0"
_HEAD = "border-bottom: 1px solid; padding: 0.2em 0.7em; vertical-align: bottom"
_CELL = "border-bottom: 1px solid rgba(128, 128, 128, 0.25); padding: 0.1em 0.7em"
_TONES = {"good": "", "bad": "; font-weight: bold", "quiet": "; opacity: 0.65"}
_BAR = "rgba(0, 140, 160, 0.3)"

_DOCUMENT = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
</head>
<body style="{style}">
{body}</body>
</html>
"""


def page(page: Page) -> str:
    """A page as a standalone document."""
    return _DOCUMENT.format(title=html(page.title), style=_BODY, body=fragment(page))


def fragment(page: Page) -> str:
    """A page's elements with inline styles."""
    lines = [f"<h2>{html(page.title)}</h2>"]
    if page.prose is not None:
        text = "\n\n".join(page.prose.unicode).split("\n")
        return "\n".join([*lines, f"<pre>{chr(10).join(map(html, text))}</pre>"]) + "\n"
    if page.facts:
        facts = (f"<b>{html(name)}</b> {html(fact)}" for name, fact in page.facts)
        lines.append(f"<p>{'<br>'.join(facts)}</p>")
    for table in page.tables:
        if len(page.tables) > 1:
            lines.append(f"<h3>{html(table.title)}</h3>")
        lines += _table(table.seen_by("people"))
        lines += [f"<p>{html(note)}</p>" for note in table.notes]
    lines += [f"<p>{html(note)}</p>" for note in page.notes]
    return "\n".join(lines) + "\n"


def _table(table: Table) -> list[str]:
    largest = [table.largest(index) for index in range(len(table.columns))]
    heads = "".join(
        f'<th style="{_HEAD}; text-align: {column.align}">{html(column.title)}</th>'
        for column in table.columns
    )
    lines = [f'<table style="{_TABLE}">', f"<thead><tr>{heads}</tr></thead>", "<tbody>"]
    lines += [_row(table.columns, row, largest) for row in table.rows]
    lines.append("</tbody>")
    if table.total:
        total = table.total._replace(is_sum=True)
        lines.append(f"<tfoot>{_row(table.columns, total, [0] * len(largest))}</tfoot>")
    return [*lines, "</table>"]


def _row(columns: tuple[Column, ...], row: Row, largest: list[int]) -> str:
    cells = []
    for index, (column, cell) in enumerate(zip(columns, row.cells, strict=True)):
        style = f"{_CELL}; text-align: {column.align}"
        words = html(text(cell))
        if index == 0:
            style += f"; padding-left: {0.7 + 1.2 * row.depth:.1f}em" if row.depth else ""
            words = f"<b>{words}</b>" if row.is_sum else words
        style += _decoration(column, cell, largest[index])
        cells.append(f'<td style="{style}">{words}</td>')
    quiet = ' style="opacity: 0.65"' if row.is_quiet else ""
    return f"<tr{quiet}>{''.join(cells)}</tr>"


def _decoration(column: Column, cell: Cell, largest: int) -> str:
    """The style of a cell's content: a bar behind a share, or the tone of a word."""
    if isinstance(cell, Word):
        return _TONES[cell.tone]
    if not (column.bar and isinstance(cell, Share) and cell.part and largest):
        return ""
    end = f"{rounded(Fraction(100 * cell.part, largest), 1)}%"
    return f"; background: linear-gradient(to right, {_BAR} {end}, transparent {end})"
