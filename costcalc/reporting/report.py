"""What a network costs: by layer, by type of layer and in total, as tables and as data."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from costcalc.advice import advice, joined, option
from costcalc.costs.convention import Convention
from costcalc.costs.count import count
from costcalc.costs.gating import Gating, gating
from costcalc.costs.rules import UNITS
from costcalc.errors import refuse
from costcalc.graph.expand import expand
from costcalc.graph.layer import INPUT, NETWORK_INPUT, LayerGraph
from costcalc.graph.layouts import channel_axes
from costcalc.graph.parameters import published
from costcalc.kinds.base import Shape, channels_last
from costcalc.records import NamedTuple
from costcalc.render.answer import FORMAT_VERSION, Answer
from costcalc.render.formatting import counted, exact, number, percent, scaled
from costcalc.render.page import Audience, Cell, Column, Dimensions, Page, Row, Share, Table, text
from costcalc.reporting.layers import (
    LayerReport,
    Totals,
    TypeCost,
    free_notes,
    free_types,
    layer_reports,
    totals,
    type_costs,
)
from costcalc.reporting.phrases import (
    metric_titles,
    settings_line,
    source_line,
    total_notes,
    unit_title,
)
from costcalc.reporting.select import arrange
from costcalc.reporting.tree import BRANCH, ReportGroup, ReportLine, lines, places, tree
from costcalc.spec.document import Accuracy, Document

if TYPE_CHECKING:
    from costcalc.reporting.stored import StoredReport

    BytesOf: TypeAlias = Callable[[LayerGraph], StoredReport]
    """The bytes of a network's layers, under a storage."""


class TableOptions(NamedTuple):
    """What a report's tables show, and how."""

    by: Literal["layer", "block", "type"] | None = None
    """One table only; by default the layers, then their types."""
    depth: int | None = None
    """Levels of blocks to show; deeper blocks are folded into one row each."""
    columns: tuple[str, ...] = ()
    """Keys of the first table's columns, in order; by default those of the format."""
    sort: str | None = None
    """The key of the column to sort the first table by, the largest count first."""
    has_all_layers: bool = False
    """Whether norms and activations on another layer's line get rows of their own."""


DEFAULT = TableOptions()

BYTE_COLUMNS = (
    "weight_bytes",
    "input_bytes",
    "output_bytes",
    "alive_bytes",
    "traffic_bytes",
    "intensity",
    "step",
)
"""The keys of columns that need a storage."""


class NetworkInput(NamedTuple):
    """One of several inputs of a network."""

    name: str
    shape: Shape
    dtype: str
    """What its numbers are; '' if the network does not say."""
    axis: int
    """The axis of its channels."""


SHOWN_INPUTS = 12
"""The most inputs that a report's header lists."""


class _ReportFields(NamedTuple):
    """The fields of :class:`Report`; a dataclass would slow down every start."""

    network: str
    source: Mapping[str, str]
    convention: str
    convention_title: str
    unit: str
    """The unit of mult-adds, for people: ``mult-adds``, or ``FLOPs``."""
    parameters: Mapping[str, Any]
    input: Shape
    totals: Totals
    types: tuple[TypeCost, ...]
    layers: tuple[LayerReport, ...]
    blocks: Mapping[str, str]
    """The block at each path inside the layers' names, or ``sequence``."""
    folded: frozenset[str] = frozenset()
    """The blocks that are one row unless a depth is asked for: single operations of a model."""
    notes: tuple[str, ...] = ()
    """What a reader must know of the totals: a choice, a bound, a guess."""
    gating: Gating | None = None
    """The costs of gates and of skipped blocks; None if nothing is gated."""
    accuracy: Accuracy | None = None
    """The published accuracy at these settings."""
    uncounted: Mapping[str, Sequence[str]] = MappingProxyType({})
    """The names of the layers unknown to costcalc, by the model's name for the operation."""
    input_axis: int = 0
    """The axis of the input's channels: the first of a map, the last of tokens."""
    stored: StoredReport | None = None
    """The bytes of layers under a storage, if they were asked for."""
    inputs: tuple[NetworkInput, ...] = ()
    """All inputs, if there are several."""


