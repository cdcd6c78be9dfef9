"""A layer graph to draw: boxes with costs, arrows with shapes."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

from costcalc.costs.count import LayerCost
from costcalc.graph.layer import NETWORK_INPUT, LayerGraph
from costcalc.kinds.base import Shape
from costcalc.kinds.naming import type_name
from costcalc.render.formatting import printable, scaled


class DiagramNode(NamedTuple):
    """A layer, with the norm and the activation that its line names."""

    id: str
    title: str
    lines: tuple[str, ...]
    """What stands below the title: the layer's type, its costs."""
    shade: Fraction
    """Its mult-adds over those of the layer that has the most."""


class Edge(NamedTuple):
    """What one layer hands to another."""

    source: str
    target: str
    shape: str


class Diagram(NamedTuple):
    """The layers of a network and what flows between them."""

    title: str
    nodes: tuple[DiagramNode, ...]
    edges: tuple[Edge, ...]


def diagram(graph: LayerGraph, costs: Sequence[LayerCost]) -> Diagram:
    """The layers of a graph that have been counted, in order."""
    most = max((cost.mult_adds for cost in costs), default=0)
    hosts = _hosts(graph)
    fused: dict[int, list[str]] = {index: [] for index in hosts}
    for index, host in hosts.items():
        if index != host:
            fused[host].append(graph.layers[index].kind.title)
    nodes = [DiagramNode("input", "input", (), Fraction(0))]
    edges = []
    for index, cost in enumerate(costs):
        layer = cost.layer
        if hosts[index] != index:
            continue
        own = type_name(layer.kind, layer.operation, layer.input_shapes)
        lines = [printable(" + ".join([own, *fused[index]]))]
        if cost.mult_adds:
            lines.append(f"{scaled(cost.mult_adds)} mult-adds")
        if cost.params:
            lines.append(f"{scaled(cost.params)} params")
        shade = Fraction(cost.mult_adds) / most if most else Fraction(0)
        nodes.append(DiagramNode(f"n{index}", printable(layer.name), tuple(lines), shade))
        for source, shape in zip(layer.inputs, layer.input_shapes, strict=True):
            name = "input" if source == NETWORK_INPUT else f"n{hosts[source]}"
            edges.append(Edge(name, f"n{index}", shape_label(shape)))
    return Diagram(printable(graph.name), tuple(nodes), tuple(edges))


def shape_label(shape: Shape) -> str:
    """A shape as papers print it, channels last.

    >>> shape_label((32, 112, 112))
    '112×112×32'
    """
    return "×".join(map(str, (*shape[1:], shape[0])))


def _hosts(graph: LayerGraph) -> dict[int, int]:
    """The layer that each layer is drawn with: itself, or the one whose line named it."""
    hosts: dict[int, int] = {}
    for index, layer in enumerate(graph.layers):
        hosts[index] = index if layer.host is None else hosts[layer.host]
    return hosts
