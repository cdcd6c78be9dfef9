"""Other shapes and orders of the same elements."""

from __future__ import annotations

from collections.abc import Mapping

from costcalc.errors import Refusal
from costcalc.importers import emit
from costcalc.importers.builder import dims_text
from costcalc.importers.model import Shape
from costcalc.importers.onnx.context import Operator, Rule
from costcalc.importers.onnx.numbers import MOST
from costcalc.importers.onnx.op_view import OpView
from costcalc.importers.onnx.operators.elementwise import pick_values, strides
from costcalc.importers.onnx.tensors import (
    TensorInfo,
    batch_after_reshape,
    elements,
    positive_axes,
    positive_axis,
)


def reshape(op: OpView) -> Rule:
    """A shape in which 0 is the side that was there, and -1 whatever is left."""
    known = op.input(0)
    wanted = op.wholes("shape", 1)
    if wanted is None:
        raise Refusal("is given no shape")
    if not op.whole("allowzero", 0):
        wanted = tuple(
            known.shape[axis] if side == 0 and axis < len(known.shape) else side
            for axis, side in enumerate(wanted)
        )
    count = elements(known.shape)
    rest = elements(tuple(side for side in wanted if side != -1))
    is_open = wanted.count(-1) == 1 and rest > 0 and count % rest == 0
    shape = tuple(count // rest if side == -1 and is_open else side for side in wanted)
    if any(side < 0 for side in shape) or elements(shape) != count:
        raise Refusal(
            "cannot give its elements this shape",
            expected=f"{count:,} elements, as {dims_text(known.shape)} has",
            found=dims_text(wanted),
        )
    to = yield [known._replace(shape=shape, batch=batch_after_reshape(known, shape, op.images))]
    to.pass_through()


def flatten(op: OpView) -> Rule:
    """Two axes: those before one, and those from it on."""
    known, axis = op.input(0), op.whole("axis", 1)
    rank = len(known.shape)
    axis = axis if axis == rank else positive_axis(axis, rank)
    shape = (elements(known.shape[:axis]), elements(known.shape[axis:]))
    to = yield [known._replace(shape=shape, batch=batch_after_reshape(known, shape, op.images))]
    to.pass_through()


def squeeze(op: OpView) -> Rule:
    """Without axes of 1: those named, or all."""
    known = op.input(0)
    named = op.wholes("axes", 1)
    axes = (
        positive_axes(named, len(known.shape))
        if named is not None
        else tuple(axis for axis, side in enumerate(known.shape) if side == 1)
    )
    if any(known.shape[axis] != 1 for axis in axes):
        raise Refusal("drops an axis whose side is not 1", found=dims_text(known.shape))
    shape = tuple(side for axis, side in enumerate(known.shape) if axis not in axes)
    batch = known.batch
    if batch is not None:
        batch = None if batch in axes else batch - sum(axis < batch for axis in axes)
    to = yield [known._replace(shape=shape, batch=batch)]
    to.pass_through()


def unsqueeze(op: OpView) -> Rule:
    """With more axes of 1."""
    known = op.input(0)
    named = op.wholes("axes", 1) or ()
    axes = positive_axes(named, len(known.shape) + len(named))
    shape, batch = list(known.shape), known.batch
    for axis in axes:
        shape.insert(axis, 1)
        if batch is not None and axis <= batch:
            batch += 1
    to = yield [known._replace(shape=tuple(shape), batch=batch)]
    to.pass_through()


def transpose(op: OpView) -> Rule:
    """Axes in another order, backwards by default; that of the batch is left out."""
    known = op.input(0)
    rank = len(known.shape)
    order = op.listed("perm") or tuple(range(rank))[::-1]
    if sorted(order) != list(range(rank)):
        raise Refusal(
            "has a 'perm' that is not a permutation of the axes",
            expected=f"all of 0 to {rank - 1}",
            found=dims_text(order),
        )
    axes = tuple(map(int, order))
    shape = tuple(known.shape[axis] for axis in axes)
    values = known.values
    if values is not None:
        steps = strides(known.shape)
        values = pick_values(
            values, [steps[axis] for axis in axes], [range(side) for side in shape]
        )
    batch = known.batch
    moved = None if batch is None else axes.index(batch)
    to = yield [known._replace(shape=shape, batch=moved, values=values)]
    if batch is not None:
        axes = tuple(axis - (axis > batch) for axis in axes if axis != batch)
    if list(axes) == sorted(axes):
        to.pass_through()
    else:
        to.emit_one("transpose", {"axes": axes})


def tile(op: OpView) -> Rule:
    """Every side as many times as it is repeated: copies, unless each stands once."""
    known = op.input(0)
    repeats = op.wholes("repeats", 1) or ()
    if len(repeats) != len(known.shape) or min(repeats, default=0) < 0:
        raise Refusal(
            "has repeats for a different number of axes",
            expected=f"{len(known.shape)} numbers",
            found=dims_text(repeats),
        )
    shape = tuple(side * times for side, times in zip(known.shape, repeats, strict=True))
    is_kept = known.batch is not None and repeats[known.batch] == 1
    values = known.values
    if values is not None:
        values = _tiled(values, known.shape, shape) if elements(shape) <= MOST else None
    batch = known.batch if is_kept else None
    to = yield [known._replace(shape=shape, batch=batch, values=values)]
    if shape == known.shape:
        to.pass_through()
    else:
        to.emit_one("rearrange", {"shape": to.output().dims})


def _tiled(values: tuple[int | float, ...], shape: Shape, wide: Shape) -> tuple[int | float, ...]:
    places = [[at % side for at in range(n)] for n, side in zip(wide, shape, strict=True)]
    return pick_values(values, strides(shape), places)


def depth_to_space(op: OpView) -> Rule:
    """Channels to blocks of the map."""
    x, side = op.input(0), op.whole("blocksize", 0)
    n, c, *axes = _map(x, side)
    shape = (n, c // side**2, *(side * each for each in axes))
    to = yield [TensorInfo(shape, op.image_batch(x))]
    to.emit_one("rearrange", {"shape": to.output().dims})


def space_to_depth(op: OpView) -> Rule:
    """Blocks of the map to channels."""
    x, side = op.input(0), op.whole("blocksize", 0)
    n, c, *axes = _map(x, side)
    shape = (n, c * side**2, *(each // side for each in axes))
    to = yield [TensorInfo(shape, op.image_batch(x))]
    to.emit_one("rearrange", {"shape": to.output().dims})


def _map(known: TensorInfo, side: int) -> Shape:
    if len(known.shape) != 4 or side < 1:
        raise Refusal("has no map to move blocks of", found=f"{dims_text(known.shape)} by {side}")
    return known.shape


def triangle(op: OpView) -> Rule:
    """Elements above or below the diagonal, zeros elsewhere."""
    to = yield [op.input(0)._replace(values=None)]
    to.emit_one("rearrange", {"shape": to.output().dims})


def columns(op: OpView) -> Rule:
    """A map that windows, laid out as columns, are added up to."""
    known = op.input(0)
    sides, kernel = op.wholes("image_shape", 1) or (), op.wholes("block_shape", 2) or ()
    window = elements(kernel)
    if len(known.shape) != 3 or window < 1 or known.shape[1] % window or min(sides, default=0) < 1:
        raise Refusal("does not read windows that it can add up", found=dims_text(known.shape))
    shape = (known.shape[0], known.shape[1] // window, *sides)
    to = yield [TensorInfo(shape, op.image_batch(known))]
    places = (window, *to.output().dims)
    maps = to.add("rearrange", (to.source(0),), {"shape": places})
    to.set_output(emit.reduce(to, maps, "sum", (0,), keep=False))


def shuffle(op: OpView) -> Rule:
    """Channels dealt out anew across groups."""
    to = yield []
    to.emit_one("channel_shuffle", {"groups": op.whole("groups", 1)})


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
