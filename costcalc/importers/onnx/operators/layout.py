"""Operators that reshape or reorder the elements of a tensor."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod

from costcalc.errors import Refusal
from costcalc.importers import emit
from costcalc.importers.builder import dims_text
from costcalc.importers.model import Shape
from costcalc.importers.onnx.context import Operator, OpView, Rule
from costcalc.importers.onnx.numbers import MOST
from costcalc.importers.onnx.operators.elementwise import pick_values, strides
from costcalc.importers.onnx.tensors import (
    TensorInfo,
    batch_after_reshape,
    positive_axes,
    positive_axis,
)


def reshape(op: OpView) -> Rule:
    """Reshape; 0 keeps a dimension, and -1 stands for the rest."""
    info = op.input(0)
    wanted = op.integers("shape", 1)
    if wanted is None:
        raise Refusal("is given no shape")
    if not op.integer("allowzero", 0):
        wanted = tuple(
            info.shape[axis] if size == 0 and axis < len(info.shape) else size
            for axis, size in enumerate(wanted)
        )
    count = prod(info.shape)
    stated = prod(tuple(size for size in wanted if size != -1))
    is_open = wanted.count(-1) == 1 and stated > 0 and count % stated == 0
    shape = tuple(count // stated if size == -1 and is_open else size for size in wanted)
    if any(size < 0 for size in shape) or prod(shape) != count:
        raise Refusal(
            "cannot reshape its input to this shape",
            expected=f"{count:,} elements, as {dims_text(info.shape)} has",
            found=dims_text(wanted),
        )
    ctx = yield [info._replace(shape=shape, batch=batch_after_reshape(info, shape, op.images))]
    ctx.pass_through()


def flatten(op: OpView) -> Rule:
    """Flatten: two axes, of those before an axis and those from it on."""
    info, axis = op.input(0), op.integer("axis", 1)
    rank = len(info.shape)
    axis = axis if axis == rank else positive_axis(axis, rank)
    shape = (prod(info.shape[:axis]), prod(info.shape[axis:]))
    ctx = yield [info._replace(shape=shape, batch=batch_after_reshape(info, shape, op.images))]
    ctx.pass_through()


def squeeze(op: OpView) -> Rule:
    """Squeeze: removes the given axes of size 1, or all."""
    info = op.input(0)
    named = op.integers("axes", 1)
    axes = (
        positive_axes(named, len(info.shape))
        if named is not None
        else tuple(axis for axis, size in enumerate(info.shape) if size == 1)
    )
    if any(info.shape[axis] != 1 for axis in axes):
        raise Refusal("drops an axis whose size is not 1", found=dims_text(info.shape))
    shape = tuple(size for axis, size in enumerate(info.shape) if axis not in axes)
    batch = info.batch
    if batch is not None:
        batch = None if batch in axes else batch - sum(axis < batch for axis in axes)
    ctx = yield [info._replace(shape=shape, batch=batch)]
    ctx.pass_through()


def unsqueeze(op: OpView) -> Rule:
    """Unsqueeze: adds axes of size 1."""
    info = op.input(0)
    named = op.integers("axes", 1) or ()
    axes = positive_axes(named, len(info.shape) + len(named))
    shape, batch = list(info.shape), info.batch
    for axis in axes:
        shape.insert(axis, 1)
        if batch is not None and axis <= batch:
            batch += 1
    ctx = yield [info._replace(shape=tuple(shape), batch=batch)]
    ctx.pass_through()


def transpose(op: OpView) -> Rule:
    """Transpose, reversing the axes by default; a move of the batch axis alone is no layer."""
    info = op.input(0)
    rank = len(info.shape)
    order = op.number_list("perm") or tuple(range(rank))[::-1]
    if sorted(order) != list(range(rank)):
        raise Refusal(
            "has a 'perm' that is not a permutation of the axes",
            expected=f"all of 0 to {rank - 1}",
            found=dims_text(order),
        )
    axes = tuple(map(int, order))
    shape = tuple(info.shape[axis] for axis in axes)
    values = info.values
    if values is not None:
        steps = strides(info.shape)
        values = pick_values(
            values, [steps[axis] for axis in axes], [range(size) for size in shape]
        )
    batch = info.batch
    moved = None if batch is None else axes.index(batch)
    ctx = yield [info._replace(shape=shape, batch=moved, values=values)]
    if batch is not None:
        axes = tuple(axis - (axis > batch) for axis in axes if axis != batch)
    if list(axes) == sorted(axes):
        ctx.pass_through()
    else:
        ctx.add_output("transpose", {"axes": axes})


def tile(op: OpView) -> Rule:
    """Tile: repeats along each axis, which copies elements unless each repeat is 1."""
    info = op.input(0)
    repeats = op.integers("repeats", 1) or ()
    if len(repeats) != len(info.shape) or min(repeats, default=0) < 0:
        raise Refusal(
            "has repeats for a different number of axes",
            expected=f"{len(info.shape)} numbers",
            found=dims_text(repeats),
        )
    shape = tuple(size * times for size, times in zip(info.shape, repeats, strict=True))
    is_kept = info.batch is not None and repeats[info.batch] == 1
    values = info.values
    if values is not None:
        values = _tiled(values, info.shape, shape) if prod(shape) <= MOST else None
    batch = info.batch if is_kept else None
    ctx = yield [info._replace(shape=shape, batch=batch, values=values)]
    if shape == info.shape:
        ctx.pass_through()
    else:
        ctx.add_output("rearrange", {"shape": ctx.output().image_shape})


def _tiled(values: tuple[int | float, ...], shape: Shape, wide: Shape) -> tuple[int | float, ...]:
    places = [[at % size for at in range(n)] for n, size in zip(wide, shape, strict=True)]
    return pick_values(values, strides(shape), places)


def depth_to_space(op: OpView) -> Rule:
    """DepthToSpace: channels to blocks of the map."""
    x, block = op.input(0), op.integer("blocksize", 0)
    n, c, h, w = _map_shape(x, block)
    shape = (n, c // block**2, h * block, w * block)
    ctx = yield [TensorInfo(shape, op.leading_batch(x))]
    ctx.add_output("rearrange", {"shape": ctx.output().image_shape})


def space_to_depth(op: OpView) -> Rule:
    """SpaceToDepth: blocks of the map to channels."""
    x, block = op.input(0), op.integer("blocksize", 0)
    n, c, h, w = _map_shape(x, block)
    shape = (n, c * block**2, h // block, w // block)
    ctx = yield [TensorInfo(shape, op.leading_batch(x))]
    ctx.add_output("rearrange", {"shape": ctx.output().image_shape})


def _map_shape(info: TensorInfo, block: int) -> Shape:
    if len(info.shape) != 4 or block < 1:
        raise Refusal("has no map to move blocks of", found=f"{dims_text(info.shape)} by {block}")
    return info.shape


def triangle(op: OpView) -> Rule:
    """Trilu: the elements above or below the diagonal, zeros elsewhere."""
    ctx = yield [op.input(0)._replace(values=None)]
    ctx.add_output("rearrange", {"shape": ctx.output().image_shape})


def columns(op: OpView) -> Rule:
    """Col2Im: the sum of windows that are laid out as columns."""
    info = op.input(0)
    axes, kernel = op.integers("image_shape", 1) or (), op.integers("block_shape", 2) or ()
    window = prod(kernel)
    if len(info.shape) != 3 or window < 1 or info.shape[1] % window or min(axes, default=0) < 1:
        raise Refusal("does not read windows that it can add up", found=dims_text(info.shape))
    shape = (info.shape[0], info.shape[1] // window, *axes)
    ctx = yield [TensorInfo(shape, op.leading_batch(info))]
    places = (window, *ctx.output().image_shape)
    maps = ctx.add("rearrange", (ctx.operand(0),), {"shape": places})
    ctx.set_output(emit.reduce(ctx, maps, "sum", (0,), keep=False))


def shuffle(op: OpView) -> Rule:
    """A channel shuffle."""
    ctx = yield []
    ctx.add_output("channel_shuffle", {"groups": op.integer("groups", 1)})


TABLE: Mapping[str, Operator] = {
    "Reshape": reshape,
    "Flatten": flatten,
    "Squeeze": squeeze,
    "Unsqueeze": unsqueeze,
    "Transpose": transpose,
    "Tile": tile,
    "DepthToSpace": depth_to_space,
    "SpaceToDepth": space_to_depth,
    "Trilu": triangle,
    "Col2Im": columns,
}

PATTERNS: Mapping[str, Operator] = {"ShufflePattern": shuffle}
