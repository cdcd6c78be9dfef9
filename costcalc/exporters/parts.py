"""Layers that read parts of one tensor: other formats cut it once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from costcalc.graph.layer import Layer

Parts = dict[object, dict[int, str]]
"""For each tensor that is split, in some way: the layer that is the first to read each part."""


def parts(layers: Sequence[Layer]) -> Parts:
    """All tensors that are split."""
    found: Parts = {}
    for layer in layers:
        if layer.kind.name == "split":
            operation: Any = layer.operation
            found.setdefault(split_of(layer), {}).setdefault(operation.part, layer.name)
    return found


def split_of(layer: Layer) -> object:
    """What all parts of one tensor, split in one way, have in common."""
    operation: Any = layer.operation
    return layer.inputs, operation._replace(part=1)
