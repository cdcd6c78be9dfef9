"""Concatenations that reuse the results of earlier ones."""

from __future__ import annotations

from typing import Any

from costcalc.graph.layer import Layer, LayerGraph
from costcalc.kinds.base import Shape

_CONCAT = -2
"""The key of a trie's node for the concatenation of exactly the inputs up to it."""


def chained(graph: LayerGraph) -> LayerGraph:
    """The graph, with a concatenation of a and b, if there is one, in one of a, b and c.

    Results and costs are the same, and a dense block, whose layers all read the results
    of all layers before them, becomes a chain of layers.
    """
    tries: dict[object, dict[int, Any]] = {}
    layers = list(graph.layers)
    for index, layer in enumerate(graph.layers):
        if layer.kind.name != "concat":
            continue
        node = tries.setdefault(layer.operation, {})
        first, joined = -1, 0
        for count, source in enumerate(layer.inputs, 1):
            node = node.setdefault(source, {})
            if _CONCAT in node and count < len(layer.inputs):
                first, joined = node[_CONCAT], count
        node.setdefault(_CONCAT, index)
        if joined:
            layers[index] = _reading(layer, first, layers[first].output, joined)
    return graph._replace(layers=tuple(layers))


def _reading(layer: Layer, first: int, shape: Shape, joined: int) -> Layer:
    """The layer with another one in place of its first inputs, if nothing else changes."""
    changed = layer._replace(inputs=(first, *layer.inputs[joined:])).computing(
        input_shapes=(shape, *layer.input_shapes[joined:])
    )
    is_same = changed.operation.output_shape(changed.input_shapes) == layer.output
    return changed if is_same and changed.events() == layer.events() else layer
