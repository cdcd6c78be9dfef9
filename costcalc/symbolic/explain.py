"""One layer's cost written out: the formula, the numbers in it, the result.

The layer's events and the convention's rule are computed once more, over numbers
that keep their formula.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from costcalc.costs.count import LayerCost, count
from costcalc.costs.rules import COUNTS, UNITS, Convention
from costcalc.errors import did_you_mean, refuse
from costcalc.graph.layer import LayerGraph
from costcalc.graph.layouts import channel_axes
from costcalc.kinds.naming import type_name
from costcalc.names import paths
from costcalc.render.answer import FORMAT_VERSION, Answer
from costcalc.render.formatting import counted, number, ratio
from costcalc.render.page import Column, Equations, Page, Row, Table
from costcalc.reporting.phrases import at_settings
from costcalc.symbolic.formula import (
    ASCII,
    LATEX,
    Node,
    Number,
    Style,
    names,
    prose,
    spellings,
    substituted,
    written,
)
from costcalc.symbolic.formula_number import formula, value_of
from costcalc.symbolic.notation import Symbol, title
from costcalc.symbolic.symbolic_layer import SymbolicLayer


class ExplainedCount(NamedTuple):
    """One count of a layer, from rule to result."""

    metric: str
    rule: str
    """The convention's rule, in the names of events; ``free`` if it counts nothing."""
    formula: Node
    values: Mapping[str, Any]
    """Of the symbols, by their names."""
    value: int

    @property
    def numbers(self) -> Node:
        """The formula with each symbol replaced by its value."""
        return substituted(self.formula, self.values)


class LayerExplanation(NamedTuple):
    """A layer's cost, written out."""

    name: str
    type: str
    is_free: bool
    shares: str | None
    """The layer whose params it shares; they are counted there."""
    symbols: tuple[tuple[Symbol, Any], ...]
    """The symbols in its formulas and their values."""
    steps: tuple[ExplainedCount, ...]
    """Empty for a layer that costcalc cannot count."""

    @property
    def counted(self) -> list[ExplainedCount]:
        """The counts that are not free."""
        return [step for step in self.steps if step.rule != "free"]

    @property
    def remark(self) -> str:
        """What follows its type: that it is free, or whose params it has."""
        if self.is_free:
            return ", which the convention declares free"
        return f", whose params are those of {self.shares}" if self.shares else ""


@dataclass(frozen=True, repr=False)
class Explanation(Answer):
    """The cost of a layer, or of a block as the sum of its layers."""

    network: str
    name: str
    block: str | None
    """The kind of block, or None for a layer."""
    convention: str
    unit: str
    parameters: Mapping[str, Any]
    layers: tuple[LayerExplanation, ...]
    kinds: frozenset[str]
    """The names of the network's layer kinds."""

    def total(self, metric: str) -> int:
        """The sum of the layers' costs."""
        return sum(
            step.value for layer in self.layers for step in layer.steps if step.metric == metric
        )

    def page(self) -> Page:
        """Each layer's symbols and counts, then the sum if it is a block."""
        return _page(self)

    def data(self) -> dict[str, Any]:
        """The JSON object described in docs/formulas.md."""
        return {
            "format_version": FORMAT_VERSION,
            "network": self.network,
            "convention": self.convention,
            "unit": self.unit,
            "parameters": {name: number(value) for name, value in self.parameters.items()},
            "explained": self.name,
            "block": self.block,
            "totals": {metric: self.total(metric) for metric in ("params", "mult_adds")},
            "layers": [_layer_data(layer) for layer in self.layers],
        }


def explain(graph: LayerGraph, layer: str, convention: Convention) -> Explanation:
    """How a layer's params and mult-adds are computed.

    Args:
        graph: the network.
        layer: a layer's name or a block's path, as in the report.
        convention: how its costs are counted.

    Raises:
        CostcalcError: the network has no such layer, or the convention lacks a rule.
    """
    chosen = _chosen(graph, layer)
    is_block = layer not in (other.name for other in graph.layers)
    return Explanation(
        network=graph.name,
        name=layer,
        block=graph.blocks.get(layer, "block") if is_block else None,
        convention=convention.name,
        unit=UNITS[convention.unit].title,
        parameters=graph.parameters,
        layers=explained_layers(graph, chosen, convention),
        kinds=frozenset(layer.kind.name for layer in graph.layers),
    )


def explained_layers(
    graph: LayerGraph, chosen: Iterable[int], convention: Convention
) -> tuple[LayerExplanation, ...]:
    """How the params and mult-adds of some layers are computed.

    Raises:
        ConventionError: the convention lacks a rule.
    """
    axes = channel_axes(graph)
    symbolic = {index: SymbolicLayer(graph.layers[index], index, axes) for index in chosen}
    layers = tuple(
        symbolic[index].layer if index in symbolic else layer
        for index, layer in enumerate(graph.layers)
    )
    costs = count(graph._replace(layers=layers), convention)
    return tuple(
        explained(
            layer,
            [formula(getattr(costs[index], metric)) for metric in COUNTS],
            costs[index],
            graph,
            convention,
        )
        for index, layer in symbolic.items()
    )


def _chosen(graph: LayerGraph, name: str) -> list[int]:
    """The indices of the layer of that name, or of the layers in that block.

    Raises:
        SpecError: there is neither.
    """
    exact = [index for index, layer in enumerate(graph.layers) if layer.name == name]
    if exact:
        return exact
    inside = [
        index for index, layer in enumerate(graph.layers) if layer.name.startswith(f"{name}/")
    ]
    if inside:
        return inside
    layers = [layer.name for layer in graph.layers]
    blocks = {block for layer in layers for block in paths(layer)}
    refuse(
        None,
        f"{graph.name} has no layer '{name}'",
        expected="a layer or a block, as the report names it",
        hint=did_you_mean(name, [*layers, *blocks]) or f"one of {', '.join(layers[:5])}, ...",
    )


