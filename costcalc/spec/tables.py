"""Tables of layers, so that a spec can be compared with the paper's table row by row.

    table:
      layer: bottleneck                 # or a column 'layer'
      columns: [t, c, n: repeat, s]     # 'n: repeat' sets 'repeat' from the paper's n
      first_only: [s]                   # applies only to the first of the repeats
      rows:
        - [1, 16, 1, 1]
        - {repeat: 5, rows: [...]}      # several rows, repeated together

Variants that a paper prints side by side are columns of one argument; a parameter
picks one of them:

    columns: [layer, kernel, out, repeat: {configuration: [A, B, C, D, E]}]
    rows:
      - [conv, 3, 64, 1, 2, 2, 2, 2]    # twice in all configurations but A
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Protocol

from costcalc.errors import Problems
from costcalc.records import NamedTuple
from costcalc.spec.arguments import (
    COMMON,
    OF_PARAMS,
    ROWS,
    STRUCTURES,
    Arguments,
    refuse_unfit_first_only,
)
from costcalc.spec.document import Common, SequenceStep, Step
from costcalc.spec.tree import Choice, ListNode, MapNode, Node, Scalar, given
from costcalc.spec.values import Values


class RowReader(Protocol):
    """Turns a row into a step: the reader of the steps around the table."""

    values: Values
    problems: Problems

    def step(self, key: Scalar, body: Node) -> Step | None: ...
    def common(self, arguments: Arguments) -> Common: ...
    def without(self, unfit: Iterable[str], common: Common, key: Scalar) -> Common: ...


class ArgumentColumn(NamedTuple):
    """An argument with one cell in every row, or with one for each value of a parameter."""

    name: Scalar
    parameter: Scalar | None = None
    values: tuple[Scalar, ...] = ()

    @property
    def titles(self) -> tuple[str, ...]:
        """The titles above its cells."""
        return tuple(value.text for value in self.values) or (self.name.text,)


class TableHead(NamedTuple):
    """The head of a table."""

    layer: Scalar | None
    columns: tuple[ArgumentColumn, ...]
    first_only: tuple[Scalar, ...]

    @property
    def titles(self) -> tuple[str, ...]:
        """The titles above the cells of a row."""
        return tuple(title for column in self.columns for title in column.titles)


def table(reader: RowReader, key: Scalar, body: Node) -> SequenceStep | None:
    """The table's rows as one sequence of steps; the reader notes problems."""
    if not isinstance(body, MapNode):
        reader.problems.add(body.mark, "a table is a mapping", "columns and rows", str(body))
        return None
    common = _common(reader, key, body, STRUCTURES["table"].arguments)
    columns = _columns(reader, key, body)
    rows = body.get("rows")
    if columns is None or not isinstance(rows, ListNode):
        reader.problems.add(key.mark, "a table needs columns and rows, each a list")
        return None
    return SequenceStep(common, _rows(reader, columns, rows))


def _columns(reader: RowReader, key: Scalar, body: MapNode) -> TableHead | None:
    node = body.get("columns")
    if not isinstance(node, ListNode):
        return None
    listed = [_column(item) for item in node.items]
    for item, column in zip(node.items, listed, strict=True):
        if column is None:
            reader.problems.add(
                item.mark,
                "a column is a name",
                "name, 'printed: name', or 'name: {parameter: [values]}'",
                str(item),
            )
            return None
    columns = tuple(column for column in listed if column is not None)
    names: set[str] = set()
    for column in columns:
        if column.name.text in names:
            reader.problems.add(column.name.mark, f"the column '{column.name.text}' is given twice")
            return None
        names.add(column.name.text)
    layer = body.get("layer")
    if not isinstance(layer, Scalar):
        layer = None
        if "layer" not in [column.name.text for column in columns]:
            reader.problems.add(
                key.mark,
                "a table must say what its rows are",
                "'layer: kind' above the columns, or a column 'layer'",
            )
            return None
    return TableHead(layer, columns, _first_only(reader, body.get("first_only"), columns))


