"""Predictions: the layers whose widths are those of the network's outputs, and so the user's.

The width multiplier gives a network more or fewer features; the classes that it tells apart
and the numbers that describe a box stay.  A prediction is the last layer with a width of its
own on the way to the outputs, whose result nothing else reads:

- a convolution that reads features, if no norm and no activation follows it, except for the
  functions in which outputs end, such as a sigmoid; or if it gives the scores of a softmax;
- a fully connected layer.

Views, joins, pools, resampling and layers that treat each channel by itself do not matter.
Tensors that are added or multiplied have equal widths, and so have layers that share their
params: if one of them scales, all do.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Set
from typing import Literal, TypeAlias

from costcalc.graph.layer import NETWORK_INPUT, Layer, LayerGraph
from costcalc.graph.widths import WidthOrigin
from costcalc.kinds.base import MATRICES

Reach: TypeAlias = Literal["features", "outputs", "classes"]
"""What a tensor ends as: features behind a norm or an activation, outputs, or what a softmax
makes of classes."""

_REACHES: tuple[Reach, ...] = ("features", "outputs", "classes")
"""In order: a tensor that is read twice ends as the first that applies."""

_PASSED = (
    "elementwise",
    "reduction",
    "reshaping",
    "resampling",
    "pooling",
    "inactive",
    "uncounted",
)
"""The families of layers that predictions pass through."""

_CLASSES = ("softmax", "log_softmax", "argmax")
"""Kinds that read scores of classes."""

_OUTPUT_FUNCTIONS = ("sigmoid", "log_sigmoid", "h_sigmoid", "tanh", "hard_tanh", "softplus")
"""Activations that bring outputs into a range: probabilities, pixels, sizes."""

_MAX_POOLS = ("max_pool", "adaptive_max_pool")
"""Pools that choose among features, as an activation does."""


def last_widths(graph: LayerGraph, widths: Container[int]) -> set[int]:
    """The last layers with a width on the ways to the outputs, predictions or not."""
    last: set[int] = set()
    seen: set[int] = set()
    pending = [*graph.outputs]
    while pending:
        index = pending.pop()
        if index in widths:
            last.add(index)
        elif index != NETWORK_INPUT and index not in seen:
            pending += graph.layers[index].inputs
        seen.add(index)
    return last


def predictions(graph: LayerGraph, widths: Mapping[int, WidthOrigin]) -> frozenset[int]:
    """The indexes of the predictions among the layers with scaled widths."""
    scaled = {index for index, origin in widths.items() if origin == "scaled"}
    reaches = _reaches(graph, widths)
    first = _first(graph, widths)
    found = {
        index
        for index in scaled.intersection(reaches)
        if _predicts(graph.layers[index], reaches[index], index in first)
    }
    ties = [*_joined(graph, widths, found), *_shared(graph)] if found else []
    while scaling := {index for tie in ties if not tie <= found for index in tie & found}:
        found -= scaling
    return frozenset(found)


def _predicts(layer: Layer, reach: Reach, is_first: bool) -> bool:
    """Whether a layer with a width predicts, given what its result ends as."""
    if layer.kind.family == "dense":
        return True
    return layer.kind.family in MATRICES and reach != "features" and not is_first


def _first(graph: LayerGraph, widths: Container[int]) -> set[int]:
    """The layers that read the network's input before any layer with a width."""
    first: set[int] = set()
    for index, layer in enumerate(graph.layers):
        if all(at == NETWORK_INPUT or (at in first and at not in widths) for at in layer.inputs):
            first.add(index)
    return first


def _reaches(graph: LayerGraph, widths: Container[int]) -> dict[int, Reach]:
    """What each layer's result ends as; none if a layer with a width reads it."""
    reaches: dict[int, Reach] = dict.fromkeys(graph.outputs, "outputs")
    for index, readers in reversed([*enumerate(graph.readers)]):
        ends = {_through(graph.layers[at], at in widths, reaches.get(at)) for at in readers}
        if None in ends:
            reaches.pop(index, None)
        elif ends:
            reaches[index] = next(reach for reach in _REACHES if reach in ends)
    return reaches


def _through(reader: Layer, has_width: bool, reach: Reach | None) -> Reach | None:
    """What an input of a layer ends as, given what the layer's result does."""
    kind = reader.kind
    is_passed = kind.family in (*_PASSED, *MATRICES, "norm", "activation")
    if reach is None or not is_passed or has_width:
        return None
    if kind.name in _CLASSES or reach == "classes":
        return "classes"
    if kind.name in _OUTPUT_FUNCTIONS:
        return reach
    if kind.family in ("norm", "activation") or kind.name in _MAX_POOLS:
        return "features"
    return reach


def _joined(
    graph: LayerGraph, widths: Mapping[int, WidthOrigin], found: Set[int]
) -> Iterator[Set[int]]:
    """For each elementwise join, the layers with scaled widths that its inputs are made of."""
    made_of: list[Set[int]] = []
    for index, layer in enumerate(graph.layers):
        inputs = [made_of[at] for at in layer.inputs if at != NETWORK_INPUT]
        if index in widths:
            made_of.append({index} if widths[index] != "written" else frozenset())
            continue
        parts = frozenset[int]().union(*inputs)
        if not parts <= found:
            # Features scale together: one of their layers stands for all.
            parts = (parts & found) | {min(parts - found)}
        made_of.append(parts)
        if len(inputs) > 1 and layer.kind.family == "elementwise":
            yield parts


def _shared(graph: LayerGraph) -> Iterator[Set[int]]:
    """The pairs of layers that share their params."""
    for index, layer in enumerate(graph.layers):
        if layer.shares is not None:
            yield {index, layer.shares}
