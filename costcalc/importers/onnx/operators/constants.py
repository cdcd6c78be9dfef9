"""Numbers that the graph itself holds or makes: constants, shapes, ranges."""

from __future__ import annotations

import math

from costcalc.errors import Refusal
from costcalc.importers.onnx.context import OnnxContext
from costcalc.importers.onnx.inline import Literal
from costcalc.importers.onnx.numbers import MOST
from costcalc.importers.onnx.op_view import OpView
from costcalc.importers.onnx.operators.elementwise import spread
from costcalc.importers.onnx.tensors import TensorInfo, broadcast, elements, meeting_batch
from costcalc.spec import limits


def shape_shapes(op: OpView) -> list[TensorInfo]:
    """The sides of a shape, from one axis to another."""
    shape = op.shape()
    start, end = op.whole("start", 0), op.whole("end", len(shape))
    values = shape[slice(start, end)]
    return [TensorInfo((len(values),), values=values, is_static=True)]


def size_shapes(op: OpView) -> list[TensorInfo]:
    """The number of elements."""
    return [TensorInfo((), values=(elements(op.shape()),), is_static=True)]


def filled_shapes(op: OpView) -> list[TensorInfo]:
    """A shape filled with one number, zero by default."""
    shape = sides(op.wholes("shape", 0) or ())
    stated = op.attribute("value")
    value = stated.values[0] if isinstance(stated, Literal) and stated.values else 0.0
    count = elements(shape)
    return [TensorInfo(shape, values=(value,) * count if count <= MOST else None, is_static=True)]


def range_shapes(op: OpView) -> list[TensorInfo]:
    """Numbers from a start to a limit, a step apart."""
    start, limit, step = (_one(op, index) for index in range(3))
    if step == 0:
        raise Refusal("takes steps of 0")
    count = max(math.ceil((limit - start) / step), 0)
    if count > limits.SIZE:
        raise Refusal("gives too many numbers", f"at most {limits.SIZE:,}")
    values = tuple(start + index * step for index in range(count)) if count <= MOST else None
    return [TensorInfo((count,), values=values, is_static=True)]


def expand_shapes(op: OpView) -> list[TensorInfo]:
    """A shape widened along its axes of 1."""
    known = op.input(0)
    shape = broadcast([known.shape, sides(op.wholes("shape", 1) or ())])
    values = known.values
    if values is not None:
        values = tuple(spread(values, known.shape, shape)) if elements(shape) <= MOST else None
    return [TensorInfo(shape, meeting_batch([known], shape, op.images), values)]


def expand(op: OnnxContext) -> None:
    """Nothing where the shape is the same, otherwise copies."""
    out = op.output()
    if elements(out.shape) == elements(op.shape()):
        op.pass_through()
    else:
        op.emit_one("rearrange", {"shape": out.dims}, op.broadcast_inputs([0]))


def sides(shape: tuple[int, ...]) -> tuple[int, ...]:
    """A shape that was computed.

    Raises:
        Refusal: it is none.
    """
    if any(not 0 <= side <= limits.SIZE for side in shape):
        raise Refusal(
            "is given a shape that none can be",
            expected=f"sides from 0 to {limits.SIZE:,}",
            found=", ".join(map(str, shape)),
        )
    return shape


def _one(op: OpView, index: int) -> int | float:
    values = op.numbers(index) or ()
    if len(values) != 1:
        raise Refusal(f"takes one number as input {index + 1}", found=f"{len(values)}")
    return values[0]
