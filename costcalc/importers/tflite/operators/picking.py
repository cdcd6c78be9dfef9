"""Picking elements by their values, running sums, and Fourier transforms."""

from __future__ import annotations

from collections.abc import Mapping

from costcalc.errors import Refusal
from costcalc.importers import emit
from costcalc.importers.builder import Operand, dims_text
from costcalc.importers.tflite.context import Rule, TfliteContext


def top_k(op: TfliteContext) -> None:
    """TOPK_V2: the largest along the last axis, and their places, which are one layer."""
    x, (axis,) = op.along([-1])
    y = op.add("top_k", (x,), {"k": _one(op, 1), "axis": axis})
    for index in range(len(op.operator.outputs)):
        op.set_output(y, index)


def running_sum(op: TfliteContext) -> None:
    """CUMSUM along an axis."""
    x, (axis,) = op.along([_one(op, 1)])
    op.set_output(emit.scan(op, x, axis))


def suppressed(op: TfliteContext) -> None:
    """NON_MAX_SUPPRESSION_V4 and V5: places of boxes, their scores, and how many there are.

    Raises:
        Refusal: there are no boxes.
    """
    shape = op.shape()
    if len(shape) != 2:
        raise Refusal("reads no boxes", "(boxes, numbers)", dims_text(shape))
    boxes, scores = op.view(op.natural(0), shape), op.view(op.operand(1), shape[:1])
    most = min(_one(op, 2), shape[0])
    y = op.add("nms", (boxes, scores), {"most": most})
    op.set_output(_padded(op, y, 0), 0)
    for index in range(1, len(op.operator.outputs)):
        found = op.add("rearrange", (scores, y), {"shape": op.target(index)}, ".found")
        op.set_output(found, index)


def _one(op: TfliteContext, index: int) -> int:
    """The whole number that an input holds.

    Raises:
        Refusal: it holds none, or several.
    """
    numbers = op.integers(index)
    if len(numbers) != 1:
        raise Refusal(f"its input {index} is not one number", found=dims_text(numbers))
    return numbers[0]


def _padded(op: TfliteContext, x: Operand, index: int) -> Operand:
    """Places of boxes, with zeros after them up to as many as the output has."""
    (size,) = op.target(index)
    return x if size == x.shape[0] else emit.pad(op, x, {0: (0, size - x.shape[0])})


def fourier(op: TfliteContext) -> None:
    """RFFT2D, of real numbers along the last two axes.

    Raises:
        Refusal: it has no two axes.
    """
    if op.operand().rank < 2 or len(op.integers(1)) != 2:
        raise Refusal("has no rows and columns to transform", found=dims_text(op.shape()))
    # In the file's order of axes, the last one is halved.
    x = op.natural(0)
    arguments = {"axes": (x.rank - 2, x.rank - 1), "size": op.integers(1), "real": "input"}
    op.set_output(op.from_natural(op.add("fft", (x,), arguments)))


TABLE: Mapping[str, Rule] = {
    "TOPK_V2": top_k,
    "CUMSUM": running_sum,
    "NON_MAX_SUPPRESSION_V4": suppressed,
    "NON_MAX_SUPPRESSION_V5": suppressed,
    "RFFT2D": fourier,
}
