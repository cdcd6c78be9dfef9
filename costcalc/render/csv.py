"""CSV of a page's table for scripts: exact integers, unrounded percentages, no sum rows."""

from __future__ import annotations

import csv
import io

from costcalc.escaping import spreadsheet
from costcalc.render.page import Cell, Page, raw


def page(page: Page) -> str:
    """The table for scripts, without the rows that sum others."""
    table = page.scripted
    output = io.StringIO()
    writer = csv.writer(output, lineterminator="\n")
    writer.writerow(column.key for column in table.columns)
    for row in table.rows:
        if not row.is_sum:
            writer.writerow(map(_value, row.cells))
    return output.getvalue()


def _value(cell: Cell) -> str | int | float:
    value = raw(cell)
    return spreadsheet(value) if isinstance(value, str) else value
