"""Which axis of a tensor holds its channels: the first of a map, the last of tokens.

A convolution has its channels first.  A layer with an axis of its own, such as a fully connected
one with ``axis: -1``, makes tokens: rows of channels.  Layers in between keep the axis of their
input; a view has the axis that its readers need.
"""

from __future__ import annotations

from typing import Any

from costcalc.graph.layer import Layer, LayerGraph

_FIRST = ("convolution", "transposed_convolution", "pooling", "resampling")
"""The families whose channels come first."""

_KEEPING = ("elementwise", "activation", "norm", "inactive", "reshaping")
"""The families whose output has the axes of their input, if it has as many."""

_ALONG_AXES = ("matrix_product", "embedding", "dense", "norm")
"""The families that may work along other axes than the first."""

_MOVING = ("reshape", "rearrange", "flatten", "transpose")
"""Kinds that move elements to other axes."""


def channel_axes(graph: LayerGraph) -> dict[int, int]:
    """The axis of the channels of each tensor: the layers' outputs, and the network's input.

    Tensors without an entry have their channels first.
    """
    if not any(_makes_tokens(layer) for layer in graph.layers):
        return {}
    known: dict[int, int] = {}
    for index, layer in enumerate(graph.layers):
        _note(known, index, _of_output(layer, known))
    for index in range(len(graph.layers) - 1, -1, -1):
        layer = graph.layers[index]
        for place, source in enumerate(layer.inputs):
            _note(known, source, _of_input(layer, place, known.get(index)))
    for index, layer in enumerate(graph.layers):
        _note(known, index, _of_output(layer, known))
    return known


def _makes_tokens(layer: Layer) -> bool:
    """Whether it works along an axis other than the first."""
    return layer.kind.family in _ALONG_AXES and bool(_own(layer))


def _note(known: dict[int, int], tensor: int, axis: int | None) -> None:
    if axis is not None:
        known.setdefault(tensor, axis)


def _of_output(layer: Layer, known: dict[int, int]) -> int | None:
    """The axis of a layer's output, given those of its inputs; None if unknown."""
    read = _read(layer, known)
    if layer.kind.name == "transpose" and read is not None:
        operation: Any = layer.operation
        order = [axis % len(layer.output) for axis in operation.axes]
        return order.index(read)
    if read is not None and _keeps(layer):
        return read
    own = _own(layer)
    if own is not None:
        return own
    is_view = layer.kind.name in ("reshape", "rearrange") and layer.output
    return 0 if is_view and read == 0 and layer.output[0] == layer.input_shapes[0][0] else None


def _of_input(layer: Layer, place: int, output: int | None) -> int | None:
    """The axis that an input of a layer must have; None if unknown."""
    shape = layer.input_shapes[place]
    if layer.kind.name == "transpose" and output is not None:
        operation: Any = layer.operation
        return int(operation.axes[output]) % len(shape)
    own = _own(layer)
    if own is not None and own < len(shape):
        return own
    return output if _keeps(layer) and len(shape) == len(layer.output) else None


def _own(layer: Layer) -> int | None:
    """The axis along which a layer works, as its kind or its attributes say."""
    kind, rank = layer.kind, len(layer.output)
    operation: Any = layer.operation
    if kind.family in _FIRST or rank < 2:
        return 0
    if kind.family in ("matrix_product", "embedding"):
        return rank - 1
    axes: Any = ()
    if kind.family == "dense":
        axes = (getattr(operation, "axis", 0),)
    elif kind.name in ("layer_norm", "rms_norm"):
        axes = operation.axes
    elif kind.family == "norm":
        return 0
    return int(axes[0]) % rank if len(axes) == 1 else None


def _keeps(layer: Layer) -> bool:
    """Whether the output has the axes of the inputs."""
    has_equal_ranks = {len(shape) for shape in layer.input_shapes} == {len(layer.output)}
    is_keeping = layer.kind.family in _KEEPING and layer.kind.name not in _MOVING
    return has_equal_ranks and (is_keeping or layer.kind.family == "dense")


def _read(layer: Layer, known: dict[int, int]) -> int | None:
    """The axis of the first input whose axis is known."""
    return next((known[source] for source in layer.inputs if source in known), None)
