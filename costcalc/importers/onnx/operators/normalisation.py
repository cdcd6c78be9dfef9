"""Normalisations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod

from costcalc.errors import Refusal
from costcalc.importers import emit
from costcalc.importers.builder import Operand, dims_text
from costcalc.importers.onnx.context import OnnxContext, Operator, OpView, Rule
from costcalc.importers.onnx.tensors import TensorInfo, positive_axes


def batch_norm(op: OpView) -> Rule:
    """BatchNormalization; its stored statistics are not params, but may be outputs."""
    info = op.input(0)
    if len(info.shape) < 2:
        raise Refusal("has no channels to normalise", found=dims_text(info.shape))
    statistics = [op.input(index)._replace(values=None) for index in (3, 4)]
    ctx = yield [TensorInfo(info.shape, op.leading_batch(info)), *statistics, *statistics]
    ctx.ignore_params(3, 4)
    affine = ctx.is_weight(1) or ctx.is_weight(2)
    y = emit.batch_norm(
        ctx,
        ctx.maps(),
        scale=affine,
        shift=affine,
        spatial_rank=len(info.shape) - 2,
        params={"norm_params": ctx.stored(1, 2)},
    )
    ctx.set_output(y)


def instance_norm(op: OpView) -> Rule:
    """InstanceNormalization."""
    ctx = yield [_normalised_info(op)]
    affine = ctx.is_weight(1) or ctx.is_weight(2)
    ctx.set_output(_per_image(ctx, "instance_norm", {"affine": affine}))


def group_norm(op: OpView) -> Rule:
    """GroupNormalization; before opset 21, a scale per group, which is not the kind's affine."""
    ctx = yield [_normalised_info(op)]
    is_weight = ctx.is_weight(1) or ctx.is_weight(2)
    affine = is_weight and prod(op.shape(1)) == op.shape()[1]
    arguments = {"groups": op.integer("num_groups", 1, lowest=1), "affine": affine}
    ctx.set_output(_per_image(ctx, "group_norm", arguments))


def grouped_instance_norm(op: OpView) -> Rule:
    """A group normalisation written as an instance normalisation, of inputs x, scale, shift."""
    ctx = yield []
    channels = op.shape()[1]
    affine = all(ctx.is_weight(index) and prod(op.shape(index)) == channels for index in (1, 2))
    x = _per_image(ctx, "group_norm", {"groups": op.integer("groups", 1), "affine": affine})
    if not affine:
        for index, kind in ((1, "multiply"), (2, "add")):
            if op.has(index):
                x = _join_input(ctx, kind, x, index)
    ctx.set_output(x)


def local_response_norm(op: OpView) -> Rule:
    """LRN."""
    ctx = yield [_normalised_info(op)]
    arguments = {"size": op.integer("size", 1, lowest=1)}

    def layer(maps: Operand) -> Operand:
        return ctx.add("lrn", (maps,), arguments)

    ctx.set_output(emit.on_maps(ctx, ctx.maps(), len(op.shape()) - 2, layer))


def last_axes(kind: str) -> Operator:
    """A normalisation over the axes from one on; its other outputs are its statistics."""

    def rule(op: OpView) -> Rule:
        info, axis = op.input(0), op.axis(-1)
        rank = len(info.shape)
        statistics = TensorInfo(info.shape[:axis] + (1,) * (rank - axis), info.batch)
        ctx = yield [info._replace(values=None), statistics, statistics]
        _normalise(ctx, kind, range(axis, rank))
        for index in (1, 2):
            ctx.by_product(index, (ctx.operand(0),))

    return rule


def written_out(kind: str) -> Operator:
    """A normalisation written as several operations, over the axes of their means."""

    def rule(op: OpView) -> Rule:
        ctx = yield []
        _normalise(ctx, kind, positive_axes(op.attribute("axes"), len(op.shape())))

    return rule