def explained(
    symbolic: SymbolicLayer,
    formulas: Sequence[Node],
    cost: LayerCost,
    graph: LayerGraph,
    convention: Convention,
) -> LayerExplanation:
    """A layer's cost written out.

    Args:
        symbolic: the layer with symbols.
        formulas: of its mult-adds and its params, in these symbols.
        cost: the layer's cost.
        graph: the network.
        convention: how the cost is counted.
    """
    layer = symbolic.plain
    steps = []
    for metric, node in zip(COUNTS, formulas, strict=True) if layer.kind.is_counted else ():
        steps.append(
            ExplainedCount(
                metric=metric,
                rule="free: it computes on stored numbers alone"
                if cost.is_of_weights and metric == "mult_adds"
                else convention.rule(metric, layer.kind).text,
                formula=node,
                values=symbolic.values,
                value=value_of(getattr(cost, metric)),
            )
        )
    used = frozenset(name for step in steps for name in names(step.formula))
    return LayerExplanation(
        name=layer.name,
        type=type_name(layer.kind, layer.operation, layer.input_shapes),
        is_free=cost.is_free,
        shares=graph.layers[layer.shares].name if layer.shares is not None else None,
        symbols=tuple(
            (symbol, symbolic.values[name])
            for name, symbol in symbolic.symbols.items()
            if name in used
        ),
        steps=tuple(steps),
    )


def _page(explanation: Explanation) -> Page:
    def paragraphs(style: Style) -> Iterator[str]:
        settings = at_settings(explanation.parameters, explanation.kinds)
        if settings:
            yield settings
        for layer in explanation.layers:
            yield _layer_text(layer, explanation, style)
        if explanation.block is not None:
            yield _sum_text(explanation)

    what = f" ({explanation.block})" if explanation.block else ""
    title = f"{explanation.name}{what} of {explanation.network}, "
    title += f"convention {explanation.convention}"
    text = prose(paragraphs, _latex(explanation))
    return Page(title, (), (), listing=_table(explanation), prose=text)


def _table(explanation: Explanation) -> Table:
    """One row per count of a layer, for scripts."""
    keys = ("layer", "type", "metric", "rule", "formula", "numbers", "value")
    rows = tuple(
        Row(
            (
                layer.name,
                layer.type,
                step.metric,
                step.rule,
                written(step.formula, ASCII),
                written(step.numbers, ASCII),
                step.value,
            )
        )
        for layer in explanation.layers
        for step in layer.steps
    )
    return Table("Counts", tuple(Column(key, key) for key in keys), rows)


def _latex(explanation: Explanation) -> Iterator[str | Equations]:
    """Each layer's name, followed by its equations if it costs anything."""
    yield from at_settings(explanation.parameters, explanation.kinds).splitlines()
    for layer in explanation.layers:
        lines = []
        for step in layer.counted:
            label = rf"\text{{{title(step.metric, explanation.unit)}}}"
            for left, node in ((label, step.formula), ("", step.numbers)):
                lines.append(f"{left} &= {written(node, LATEX)}")
            if not isinstance(step.numbers, Number):
                lines.append(f" &= {step.value}")
        yield f"{layer.name} ({layer.type}){layer.remark}"
        if lines:
            yield Equations(tuple(lines))


def _layer_text(layer: LayerExplanation, explanation: Explanation, style: Style) -> str:
    lines = [f"{layer.name}: {layer.type}{layer.remark}"]
    width = max((len(symbol.name.name) for symbol, _ in layer.symbols), default=0)
    digits = max((len(counted(value)) for _, value in layer.symbols), default=0)
    for symbol, value in layer.symbols:
        lines.append(
            f"  {style.name(symbol.name):<{width}} = {counted(value):>{digits}}  {symbol.meaning}"
        )
    for step in layer.counted:
        label = title(step.metric, explanation.unit)
        lines.append(f"  {label:<9} = {step.rule}")
        shown = [written(step.formula, style), written(step.numbers, style)]
        if isinstance(step.numbers, Number):
            shown = []
        lines += [f"  {'':<9} = {text}" for text in dict.fromkeys([*shown, counted(step.value)])]
    return "\n".join(lines)


def _sum_text(explanation: Explanation) -> str:
    """The block's totals as sums over the layers that cost anything."""
    lines = ["together:"]
    for metric in ("mult_adds", "params"):
        steps = [
            step for layer in explanation.layers for step in layer.steps if step.metric == metric
        ]
        terms = " + ".join(counted(step.value) for step in steps if step.value) or "0"
        label = title(metric, explanation.unit)
        total = counted(explanation.total(metric))
        lines.append(f"  {label:<9} = {terms}")
        if terms != total:
            lines.append(f"  {'':<9} = {total}")
    unknown = [layer.name for layer in explanation.layers if not layer.steps]
    if unknown:
        lines.append(f"  not counted: {', '.join(unknown)}")
    return "\n".join(lines)


def _layer_data(layer: LayerExplanation) -> dict[str, Any]:
    return {
        "name": layer.name,
        "type": layer.type,
        "free": layer.is_free,
        "shares": layer.shares,
        "symbols": [
            {"name": symbol.name.name, "meaning": symbol.meaning, "value": ratio(value)}
            for symbol, value in layer.symbols
        ],
        **{
            step.metric: {
                "rule": step.rule,
                **spellings(step.formula),
                "numbers": written(step.numbers, ASCII),
                "value": step.value,
            }
            for step in layer.steps
        },
    }
