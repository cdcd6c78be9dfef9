"""Reductions along axes, and choices of the largest."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from math import prod

from costcalc.errors import Refusal
from costcalc.importers import emit
from costcalc.importers.model import Shape
from costcalc.importers.onnx.context import Operator, Rule
from costcalc.importers.onnx.numbers import Number
from costcalc.importers.onnx.op_view import OpView
from costcalc.importers.onnx.tensors import TensorInfo, positive_axes, positive_axis


def reduction(kind: str, before: str = "", behind: str = "") -> Operator:
    """A reduction, maybe with a function of every element before it, or of the results behind."""

    def rule(op: OpView) -> Rule:
        known, axes = op.input(0), _axes(op)
        is_kept = bool(op.whole("keepdims", 1))
        to = yield [_folded(op.node.operator, known, axes, _without(known, axes, is_kept))]
        if known.batch in axes and to.images == 1:
            # The batch of one image is no axis of what is reduced.
            x = to.source(0)
            along = [axis - (axis > known.batch) for axis in axes if axis != known.batch]
        else:
            x, along = to.along_axes(0, axes)
        x = to.add(before, (x,)) if before else x
        is_kept = is_kept or len(along) == x.rank
        is_map = x.rank > 1 and along == list(range(1, x.rank))
        if kind == "mean" and is_kept and is_map:
            x = to.add("global_avg_pool", (x,))
        elif along:
            x = emit.reduce(to, x, kind, along, keep=is_kept)
        to.set_output(to.add(behind, (x,)) if behind else x)

    return rule


def _folded(operator: str, known: TensorInfo, axes: Shape, result: TensorInfo) -> TensorInfo:
    """The result with its number, where all of the input's are known."""
    function = _FOLDED.get(operator)
    if function is None or not known.values or len(axes) < len(known.shape):
        return result
    return result._replace(values=(function(known.values),))


_FOLDED: Mapping[str, Callable[[Iterable[Number]], Number]] = {
    "ReduceProd": prod,
    "ReduceSum": sum,
    "ReduceMax": max,
    "ReduceMin": min,
}
"""What reductions of sizes give."""


def _axes(op: OpView) -> Shape:
    rank = len(op.shape())
    named = op.wholes("axes", 1)
    if not named:
        is_all = not op.whole("noop_with_empty_axes", 0)
        return tuple(range(rank)) if is_all else ()
    return positive_axes([positive_axis(axis, rank) for axis in named], rank)


def _without(known: TensorInfo, axes: Shape, is_kept: bool) -> TensorInfo:
    """A tensor without some axes, or with 1 in their place."""
    shape = tuple(
        1 if axis in axes else side
        for axis, side in enumerate(known.shape)
        if is_kept or axis not in axes
    )
    if known.batch is None or known.batch in axes:
        return TensorInfo(shape)
    gone = 0 if is_kept else sum(axis < known.batch for axis in axes)
    return TensorInfo(shape, known.batch - gone)


def place_of_largest(op: OpView) -> Rule:
    """One place along an axis."""
    axis = op.axis(0)
    to = yield [_without(op.input(0), (axis,), bool(op.whole("keepdims", 1)))]
    x, axes = to.along_axes(0, [axis])
    to.set_output(emit.reduce(to, x, "argmax", axes, keep=True))


def largest_few(op: OpView) -> Rule:
    """Elements picked by their size along an axis, and their places."""
    known, axis = op.input(0), op.axis(-1)
    count = op.whole("k", 0) or (op.wholes("k", 1) or (0,))[0]
    if not 0 < count <= known.shape[axis]:
        raise Refusal(
            "chooses more elements than there are", found=f"{count} of {known.shape[axis]}"
        )
    shape = (*known.shape[:axis], count, *known.shape[axis + 1 :])
    found = TensorInfo(shape, None if known.batch == axis else known.batch)
    to = yield [found, found]
    for index, name in enumerate(op.node.outputs):
        if name and to.is_read(index):
            arguments = {"shape": to.output(index).dims}
            to.set_output(to.add("rearrange", (to.source(0),), arguments), index)


TABLE: Mapping[str, Operator] = {
    "ReduceMean": reduction("mean"),
    "ReduceSum": reduction("sum"),
    "ReduceMax": reduction("reduce_max"),
    "ReduceMin": reduction("reduce_min"),
    "ReduceProd": reduction("product"),
    "ReduceL1": reduction("sum", before="abs"),
    "ReduceL2": reduction("l2_norm"),
    "ReduceSumSquare": reduction("sum", before="square"),
    "ReduceLogSum": reduction("sum", behind="log"),
    "ReduceLogSumExp": reduction("sum", before="exp", behind="log"),
    "ArgMax": place_of_largest,
    "ArgMin": place_of_largest,
    "TopK": largest_few,
}

PATTERNS: Mapping[str, Operator] = {"VariancePattern": reduction("variance")}
