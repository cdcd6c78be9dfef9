"""The pages of ``costcalc report``: a network's layers and its types of layer as tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Literal

from costcalc.errors import CostcalcError, Problem
from costcalc.kinds.base import Shape, channels_last
from costcalc.records import NamedTuple
from costcalc.reporting.figures import counted, exact, printable, scaled
from costcalc.reporting.report import Report, Totals, TypeCost
from costcalc.reporting.select import arrange
from costcalc.reporting.table import Audience, Cell, Column, Page, Row, Share, Sides, Table, text
from costcalc.reporting.tree import Group, Line, lines, places, tree
from costcalc.spec.document import Accuracy


class View(NamedTuple):
    """What of a report to show, and how."""

    by: Literal["layer", "block", "type"] | None = None
    """One table alone; by default the layers, then their types."""
    depth: int | None = None
    """Levels of blocks that are shown; below, they are folded into one row each."""
    columns: tuple[str, ...] = ()
    """Keys of the first table's columns, in order; by default those that the format shows."""
    sort: str | None = None
    """The key of the column that sorts the first table, the largest count first."""
    is_every_layer: bool = False
    """Whether norms and activations that share a convolution's line get rows of their own."""


DEFAULT_VIEW = View()


def report_page(report: Report, view: View = DEFAULT_VIEW) -> Page:
    """A report as tables.

    Raises:
        CostcalcError: a column or a level of the view does not exist.
    """
    if view.by == "type":
        if view.depth is not None:
            raise CostcalcError(
                [
                    Problem(
                        None,
                        "types of layer are no tree, and have no depth",
                        expected="a depth by layer or by block",
                    )
                ]
            )
        tables = [_types(report)]
    else:
        tables = [_layers(report, view)]
        if view.by is None:
            tables.append(_types(report))
    if view.by is None and report.gating is not None:
        from costcalc.reporting.gates import gate_tables

        tables.extend(gate_tables(report.gating, unit_title(report.unit)))
    tables[0] = arrange(tables[0], view.columns, view.sort)
    return Page(report.network, _facts(report), tuple(tables), _notes(report))


def _facts(report: Report) -> tuple[tuple[str, str], ...]:
    facts = [
        ("source", source_line(report.source)),
        ("input", text(_size(report.input))),
        (
            "settings",
            ", ".join(f"{name} = {exact(value)}" for name, value in report.parameters.items()),
        ),
        ("accuracy", _accuracy(report.accuracy) if report.accuracy else ""),
        ("convention", f"{report.convention}: {report.convention_title}"),
    ]
    return tuple(fact for fact in facts if fact[1])


def _accuracy(accuracy: Accuracy) -> str:
    return f"{exact(accuracy.top1)} % ImageNet top-1 ({accuracy.source})"


def source_line(source: Mapping[str, str]) -> str:
    """The source in one line: ``MobileNets..., arXiv 1704.04861, Table 1``."""
    titles = {"paper": "", "table": "", "arxiv": "arXiv "}
    return ", ".join(f"{titles.get(key, key + ' ')}{value}" for key, value in source.items())


def _notes(report: Report) -> tuple[str, ...]:
    totals = report.totals
    mult_adds, params = _amount(totals.mult_adds, report.unit), _amount(totals.params, "params")
    total = f"In all {mult_adds} and {params}."
    notes = [total]
    notes[:0] = uncounted_notes(report.uncounted)
    if report.free:
        free = ", ".join(f"{number} {type_}" for type_, number in report.free.items())
        notes.insert(0, f"Free in this convention: {free}.")
    return tuple(notes)


_NAMED = 5
"""Layers that a note names; JSON names them all."""


def uncounted_notes(uncounted: Mapping[str, Sequence[str]], network: str = "") -> tuple[str, ...]:
    """``Not counted: 2 Foo (stem/foo1, head/foo2).``, where anything is not."""
    if not uncounted:
        return ()
    found = []
    for op, names in uncounted.items():
        shown = ", ".join([*names[:_NAMED], *(["..."] if len(names) > _NAMED else [])])
        found.append(f"{len(names)} {op} ({shown})")
    what = f"Not counted in {network}" if network else "Not counted"
    return (printable(f"{what}: {', '.join(found)}."),)


def unit_title(unit: str) -> str:
    """A unit as a column's title: ``Mult-Adds``, ``FLOPs``."""
    return unit if unit != unit.lower() else unit.title()


def _amount(value: int, unit: str) -> str:
    """A total, exact and as papers print it: ``568,740,352 mult-adds (569 M)``."""
    short = scaled(value)
    return f"{counted(value)} {unit}" + (f" ({short})" if short != str(value) else "")


