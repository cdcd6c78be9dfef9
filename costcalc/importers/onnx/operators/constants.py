"""Constants, shapes and ranges: tensors that the graph holds or computes without an input.

Tensors of known values become no layers.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from math import prod

from costcalc.errors import Refusal
from costcalc.importers.model import Shape
from costcalc.importers.onnx.context import Operator, OpView, Rule
from costcalc.importers.onnx.inline import TensorAttribute
from costcalc.importers.onnx.numbers import MOST, Number
from costcalc.importers.onnx.operators.elementwise import broadcast_values
from costcalc.importers.onnx.tensors import TensorInfo, broadcast, broadcast_batch
from costcalc.spec import limits


def shape_of(op: OpView) -> Rule:
    """Shape: the dimensions of the input, optionally from one axis to another."""
    dims = op.shape()
    values = dims[slice(op.integer("start", 0), op.integer("end", len(dims)))]
    ctx = yield [TensorInfo((len(values),), values=values, is_static=True)]
    ctx.pass_through()


def size(op: OpView) -> Rule:
    """Size: the number of elements."""
    ctx = yield [TensorInfo((), values=(prod(op.shape()),), is_static=True)]
    ctx.pass_through()


def filled(op: OpView) -> Rule:
    """ConstantOfShape: a tensor filled with one number, zero by default."""
    shape = _checked_shape(op.integers("shape", 0) or ())
    stated = op.attribute("value")
    value = stated.values[0] if isinstance(stated, TensorAttribute) and stated.values else 0.0
    count = prod(shape)
    values = (value,) * count if count <= MOST else None
    ctx = yield [TensorInfo(shape, values=values, is_static=True)]
    ctx.pass_through()


def numbers(op: OpView) -> Rule:
    """Range: numbers from a start to a limit, a step apart."""
    start, limit, step = (_scalar(op, index) for index in range(3))
    if step == 0 or not all(map(math.isfinite, (start, limit, step))):
        raise Refusal("does not count from a number to another", found=f"{start}, {limit}, {step}")
    count = max(math.ceil((limit - start) / step), 0)
    if count > limits.SIZE:
        raise Refusal("computes too many numbers", f"at most {limits.SIZE:,}")
    values = tuple(start + index * step for index in range(count)) if count <= MOST else None
    ctx = yield [TensorInfo((count,), values=values, is_static=True)]
    ctx.pass_through()


def expand(op: OpView) -> Rule:
    """Expand: a broadcast to a shape, which copies elements unless the size stays the same."""
    info = op.input(0)
    wide = broadcast([info.shape, _checked_shape(op.integers("shape", 1) or ())])
    values = info.values
    if values is not None:
        values = tuple(broadcast_values(values, info.shape, wide)) if prod(wide) <= MOST else None
    ctx = yield [TensorInfo(wide, broadcast_batch([info], wide, op.images), values)]
    if prod(wide) == prod(info.shape):
        ctx.pass_through()
    else:
        ctx.add_output("rearrange", {"shape": ctx.output().image_shape}, ctx.broadcast_inputs([0]))


def _checked_shape(shape: Shape) -> Shape:
    """A computed shape.

    Raises:
        Refusal: a dimension is out of range.
    """
    if any(not 0 <= size <= limits.SIZE for size in shape):
        raise Refusal(
            "is given a shape that is not valid",
            expected=f"dimensions from 0 to {limits.SIZE:,}",
            found=", ".join(map(str, shape)),
        )
    return shape


def _scalar(op: OpView, index: int) -> Number:
    values = op.numbers(index) or ()
    if len(values) != 1:
        raise Refusal(f"needs one number as input {index + 1}", found=f"{len(values)}")
    return values[0]


def eye(op: OpView) -> Rule:
    """EyeLike: ones on a diagonal of a matrix as large as another, zeros elsewhere."""
    shape = op.shape()
    ctx = yield [TensorInfo(shape, is_static=True)]
    ctx.pass_through()


TABLE: Mapping[str, Operator] = {
    "Shape": shape_of,
    "Size": size,
    "ConstantOfShape": filled,
    "Range": numbers,
    "Expand": expand,
    "EyeLike": eye,
}