class Report(Answer, _ReportFields):
    """A network's cost at one setting of its parameters, under one convention."""

    __slots__ = ()

    @property
    def guessed(self) -> tuple[str, ...]:
        """The names of the layers that are counted at guessed shapes."""
        return tuple(layer.name for layer in self.layers if layer.is_guessed)

    @property
    def free(self) -> dict[str, int]:
        """The number of layers of each type that the convention does not count."""
        return free_types(self.layers)

    def all_totals(self) -> dict[str, Any]:
        """The totals by metric, bytes included if there is a storage."""
        return {**self.totals._asdict(), **(self.stored.totals if self.stored else {})}

    def total(self, metric: str) -> int:
        """The network's cost: ``mult_adds``, ``params``, or bytes under a storage."""
        total: int = self.all_totals()[metric]
        return total

    def cost(self, layer: LayerReport, metric: str) -> int:
        """A layer's part of a total; of a peak it has none."""
        if self.stored is not None and metric in self.stored.totals:
            cells = self.stored.row([layer.name])._asdict()
            return cells.get(metric) or 0
        cost: int = getattr(layer, metric)
        return cost

    def caveats(self, network: str = "") -> tuple[str, ...]:
        """What its totals leave out, guess or choose; with the network's name, if given."""
        return total_notes(self.uncounted, network, self.guessed, self.notes)

    def page(self, options: TableOptions = DEFAULT) -> Page:
        """The report as tables.

        Raises:
            CostcalcError: the options name a column or a level that does not exist.
        """
        if options.by == "type":
            if options.depth is not None:
                message = "types of layer are not a tree and have no depth"
                levels = joined(" or ", (option("by", "layer"), option("by", "block")))
                refuse(None, message, expected=advice("a depth with {}", levels))
            tables = [_type_table(self)]
        else:
            tables = [_layer_table(self, options)]
            if options.by is None:
                tables.append(_type_table(self))
        if options.by is None and self.gating is not None:
            from costcalc.reporting.gates import gate_tables

            tables.extend(gate_tables(self.gating, unit_title(self.unit)))
        if self.stored is None and not {*options.columns, options.sort}.isdisjoint(BYTE_COLUMNS):
            refuse(None, "a report without a storage has no bytes", 'report(..., storage="fp32")')
        tables[0] = arrange(tables[0], options.columns, options.sort)
        return Page(self.network, _facts(self), tuple(tables), _notes(self))

    def data(self) -> dict[str, Any]:
        """The object of ``costcalc report --format json``."""
        return {
            "format_version": FORMAT_VERSION,
            "network": self.network,
            "convention": self.convention,
            "unit": self.unit,
            "source": dict(self.source),
            "parameters": {name: number(value) for name, value in self.parameters.items()},
            "input": list(self.input),
            **({"inputs": [_input_data(each) for each in self.inputs]} if self.inputs else {}),
            **accuracy_data(self.accuracy),
            **_storage_data(self.stored),
            "totals": {name: number(total) for name, total in self.all_totals().items()},
            "types": [{**row._asdict(), **_type_bytes(self, row)} for row in self.types],
            "free": self.free,
            **({"uncounted": self.uncounted} if self.uncounted else {}),
            **({"notes": list(self.notes)} if self.notes else {}),
            **({"guessed": list(self.guessed)} if self.guessed else {}),
            **_gated_data(self.gating),
            "layers": [
                {**_layer_data(layer), **_layer_bytes(self.stored, layer)} for layer in self.layers
            ],
        }


def report(
    document: Document,
    settings: Mapping[str, Any],
    convention: Convention,
    bytes_of: BytesOf | None = None,
) -> Report:
    """The report of a network at settings: its layers with their costs, and the sums.

    Args:
        document: the network.
        settings: values of its parameters.
        convention: how costs are counted.
        bytes_of: the bytes of its layers, if they are asked for.

    Raises:
        CostcalcError: a setting or a shape is wrong, or the convention lacks a rule.
    """
    graph = expand(document, settings)
    costs = count(graph, convention)
    axes = channel_axes(graph)
    layers = tuple(layer_reports(graph, costs, axes))
    sums = totals(costs)
    stored = bytes_of(graph) if bytes_of is not None else None
    return Report(
        network=graph.name,
        source=graph.source,
        convention=convention.name,
        convention_title=convention.title,
        unit=UNITS[convention.unit].title,
        parameters=graph.parameters,
        input=graph.input,
        totals=sums,
        types=type_costs(layers, sums, stored.costing if stored is not None else ()),
        layers=layers,
        blocks=graph.blocks,
        folded=graph.folded,
        notes=graph.notes,
        gating=gating(graph, costs),
        accuracy=published(document, graph.parameters),
        uncounted=graph.uncounted,
        input_axis=axes.get(NETWORK_INPUT, 0),
        stored=stored,
        inputs=_inputs(document, graph, axes),
    )