def _counts(report: Report) -> tuple[Column, ...]:
    return (
        Column("mult_adds", unit_title(report.unit), "right"),
        Column("mult_adds_percent", "%", "right", bar=True, rank=2),
        Column("params", "Params", "right"),
        Column("params_percent", "%", "right", bar=True, rank=3),
    )


def _types(report: Report) -> Table:
    """The table of types, as MobileNetV1's Table 2."""
    columns = (
        Column("type", "Type"),
        Column("layers", "Layers", "right", rank=1),
        *_counts(report),
    )
    rows = tuple(Row((row.type, row.layers, *_costs(report, row).values())) for row in report.types)
    layers = sum(row.layers for row in report.types)
    totals = report.totals
    total = Row(("Total", layers, totals.mult_adds, None, totals.params, None))
    return Table("Types of layer", columns, rows, total=total)


def _layers(report: Report, view: View) -> Table:
    """The table of layers, its first columns those of MobileNetV1's Table 1."""
    is_by_block = view.by == "block"
    blocks: Audience = "all" if is_by_block else "asked"
    names: Audience = "scripts" if is_by_block else "all"
    columns = (
        Column("type_stride", "Block" if is_by_block else "Type / Stride", audience="people"),
        Column("name", "Layer", rank=9 if view.sort is None else 1, audience=names),
        Column("type", "Type", audience="scripts"),
        Column("layers", "Layers", "right", rank=7, audience=blocks),
        Column("stride", "Stride", audience="asked"),
        Column("filter", "Filter Shape", rank=5, audience="asked" if is_by_block else "all"),
        Column("fused", "With", audience="asked"),
        Column("input", "Input Size", rank=4),
        Column("output", "Output Size", rank=6, audience="all" if is_by_block else "scripts"),
        *_counts(report),
    )
    keys = [column.key for column in columns]
    depth = view.depth if view.depth is not None else 1 if is_by_block else None
    root = tree(lines(report.layers, view.is_every_layer))
    rows = []
    for place in places(report, root, depth):
        cells = _cells(report, place.node)
        rows.append(Row(tuple(map(cells.get, keys)), place.depth, place.is_sum, place.node.is_free))
    cells = {"type_stride": "Total", "layers": root.lines, **_costs(report, root)}
    cells["mult_adds_percent"] = cells["params_percent"] = None
    total = Row(tuple(map(cells.get, keys)))
    return Table("Blocks" if is_by_block else "Layers", columns, tuple(rows), total=total)


def _cells(report: Report, node: Line | Group) -> dict[str, Cell]:
    """A row's cells by their columns' keys; no costs for what is not counted."""
    if isinstance(node, Group):
        return {**_group(report, node), **_costs(report, node)}
    return {**_line(node), **(_costs(report, node) if node.layer.is_counted else {})}


def _line(line: Line) -> dict[str, Cell]:
    layer = line.layer
    stride = layer.attributes.get("stride")
    return {
        "type_stride": f"{layer.label} / s{_same(stride)}" if stride else layer.label,
        "name": layer.name,
        "type": layer.type,
        "layers": 1,
        "stride": Sides(stride) if stride else None,
        "filter": Sides(layer.filter, " dw" if layer.is_depthwise else "")
        if layer.filter
        else None,
        "fused": ", ".join(each.type for each in line.fused) or None,
        "input": _size(layer.input),
        "output": _size(layer.output),
    }


def _group(report: Report, group: Group) -> dict[str, Cell]:
    own = group.path.rpartition("/")[2]
    block = report.blocks.get(group.path, "branch")
    is_named_for_it = own.startswith(block) or block in ("branch", "sequence")
    lacks = f", {group.uncounted} not counted" if group.uncounted else ""
    return {
        "type_stride": (own if is_named_for_it else f"{block} ({own})") + lacks,
        "name": group.path,
        "type": block + lacks,
        "layers": group.lines,
        "input": _size(group.input),
        "output": _size(group.output),
    }


def _costs(report: Report, node: Line | Group | TypeCost) -> Mapping[str, Cell]:
    return _cost_cells(node.mult_adds, node.params, report.totals)


@lru_cache(maxsize=1024)
def _cost_cells(mult_adds: int, params: int, totals: Totals) -> Mapping[str, Cell]:
    return {
        "mult_adds": mult_adds,
        "mult_adds_percent": Share(mult_adds, totals.mult_adds),
        "params": params,
        "params_percent": Share(params, totals.params),
    }


def _same(stride: Shape) -> str:
    """A stride as Table 1 prints it, once where all axes have the same."""
    return str(stride[0]) if len(set(stride)) == 1 else "×".join(map(str, stride))


@lru_cache(maxsize=1024)
def _size(shape: Shape) -> Sides:
    """A shape as papers print it, channels last."""
    return Sides(channels_last(shape))
