"""Other shapes and orders of the same elements."""

from __future__ import annotations

from costcalc.errors import Refusal
from costcalc.importers import emit
from costcalc.importers.builder import sides_text
from costcalc.importers.model import Sides
from costcalc.importers.onnx.context import OnnxContext
from costcalc.importers.onnx.numbers import MOST, Number
from costcalc.importers.onnx.op_view import OpView
from costcalc.importers.onnx.operators.elementwise import picked, strides
from costcalc.importers.onnx.tensors import TensorInfo, elements, front, fronts, regrouped


def reshape_shapes(op: OpView) -> list[TensorInfo]:
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
            expected=f"{count:,} elements, as {sides_text(known.shape)} has",
            found=sides_text(wanted),
        )
    return [_regrouped(op, shape)]


def flatten_shapes(op: OpView) -> list[TensorInfo]:
    """Two axes: those before one, and those from it on."""
    shape = op.shape()
    axis = op.whole("axis", 1)
    axis = axis if axis == len(shape) else front(axis, len(shape))
    return [_regrouped(op, (elements(shape[:axis]), elements(shape[axis:])))]


def squeeze_shapes(op: OpView) -> list[TensorInfo]:
    """Without axes of 1: those named, or all."""
    known = op.input(0)
    named = op.wholes("axes", 1)
    axes = (
        fronts(named, len(known.shape))
        if named is not None
        else tuple(axis for axis, side in enumerate(known.shape) if side == 1)
    )
    if any(known.shape[axis] != 1 for axis in axes):
        raise Refusal("drops an axis that is not 1", found=sides_text(known.shape))
    shape = tuple(side for axis, side in enumerate(known.shape) if axis not in axes)
    batch = known.batch
    if batch is not None:
        batch = None if batch in axes else batch - sum(axis < batch for axis in axes)
    return [known._replace(shape=shape, batch=batch)]


def unsqueeze_shapes(op: OpView) -> list[TensorInfo]:
    """With more axes of 1."""
    known = op.input(0)
    named = op.wholes("axes", 1) or ()
    rank = len(known.shape) + len(named)
    axes = fronts(named, rank)
    rest = iter(enumerate(known.shape))
    shape, batch = [], None
    for axis in range(rank):
        if axis in axes:
            shape.append(1)
            continue
        before, side = next(rest)
        shape.append(side)
        if before == known.batch:
            batch = axis
    return [known._replace(shape=tuple(shape), batch=batch)]


def view(op: OnnxContext) -> None:
    """The same elements in another shape."""
    op.pass_through()


def transpose_shapes(op: OpView) -> list[TensorInfo]:
    """Axes in another order, backwards by default."""
    known = op.input(0)
    order = _order(op)
    shape = tuple(known.shape[axis] for axis in order)
    values = known.values
    if values is not None:
        steps = strides(known.shape)
        values = picked(values, [steps[axis] for axis in order], [range(side) for side in shape])
    batch = None if known.batch is None else order.index(known.batch)
    return [known._replace(shape=shape, batch=batch, values=values)]


def transpose(op: OnnxContext) -> None:
    """Axes in another order, that of the batch left out."""
    known, order = op.input(0), _order(op)
    kept = [axis for axis in order if axis != known.batch]
    if known.batch is not None:
        kept = [axis - (axis > known.batch) for axis in kept]
    if kept == sorted(kept):
        op.pass_through()
        return
    op.set_output(emit.transpose(op, op.source(0), kept))


def moved(op: OnnxContext) -> None:
    """Elements moved, repeated or picked in a way that no other kind says."""
    op.emit_one("rearrange", {"shape": op.output().dims})


def tile_shapes(op: OpView) -> list[TensorInfo]:
    """Every side as many times as it is repeated."""
    known = op.input(0)
    repeats = op.wholes("repeats", 1) or ()
    if len(repeats) != len(known.shape) or min(repeats, default=0) < 0:
        raise Refusal(
            "repeats axes that are not there",
            expected=f"{len(known.shape)} numbers",
            found=sides_text(repeats),
        )
    shape = tuple(side * times for side, times in zip(known.shape, repeats, strict=True))
    is_kept = known.batch is not None and repeats[known.batch] == 1
    values = known.values
    if values is not None:
        values = _tiled(values, known.shape, shape) if elements(shape) <= MOST else None
    return [known._replace(shape=shape, batch=known.batch if is_kept else None, values=values)]


def repeated(op: OnnxContext) -> None:
    """Nothing where each stands once, otherwise copies."""
    if op.output().shape == op.shape():
        op.pass_through()
    else:
        moved(op)


def shuffle(op: OnnxContext) -> None:
    """Channels dealt out anew across groups."""
    op.emit_one("channel_shuffle", {"groups": op.whole("groups", 1)})


def to_space_shapes(op: OpView) -> list[TensorInfo]:
    """Channels to blocks of the map."""
    x, side = op.input(0), op.whole("blocksize", 0)
    n, c, *axes = _map(x, side)
    return [TensorInfo((n, c // side**2, *(side * each for each in axes)), op.image_batch(x))]


def to_depth_shapes(op: OpView) -> list[TensorInfo]:
    """Blocks of the map to channels."""
    x, side = op.input(0), op.whole("blocksize", 0)
    n, c, *axes = _map(x, side)
    return [TensorInfo((n, c * side**2, *(each // side for each in axes)), op.image_batch(x))]


def column_shapes(op: OpView) -> list[TensorInfo]:
    """Col2Im's: a map that windows, laid out as columns, are added up to."""
    known = op.input(0)
    sides, kernel = op.wholes("image_shape", 1) or (), op.wholes("block_shape", 2) or ()
    window = elements(kernel)
    if len(known.shape) != 3 or window < 1 or known.shape[1] % window or min(sides, default=0) < 1:
        raise Refusal("adds up what are no windows", found=sides_text(known.shape))
    return [TensorInfo((known.shape[0], known.shape[1] // window, *sides), op.image_batch(known))]


def columns(op: OnnxContext) -> None:
    """As many maps as a window has places, added up."""
    known, out = op.input(0), op.output()
    window = known.shape[1] // out.shape[1]
    maps = op.add("rearrange", (op.source(0),), {"shape": (window, *out.dims)})
    op.set_output(emit.reduce(op, maps, "sum", (0,), keep=False))


def _tiled(values: tuple[Number, ...], shape: Sides, wide: Sides) -> tuple[Number, ...]:
    places = [[at % side for at in range(n)] for n, side in zip(wide, shape, strict=True)]
    return picked(values, strides(shape), places)


def _map(known: TensorInfo, side: int) -> Sides:
    if len(known.shape) != 4 or side < 1:
        raise Refusal("moves blocks of no map", found=f"{sides_text(known.shape)} by {side}")
    return known.shape


def _regrouped(op: OpView, shape: Sides) -> TensorInfo:
    known = op.input(0)
    return known._replace(shape=shape, batch=regrouped(known, shape, op.images))


def _order(op: OpView) -> Sides:
    rank = len(op.shape())
    order = op.listed("perm") or tuple(range(rank))[::-1]
    if sorted(order) != list(range(rank)):
        raise Refusal(
            "puts axes into no order", expected=f"all of 0 to {rank - 1}", found=sides_text(order)
        )
    return tuple(map(int, order))
