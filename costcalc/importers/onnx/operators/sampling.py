"""Maps at computed places, and boxes of maps."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Any

from costcalc.errors import Refusal
from costcalc.importers import emit
from costcalc.importers.builder import Operand, dims_text
from costcalc.importers.onnx.context import OnnxContext, Operator, OpView, Rule
from costcalc.importers.onnx.tensors import TensorInfo
from costcalc.kinds.convolution import Conv


def grid_sample(op: OpView) -> Rule:
    """GridSample: a map (images, channels, ...) at places (images, ..., axes)."""
    x, grid = op.input(0), op.input(1)
    rank = len(x.shape) - 2
    if rank < 1 or len(grid.shape) != rank + 2 or grid.shape[:1] != x.shape[:1]:
        raise Refusal(
            "samples a map at places that do not fit it",
            expected="(images, channels, ...) and (images, ..., axes)",
            found=f"{dims_text(x.shape)} and {dims_text(grid.shape)}",
        )
    batch = op.leading_batch(x)
    ctx = yield [TensorInfo((*x.shape[:2], *grid.shape[1:-1]), batch)]
    first = 0 if batch is None else 1
    maps, places = (ctx.operand(index, op.shape(index)[first:]) for index in (0, 1))
    ctx.set_output(emit.grid_sample(ctx, maps, places, op.string("mode", "bilinear")))


def affine_grid(op: OpView) -> Rule:
    """AffineGrid: the product of all places and a matrix for each image."""
    theta, size = op.input(0), op.integers("size", 1) or ()
    rank = len(size) - 2
    shape = (*size[:1], *size[2:], rank)
    if rank < 1 or min(size) < 1 or theta.shape != (size[0], rank, rank + 1):
        raise Refusal(
            "has matrices that do not fit the size of its maps",
            expected="(images, axes, axes + 1) for (images, channels, ...)",
            found=f"{dims_text(theta.shape)} for {dims_text(size)}",
        )
    batch = op.leading_batch(theta)
    ctx = yield [TensorInfo(shape, batch)]
    stack = theta.shape[:1] if batch is None else ()
    base = ctx.add("constant", (), {"shape": (*stack, prod(size[2:]), rank + 1)})
    order = (*range(len(stack)), len(stack) + 1, len(stack))
    matrix = emit.transpose(ctx, ctx.operand(0, (*stack, rank, rank + 1)), order)
    ctx.set_output(ctx.view(ctx.add("matmul", (base, matrix)), ctx.output().image_shape))


def roi_align(op: OpView) -> Rule:
    """RoiAlign, of boxes (R, 4) and the image that each is in."""
    size = tuple(op.integer(f"output_{side}", 1, lowest=1) for side in ("height", "width"))
    samples = max(op.integer("sampling_ratio", 0), 0)
    arguments = {"size": size, "samples": samples}
    mode = {"avg": "mean", "max": "max"}.get(op.string("mode", "avg"))
    if mode is None:
        found = op.string("mode", "avg")
        raise Refusal("has a 'mode' that ONNX does not have", "avg or max", found)
    return _pooled_boxes(op, {**arguments, "mode": mode}, 4)


def max_roi_pool(op: OpView) -> Rule:
    """MaxRoiPool, of boxes (R, 5), whose first number is their image."""
    size = op.sizes("pooled_shape", 2, None)
    return _pooled_boxes(op, {"size": size, "mode": "max"}, 5)


def _pooled_boxes(op: OpView, arguments: Mapping[str, Any], numbers: int) -> Rule:
    x, boxes = op.shape(0), op.shape(1)
    if len(x) != 4 or len(boxes) != 2 or boxes[1] != numbers:
        raise Refusal(
            "pools boxes that do not fit its map",
            expected=f"(images, channels, height, width) and (boxes, {numbers})",
            found=f"{dims_text(x)} and {dims_text(boxes)}",
        )
    ctx = yield [TensorInfo((boxes[0], x[1], *arguments["size"]))]
    y = ctx.add("roi_pool", (_rows_of_images(ctx), ctx.operand(1, boxes)), arguments)
    ctx.set_output(y)


def _rows_of_images(ctx: OnnxContext) -> Operand:
    """One map; of several images, which boxes choose from, as many rows together."""
    images, channels, height, width = ctx.shape()
    if images == 1:
        return ctx.operand(0, (channels, height, width))
    shape = (channels, images * height, width)
    return ctx.add("rearrange", (ctx.operand(0),), {"shape": shape})


def deform_conv(op: OpView) -> Rule:
    """DeformConv, of a map, filters, offsets, and perhaps a bias and a mask."""
    x, w, offsets = op.input(0), op.shape(1), op.shape(2)
    groups, own = op.integer("group", 1, lowest=1), op.integer("offset_group", 1, lowest=1)
    if len(x.shape) != 4 or len(w) != 4 or x.shape[1] != w[1] * groups or 0 in w:
        found = f"{dims_text(x.shape)} and {dims_text(w)}"
        raise Refusal("convolves shapes that do not fit together", found=found)
    window = op.window(w[2:]).arguments()
    shape = Conv(out=w[0], **window, groups=groups).output_shape((x.shape[1:],))
    wanted = (x.shape[0], 2 * own * prod(w[2:]), *shape[1:])
    if offsets != wanted or x.shape[1] % own:
        raise Refusal("has other offsets than its windows", dims_text(wanted), dims_text(offsets))
    batch = op.leading_batch(x)
    ctx = yield [TensorInfo((x.shape[0], *shape), batch)]
    if batch is None:
        what = "convolves several images that are not a batch"
        raise Refusal(what, "images of a batch", dims_text(x.shape))
    y = emit.deform_conv(
        ctx,
        ctx.operand(0),
        ctx.operand(2, offsets[1:]),
        out=w[0],
        kernel=w[2:],
        groups=groups,
        offset_groups=own,
        mask=ctx.operand(4, op.shape(4)[1:]) if op.has(4) else None,
        bias=op.has(3),
        params={"weights": ctx.weights(1), "biases": ctx.stored(3)},
    )
    ctx.set_output(y)


TABLE: Mapping[str, Operator] = {
    "GridSample": grid_sample,
    "AffineGrid": affine_grid,
    "RoiAlign": roi_align,
    "MaxRoiPool": max_roi_pool,
    "DeformConv": deform_conv,
}
