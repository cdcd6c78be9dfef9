"""Networks that ship, each expanded once for all tests of the exporters."""

from collections.abc import Collection
from functools import cache

from costcalc import opening
from costcalc.costs.convention import load
from costcalc.costs.count import count
from costcalc.graph.layer import LayerGraph


@cache
def shipped(name: str) -> LayerGraph:
    """The network at its default settings."""
    return opening.opened(name).graph()


def lacks(graph: LayerGraph, missing: Collection[str]) -> bool:
    """Whether it has a kind of layer among those that a format does not have."""
    return not {layer.kind.name for layer in graph.layers}.isdisjoint(missing)


def mult_adds(graph: LayerGraph) -> int:
    """The mult-adds in the report of a network, with work on weights alone."""
    convention = load("paper")._replace(weights_alone="counted")
    return sum(cost.mult_adds for cost in count(graph, convention))
