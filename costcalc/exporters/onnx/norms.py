"""Normalisations.

Those of ONNX have at least a scale; if a layer has none, it is a constant 1.
"""

from __future__ import annotations

from costcalc.exporters.onnx.writer import NodeWriter, OperatorStep
from costcalc.exporters.weights import MEAN, SCALE, SHIFT, VARIANCE
from costcalc.kinds.base import Shape, axes_of

_ALPHA, _BETA, _BIAS = 1e-4, 0.75, 2.0
"""AlexNet's alpha, beta and k, from Krizhevsky et al., 2012, section 3.3."""


def batch_norm(writer: NodeWriter) -> None:
    """BatchNormalization, not folded into the convolution before it."""
    operation, channels = writer.operation, writer.shape[:1]
    affine = (
        _scale(writer, channels, operation.affine and operation.scale),
        _shift(writer, channels, operation.affine and operation.bias),
    )
    mean = writer.learned("running_mean", channels, MEAN)
    variance = writer.learned("running_var", channels, VARIANCE)
    writer.last("BatchNormalization", *writer.inputs, *affine, mean, variance)


def layer_norm(writer: NodeWriter) -> None:
    """LayerNormalization, whose shift may be left out."""
    operation = writer.operation
    has_shift = operation.affine and operation.bias
    shape = _normalised_shape(writer)
    shift = (_shift(writer, shape, is_learned=True),) if has_shift else ()
    _trailing(writer, "LayerNormalization", _scale(writer, shape, operation.affine), *shift)


def rms_norm(writer: NodeWriter) -> None:
    """RMSNormalization, which came with opset 23."""
    writer.builder.opset = 23
    scale = _scale(writer, _normalised_shape(writer), writer.operation.affine)
    _trailing(writer, "RMSNormalization", scale)


def group_norm(writer: NodeWriter) -> None:
    """GroupNormalization, with a scale and a shift for each channel."""
    operation, channels = writer.operation, writer.shape[:1]
    scale = _scale(writer, channels, operation.affine)
    shift = _shift(writer, channels, operation.affine)
    writer.last("GroupNormalization", *writer.inputs, scale, shift, num_groups=operation.groups)


def instance_norm(writer: NodeWriter) -> None:
    """InstanceNormalization."""
    channels, affine = writer.shape[:1], writer.operation.affine
    scale, shift = _scale(writer, channels, affine), _shift(writer, channels, affine)
    writer.last("InstanceNormalization", *writer.inputs, scale, shift)


def local_response_norm(writer: NodeWriter) -> None:
    """LRN, which unlike AlexNet divides alpha by the size."""
    size = writer.operation.size
    writer.last("LRN", *writer.inputs, size=size, alpha=_ALPHA * size, beta=_BETA, bias=_BIAS)


def _trailing(writer: NodeWriter, operator: str, *affine: str) -> None:
    axes = axes_of(writer.operation.axes, writer.shape)
    writer.trailing(axes, OperatorStep(operator, affine, {"axis": -len(axes)}))


def _normalised_shape(writer: NodeWriter) -> Shape:
    """The dimensions that are normalised together."""
    return tuple(writer.shape[axis] for axis in axes_of(writer.operation.axes, writer.shape))


def _scale(writer: NodeWriter, shape: Shape, is_learned: bool) -> str:
    """A learnable scale, or a constant 1."""
    return writer.learned("weight", shape, SCALE) if is_learned else _filled(writer, shape, 1.0)


def _shift(writer: NodeWriter, shape: Shape, is_learned: bool) -> str:
    """A learnable shift, or a constant 0."""
    return writer.learned("bias", shape, SHIFT) if is_learned else _filled(writer, shape, 0.0)


def _filled(writer: NodeWriter, shape: Shape, value: float) -> str:
    return writer.before("Expand", writer.number(value), writer.integers(*shape))
