"""Numbers that the graph itself holds or makes: constants, shapes, ranges.

What is known beforehand becomes no layer.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from costcalc.errors import Refusal
from costcalc.importers.onnx.context import Operator, OpView, Rule
from costcalc.importers.onnx.inline import TensorAttribute
from costcalc.importers.onnx.numbers import MOST
from costcalc.importers.onnx.operators.elementwise import broadcast_values
from costcalc.importers.onnx.tensors import TensorInfo, broadcast, broadcast_batch, elements
from costcalc.spec import limits


def shape(op: OpView) -> Rule:
    """The sides of a shape, from one axis to another."""
    sides = op.shape()
    values = sides[slice(op.integer("start", 0), op.integer("end", len(sides)))]
    ctx = yield [TensorInfo((len(values),), values=values, is_static=True)]
    ctx.pass_through()


def size(op: OpView) -> Rule:
    """The number of elements."""
    ctx = yield [TensorInfo((), values=(elements(op.shape()),), is_static=True)]
    ctx.pass_through()


def filled(op: OpView) -> Rule:
    """A shape filled with one number, zero by default."""
    sides = _sides(op.integers("shape", 0) or ())
    stated = op.attribute("value")
    value = stated.values[0] if isinstance(stated, TensorAttribute) and stated.values else 0.0
    count = elements(sides)
    values = (value,) * count if count <= MOST else None
    ctx = yield [TensorInfo(sides, values=values, is_static=True)]
    ctx.pass_through()


def numbers(op: OpView) -> Rule:
    """Numbers from a start to a limit, a step apart."""
    start, limit, step = (_one(op, index) for index in range(3))
    if step == 0:
        raise Refusal("takes steps of 0")
    count = max(math.ceil((limit - start) / step), 0)
    if count > limits.SIZE:
        raise Refusal("gives too many numbers", f"at most {limits.SIZE:,}")
    values = tuple(start + index * step for index in range(count)) if count <= MOST else None
    ctx = yield [TensorInfo((count,), values=values, is_static=True)]
    ctx.pass_through()


def expand(op: OpView) -> Rule:
    """A shape widened along its axes of 1: copies, unless it is the same."""
    info = op.input(0)
    wide = broadcast([info.shape, _sides(op.integers("shape", 1) or ())])
    values = info.values
    if values is not None:
        values = (
            tuple(broadcast_values(values, info.shape, wide)) if elements(wide) <= MOST else None
        )
    ctx = yield [TensorInfo(wide, broadcast_batch([info], wide, op.images), values)]
    if elements(wide) == elements(info.shape):
        ctx.pass_through()
    else:
        ctx.emit_one("rearrange", {"shape": ctx.output().dims}, ctx.broadcast_inputs([0]))


def _sides(shape: tuple[int, ...]) -> tuple[int, ...]:
    """A shape that was computed.

    Raises:
        Refusal: it is none.
    """
    if any(not 0 <= side <= limits.SIZE for side in shape):
        raise Refusal(
            "is given a shape that is not valid",
            expected=f"sides from 0 to {limits.SIZE:,}",
            found=", ".join(map(str, shape)),
        )
    return shape


def _one(op: OpView, index: int) -> int | float:
    values = op.numbers(index) or ()
    if len(values) != 1:
        raise Refusal(f"takes one number as input {index + 1}", found=f"{len(values)}")
    return values[0]


TABLE: Mapping[str, Operator] = {
    "Shape": shape,
    "Size": size,
    "ConstantOfShape": filled,
    "Range": numbers,
    "Expand": expand,
}
