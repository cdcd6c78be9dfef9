"""Norms, and other layers that act along some axes."""

from __future__ import annotations

from typing import Any

from costcalc.exporters.layers import UnwritableLayer
from costcalc.exporters.torch.modules import (
    CALL,
    Argument,
    ForwardLine,
    ForwardLines,
    Module,
    called,
    new,
    option,
    per_axis,
    positional,
)
from costcalc.graph.layer import Layer
from costcalc.kinds.base import axes_of


def batch_norm(layer: Layer) -> ForwardLines:
    """``nn.BatchNorm2d``, its scale or shift removed if the layer has none."""
    operation: Any = layer.operation
    channels = positional("num_features", layer.output[0])
    affine = operation.affine and (operation.scale or operation.bias)
    module = new(f"nn.BatchNorm{_rank(layer)}d", channels, option("affine", affine, True))
    if affine and not operation.scale:
        module = without(module, "weight")
    if affine and not operation.bias:
        module = without(module, "bias")
    return (ForwardLine(CALL, module),)


def layer_norm(layer: Layer) -> ForwardLines:
    """``nn.LayerNorm``, the normalised axes moved to the end."""
    operation: Any = layer.operation
    affine = option("elementwise_affine", operation.affine, True)
    return _over_axes("nn.LayerNorm", layer, affine, option("bias", operation.bias, True))


def rms_norm(layer: Layer) -> ForwardLines:
    """``nn.RMSNorm``, likewise."""
    operation: Any = layer.operation
    return _over_axes("nn.RMSNorm", layer, option("elementwise_affine", operation.affine, True))


def group_norm(layer: Layer) -> ForwardLines:
    """``nn.GroupNorm``."""
    operation: Any = layer.operation
    return (
        called(
            "nn.GroupNorm",
            positional("num_groups", operation.groups),
            positional("num_channels", layer.output[0]),
            option("affine", operation.affine, True),
        ),
    )


def instance_norm(layer: Layer) -> ForwardLines:
    """``nn.InstanceNorm2d``."""
    operation: Any = layer.operation
    if len(layer.output) == 1:
        raise UnwritableLayer("nn.InstanceNorm needs a map, and its input is a vector")
    channels = positional("num_features", layer.output[0])
    affine = option("affine", operation.affine, False)
    return (called(f"nn.InstanceNorm{_rank(layer)}d", channels, affine),)


def lrn(layer: Layer) -> ForwardLines:
    """``nn.LocalResponseNorm``."""
    operation: Any = layer.operation
    if len(layer.output) == 1:
        raise UnwritableLayer("nn.LocalResponseNorm needs a map, and its input is a vector")
    return (called("nn.LocalResponseNorm", positional("size", operation.size)),)


def prelu(layer: Layer) -> ForwardLines:
    """``nn.PReLU``, whose slopes belong to the first axis."""
    operation: Any = layer.operation
    (axis,) = axes_of((operation.axis,), layer.output)
    slopes = option("num_parameters", 1 if operation.shared else layer.output[axis], 1)
    module = new("nn.PReLU", slopes)
    if operation.shared or axis == 0:
        return (ForwardLine(CALL, module),)
    return (called_along(module, axis + 1, 1),)


def softmax(name: str, layer: Layer) -> ForwardLines:
    """``nn.Softmax`` or ``nn.LogSoftmax`` along an axis."""
    operation: Any = layer.operation
    return (called(name, Argument("dim", dim(operation.axis))),)


def without(module: Module, name: str) -> Module:
    """The module without one of its parameters."""
    return new("without", positional("module", module), positional("name", name))


def dim(axis: int) -> int:
    """An axis as PyTorch numbers it, the batch being the first."""
    return axis if axis < 0 else axis + 1


def called_along(module: Module, here: Any, there: Any) -> ForwardLine:
    """A call of a module with some axes moved to where it needs them, and back."""
    return ForwardLine(
        f"{{module}}({{0}}.movedim({here}, {there})).movedim({there}, {here})", module
    )


def _over_axes(name: str, layer: Layer, *arguments: Argument) -> ForwardLines:
    operation: Any = layer.operation
    axes = axes_of(operation.axes, layer.output)
    sizes = tuple(layer.output[axis] for axis in axes)
    shape = positional("normalized_shape", sizes[0] if len(sizes) == 1 else sizes)
    module = new(name, shape, *arguments)
    rank = len(layer.output)
    if axes == tuple(range(rank - len(axes), rank)):
        return (ForwardLine(CALL, module),)
    here = per_axis(tuple(axis + 1 for axis in axes))
    there = per_axis(tuple(range(-len(axes), 0)))
    return (called_along(module, here, there),)


def _rank(layer: Layer) -> int:
    """The number in the name of a norm of this tensor; 1 for a vector."""
    rank = max(len(layer.output) - 1, 1)
    if rank > 3:
        raise UnwritableLayer(f"PyTorch has norms for maps of up to 3 spatial axes, not of {rank}")
    return rank
