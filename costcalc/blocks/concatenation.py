"""Concatenations of what an earlier one has joined already, as reading that one."""

from __future__ import annotations

from costcalc.graph.layer import Layer, LayerGraph
from costcalc.kinds.base import Shape

_Trie = dict[int, "_Node"]


class _Node:
    """Inputs from the first on, as far as some concatenation goes."""

    def __init__(self) -> None:
        self.behind: _Trie = {}
        self.layer = -1
        """The concatenation of exactly these."""


def chained(graph: LayerGraph) -> LayerGraph:
    """The graph, in which a concatenation of a, b and c reads one of a and b, and c.

    It gives the same elements, and reads as many: what all of a dense block's
    layers read, each anew, is one line of layers again.
    """
    tries: dict[object, _Node] = {}
    layers = list(graph.layers)
    for index, layer in enumerate(graph.layers):
        if layer.kind.name != "concat":
            continue
        node = tries.setdefault(layer.operation, _Node())
        first = (-1, 0)
        for place, source in enumerate(layer.inputs):
            node = node.behind.setdefault(source, _Node())
            if node.layer >= 0 and place + 1 < len(layer.inputs):
                first = (node.layer, place + 1)
        if node.layer < 0:
            node.layer = index
        if first[1]:
            layers[index] = _reading(layer, first[0], layers[first[0]].output, first[1])
    return graph._replace(layers=tuple(layers))


def _reading(layer: Layer, first: int, shape: Shape, joined: int) -> Layer:
    """The layer, which reads another one in the place of its first inputs."""
    found = layer._replace(inputs=(first, *layer.inputs[joined:])).computing(
        input_shapes=(shape, *layer.input_shapes[joined:])
    )
    same = found.operation.output_shape(found.input_shapes) == layer.output
    return found if same and found.events() == layer.events() else layer
