"""Normalisations.

ONNX's have a scale at least; where a layer has none, it is a constant.
"""

from __future__ import annotations

from costcalc.exporters.onnx.site import Site, Step
from costcalc.exporters.onnx.weights import MEAN, SCALE, SHIFT, VARIANCE
from costcalc.kinds.base import Shape, axes_of

_ALPHA, _BETA, _BIAS = 1e-4, 0.75, 2.0
"""AlexNet's alpha, beta and k: Krizhevsky et al., 2012, section 3.3."""


def batch_norm(site: Site) -> None:
    """BatchNormalization, kept apart from the convolution before it."""
    operation, channels = site.operation, site.shape[:1]
    affinity = (
        _scale(site, channels, operation.affine and operation.scale),
        _shift(site, channels, operation.affine and operation.bias),
    )
    mean = site.learned("running_mean", channels, MEAN)
    variance = site.learned("running_var", channels, VARIANCE)
    site.last("BatchNormalization", *site.inputs, *affinity, mean, variance)


def layer_norm(site: Site) -> None:
    """LayerNormalization, whose shift may be left out."""
    operation = site.operation
    shifts = operation.affine and operation.bias
    extents = _extents(site)
    shift = (_shift(site, extents, is_learned=True),) if shifts else ()
    _trailing(site, "LayerNormalization", _scale(site, extents, operation.affine), *shift)


def rms_norm(site: Site) -> None:
    """RMSNormalization, which came with opset 23."""
    site.builder.opset = 23
    scale = _scale(site, _extents(site), site.operation.affine)
    _trailing(site, "RMSNormalization", scale)


def group_norm(site: Site) -> None:
    """GroupNormalization, a scale and a shift for each channel."""
    operation, channels = site.operation, site.shape[:1]
    scale = _scale(site, channels, operation.affine)
    shift = _shift(site, channels, operation.affine)
    site.last("GroupNormalization", *site.inputs, scale, shift, num_groups=operation.groups)


def instance_norm(site: Site) -> None:
    """InstanceNormalization."""
    channels, affine = site.shape[:1], site.operation.affine
    scale, shift = _scale(site, channels, affine), _shift(site, channels, affine)
    site.last("InstanceNormalization", *site.inputs, scale, shift)


def local_response_norm(site: Site) -> None:
    """LRN, which divides alpha by the size where AlexNet does not."""
    size = site.operation.size
    site.last("LRN", *site.inputs, size=size, alpha=_ALPHA * size, beta=_BETA, bias=_BIAS)


def _trailing(site: Site, operator: str, *affinity: str) -> None:
    axes = axes_of(site.operation.axes, site.shape)
    site.trailing(axes, Step(operator, affinity, {"axis": -len(axes)}))


def _extents(site: Site) -> Shape:
    """The sides that are normalised together."""
    return tuple(site.shape[axis] for axis in axes_of(site.operation.axes, site.shape))


def _scale(site: Site, shape: Shape, is_learned: bool) -> str:
    """The learned scale, or one that is 1."""
    return site.learned("weight", shape, SCALE) if is_learned else _filled(site, shape, 1.0)


def _shift(site: Site, shape: Shape, is_learned: bool) -> str:
    """The learned shift, or one that is 0."""
    return site.learned("bias", shape, SHIFT) if is_learned else _filled(site, shape, 0.0)


def _filled(site: Site, shape: Shape, value: float) -> str:
    return site.between("Expand", site.number(value), site.whole(*shape))
