"""A layer graph as a diagram: boxes with costs, arrows with shapes."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

from costcalc.costs.count import LayerCost
from costcalc.escaping import label, printable
from costcalc.graph.layer import NETWORK_INPUT, LayerGraph
from costcalc.kinds.base import Shape, channels_last
from costcalc.kinds.naming import type_name
from costcalc.render.formatting import scaled


class DiagramNode(NamedTuple):
    """A line of the network: a layer with its norm and activation."""

    id: str
    title: str
    lines: tuple[str, ...]
    """The text below the title: the layer's type and costs."""
    shade: Fraction
    """Its mult-adds over the largest of any layer."""


class Edge(NamedTuple):
    """A tensor that one layer passes to another."""

    source: str
    target: str
    shape: str


class Diagram(NamedTuple):
    """The layers of a network and the tensors between them."""

    title: str
    nodes: tuple[DiagramNode, ...]
    edges: tuple[Edge, ...]


def diagram(graph: LayerGraph, costs: Sequence[LayerCost]) -> Diagram:
    """The diagram of a graph, given the costs of its layers."""
    most = max((cost.mult_adds for cost in costs), default=0)
    ids = {index: f"n{line.host}" for line in graph.lines for index in line.layers}
    ids[NETWORK_INPUT] = "input"
    nodes = [DiagramNode("input", "input", (), Fraction(0))]
    edges = []
    for line in graph.lines:
        host, *fused = (graph.layers[index] for index in line.layers)
        cost = costs[line.host]
        own = type_name(host.kind, host.operation, host.input_shapes)
        texts = [printable(" + ".join([own, *(layer.kind.title for layer in fused)]))]
        if cost.mult_adds:
            texts.append(f"{scaled(cost.mult_adds)} mult-adds")
        if cost.params:
            texts.append(f"{scaled(cost.params)} params")
        shade = Fraction(cost.mult_adds) / most if most else Fraction(0)
        nodes.append(DiagramNode(ids[line.host], label(host.name), tuple(texts), shade))
        for source, shape in zip(host.inputs, host.input_shapes, strict=True):
            edges.append(Edge(ids[source], ids[line.host], shape_label(shape)))
    return Diagram(label(graph.name), tuple(nodes), tuple(edges))


def shape_label(shape: Shape) -> str:
    """A shape as in papers, channels last.

    >>> shape_label((32, 112, 112))
    '112×112×32'
    """
    return "×".join(map(str, channels_last(shape)))