def _inputs(
    document: Document, graph: LayerGraph, axes: Mapping[int, int]
) -> tuple[NetworkInput, ...]:
    """All inputs of a network that has several."""
    others = [index for index, layer in enumerate(graph.layers) if layer.kind.name == INPUT]
    if not others:
        return ()
    dtypes = document.inputs
    first = next(iter(dtypes), "") or "input"
    rows = [NetworkInput(first, graph.input, dtypes.get(first, ""), axes.get(NETWORK_INPUT, 0))]
    for index in others:
        layer = graph.layers[index]
        shape, dtype = layer.computation.output, dtypes.get(layer.name, "")
        rows.append(NetworkInput(layer.name, shape, dtype, axes.get(index, 0)))
    return tuple(rows)


def _facts(report: Report) -> tuple[tuple[str, str], ...]:
    facts = [
        ("source", source_line(report.source)),
        *_input_facts(report),
        ("settings", settings_line(report.parameters, {layer.kind for layer in report.layers})),
        ("accuracy", _accuracy(report.accuracy) if report.accuracy else ""),
        ("convention", f"{report.convention}: {report.convention_title}"),
        *(report.stored.facts if report.stored is not None else ()),
    ]
    return tuple(fact for fact in facts if fact[1])


def _input_facts(report: Report) -> Iterator[tuple[str, str]]:
    """The input; all of them, one a line, if there are several."""
    if not report.inputs:
        yield "input", text(_size(report.input, report.input_axis))
        return
    for name, shape, dtype, axis in report.inputs[:SHOWN_INPUTS]:
        size = text(_size(shape, axis))
        yield f"input {name}", f"{size}, {dtype}" if dtype else size
    left = len(report.inputs) - SHOWN_INPUTS
    if left > 0:
        yield "inputs", f"and {left} more, which the layers show"


def _input_data(row: NetworkInput) -> dict[str, Any]:
    dtype = {"dtype": row.dtype} if row.dtype else {}
    return {"name": row.name, "shape": list(row.shape), **dtype}


def _accuracy(accuracy: Accuracy) -> str:
    return f"{exact(accuracy.top1)} % ImageNet top-1 ({accuracy.source})"


def _notes(report: Report) -> tuple[str, ...]:
    totals = report.totals
    mult_adds, params = _amount(totals.mult_adds, report.unit), _amount(totals.params, "params")
    notes = list(free_notes(report.layers))
    notes += report.caveats()
    if report.stored is not None and any(
        layer.name not in report.stored.moving for layer in report.layers if layer.host is None
    ):
        notes.append("Rows without traffic are views, or part of another row's step.")
    where = ", at guessed shapes" if report.guessed else ""
    return (*notes, f"In all {mult_adds} and {params}{where}.")


def _amount(value: int, unit: str) -> str:
    """A total, exact and rounded: ``568,740,352 mult-adds (569 M)``."""
    short = scaled(value)
    return f"{counted(value)} {unit}" + (f" ({short})" if short != str(value) else "")


def _counts(unit: str) -> tuple[Column, ...]:
    titles = metric_titles(unit)
    return (
        Column("mult_adds", titles["mult_adds"], "right"),
        Column("mult_adds_percent", "%", "right", bar=True, rank=2),
        Column("params", titles["params"], "right"),
        Column("params_percent", "%", "right", bar=True, rank=3),
    )


