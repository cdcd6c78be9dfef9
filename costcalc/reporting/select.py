"""Choosing and sorting: what ``--columns`` and ``--sort`` do to any table."""

from __future__ import annotations

from typing import Any

from costcalc.errors import CostcalcError, Problem, did_you_mean
from costcalc.formulas.algebra import product
from costcalc.reporting.table import Cell, Ratio, Share, Sides, Table, text


def select(table: Table, keys: tuple[str, ...]) -> Table:
    """The table with these columns, in this order, for every audience; no keys, no change.

    Raises:
        CostcalcError: naming every key that the table does not have.
    """
    if not keys:
        return table
    chosen = table.with_columns(_indexes(table, keys))
    columns = tuple(column._replace(audience="all", rank=0) for column in chosen.columns)
    return chosen._replace(columns=columns)


def sort(table: Table, key: str) -> Table:
    """The rows in the order of a column: counts from the largest, words from A to Z.

    Sums over other rows have no place in such an order and are left out; so is
    the tree.  No key, no change.

    Raises:
        CostcalcError: the table has no such column.
    """
    if not key:
        return table
    (index,) = _indexes(table, (key,))
    rows = [row._replace(depth=0) for row in table.rows if not row.is_sum]
    rows.sort(key=lambda row: _order(row.cells[index]))
    return table._replace(rows=tuple(rows))


def _indexes(table: Table, keys: tuple[str, ...]) -> list[int]:
    known = [column.key for column in table.columns]
    problems = [
        Problem(
            None,
            f"there is no column '{key}'",
            expected="one of " + ", ".join(known),
            hint=did_you_mean(key, known),
        )
        for key in keys
        if key not in known
    ]
    if problems:
        raise CostcalcError(problems)
    return [known.index(key) for key in keys]


def _order(cell: Cell) -> tuple[int, Any]:
    """A key that sorts cells of one kind; empty cells come last."""
    if cell is None:
        return (2, 0)
    if isinstance(cell, int):
        return (0, -cell)
    if isinstance(cell, Share):
        return (0, -cell.part)
    if isinstance(cell, Ratio):
        return (0, -cell.value)
    if isinstance(cell, Sides):
        return (0, -product(cell.sizes))
    return (1, text(cell))
