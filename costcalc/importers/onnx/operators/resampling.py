"""Resizing of maps."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from costcalc.errors import Refusal
from costcalc.importers import emit
from costcalc.importers.builder import dims_text
from costcalc.importers.model import Shape
from costcalc.importers.onnx.context import Operator, OpView, Rule
from costcalc.importers.onnx.operators.elementwise import single
from costcalc.importers.onnx.tensors import TensorInfo, positive_axis


def resize(op: OpView) -> Rule:
    """Resize: an upsampling of the spatial axes; a resize of other axes copies elements."""
    info = op.input(0)
    shape = _resized(op, info.shape)
    if min(shape, default=1) < 1:
        raise Refusal("resizes its input to nothing", found=dims_text(shape))
    is_kept = info.batch is not None and shape[info.batch] == info.shape[info.batch]
    ctx = yield [TensorInfo(shape, info.batch if is_kept else None)]
    ctx.ignore_params(*range(1, len(op.node.inputs)))
    out = ctx.output()
    if out.shape == info.shape:
        ctx.pass_through()
    elif (
        info.batch is None or out.image_shape[0] != info.image_shape[0] or len(info.image_shape) < 2
    ):
        ctx.add_output("rearrange", {"shape": out.image_shape})
    else:
        mode = op.string("mode", "nearest")
        ctx.set_output(emit.resample(ctx, ctx.operand(0), size=out.image_shape[1:], mode=mode))


def _resized(op: OpView, shape: Shape) -> Shape:
    """The shape of the output; sizes and scales may be those of some axes only."""
    named = op.number_list("axes")
    axes = (
        range(len(shape)) if named is None else [positive_axis(axis, len(shape)) for axis in named]
    )
    has_roi = op.node.operator == "Resize" and op.node.version >= 11
    sizes = op.integers("sizes", 3) if has_roi else None
    if sizes:
        return _to_sizes(op, shape, axes, sizes)
    scales = op.number_list("scales")
    if scales is None:
        scales = op.numbers(2 if has_roi else 1) or ()
    if len(scales) != len(axes):
        raise Refusal(
            "has scales for a different number of axes",
            expected=f"{len(axes)} numbers",
            found=dims_text(scales),
        )
    resized = list(shape)
    for axis, scale in zip(axes, scales, strict=True):
        if not math.isfinite(scale) or scale <= 0:
            raise Refusal("has a scale that is not a positive number", found=f"{scale}")
        resized[axis] = math.floor(single(float(shape[axis]) * scale))
    return tuple(resized)


def _to_sizes(op: OpView, shape: Shape, axes: Sequence[int], sizes: Shape) -> Shape:
    """The shape of an output that is given by sizes."""
    if len(sizes) != len(axes):
        raise Refusal(
            "has sizes for a different number of axes",
            expected=f"{len(axes)} numbers",
            found=dims_text(sizes),
        )
    policy = op.string("keep_aspect_ratio_policy", "stretch")
    resized = list(shape)
    if policy == "stretch":
        for axis, size in zip(axes, sizes, strict=True):
            resized[axis] = size
        return tuple(resized)
    choose = min if policy == "not_larger" else max
    scale = choose(size / shape[axis] for axis, size in zip(axes, sizes, strict=True))
    for axis in axes:
        resized[axis] = math.floor(single(scale * shape[axis]) + 0.5)
    return tuple(resized)


TABLE: Mapping[str, Operator] = {"Resize": resize, "Upsample": resize}