def _first_only(
    reader: RowReader, node: Node | None, columns: tuple[ArgumentColumn, ...]
) -> tuple[Scalar, ...]:
    """The columns that apply only to the first of a row's repeats."""
    items = node.items if isinstance(node, ListNode) else () if node is None else (node,)
    names = [column.name.text for column in columns]
    first_only = []
    for item in items:
        if isinstance(item, Scalar) and item.text in names:
            first_only.append(item)
        else:
            reader.problems.add(
                item.mark,
                "'first_only' names columns",
                "one of " + ", ".join(names),
                str(item),
            )
    return tuple(first_only)


def _column(node: Node) -> ArgumentColumn | None:
    """``name``, ``printed: name`` or ``name: {parameter: [values]}``."""
    if isinstance(node, Scalar):
        return ArgumentColumn(node)
    if not isinstance(node, MapNode) or len(node.entries) != 1:
        return None
    name, head = node.entries[0]
    if isinstance(head, Scalar):
        return ArgumentColumn(head)
    if not isinstance(head, MapNode) or len(head.entries) != 1:
        return None
    parameter, values = head.entries[0]
    if not isinstance(values, ListNode) or not values.items:
        return None
    titles = tuple(value for value in values.items if isinstance(value, Scalar))
    return ArgumentColumn(name, parameter, titles) if len(titles) == len(values.items) else None


def _rows(reader: RowReader, columns: TableHead, rows: ListNode) -> tuple[Step, ...]:
    steps = (_row(reader, columns, row) for row in rows.items)
    return tuple(step for step in steps if step is not None)


def _row(reader: RowReader, columns: TableHead, row: Node) -> Step | None:
    if isinstance(row, MapNode):
        return _group(reader, columns, row)
    if not isinstance(row, ListNode) or len(row.items) != len(columns.titles):
        reader.problems.add(
            row.mark,
            "a row must have one cell for each column",
            f"{len(columns.titles)} cells: " + ", ".join(columns.titles),
            f"{len(row.items)}" if isinstance(row, ListNode) else str(row),
        )
        return None
    layer = columns.layer
    cells = []
    rest = iter(row.items)
    for column in columns.columns:
        cell = _cell(column, [next(rest) for _ in column.titles])
        if cell is None:
            reader.problems.add(row.mark, f"the cells of '{column.name.text}' are single values")
        elif given(cell) is None:
            continue
        elif column.name.text == "layer" and isinstance(cell, Scalar):
            layer = cell
        else:
            cells.append((Scalar(column.name.text, False, cell.mark), cell))
    if layer is None:
        reader.problems.add(row.mark, "this row does not say which layer it is", "a cell 'layer'")
        return None
    named = {name.text for name, _ in cells}
    first_only = tuple(name for name in columns.first_only if name.text in named)
    if first_only and "repeat" in named:
        cells.append((Scalar("first_only", False, row.mark), ListNode(first_only, row.mark)))
    return reader.step(Scalar(layer.text, False, row.mark), MapNode(tuple(cells), row.mark))


def _cell(column: ArgumentColumn, cells: list[Node]) -> Node | None:
    """A row's value for a column: its cell, or a choice among its cells."""
    if column.parameter is None:
        return cells[0]
    single = [cell for cell in cells if isinstance(cell, Scalar)]
    if len(single) < len(cells):
        return None
    if all(given(cell) is None for cell in single):
        return single[0]
    cases = tuple(zip(column.values, single, strict=True))
    return Choice(column.parameter, cases, single[0].mark)


def _group(reader: RowReader, columns: TableHead, row: MapNode) -> Step | None:
    """A group of rows: repeated, conditional, or named."""
    common = _common(reader, Scalar("rows", False, row.mark), row, ROWS)
    rows = row.get("rows")
    if not isinstance(rows, ListNode):
        expected = "{repeat: times, rows: [...]}"
        reader.problems.add(row.mark, "rows that repeat together are a list", expected)
        return None
    return SequenceStep(common, _rows(reader, columns, rows))


def _common(reader: RowReader, key: Scalar, body: MapNode, own: Collection[str]) -> Common:
    """The arguments that every step may have; other keys must be among ``own``."""
    rest = tuple(entry for entry in body.entries if entry[0].text not in own)
    arguments = Arguments(key, MapNode(rest, body.mark), "", reader.values)
    common = reader.without(OF_PARAMS, reader.common(arguments), key)
    arguments.read((), (), (*own, *COMMON), f"'{key.text}'")
    refuse_unfit_first_only(common, (), (), reader.problems)
    return common
