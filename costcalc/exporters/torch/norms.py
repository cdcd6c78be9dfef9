"""Normalisations, and what else acts along one axis or some."""

from __future__ import annotations

from typing import Any

from costcalc.exporters.layers import UnwritableLayer
from costcalc.exporters.torch.modules import (
    Argument,
    ForwardLine,
    ForwardLines,
    Module,
    Word,
    built,
    given,
    option,
    per_axis,
)
from costcalc.graph.layer import Layer
from costcalc.kinds.base import axes_of


def batch_norm(layer: Layer) -> ForwardLines:
    """``nn.BatchNorm2d``, without its scale or its shift where it has none."""
    operation: Any = layer.operation
    channels = given("num_features", layer.output[0])
    affine = operation.affine and (operation.scale or operation.bias)
    name = f"nn.BatchNorm{_rank(layer)}d"
    module = Module(Word(name), (channels, option("affine", affine, True)))
    if affine and not operation.scale:
        module = without(module, "weight")
    if affine and not operation.bias:
        module = without(module, "bias")
    return (ForwardLine("{module}({0})", module),)


def layer_norm(layer: Layer) -> ForwardLines:
    """``nn.LayerNorm``, with the axes that it normalises behind the others."""
    operation: Any = layer.operation
    affine = option("elementwise_affine", operation.affine, True)
    return _over_axes("nn.LayerNorm", layer, affine, option("bias", operation.bias, True))


def rms_norm(layer: Layer) -> ForwardLines:
    """``nn.RMSNorm``, in the same manner."""
    operation: Any = layer.operation
    return _over_axes("nn.RMSNorm", layer, option("elementwise_affine", operation.affine, True))


def group_norm(layer: Layer) -> ForwardLines:
    """``nn.GroupNorm``."""
    operation: Any = layer.operation
    return (
        built(
            "nn.GroupNorm",
            given("num_groups", operation.groups),
            given("num_channels", layer.output[0]),
            option("affine", operation.affine, True),
        ),
    )


def instance_norm(layer: Layer) -> ForwardLines:
    """``nn.InstanceNorm2d``."""
    operation: Any = layer.operation
    if len(layer.output) == 1:
        raise UnwritableLayer("nn.InstanceNorm needs a map, and its input is a vector")
    channels = given("num_features", layer.output[0])
    affine = option("affine", operation.affine, False)
    return (built(f"nn.InstanceNorm{_rank(layer)}d", channels, affine),)


def lrn(layer: Layer) -> ForwardLines:
    """``nn.LocalResponseNorm``."""
    operation: Any = layer.operation
    if len(layer.output) == 1:
        raise UnwritableLayer("nn.LocalResponseNorm needs a map, and its input is a vector")
    return (built("nn.LocalResponseNorm", given("size", operation.size)),)


def prelu(layer: Layer) -> ForwardLines:
    """``nn.PReLU``, whose slopes are of the first axis."""
    operation: Any = layer.operation
    (axis,) = axes_of((operation.axis,), layer.output)
    slopes = option("num_parameters", 1 if operation.shared else layer.output[axis], 1)
    module = Module(Word("nn.PReLU"), (slopes,))
    if operation.shared or axis == 0:
        return (ForwardLine("{module}({0})", module),)
    return (called_along(module, axis + 1, 1),)


def softmax(name: str, layer: Layer) -> ForwardLines:
    """``nn.Softmax`` or its logarithm along an axis."""
    operation: Any = layer.operation
    return (built(name, Argument("dim", dim(operation.axis))),)


def without(module: Module, name: str) -> Module:
    """The module without one of its parameters."""
    return Module(Word("without"), (given("module", module), given("name", name)))


def dim(axis: int) -> int:
    """An axis of PyTorch, where the batch is the first."""
    return axis if axis < 0 else axis + 1


def called_along(module: Module, here: Any, there: Any) -> ForwardLine:
    """A module that wants some axes elsewhere: they are moved there, and back."""
    return ForwardLine(
        f"{{module}}({{0}}.movedim({here}, {there})).movedim({there}, {here})", module
    )


def _over_axes(name: str, layer: Layer, *arguments: Argument) -> ForwardLines:
    operation: Any = layer.operation
    axes = axes_of(operation.axes, layer.output)
    sides = tuple(layer.output[axis] for axis in axes)
    shape = given("normalized_shape", sides[0] if len(sides) == 1 else sides)
    module = Module(Word(name), (shape, *arguments))
    rank = len(layer.output)
    if axes == tuple(range(rank - len(axes), rank)):
        return (ForwardLine("{module}({0})", module),)
    here = per_axis(tuple(axis + 1 for axis in axes))
    there = per_axis(tuple(range(-len(axes), 0)))
    return (called_along(module, here, there),)


def _rank(layer: Layer) -> int:
    """The number in the name of a norm of this map; a vector's is 1."""
    rank = max(len(layer.output) - 1, 1)
    if rank > 3:
        raise UnwritableLayer(f"PyTorch has norms for maps of up to 3 spatial axes, not of {rank}")
    return rank
