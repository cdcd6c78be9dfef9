"""``--columns`` and ``--sort``: selects the columns of a table and sorts its rows."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Any

from costcalc.errors import CostcalcError, Problem, did_you_mean
from costcalc.formulas.algebra import product
from costcalc.render.page import Cell, Dimensions, Ratio, Row, Share, Table, text

_ELSEWHERE = {
    **dict.fromkeys(("flops", "macs", "madds", "gflops", "ops", "mult-adds"), "mult_adds"),
    **dict.fromkeys(("parameters", "weights", "size"), "params"),
    **dict.fromkeys(("layer", "module"), "name"),
    **dict.fromkeys(("kernel", "filters", "shape"), "filter"),
    **dict.fromkeys(("kind", "op"), "type"),
}
"""What other tools call columns."""

_DIGITS = re.compile(r"([0-9]+)")


def arrange(table: Table, columns: tuple[str, ...], sort: str | None) -> Table:
    """The table with these columns, if any, and its rows sorted by a column, if given.

    Counts are sorted from the largest, words from A to Z.  A sorted table has no
    tree and no rows that sum others.  Requested columns are shown in every format,
    however narrow.

    Raises:
        CostcalcError: naming every key that the table does not have.
    """
    indexes = _indexes(table, columns if sort is None else (*columns, sort))
    if sort is not None:
        by = indexes.pop()
        rows = [row._replace(depth=0) for row in table.rows if not row.is_sum]
        rows.sort(key=lambda row: _order(row.cells[by]))
        table = table._replace(rows=tuple(rows))
    if not columns:
        return table
    chosen = table.with_columns(indexes)
    shown = tuple(column._replace(audience="all", rank=0) for column in chosen.columns)
    return chosen._replace(columns=shown, total=_labelled(chosen))


def _labelled(table: Table) -> Row | None:
    """The total row, labelled if its first cell is empty."""
    total = table.total
    if total is None or total.cells[0] is not None or table.columns[0].align == "right":
        return total
    return total._replace(cells=("Total", *total.cells[1:]))


def _indexes(table: Table, keys: tuple[str, ...]) -> list[int]:
    available = [column.key for column in table.columns]
    problems = [
        Problem(
            None,
            f"there is no column '{key}'",
            expected="one of " + ", ".join(available),
            hint=did_you_mean(_ELSEWHERE.get(key.lower(), key), available),
        )
        for key in keys
        if key not in available
    ]
    if problems:
        raise CostcalcError(problems)
    return [available.index(key) for key in keys]


def _order(cell: Cell) -> tuple[int, Any]:
    """The sort key of a cell: ``conv2`` before ``conv10``; empty cells come last."""
    if cell is None:
        return (2, 0)
    if isinstance(cell, int | Fraction):
        return (0, -cell)
    if isinstance(cell, Share):
        return (0, -cell.part)
    if isinstance(cell, Ratio):
        return (0, -cell.value)
    if isinstance(cell, Dimensions):
        return (0, -product(cell.sizes))
    parts = enumerate(_DIGITS.split(text(cell)))
    return (1, [_magnitude(part) if index % 2 else part for index, part in parts])


def _magnitude(digits: str) -> tuple[int, str]:
    """The sort key of a whole number, of any length."""
    significant = digits.lstrip("0")
    return len(significant), significant
