"""Reductions, and selections of the largest elements."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from math import prod

from costcalc.importers import emit
from costcalc.importers.onnx.context import Operator, OpView, Rule
from costcalc.importers.onnx.numbers import Number
from costcalc.importers.onnx.tensors import TensorInfo, positive_axes, positive_axis


def reduction(kind: str, before: str = "", after: str = "") -> Operator:
    """A reduction, optionally with a function of each element before it, or of its result after."""

    def rule(op: OpView) -> Rule:
        info, axes = op.input(0), _axes(op)
        is_kept = bool(op.integer("keepdims", 1))
        ctx = yield [_folded(op.node.operator, info, axes, _reduced(info, axes, is_kept))]
        if info.batch in axes and ctx.images == 1:
            # Layers have no batch axis to reduce; of one image, it does not matter.
            x = ctx.operand(0)
            along = [axis - (axis > info.batch) for axis in axes if axis != info.batch]
        else:
            x, along = ctx.along_axes(0, axes)
        x = ctx.add(before, (x,)) if before else x
        is_kept = is_kept or len(along) == x.rank
        is_map = x.rank > 1 and along == list(range(1, x.rank))
        if kind == "mean" and is_kept and is_map:
            x = ctx.add("global_avg_pool", (x,))
        elif along:
            x = emit.reduce(ctx, x, kind, along, keep=is_kept)
        ctx.set_output(ctx.add(after, (x,)) if after else x)

    return rule


def _folded(operator: str, info: TensorInfo, axes: Sequence[int], result: TensorInfo) -> TensorInfo:
    """The result, with its value if those of the input are known."""
    function = _FOLDED.get(operator)
    if function is None or not info.values or len(axes) < len(info.shape):
        return result
    return result._replace(values=(function(info.values),))


_FOLDED: Mapping[str, Callable[[Iterable[Number]], Number]] = {
    "ReduceProd": prod,
    "ReduceSum": sum,
    "ReduceMax": max,
    "ReduceMin": min,
}
"""The functions of reductions that are folded."""


def _axes(op: OpView) -> tuple[int, ...]:
    rank = len(op.shape())
    named = op.integers("axes", 1)
    if not named:
        is_all = not op.integer("noop_with_empty_axes", 0)
        return tuple(range(rank)) if is_all else ()
    return positive_axes([positive_axis(axis, rank) for axis in named], rank)


def _reduced(info: TensorInfo, axes: Sequence[int], is_kept: bool) -> TensorInfo:
    """A tensor without some axes, or with 1 in their place."""
    shape = tuple(
        1 if axis in axes else size
        for axis, size in enumerate(info.shape)
        if is_kept or axis not in axes
    )
    if info.batch is None or info.batch in axes:
        return TensorInfo(shape)
    gone = 0 if is_kept else sum(axis < info.batch for axis in axes)
    return TensorInfo(shape, info.batch - gone)


def argmax(op: OpView) -> Rule:
    """ArgMax and ArgMin."""
    axis = op.axis(0)
    ctx = yield [_reduced(op.input(0), (axis,), bool(op.integer("keepdims", 1)))]
    x, axes = ctx.along_axes(0, [axis])
    ctx.set_output(emit.reduce(ctx, x, "argmax", axes, keep=True))


TABLE: Mapping[str, Operator] = {
    "ReduceMean": reduction("mean"),
    "ReduceSum": reduction("sum"),
    "ReduceMax": reduction("reduce_max"),
    "ReduceMin": reduction("reduce_min"),
    "ReduceProd": reduction("product"),
    "ReduceL1": reduction("sum", before="abs"),
    "ReduceL2": reduction("l2_norm"),
    "ReduceSumSquare": reduction("sum", before="square"),
    "ReduceLogSum": reduction("sum", after="log"),
    "ReduceLogSumExp": reduction("sum", before="exp", after="log"),
    "ArgMax": argmax,
    "ArgMin": argmax,
}

PATTERNS: Mapping[str, Operator] = {"VariancePattern": reduction("variance")}
