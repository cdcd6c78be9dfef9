"""A layer graph as a diagram: boxes with costs, arrows with shapes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterator, Sequence
from fractions import Fraction
from typing import NamedTuple

from costcalc.costs.count import LayerCost
from costcalc.costs.rules import UNITS
from costcalc.escaping import label, printable
from costcalc.graph.layer import NETWORK_INPUT, LayerGraph, Line
from costcalc.graph.layouts import channel_axes
from costcalc.kinds.base import Shape, channels_last
from costcalc.kinds.naming import type_name
from costcalc.names import paths
from costcalc.render.formatting import scaled


class DiagramNode(NamedTuple):
    """A line of the network, a layer with its norm and activation; or a folded block."""

    id: str
    title: str
    lines: tuple[str, ...]
    """The text below the title: the layer's type, or the block's, and costs."""
    shade: Fraction
    """Its mult-adds over the largest of any node."""
    is_folded: bool = False


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


class _Box(NamedTuple):
    """What becomes a node: a line, a block, or a run of equal blocks."""

    id: str
    names: tuple[str, ...]
    what: str
    """The type of the layer, or of the block with the number of its layers."""
    mult_adds: int
    params: int
    is_folded: bool = False


def diagram(
    graph: LayerGraph,
    costs: Sequence[LayerCost],
    depth: int | None = None,
    unit: str = UNITS["macs"].title,
) -> Diagram:
    """The diagram of a graph, given the costs of its layers.

    Args:
        graph: the layers.
        costs: the cost of each layer.
        depth: the levels of blocks that are shown; a deeper block is one node, and a
            run of equal blocks is one node together.  By default, all but what is a single
            operation of a model.
        unit: what mult-adds are called in their unit, ``FLOPs``.
    """
    groups: dict[str, list[Line]] = {}
    for line in graph.lines:
        path = _folded(graph.layers[line.host].name, depth, graph.folded)
        groups.setdefault(path, []).append(line)
    boxes = [_box(graph, costs, path, lines) for path, lines in groups.items()]
    ids = {
        index: box.id
        for box, lines in zip(boxes, groups.values(), strict=True)
        for line in lines
        for index in line.layers
    }
    ids[NETWORK_INPUT] = "input"
    edges = list(_edges(graph, ids, {box.id for box in boxes if box.is_folded}))
    boxes, edges = _with_runs(boxes, edges)
    most = max((box.mult_adds for box in boxes), default=0)
    nodes = [
        DiagramNode("input", "input", (), Fraction(0)),
        *(_node(box, most, unit) for box in boxes),
    ]
    return Diagram(label(graph.name), tuple(nodes), tuple(edges))


def _folded(name: str, depth: int | None, blocks: Container[str] = ()) -> str:
    """The name, or the path of the block that it is folded into: by depth, or one of ``blocks``.

    >>> _folded("stage1/unit2/conv", 2), _folded("stage1/conv", 2)
    ('stage1/unit2', 'stage1/conv')
    >>> _folded("encoder/rnn/layer1/input", None, {"encoder/rnn"})
    'encoder/rnn'
    """
    if depth is None:
        return next((path for path in paths(name) if path in blocks), name)
    return "/".join(name.split("/")[:depth])


def _box(graph: LayerGraph, costs: Sequence[LayerCost], path: str, lines: list[Line]) -> _Box:
    own = [costs[index] for line in lines for index in line.layers]
    mult_adds, params = sum(cost.mult_adds for cost in own), sum(cost.params for cost in own)
    host, *fused = (graph.layers[index] for index in lines[0].layers)
    id = f"n{lines[0].host}"
    if len(lines) == 1:
        type_ = type_name(host.kind, host.operation, host.input_shapes)
        words = " + ".join([type_, *(layer.kind.title for layer in fused)])
        return _Box(id, (host.name,), words, mult_adds, params)
    kind = graph.blocks.get(path, "sequence")
    words = f"{len(lines)} layers" if kind == "sequence" else f"{kind}, {len(lines)} layers"
    return _Box(id, (path,), words, mult_adds, params, is_folded=True)


def _edges(graph: LayerGraph, ids: dict[int, str], folded: set[str]) -> Iterator[Edge]:
    """The tensors between nodes; to and from a folded block each only once."""
    shown = set()
    axes = channel_axes(graph)
    for line in graph.lines:
        host = graph.layers[line.host]
        for source, shape in zip(host.inputs, host.input_shapes, strict=True):
            edge = Edge(ids[source], ids[line.host], shape_label(shape, axes.get(source, 0)))
            if edge.source == edge.target:
                continue
            if edge in shown and folded & {edge.source, edge.target}:
                continue
            shown.add(edge)
            yield edge


def _with_runs(boxes: list[_Box], edges: list[Edge]) -> tuple[list[_Box], list[Edge]]:
    """The boxes, with each run of equal blocks as one box, and the edges that are left.

    Equal blocks are of one kind, have equally many layers and read maps of one size.
    """
    arriving = Counter(edge.target for edge in edges)
    leaving = Counter(edge.source for edge in edges)
    into = {edge.target: edge for edge in edges}
    runs: list[list[_Box]] = []
    for box in boxes:
        before = runs[-1][-1] if runs else None
        if (
            before is not None
            and box.is_folded
            and (box.is_folded, box.what) == (before.is_folded, before.what)
            and arriving[box.id] == arriving[before.id] == leaving[before.id] == 1
            and into[box.id].source == before.id
            and _map(into[box.id]) == _map(into[before.id])
        ):
            runs[-1].append(box)
        else:
            runs.append([box])
    first = {"input": "input", **{box.id: run[0].id for run in runs for box in run}}
    moved = (Edge(first[edge.source], first[edge.target], edge.shape) for edge in edges)
    return [_together(run) for run in runs], [edge for edge in moved if edge.source != edge.target]


def _map(edge: Edge) -> str:
    """The size of a map, without its channels."""
    return edge.shape.rpartition("×")[0]


def _together(run: list[_Box]) -> _Box:
    if len(run) == 1:
        return run[0]
    return run[0]._replace(
        names=(*run[0].names, *run[-1].names),
        what=f"{len(run)} × {run[0].what}",
        mult_adds=sum(box.mult_adds for box in run),
        params=sum(box.params for box in run),
    )


def _node(box: _Box, most: int, unit: str) -> DiagramNode:
    texts = [printable(box.what)]
    if box.mult_adds:
        texts.append(f"{scaled(box.mult_adds)} {unit}")
    if box.params:
        texts.append(f"{scaled(box.params)} params")
    shade = Fraction(box.mult_adds, most) if most else Fraction(0)
    title = " to ".join(map(label, box.names))
    return DiagramNode(box.id, title, tuple(texts), shade, box.is_folded)


def shape_label(shape: Shape, axis: int = 0) -> str:
    """A shape as in papers, its channels, which are at ``axis``, last.

    >>> shape_label((32, 112, 112)), shape_label((197, 768), 1), shape_label(())
    ('112×112×32', '197×768', 'a number')
    """
    return "×".join(map(str, channels_last(shape, axis))) or "a number"
