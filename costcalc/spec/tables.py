"""Table rows to steps, so that a spec can be laid beside the paper's table.

table:
layer: bottleneck                 # or a column 'layer'
columns: [t, c, n: repeat, s]     # 'n: repeat' sets 'repeat' from the paper's n
first_only: [s]                   # holds for the first of the repeats
rows:
- [1, 16, 1, 1]
- {repeat: 5, rows: [...]}      # several rows, repeated together
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from costcalc.errors import Mark
from costcalc.spec.document import BlockStep, Common, SequenceStep, Step
from costcalc.spec.tree import Mapping, Node, Scalar, Sequence

if TYPE_CHECKING:
    from costcalc.spec.steps import StepReader


class Columns(NamedTuple):
    """The head of a table."""

    layer: Scalar | None
    names: tuple[Scalar, ...]
    first_only: frozenset[str]


def table(reader: StepReader, key: Scalar, body: Node) -> SequenceStep | None:
    """The table's rows as one sequence of steps; problems are noted by the reader."""
    if not isinstance(body, Mapping):
        _wrong(reader, body.mark, "a table is a mapping", "columns and rows", str(body))
        return None
    for name, _ in body.entries:
        if name.text not in ("layer", "columns", "first_only", "rows"):
            _wrong(
                reader,
                name.mark,
                f"a table has no '{name.text}'",
                "layer, columns, first_only, rows",
            )
    columns = _columns(reader, key, body)
    rows = body.get("rows")
    if columns is None or not isinstance(rows, Sequence):
        _wrong(reader, key.mark, "a table needs columns and rows, each a list")
        return None
    return SequenceStep(Common(key.mark), _rows(reader, columns, rows))


def _columns(reader: StepReader, key: Scalar, body: Mapping) -> Columns | None:
    node = body.get("columns")
    if not isinstance(node, Sequence):
        return None
    names = []
    for item in node.items:
        if isinstance(item, Mapping) and len(item.entries) == 1:
            item = item.entries[0][1]
        if isinstance(item, Scalar):
            names.append(item)
        else:
            _wrong(reader, item.mark, "a column is a name", "name, or 'printed: name'", str(item))
            return None
    layer = body.get("layer")
    if not isinstance(layer, Scalar):
        layer = None
        if "layer" not in [name.text for name in names]:
            _wrong(
                reader,
                key.mark,
                "a table must say what its rows are",
                "'layer: kind' above the columns, or a column 'layer'",
            )
            return None
    first = body.get("first_only")
    first_names = [
        item.text
        for item in (first.items if isinstance(first, Sequence) else ())
        if isinstance(item, Scalar)
    ]
    return Columns(layer, tuple(names), frozenset(first_names))


def _rows(reader: StepReader, columns: Columns, rows: Sequence) -> tuple[Step, ...]:
    steps = (_row(reader, columns, row) for row in rows.items)
    return tuple(step for step in steps if step is not None)


def _row(reader: StepReader, columns: Columns, row: Node) -> Step | None:
    if isinstance(row, Mapping):
        return _repeated(reader, columns, row)
    if not isinstance(row, Sequence) or len(row.items) != len(columns.names):
        _wrong(
            reader,
            row.mark,
            "a row must have one cell for each column",
            f"{len(columns.names)} cells: " + ", ".join(name.text for name in columns.names),
            f"{len(row.items)}" if isinstance(row, Sequence) else str(row),
        )
        return None
    layer = columns.layer
    cells = []
    for name, cell in zip(columns.names, row.items, strict=True):
        if isinstance(cell, Scalar) and cell.is_null:
            continue
        if name.text == "layer" and isinstance(cell, Scalar):
            layer = cell
        else:
            cells.append((Scalar(name.text, False, cell.mark), cell))
    if layer is None:
        _wrong(reader, row.mark, "this row does not say which layer it is", "a cell 'layer'")
        return None
    step = reader.step(Scalar(layer.text, False, row.mark), Mapping(tuple(cells), row.mark))
    if isinstance(step, BlockStep) and columns.first_only:
        return step._replace(first_only=columns.first_only)
    return step


def _repeated(reader: StepReader, columns: Columns, row: Mapping) -> Step | None:
    repeat, rows = row.get("repeat"), row.get("rows")
    if repeat is None or not isinstance(rows, Sequence) or len(row.entries) != 2:
        _wrong(reader, row.mark, "rows that repeat together", "{repeat: times, rows: [...]}")
        return None
    common = Common(row.mark, repeat=reader.values.expression(repeat))
    return SequenceStep(common, _rows(reader, columns, rows))


def _wrong(
    reader: StepReader, mark: Mark, message: str, expected: str = "", found: str = ""
) -> None:
    reader.problems.add(mark, message, expected=expected, found=found)
