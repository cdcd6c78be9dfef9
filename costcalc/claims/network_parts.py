"""Parts of networks that papers leave out of their figures, or count besides."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise

from costcalc.formulas.convolution import conv_mult_adds, conv_weights
from costcalc.graph.layer import LayerGraph
from costcalc.kinds.base import MATRICES, Shape
from costcalc.kinds.naming import is_depthwise, type_name
from costcalc.names import paths

TOP_LEVEL = 40
"""Networks of more parts on their top level are not taken apart there."""


def named_parts(graph: LayerGraph) -> Iterator[tuple[str, tuple[str, ...], int]]:
    """Parts of a network in words, with the names of their layers, and their weights.

    Papers leave out the first and the last layers; anything else is less likely.
    """
    layers = graph.layers
    matrices = [index for index, layer in enumerate(layers) if layer.kind.family in MATRICES]
    if any(layer.kind.name == "fc" for layer in layers):
        yield "the fully connected layers", ("fc",), 1
    if matrices:
        first, last = layers[matrices[0]].name, layers[matrices[-1]].name
        yield "the classifier", tuple(layer.name for layer in layers[matrices[-1] :]), 1
        yield f"the last layer, {last}", (last,), 1
        yield f"the first layer, {first}", (first,), 1
    for name in _expansions(graph)[:1]:
        yield f"the first expansion, {name}", (name,), 1
    types = {
        type_name(layer.kind, layer.operation, layer.input_shapes)
        for layer in layers
        if layer.kind.family == "convolution"
    }
    for name in (*sorted({*graph.blocks.values()}), *sorted(types)):
        yield f"every {name}", (name,), 2
    tops = dict.fromkeys(next(iter(paths(layer.name)), layer.name) for layer in layers)
    if len(tops) <= TOP_LEVEL:
        yield from ((name, (name,), 2) for name in tops)


def _expansions(graph: LayerGraph) -> list[str]:
    """The expansions that keep the number of channels, which released code leaves out."""
    layers = [layer for layer in graph.layers if layer.kind.family == "convolution"]
    return [
        layer.name
        for layer, after in pairwise(layers)
        if layer.name.endswith("/expand")
        and layer.input_shapes[0][0] == layer.output[0]
        and is_depthwise(after.kind, after.operation, after.input_shapes)
    ]


def missing_expansion(graph: LayerGraph, metric: str) -> int:
    """The cost of a 1x1 convolution in front of the first depthwise layer, on all its channels."""
    for layer in graph.layers:
        if layer.name.endswith("/expand"):
            return 0
        if layer.name.endswith("/dw"):
            channels, *positions = layer.input_shapes[0]
            if metric == "params":
                return int(conv_weights((1, 1), channels, channels, 1))
            return int(conv_mult_adds((1, 1), channels, channels, positions, 1))
    return 0


def exact_area(whole: Shape, output: Shape) -> Fraction:
    """The area of a map whose sides are the input's over powers of two, over its rounded one."""
    area = Fraction(1)
    for side, rounded in zip(whole[1:], output[1:], strict=False):
        if rounded > 1:
            stride = 2 ** max(0, (side // rounded).bit_length() - 1)
            halved = Fraction(side, stride)
            halved = halved if halved < rounded + 1 else halved / 2
            area *= halved / rounded if abs(halved - rounded) < 1 else 1
    return area
