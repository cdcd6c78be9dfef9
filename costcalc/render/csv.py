"""CSV of a page's table for scripts: exact integers, unrounded percentages, no sums of rows."""

from __future__ import annotations

import csv
import io

from costcalc.render.page import Cell, Page, raw


def page(page: Page) -> str:
    """The table for scripts, one row for each row that is not a sum of others."""
    table = page.scripted
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    writer.writerow(column.key for column in table.columns)
    for row in table.rows:
        if not row.is_sum:
            writer.writerow(map(_value, row.cells))
    return written.getvalue()


def guarded(words: str) -> str:
    """Text with a quote before anything that a spreadsheet would take for a formula."""
    return f"'{words}" if words.startswith(("=", "+", "-", "@")) else words


def _value(cell: Cell) -> str | int | float:
    value = raw(cell)
    return guarded(value) if isinstance(value, str) else value
