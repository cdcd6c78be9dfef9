"""What each layer of a graph costs under a convention."""

from __future__ import annotations

from typing import Any, NamedTuple

from costcalc.costs.convention import Convention
from costcalc.costs.names import LayerNames
from costcalc.costs.rules import Rule
from costcalc.formulas.algebra import Size, quotient
from costcalc.graph.layer import Layer, LayerGraph


class LayerCost(NamedTuple):
    """A layer and its cost, in the convention's unit."""

    layer: Layer
    mult_adds: Size
    params: Size
    is_free: bool
    """Whether the convention counts neither."""


def count(graph: LayerGraph, convention: Convention) -> tuple[LayerCost, ...]:
    """The cost of every layer, in the graph's order.

    Raises:
        ConventionError: the convention does not define some layer's kind.
    """
    rules: dict[str, tuple[Rule, Rule]] = {}
    costs = []
    for layer in graph.layers:
        name = layer.kind.name
        if name not in rules:
            rules[name] = (
                convention.rule("mult_adds", layer.kind),
                convention.rule("params", layer.kind),
            )
        mult_adds, params = rules[name]
        if mult_adds.expression is None and params.expression is None:
            costs.append(LayerCost(layer, 0, 0, True))
            continue
        first = layer.inputs[0]
        names = LayerNames(layer, graph.layers[first] if first >= 0 else None)
        weighed = _weigh(mult_adds, names)
        if convention.factor != convention.divisor:
            weighed = quotient(weighed * convention.factor, convention.divisor)
        learned = 0 if layer.shares is not None else _weigh(params, names)
        costs.append(LayerCost(layer, weighed, learned, False))
    return tuple(costs)


def _weigh(rule: Rule, names: LayerNames) -> Any:
    return 0 if rule.expression is None else rule.expression.evaluate(names)
