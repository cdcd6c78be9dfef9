"""A layer graph without some of its layers."""

from __future__ import annotations

from collections.abc import Collection
from itertools import accumulate

from costcalc.graph.layer import NETWORK_INPUT, LayerGraph


def without(graph: LayerGraph, dropped: Collection[int]) -> LayerGraph:
    """The graph without layers that no other layer reads.

    Args:
        graph: a network.
        dropped: the indexes of the layers.
    """
    if not dropped:
        return graph
    kept = [index for index in range(len(graph.layers)) if index not in dropped]
    places = {index: place for place, index in enumerate(kept)}
    places[NETWORK_INPUT] = NETWORK_INPUT
    before = [0, *accumulate(index not in dropped for index in range(len(graph.layers)))]

    def moved(layers: range) -> range:
        return range(before[layers.start], before[layers.stop])

    return graph._replace(
        layers=tuple(
            layer._replace(
                inputs=tuple(places[source] for source in layer.inputs),
                host=None if layer.host is None else places[layer.host],
                shares=None if layer.shares is None else places[layer.shares],
            )
            for layer in (graph.layers[index] for index in kept)
        ),
        gated=tuple(
            part._replace(gate=moved(part.gate), layers=moved(part.layers)) for part in graph.gated
        ),
        calls={
            path: call._replace(inputs={name: places[at] for name, at in call.inputs.items()})
            for path, call in graph.calls.items()
            if all(at in places for at in call.inputs.values())
        },
    )
