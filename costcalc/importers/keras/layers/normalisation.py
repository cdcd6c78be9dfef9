"""Normalisations, and preprocessing layers that scale and shift."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from costcalc.importers import emit
from costcalc.importers.builder import Operand, UnknownOp
from costcalc.importers.keras.context import KerasContext, Result, Rule


def batch_norm(op: KerasContext) -> Result:
    """``BatchNormalization``."""
    scale, shift = _has_scale_and_shift(op)
    return _along_channels(op, lambda x: emit.batch_norm(op, x, scale=scale, shift=shift))


def _has_scale_and_shift(op: KerasContext) -> tuple[bool, bool]:
    """Whether a norm has a gamma, and a beta."""
    return op.config.flag("scale", True), op.config.flag("center", True)


def normalization(op: KerasContext) -> Result:
    """``Normalization`` by a fixed mean and variance.

    They are constants if they are settings, and buffers if the layer was adapted to data.
    """
    if op.config.raw("mean") is not None or op.config.raw("axis") is None:
        return scaled_and_shifted(op, has_scale=True, has_shift=True)
    return _along_channels(op, lambda x: emit.batch_norm(op, x, scale=False, shift=False))


def _along_channels(op: KerasContext, norm: Callable[[Operand], Operand]) -> Operand:
    """A norm whose channels are the layer's ``axis``, which is moved to the front."""
    axes = op.config_axes()
    if len(axes) != 1:
        raise UnknownOp
    order = [*axes, *(axis for axis in range(op.rank) if axis not in axes)]
    return emit.in_axis_order(op, op.input, order, norm)


def layer_norm(op: KerasContext) -> Result:
    """``LayerNormalization``."""
    axes = op.config_axes()
    scale, shift = _has_scale_and_shift(op)
    if op.config.flag("rms_scaling", False):
        return op.add("rms_norm", (op.input,), {"axes": axes, "affine": scale})
    normal = emit.layer_norm(op, op.input, axes, scale=scale, shift=shift)
    if scale or not shift:
        return normal
    shape = tuple(side if axis in axes else 1 for axis, side in enumerate(normal.shape))
    return emit.with_learned(op, "add", normal, shape, part=".add", stored=".beta")


def rms_norm(op: KerasContext) -> Result:
    """``RMSNormalization``."""
    return op.add("rms_norm", (op.input,), {"axes": op.config_axes()})


def group_norm(op: KerasContext) -> Result:
    """``GroupNormalization``; -1 groups mean one per channel."""
    scale, shift = _has_scale_and_shift(op)
    groups: dict[str, Any] = {}
    if op.config.raw("groups") != -1:
        groups["groups"] = op.config.whole("groups", 32)
    kind = "group_norm" if groups else "instance_norm"

    def norm(x: Operand) -> Operand:
        y = op.add(kind, (x,), {**groups, "affine": scale and shift})
        if scale == shift:
            return y
        join, name = ("multiply", "gamma") if scale else ("add", "beta")
        shape = (y.shape[0], *(1,) * (y.rank - 1))
        return emit.with_learned(op, join, y, shape, part=f".{join}", stored=f".{name}")

    return _along_channels(op, norm)


def rescaling(op: KerasContext) -> Result:
    """``Rescaling`` by a constant scale and offset."""
    return scaled_and_shifted(
        op,
        has_scale=op.config.raw("scale") != 1,
        has_shift=op.config.raw("offset") not in (0, None),
    )


def scaled_and_shifted(op: KerasContext, has_scale: bool, has_shift: bool) -> Operand:
    """The input times a constant, plus a constant."""
    tensor = op.input
    for kind, is_present in (("scale", has_scale), ("shift", has_shift)):
        if is_present:
            part = f"/{kind}" if has_scale and has_shift else ""
            tensor = op.add(kind, (tensor,), part=part)
    return tensor


def layer_scale(op: KerasContext) -> Result:
    """ConvNeXt's ``LayerScale``: a learnable factor for each channel."""
    shape = op.layout.from_keras([*(1,) * (op.rank - 1), op.config.whole("projection_dim")])
    return emit.with_learned(op, "multiply", op.input, shape, of="other", stored=".gamma")


def unit_normalization(op: KerasContext) -> Result:
    """``UnitNormalization``: vectors of length 1 along an axis."""
    return unit_length(op, op.input, op.config_axes())


def unit_length(op: KerasContext, x: Operand, axes: Sequence[int], part: str = "") -> Operand:
    """A tensor divided by its length along some axes, by the inverse root of a sum of squares."""
    squares = op.add("square", (x,), part=f"{part}/square")
    total = emit.reduce(op, squares, "sum", axes, keep=True, part=f"{part}/sum")
    inverse = op.add("rsqrt", (total,), part=f"{part}/rsqrt")
    bounded = op.add("clip", (inverse,), part=f"{part}/clip")
    return emit.join(op, "multiply", (x, bounded), part=f"{part}/multiply")


TABLE: Mapping[str, Rule] = {
    "BatchNormalization": batch_norm,
    "BatchNormalizationV1": batch_norm,
    "BatchNormalizationV2": batch_norm,
    "SyncBatchNormalization": batch_norm,
    "LayerNormalization": layer_norm,
    "RMSNormalization": rms_norm,
    "GroupNormalization": group_norm,
    "Normalization": normalization,
    "Rescaling": rescaling,
    "LayerScale": layer_scale,
    "UnitNormalization": unit_normalization,
}
