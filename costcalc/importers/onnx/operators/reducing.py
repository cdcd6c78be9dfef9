"""Reductions along axes, and choices of the largest."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from math import prod

from costcalc.errors import Refusal
from costcalc.importers import emit
from costcalc.importers.builder import Operand
from costcalc.importers.onnx.context import OnnxContext
from costcalc.importers.onnx.numbers import Number
from costcalc.importers.onnx.op_view import OpView
from costcalc.importers.onnx.tensors import TensorInfo, front, fronts


def reduce_shapes(op: OpView) -> list[TensorInfo]:
    """Without the axes that are reduced, or with 1 in their place."""
    known, axes = op.input(0), _axes(op)
    is_kept = bool(op.whole("keepdims", 1))
    shape = tuple(
        1 if axis in axes else side
        for axis, side in enumerate(known.shape)
        if is_kept or axis not in axes
    )
    found = TensorInfo(shape, _batch_left(known, axes, is_kept))
    if known.values is not None and len(axes) == len(known.shape):
        function = _FOLDED.get(op.node.operator)
        if function is not None and known.values:
            return [found._replace(values=(function(known.values),))]
    return [found]


def reduced(kind: str, *around: str) -> Callable[[OnnxContext], None]:
    """A reduction; functions of every element before it, or of the results where ``-`` is ahead."""

    def lower(op: OnnxContext) -> None:
        known, axes = op.input(0), list(_axes(op))
        x, along = _source(op, known, axes)
        for word in around:
            if not word.startswith("-"):
                x = op.add(word, (x,))
        is_kept = bool(op.whole("keepdims", 1)) or len(along) == x.rank
        is_map = x.rank > 1 and along == list(range(1, x.rank))
        if kind == "mean" and is_kept and is_map:
            x = op.add("global_avg_pool", (x,))
        elif along:
            x = emit.reduce(op, x, kind, along, keep=is_kept)
        for word in around:
            if word.startswith("-"):
                x = op.add(word[1:], (x,))
        op.set_output(x)

    return lower


def chosen_shapes(op: OpView) -> list[TensorInfo]:
    """ArgMax's: one place along an axis."""
    known, axis = op.input(0), op.axis(0)
    is_kept = bool(op.whole("keepdims", 1))
    shape = (*known.shape[:axis], *((1,) if is_kept else ()), *known.shape[axis + 1 :])
    return [TensorInfo(shape, _batch_left(known, (axis,), is_kept))]


def chosen(op: OnnxContext) -> None:
    """The place of the largest."""
    x, axes = op.along_axes(0, [op.axis(0)])
    op.set_output(emit.reduce(op, x, "argmax", axes, keep=True))


def top_shapes(op: OpView) -> list[TensorInfo]:
    """The largest few along an axis, and their places."""
    known = op.input(0)
    axis = op.axis(-1)
    count = op.whole("k", 0) or (op.wholes("k", 1) or (0,))[0]
    if not 0 < count <= known.shape[axis]:
        raise Refusal("chooses more than there are", found=f"{count} of {known.shape[axis]}")
    shape = (*known.shape[:axis], count, *known.shape[axis + 1 :])
    found = TensorInfo(shape, None if known.batch == axis else known.batch)
    return [found, found]


def top(op: OnnxContext) -> None:
    """Elements picked by their size, and their places."""
    for index, name in enumerate(op.node.outputs):
        if name and op.is_read(index):
            arguments = {"shape": op.output(index).dims}
            op.set_output(op.add("rearrange", (op.source(0),), arguments), index)


_FOLDED: Mapping[str, Callable[[Iterable[Number]], Number]] = {
    "ReduceProd": prod,
    "ReduceSum": sum,
    "ReduceMax": max,
    "ReduceMin": min,
}
"""What reductions of sizes give."""


def _axes(op: OpView) -> tuple[int, ...]:
    rank = len(op.shape())
    named = op.wholes("axes", 1)
    if not named:
        is_all = not op.whole("noop_with_empty_axes", 0)
        return tuple(range(rank)) if is_all else ()
    return fronts([front(axis, rank) for axis in named], rank)


def _batch_left(known: TensorInfo, axes: tuple[int, ...], is_kept: bool) -> int | None:
    """Where the batch is once axes are reduced."""
    if known.batch is None or known.batch in axes:
        return None
    return known.batch if is_kept else known.batch - sum(axis < known.batch for axis in axes)


def _source(op: OnnxContext, known: TensorInfo, axes: list[int]) -> tuple[Operand, list[int]]:
    """An input without the batch where that is one image; its axes without it too."""
    if known.batch in axes and op.images == 1:
        kept = [axis - (axis > known.batch) for axis in axes if axis != known.batch]
        return op.source(0), kept
    return op.along_axes(0, axes)