def lp_norm(op: OpView) -> Rule:
    """LpNormalization: a tensor over its length along an axis."""
    info, axis = op.input(0), op.axis(-1)
    p = op.integer("p", 2, lowest=1)
    ctx = yield [info._replace(values=None)]
    x, axes = ctx.along_axes(0, [axis])
    length = emit.length(ctx, x, axes, p, keep=True)
    ctx.set_output(emit.join(ctx, "divide", (x, length)))


def mean_variance(op: OpView) -> Rule:
    """MeanVarianceNormalization over some axes, those of images and places by default."""
    info = op.input(0)
    axes = positive_axes(op.number_list("axes") or (0, 2, 3), len(info.shape))
    batch = None if info.batch in axes and op.images != 1 else info.batch
    ctx = yield [info._replace(values=None, batch=batch)]
    rest = [axis for axis in axes if axis != info.batch] if op.images == 1 else axes
    x, places = ctx.along_axes(0, rest)
    from_end = [axis - x.rank for axis in places]
    ctx.set_output(emit.layer_norm(ctx, x, from_end, scale=False, shift=False))


def _normalise(ctx: OnnxContext, kind: str, axes: Sequence[int]) -> None:
    count = prod(tuple(ctx.shape()[axis] for axis in axes))
    x, places = ctx.along_axes(0, axes)
    from_end = [axis - x.rank for axis in places]
    affine = ctx.is_weight(1) and prod(ctx.shape(1)) == count
    shifts = ctx.is_weight(2) and prod(ctx.shape(2)) == count and kind == "layer_norm"
    shifts = shifts and affine
    params = {"norm_params": ctx.stored(1, 2) if shifts else ctx.stored(1)}
    if kind == "layer_norm":
        y = emit.layer_norm(ctx, x, from_end, scale=affine, shift=shifts, params=params)
    else:
        y = ctx.add(kind, (x,), {"axes": tuple(from_end), "affine": affine}, params=params)
    y = ctx.view(y, ctx.output().image_shape)
    if ctx.is_weight(1) and not affine:
        y = _join_input(ctx, "multiply", y, 1)
    if ctx.is_weight(2) and not shifts:
        y = _join_input(ctx, "add", y, 2)
    ctx.set_output(y)


def _join_input(ctx: OnnxContext, kind: str, x: Operand, index: int) -> Operand:
    """Multiply by or add an input whose shape does not fit the normalisation's own params."""
    return emit.join(ctx, kind, (x, *ctx.broadcast_inputs([index])))


def _normalised_info(op: OpView) -> TensorInfo:
    """A tensor of the input's shape: images, channels and what axes they have.

    Raises:
        Refusal: the input has no channels.
    """
    info = op.input(0)
    if len(info.shape) < 2:
        raise Refusal("has no channels to normalise", found=dims_text(info.shape))
    return TensorInfo(info.shape, op.leading_batch(info))


def _per_image(ctx: OnnxContext, kind: str, arguments: Mapping[str, bool | int]) -> Operand:
    """A normalisation by statistics of each image; inputs 1 and 2 are scale and shift."""
    maps = ctx.maps()
    if maps.rank == len(ctx.shape()):
        raise Refusal(
            "normalises several images that are not a batch",
            expected="images of a batch",
            found=dims_text(ctx.shape()),
        )
    return ctx.add(kind, (maps,), arguments, params={"norm_params": ctx.stored(1, 2)})


TABLE: Mapping[str, Operator] = {
    "BatchNormalization": batch_norm,
    "InstanceNormalization": instance_norm,
    "GroupNormalization": group_norm,
    "LayerNormalization": last_axes("layer_norm"),
    "RMSNormalization": last_axes("rms_norm"),
    "LpNormalization": lp_norm,
    "MeanVarianceNormalization": mean_variance,
    "LRN": local_response_norm,
}

PATTERNS: Mapping[str, Operator] = {
    "LayerNormPattern": written_out("layer_norm"),
    "RMSNormPattern": written_out("rms_norm"),
    "GroupNormPattern": grouped_instance_norm,
}
