"""Normalisations, and what Keras calls preprocessing."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from costcalc.importers import emit
from costcalc.importers.builder import Operand, UnknownOp
from costcalc.importers.keras.context import KerasContext, Rule, Result


def batch_norm(op: KerasContext) -> Result:
    """``BatchNormalization``: gamma where it has a ``scale``, beta where it has a ``center``."""
    scale, center = op.config.flag("scale", True), op.config.flag("center", True)
    return _along_channels(op, lambda x: emit.batch_norm(op, x, scale=scale, shift=center))


def normalization(op: KerasContext) -> Result:
    """``Normalization``: by a mean and a variance that were measured beforehand.

    What it was given when it was made is a constant; what it measured is stored.
    """
    if op.config.raw("mean") is not None or op.config.raw("axis") is None:
        return scaled_and_shifted(op, has_scale=True, has_shift=True)
    return _along_channels(op, lambda x: emit.batch_norm(op, x, scale=False, shift=False))


def _along_channels(op: KerasContext, norm: Callable[[Operand], Operand]) -> Operand:
    """A norm along the config's axis, which is brought to the front where it is not there."""
    axes = op.axes(-1 if op.config.raw("axis") is None else op.config.raw("axis"))
    if len(axes) != 1:
        raise UnknownOp
    order = [axes[0], *(axis for axis in range(op.rank) if axis != axes[0])]
    tensor = emit.transpose(op, op.input, order)
    back = [order.index(axis) for axis in range(op.rank)]
    return emit.transpose(op, norm(tensor), back)


def layer_norm(op: KerasContext) -> Result:
    """``LayerNormalization`` over some axes, the last by default."""
    value = op.config.raw("axis")
    axes = op.axes(-1 if value is None else value)
    scale, center = op.config.flag("scale", True), op.config.flag("center", True)
    if op.config.flag("rms_scaling", False):
        return op.add("rms_norm", (op.input,), {"axes": axes, "affine": scale})
    normal = emit.layer_norm(op, op.input, axes, scale=scale, shift=center)
    if scale or not center:
        return normal
    shape = tuple(side if axis in axes else 1 for axis, side in enumerate(normal.shape))
    return emit.with_learned(op, "add", normal, shape, part=".add", stored=".beta")


def rms_norm(op: KerasContext) -> Result:
    """``RMSNormalization``."""
    axes = op.axes(-1 if op.config.raw("axis") is None else op.config.raw("axis"))
    return op.add("rms_norm", (op.input,), {"axes": axes})


def group_norm(op: KerasContext) -> Result:
    """``GroupNormalization``; -1 groups are as many as channels."""
    scale, center = op.config.flag("scale", True), op.config.flag("center", True)
    if scale != center:
        raise UnknownOp
    if op.config.raw("groups") == -1:
        return _along_channels(op, lambda x: op.add("instance_norm", (x,), {"affine": scale}))
    arguments = {"groups": op.config.whole("groups", 32), "affine": scale}
    return _along_channels(op, lambda x: op.add("group_norm", (x,), arguments))


def rescaling(op: KerasContext) -> Result:
    """``Rescaling``: x times a number, plus another."""
    return scaled_and_shifted(
        op,
        has_scale=op.config.raw("scale") != 1,
        has_shift=op.config.raw("offset") not in (0, None),
    )


def scaled_and_shifted(op: KerasContext, has_scale: bool, has_shift: bool) -> Operand:
    """The input times a constant, plus a constant."""
    tensor = op.input
    for kind, stands in (("scale", has_scale), ("shift", has_shift)):
        if stands:
            part = f"/{kind}" if has_scale and has_shift else ""
            tensor = op.add(kind, (tensor,), part=part)
    return tensor


def layer_scale(op: KerasContext) -> Result:
    """ConvNeXt's ``LayerScale``: a learned factor for each channel."""
    own = op.config.whole("projection_dim")
    shape = op.layout.from_keras([*(1 for _ in range(op.rank - 1)), own])
    return emit.with_learned(op, "multiply", op.input, shape, of="other", stored=".gamma")


TABLE: Mapping[str, Rule] = {
    "BatchNormalization": batch_norm,
    "SyncBatchNormalization": batch_norm,
    "LayerNormalization": layer_norm,
    "RMSNormalization": rms_norm,
    "GroupNormalization": group_norm,
    "Normalization": normalization,
    "Rescaling": rescaling,
    "LayerScale": layer_scale,
}
