"""What each layer of a graph costs under a convention."""

from __future__ import annotations

from typing import Any, NamedTuple

from costcalc.costs.convention import Convention
from costcalc.formulas.algebra import Size
from costcalc.graph.layer import Layer, LayerGraph
from costcalc.kinds.base import Events
from costcalc.spec.document import Expression


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
    rules: dict[str, tuple[Expression | None, Expression | None]] = {}
    costs = []
    for layer in graph.layers:
        name = layer.kind.name
        if name not in rules:
            rules[name] = (
                convention.rule("mult_adds", layer.kind),
                convention.rule("params", layer.kind),
            )
        mult_adds, params = rules[name]
        if mult_adds is None and params is None:
            costs.append(LayerCost(layer, 0, 0, True))
            continue
        events = _Named(layer.operation.events(layer.input_shapes, layer.output))
        costs.append(LayerCost(layer, _weigh(mult_adds, events), _weigh(params, events), False))
    return tuple(costs)


class _Named:
    """Events by their names, as rules speak of them."""

    __slots__ = ("events",)

    def __init__(self, events: Events) -> None:
        self.events = events

    def __getitem__(self, name: str) -> Any:
        return getattr(self.events, name)


def _weigh(rule: Expression | None, events: _Named) -> Any:
    return 0 if rule is None else rule.evaluate(events)
