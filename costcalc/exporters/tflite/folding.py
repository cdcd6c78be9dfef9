"""Finds what becomes part of the operator before it: norms in its weights, activations.

A batch norm after a convolution, a transposed one or a fully connected layer changes
nothing but its weights and its bias.  An activation on such a layer's line, or on that of
an addition or a product, is an option of the operator.
"""

from __future__ import annotations

from costcalc.formats.tflite_schema import Activation
from costcalc.graph.layer import LayerGraph
from costcalc.kinds.base import MATRICES
from costcalc.records import NamedTuple

OPTIONS = {
    "relu": Activation.RELU,
    "relu6": Activation.RELU6,
    "hard_tanh": Activation.RELU_N1_TO_1,
}
"""The activations that an operator may have as an option and that runtimes compute."""

JOINS = ("add", "subtract", "multiply", "divide")


class Folded(NamedTuple):
    """The layers that are part of another layer's operator."""

    norm: int | None = None
    activation: int | None = None


def folded(graph: LayerGraph) -> dict[int, Folded]:
    """By the index of a layer, what is part of its operator."""
    readers = graph.readers
    found = {}
    for index, layer in enumerate(graph.layers):
        norm = activation = None
        at = index
        for _ in range(2):
            if len(readers[at]) != 1:
                break
            follower = readers[at][0]
            other = graph.layers[follower]
            if other.kind.name == "batch_norm" and layer.kind.family in MATRICES and norm is None:
                # A layer with shared weights cannot have several norms in them.
                if at != index or _is_shared(graph, index) or _is_shared(graph, follower):
                    break
                norm = at = follower
                continue
            is_host = layer.kind.family in MATRICES or layer.kind.name in JOINS
            is_of_line = other.name == f"{layer.name}.{other.kind.name}"
            if other.kind.name in OPTIONS and is_host and is_of_line and len(layer.inputs) < 3:
                activation = follower
            break
        if norm is not None or activation is not None:
            found[index] = Folded(norm, activation)
    return found


def _is_shared(graph: LayerGraph, index: int) -> bool:
    layer = graph.layers[index]
    return layer.shares is not None or any(other.shares == index for other in graph.layers)