def _bytes(has_storage: bool) -> tuple[Column, ...]:
    """The columns of bytes; without a storage they are shown only on request."""
    people: Audience = "all" if has_storage else "asked"
    scripts: Audience = "scripts" if has_storage else "asked"
    return (
        Column("weight_bytes", "Weights, B", "right", audience=people),
        Column("input_bytes", "Input, B", "right", audience=scripts),
        Column("output_bytes", "Output, B", "right", audience=scripts),
        Column("alive_bytes", "Alive, B", "right", audience=people),
        Column("traffic_bytes", "Traffic, B", "right", rank=8, audience=people),
        Column("intensity", "Ops per B", "right", rank=9, audience=people),
    )


def type_columns(unit: str = "mult-adds", has_storage: bool = False) -> tuple[Column, ...]:
    """The columns of the table of types."""
    return (
        Column("type", "Type"),
        Column("layers", "Layers", "right", rank=1),
        *_counts(unit),
        *_bytes(has_storage),
    )


def layer_columns(
    *, is_by_block: bool, unit: str = "mult-adds", has_storage: bool = False
) -> tuple[Column, ...]:
    """The columns of the table of layers or of blocks; the first are MobileNetV1's Table 1's."""
    blocks: Audience = "all" if is_by_block else "asked"
    names: Audience = "scripts" if is_by_block else "all"
    return (
        Column("type_stride", "Block" if is_by_block else "Type / Stride", audience="people"),
        Column("name", "Layer", rank=1, audience=names),
        Column("type", "Type", audience="scripts"),
        Column("layers", "Layers", "right", rank=7, audience=blocks),
        Column("stride", "Stride", audience="asked"),
        Column("filter", "Filter Shape", rank=5, audience="asked" if is_by_block else "all"),
        Column("fused", "With", audience="asked"),
        Column("input", "Input Size", rank=4),
        Column("output", "Output Size", rank=6, audience="all" if is_by_block else "scripts"),
        *_counts(unit),
        *_bytes(has_storage),
        Column("step", "Step", audience="scripts" if has_storage else "asked"),
    )


def _type_table(report: Report) -> Table:
    """The table of types, like MobileNetV1's Table 2."""
    columns = type_columns(report.unit, report.stored is not None)
    keys = [column.key for column in columns]
    rows = []
    for row in report.types:
        cells: dict[str, Cell] = {"type": row.type, "layers": row.layers, **_costs(report, row)}
        cells |= _byte_cells(report.stored, _of_type(report, row.type))
        rows.append(Row(tuple(map(cells.get, keys))))
    total: dict[str, Cell] = {"type": "Total", "layers": sum(row.layers for row in report.types)}
    total |= _total_cells(report)
    return Table("Types of layer", columns, tuple(rows), total=Row(tuple(map(total.get, keys))))


def _layer_table(report: Report, options: TableOptions) -> Table:
    """The table of layers, or of blocks."""
    is_by_block = options.by == "block"
    has_storage = report.stored is not None
    columns = layer_columns(is_by_block=is_by_block, unit=report.unit, has_storage=has_storage)
    keys = [column.key for column in columns]
    depth = options.depth if options.depth is not None else 1 if is_by_block else None
    root = tree(lines(report.layers, options.has_all_layers))
    rows = []
    for place in places(report.blocks, root, depth, report.folded):
        cells = _cells(report, place.node)
        rows.append(Row(tuple(map(cells.get, keys)), place.depth, place.is_sum, place.node.is_free))
    cells = {"type_stride": "Total", "layers": root.lines, **_total_cells(report)}
    total = Row(tuple(map(cells.get, keys)))
    return Table("Blocks" if is_by_block else "Layers", columns, tuple(rows), total=total)


def _cells(report: Report, node: ReportLine | ReportGroup) -> dict[str, Cell]:
    """A row's cells by column key; no costs for a layer that is not counted."""
    if isinstance(node, ReportGroup):
        cells = {**_group(report, node), **_costs(report, node)}
    else:
        cells = {**_line(node), **(_costs(report, node) if node.layer.is_counted else {})}
    if report.stored is not None:
        cells |= _byte_cells(report.stored, node.names())
        if isinstance(node, ReportLine):
            cells["step"] = report.stored.part_of.get(node.layer.name)
    return cells


def _byte_cells(stored: StoredReport | None, layers: Iterable[str]) -> Mapping[str, Cell]:
    return stored.row(layers).cells() if stored is not None else {}


