"""Normalisations.

ONNX's have a scale and a shift; without any, MeanVarianceNormalization does the same.
"""

from __future__ import annotations

from costcalc.exporters.onnx.site import Site
from costcalc.exporters.onnx.weights import MEAN, SCALE, SHIFT, VARIANCE
from costcalc.kinds.base import Shape

_ALPHA, _BETA, _BIAS = 1e-4, 0.75, 2.0
"""AlexNet's alpha, beta and k: Krizhevsky et al., 2012, section 3.3."""


def batch_norm(site: Site) -> None:
    """BatchNormalization; without a learned scale and shift these are constants."""
    channels = site.shape[:1]
    if site.operation.affine:
        affinity = _affinity(site, channels)
    else:
        affinity = (_filled(site, channels, 1.0), _filled(site, channels, 0.0))
    mean = site.learned("running_mean", channels, MEAN)
    variance = site.learned("running_var", channels, VARIANCE)
    site.last("BatchNormalization", *site.inputs, *affinity, mean, variance)


def layer_norm(site: Site) -> None:
    """LayerNormalization, which knows trailing axes alone: channels are moved there and back."""
    rank = len(site.shape)
    if not site.operation.affine:
        site.last("MeanVarianceNormalization", *site.inputs, axes=(1,))
    elif rank == 1:
        site.last("LayerNormalization", *site.inputs, *_affinity(site, site.shape), axis=1)
    else:
        there = (0, *range(2, rank + 1), 1)
        back = (0, rank, *range(1, rank))
        moved = site.between("Transpose", *site.inputs, perm=there)
        affinity = _affinity(site, site.shape[:1])
        normed = site.between("LayerNormalization", moved, *affinity, axis=-1)
        site.last("Transpose", normed, perm=back)


def group_norm(site: Site) -> None:
    """GroupNormalization."""
    groups = site.operation.groups
    if site.operation.affine:
        affinity = _affinity(site, site.shape[:1])
        site.last("GroupNormalization", *site.inputs, *affinity, num_groups=groups)
        return
    grouped = site.between("Reshape", *site.inputs, site.whole(1, groups, -1))
    normed = site.between("MeanVarianceNormalization", grouped, axes=(2,))
    site.last("Reshape", normed, site.whole(1, *site.shape))


def instance_norm(site: Site) -> None:
    """InstanceNormalization."""
    if site.operation.affine:
        site.last("InstanceNormalization", *site.inputs, *_affinity(site, site.shape[:1]))
    else:
        axes = tuple(range(2, len(site.shape) + 1))
        site.last("MeanVarianceNormalization", *site.inputs, axes=axes)


def local_response_norm(site: Site) -> None:
    """LRN, which divides alpha by the size where AlexNet does not."""
    size = site.operation.size
    site.last("LRN", *site.inputs, size=size, alpha=_ALPHA * size, beta=_BETA, bias=_BIAS)


def _affinity(site: Site, shape: Shape) -> tuple[str, str]:
    """The names of the learned scale and shift."""
    return site.learned("weight", shape, SCALE), site.learned("bias", shape, SHIFT)


def _filled(site: Site, shape: Shape, value: float) -> str:
    """A constant tensor, every number of which is the same."""
    return site.between("Expand", site.number(value), site.whole(*shape))
