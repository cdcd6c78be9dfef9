"""Compares two graphs: the same layers in the same order, with the same costs."""

from __future__ import annotations

from typing import Any

from costcalc.blocks.attributes import attributes, how_called
from costcalc.graph.layer import Layer, LayerGraph
from costcalc.kinds.base import shape_text


def difference(graph: LayerGraph, other: LayerGraph) -> str:
    """The first difference between two graphs; empty if there is none."""
    if graph.input != other.input:
        return f"the input is {shape_text(graph.input)} and not {shape_text(other.input)}"
    if len(graph.layers) != len(other.layers):
        return f"there are {len(graph.layers)} layers and not {len(other.layers)}"
    for layer, wanted in zip(graph.layers, other.layers, strict=True):
        if _described(layer) != _described(wanted):
            return f"layer '{wanted.name}' comes back as '{layer.name}', which is not the same"
    if [part[1:] for part in graph.gated] != [part[1:] for part in other.gated]:
        return "different parts are gated"
    return ""


def _described(layer: Layer) -> tuple[Any, ...]:
    """Everything about a layer except its name and its place in a file."""
    inputs, shapes = layer.inputs, layer.input_shapes
    if layer.kind.name in ("add", "multiply"):
        pairs = sorted(zip(inputs, shapes, strict=True))
        inputs, shapes = tuple(at for at, _ in pairs), tuple(shape for _, shape in pairs)
    word, values = attributes(layer)
    if layer.kind.name == "reshape":
        # Formulas may differ; the shape that they compute is compared as the output.
        del values["shape"]
    return (
        word,
        values,
        inputs,
        shapes,
        layer.output,
        layer.events(),
        how_called(layer),
        layer.shares if layer.is_learned else None,
    )