def _of_type(report: Report, type_: str) -> Iterator[str]:
    """The names of the layers of a type."""
    return (layer.name for layer in report.layers if layer.type == type_)


def _total_cells(report: Report) -> Mapping[str, Cell]:
    """The totals by column key: sums, and the most alive in one step."""
    totals = report.totals
    counts: dict[str, Cell] = {"mult_adds": totals.mult_adds, "params": totals.params}
    return counts if report.stored is None else {**counts, **report.stored.total().cells()}


def _line(line: ReportLine) -> dict[str, Cell]:
    layer = line.layer
    stride = layer.attributes.get("stride")
    return {
        "type_stride": layer.title,
        "name": layer.name,
        "type": layer.type + layer.doubt,
        "layers": 1,
        "stride": Dimensions(stride) if stride else None,
        "filter": Dimensions(layer.filter, " dw" if layer.is_depthwise else "")
        if layer.filter
        else None,
        "fused": ", ".join(fused.type for fused in line.fused) or None,
        "input": _size(layer.input, layer.input_axis),
        "output": _size(layer.output, layer.output_axis),
    }


def _group(report: Report, group: ReportGroup) -> dict[str, Cell]:
    block = report.blocks.get(group.path, BRANCH)
    return {
        "type_stride": group.title(block),
        "name": group.path,
        "type": block + group.doubts,
        "layers": group.lines,
        "input": _size(group.input, group.input_axis),
        "output": _size(group.output, group.output_axis),
    }


def _costs(report: Report, node: ReportLine | ReportGroup | TypeCost) -> Mapping[str, Cell]:
    return _cost_cells(node.mult_adds, node.params, report.totals)


@lru_cache(maxsize=1024)
def _cost_cells(mult_adds: int, params: int, totals: Totals) -> Mapping[str, Cell]:
    return {
        "mult_adds": mult_adds,
        "mult_adds_percent": Share(mult_adds, totals.mult_adds),
        "params": params,
        "params_percent": Share(params, totals.params),
    }


@lru_cache(maxsize=1024)
def _size(shape: Shape, axis: int | None) -> Dimensions | None:
    """A shape as in papers, with its channels, which are at ``axis``, last; None for no input."""
    return None if axis is None else Dimensions(channels_last(shape, axis))


def accuracy_data(accuracy: Accuracy | None) -> dict[str, Any]:
    if accuracy is None:
        return {}
    return {"accuracy": {"top1": number(accuracy.top1), "source": accuracy.source}}


def _gated_data(gating: Gating | None) -> dict[str, Any]:
    if gating is None:
        return {}
    return {
        "gated": {
            "gates": {"params": gating.gate_params, "mult_adds": gating.gates},
            "minimum": gating.minimum,
            "expected": number(gating.expected),
            "maximum": gating.maximum,
            "blocks": [
                {
                    "name": part.name,
                    "execute": number(part.execute),
                    "gate_mult_adds": part.gate,
                    "block_mult_adds": part.part,
                    "gate_percent": percent(part.gate, part.part),
                }
                for part in gating.parts
            ],
        }
    }


def _storage_data(stored: StoredReport | None) -> dict[str, Any]:
    if stored is None:
        return {}
    return {"storage": stored.storage, "planner": stored.planner, "batch": stored.batch}


def _type_bytes(report: Report, row: TypeCost) -> dict[str, Any]:
    if report.stored is None:
        return {}
    return report.stored.row(_of_type(report, row.type)).data()


def _layer_bytes(stored: StoredReport | None, layer: LayerReport) -> dict[str, Any]:
    if stored is None:
        return {}
    return {"step": stored.part_of.get(layer.name), **stored.row([layer.name]).data()}


def _layer_data(layer: LayerReport) -> dict[str, Any]:
    return {
        "name": layer.name,
        "kind": layer.kind,
        "type": layer.type,
        **{name: number(value) for name, value in layer.attributes.items() if name != "out"},
        "input": list(layer.input),
        "output": list(layer.output),
        "mult_adds": layer.mult_adds if layer.is_counted else None,
        "params": layer.params if layer.is_counted else None,
        **({"guessed": True} if layer.is_guessed else {}),
        **({"weights_alone": True} if layer.is_of_weights else {}),
    }
