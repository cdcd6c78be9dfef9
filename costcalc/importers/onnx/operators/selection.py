"""Picking elements by their values: how many there are is bounded, and said.

An output whose size depends on values has the largest size that it can have.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from math import prod

from costcalc.errors import Refusal
from costcalc.importers.builder import dims_text
from costcalc.importers.model import Shape
from costcalc.importers.onnx.context import OnnxContext, Operator, OpView, Rule
from costcalc.importers.onnx.numbers import Number
from costcalc.importers.onnx.tensors import TensorInfo, positive_axis


def top_k(op: OpView) -> Rule:
    """TopK: the largest elements along an axis, and their indices, which are one layer."""
    info, axis = op.input(0), op.axis(-1)
    count = op.integer("k", 0) or (op.integers("k", 1) or (0,))[0]
    if not 0 < count <= info.shape[axis]:
        raise Refusal(
            "chooses more elements than there are", found=f"{count} of {info.shape[axis]}"
        )
    shape = (*info.shape[:axis], count, *info.shape[axis + 1 :])
    largest = TensorInfo(shape, None if info.batch == axis else info.batch)
    ctx = yield [largest, largest]
    x, (place,) = ctx.along_axes(0, [axis])
    y = ctx.add("top_k", (x,), {"k": count, "axis": place})
    for index, name in enumerate(op.node.outputs):
        if name:
            ctx.set_output(y, index)


CLASSES = 4096
"""The most lists of boxes that one operator may suppress, each a layer."""


def suppressed(op: OpView) -> Rule:
    """NonMaxSuppression: of the boxes of each class, as many as it may keep."""
    boxes, scores = op.shape(0), op.shape(1)
    if len(boxes) != 3 or len(scores) != 3 or (boxes[0], boxes[1]) != (scores[0], scores[2]):
        raise Refusal(
            "has boxes and scores that do not fit together",
            expected="(images, boxes, 4) and (images, classes, boxes)",
            found=f"{dims_text(boxes)} and {dims_text(scores)}",
        )
    (limit, *_) = (op.input(2).values or (boxes[1],)) if op.has(2) else (0,)
    most = int(min(limit, boxes[1])) if limit > 0 else 0
    if not most:
        raise Refusal("keeps no boxes", "a number of boxes for each class, its third input")
    lists = scores[0] * scores[1]
    if lists > CLASSES:
        what = "suppresses boxes of more classes than costcalc lists"
        raise Refusal(what, f"at most {CLASSES:,}, of all images", f"{lists:,}")
    count = _picked(op, lists * most, 0)
    ctx = yield [TensorInfo((count, 3))]
    ctx.ignore_params(2, 3, 4)
    ctx.fold()
    kept = []
    for number in range(1, lists + 1):
        inputs = [
            ctx.add("rearrange", (ctx.operand(index),), {"shape": shape}, f"/{what}{number}")
            for index, shape, what in ((0, boxes[1:], "boxes"), (1, (boxes[1],), "scores"))
        ]
        kept.append(ctx.add("nms", inputs, {"most": most}, f"/class{number}"))
    ctx.set_output(ctx.add("rearrange", kept, {"shape": (ctx.output().shape[0], 3)}, "/kept"))
    _say_bound(ctx, 0, lists * most)


def _picked(op: OpView, most: int, axis: int) -> int:
    """How many elements are picked: the size that is stated for the output, or the most."""
    stated = op.stated()
    return min(stated[axis], most) if stated is not None and axis < len(stated) else most


def _say_bound(ctx: OnnxContext, axis: int, most: int) -> None:
    """Note that a size that depends on values is taken to be the largest possible, if it is."""
    node, count = ctx.node, ctx.output().shape[axis]
    if count < most:
        return
    ctx.builder.note(
        f"How many elements node '{node.shown_name}' ({node.operator}) picks depends on their "
        f"values: counts are of the most, {count:,}."
    )


def nonzero(op: OpView) -> Rule:
    """NonZero: the places of all elements that are not 0."""
    info = op.input(0)
    rank = max(len(info.shape), 1)
    if info.values is None:
        ctx = yield [TensorInfo((rank, _picked(op, prod(info.shape), 1)))]
        x = ctx.operand(0, info.shape or (1,))
        shape = ctx.output().shape
        ctx.set_output(ctx.add("rearrange", (ctx.add("logical_not", (x,)),), {"shape": shape}))
        _say_bound(ctx, 1, prod(info.shape))
        return
    places = [
        place
        for place, value in zip(product(*map(range, info.shape)), info.values, strict=True)
        if value
    ]
    values = tuple(place[axis] for axis in range(len(info.shape)) for place in places)
    ctx = yield [TensorInfo((rank, len(places)), values=values or None)]
    ctx.pass_through()


def compress(op: OpView) -> Rule:
    """Compress: the elements, or the places along an axis, whose condition is true."""
    info, chosen = op.input(0), op.input(1).values
    axis = None if op.attribute("axis") is None else op.axis(0)
    size = prod(info.shape) if axis is None else info.shape[axis]
    length = min(prod(op.shape(1)), size)
    known = None if chosen is None else sum(map(bool, chosen[:length]))
    count = _picked(op, length, axis or 0) if known is None else known
    shape: Shape = (count,)
    if axis is not None:
        shape = (*info.shape[:axis], count, *info.shape[axis + 1 :])
    batch = info.batch if axis not in (None, info.batch) else None
    ctx = yield [TensorInfo(shape, batch)]
    inputs = [ctx.operand(0)] if chosen is not None else [ctx.operand(0), ctx.operand(1)]
    ctx.add_output("rearrange", {"shape": ctx.output().image_shape}, inputs)
    if chosen is None:
        _say_bound(ctx, axis or 0, length)


def unique(op: OpView) -> Rule:
    """Unique: the elements, or the places along an axis, each once, in order or not: a sort."""
    info = op.input(0)
    axis = None if op.attribute("axis") is None else op.axis(0)
    size = prod(info.shape) if axis is None else info.shape[axis]
    count = _picked(op, size, axis or 0)
    shape: Shape = (count,)
    if axis is not None:
        shape = (*info.shape[:axis], count, *info.shape[axis + 1 :])
    some = TensorInfo((count,))
    ctx = yield [TensorInfo(shape), some, TensorInfo((size,)), some]
    rows = ctx.operand(0, (prod(info.shape) // size, size) if size else (1, 1))
    y = ctx.add("top_k", (rows,))
    for index in range(len(op.node.outputs)):
        ctx.by_product(index, (y,))
    _say_bound(ctx, axis or 0, size)


def hardmax(op: OpView) -> Rule:
    """Hardmax: 1 at the largest element along an axis, 0 elsewhere."""
    info = op.input(0)
    rank = len(info.shape)
    axis = positive_axis(op.integer("axis", -1 if op.node.version >= 13 else 1), rank)
    ctx = yield [info._replace(values=None)]
    axes = [axis] if op.node.version >= 13 else [*range(axis, rank)]
    x, places = ctx.along_axes(0, axes)
    largest = ctx.add("argmax", (x,), {"axes": tuple(places), "keep": True})
    ctx.add_output("rearrange", {"shape": ctx.output().image_shape}, (largest,))


def one_hot(op: OpView) -> Rule:
    """OneHot: one of two numbers along a new axis."""
    at, (depth, *_) = op.input(0), op.integers("depth", 1) or (0,)
    axis = positive_axis(op.integer("axis", -1), len(at.shape) + 1)
    shape = (*at.shape[:axis], depth, *at.shape[axis:])
    batch = None if at.batch is None else at.batch + (axis <= at.batch)
    ctx = yield [TensorInfo(shape, batch)]
    ctx.ignore_params(2)
    ctx.add_output("rearrange", {"shape": ctx.output().image_shape})


def reversed_sequence(op: OpView) -> Rule:
    """ReverseSequence: the first steps of each sequence in reverse order."""
    ctx = yield [op.input(0)._replace(values=None)]
    ctx.add_output("rearrange", {"shape": ctx.output().image_shape})


def written(index: int) -> Operator:
    """A tensor with another one written into it; ``index`` is that of the other."""

    def rule(op: OpView) -> Rule:
        ctx = yield [op.input(0)._replace(values=None)]
        inputs = [ctx.operand(0), ctx.operand(index)]
        ctx.add_output("rearrange", {"shape": ctx.output().image_shape}, inputs)

    return rule


def unpooled(op: OpView) -> Rule:
    """MaxUnpool: the maxima of a pooling back in their places, zeros elsewhere."""
    info = op.input(0)
    rank = len(info.shape) - 2
    kernel = op.sizes("kernel_shape", max(rank, 0), None)
    window = op.window(kernel)
    shape: Sequence[Number] | None = op.numbers(2)
    if shape is None:
        pads = window.pads or ((0, 0),) * rank
        sizes = zip(info.shape[2:], kernel, window.strides, pads, strict=True)
        shape = (*info.shape[:2], *((n - 1) * s + k - sum(pad) for n, k, s, pad in sizes))
    if len(shape) != len(info.shape) or min(shape, default=1) < 1:
        raise Refusal("unpools its input to another number of axes", found=dims_text(shape))
    ctx = yield [TensorInfo(tuple(map(int, shape)), op.leading_batch(info))]
    inputs = [ctx.operand(0), ctx.operand(1)]
    ctx.add_output("rearrange", {"shape": ctx.output().image_shape}, inputs)


TABLE: Mapping[str, Operator] = {
    "TopK": top_k,
    "NonMaxSuppression": suppressed,
    "NonZero": nonzero,
    "Compress": compress,
    "Unique": unique,
    "Hardmax": hardmax,
    "OneHot": one_hot,
    "ReverseSequence": reversed_sequence,
    "TensorScatter": written(1),
    "MaxUnpool": unpooled,
}
