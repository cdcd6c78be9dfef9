"""HTML: a page that stands alone, and the fragment that a notebook shows."""

from __future__ import annotations

from html import escape as escape_html
from typing import TYPE_CHECKING

from costcalc.reporting.figures import printable
from costcalc.reporting.table import Cell, Column, Page, Row, Share, Table, text

if TYPE_CHECKING:
    from costcalc.reporting.report import Report

_DOCUMENT = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
</head>
<body style="font: 14px/1.45 system-ui, sans-serif; margin: 2em auto; max-width: 75em; padding: 0 1em">
{body}</body>
</html>
"""


def page(page: Page) -> str:
    """A page as a document."""
    return _DOCUMENT.format(title=escape(page.title), body=fragment(page))


def report_html(report: Report) -> str:
    """A report as a fragment that stands among other cells of a notebook."""
    from costcalc.reporting.tables import report_page

    return fragment(report_page(report))


def escape(words: str) -> str:
    """Text in which nothing means anything to HTML.

    >>> escape("a<b")
    'a&lt;b'
    """
    return escape_html(printable(words))


def fragment(page: Page) -> str:
    """A page's elements, with colours of their surroundings alone, light or dark."""
    lines = [f"<h2>{escape(page.title)}</h2>"]
    if page.facts:
        lines.append("<dl>")
        for name, fact in page.facts:
            lines.append(f"<dt>{escape(name)}</dt><dd>{escape(fact)}</dd>")
        lines.append("</dl>")
    for table in page.tables:
        if len(page.tables) > 1:
            lines.append(f"<h3>{escape(table.title)}</h3>")
        lines += _table(table.seen_by("people"))
        lines += [f"<p>{escape(note)}</p>" for note in table.notes]
    lines += [f"<p>{escape(note)}</p>" for note in page.notes]
    return "\n".join(lines) + "\n"


def _table(table: Table) -> list[str]:
    heads = "".join(f"<th{_style(column)}>{escape(column.title)}</th>" for column in table.columns)
    lines = ["<table>", f"<thead><tr>{heads}</tr></thead>", "<tbody>"]
    lines += [_row(table, row) for row in table.rows]
    lines.append("</tbody>")
    if table.total:
        lines.append(f"<tfoot>{_row(table, table.total)}</tfoot>")
    return [*lines, "</table>"]


def _row(table: Table, row: Row) -> str:
    cells = "".join(
        f"<td{_style(column)}>{escape(text(cell))}</td>"
        for column, cell in zip(table.columns, row.cells, strict=True)
    )
    return f"<tr>{cells}</tr>"


def _style(column: Column) -> str:
    return ' style="text-align: right"' if column.align == "right" else ""
