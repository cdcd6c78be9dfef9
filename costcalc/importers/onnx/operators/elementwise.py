"""Elementwise operators: arithmetic, comparisons, functions; folded if the values are known.

Graphs compute sizes by these operators.  They are folded in machine arithmetic, as a
runtime would: integer quotients truncate, and fractions are rounded to single precision.
"""

from __future__ import annotations

import math
import operator
import struct
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import product
from math import prod

from costcalc.formats.onnx_schema import DataType
from costcalc.importers import emit
from costcalc.importers.model import Shape
from costcalc.importers.onnx.context import Operator, OpView, Rule
from costcalc.importers.onnx.numbers import MOST, TYPES, WHOLE, Number
from costcalc.importers.onnx.tensors import (
    STATE,
    TensorInfo,
    broadcast,
    broadcast_batch,
    positive_axis,
)

Function = Callable[..., Number]


def single(number: Number) -> Number:
    """A float rounded to single precision; whole numbers are unchanged.

    Raises:
        OverflowError: it is too large.
    """
    if isinstance(number, float):
        return float(struct.unpack("f", struct.pack("f", number))[0])
    return number


def _quotient(a: Number, b: Number) -> Number:
    if isinstance(a, float) or isinstance(b, float):
        return a / b
    return abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)


def _power(a: Number, b: Number) -> Number:
    if abs(b) > 64:
        raise OverflowError
    result = a**b
    return result if isinstance(result, int | float) else math.nan


def _round(a: Number) -> Number:
    return float(round(a))


FUNCTIONS: dict[str, Function] = {
    "Add": operator.add,
    "Sub": operator.sub,
    "Mul": operator.mul,
    "Div": _quotient,
    "Mod": operator.mod,
    "Pow": _power,
    "Min": lambda *values: min(values),
    "Max": lambda *values: max(values),
    "Equal": operator.eq,
    "Greater": operator.gt,
    "GreaterOrEqual": operator.ge,
    "Less": operator.lt,
    "LessOrEqual": operator.le,
    "And": lambda a, b: bool(a and b),
    "Or": lambda a, b: bool(a or b),
    "Xor": lambda a, b: bool(a) != bool(b),
    "Not": operator.not_,
    "Where": lambda condition, a, b: a if condition else b,
    "Abs": abs,
    "Neg": operator.neg,
    "Floor": lambda a: float(math.floor(a)),
    "Ceil": lambda a: float(math.ceil(a)),
    "Round": _round,
    "Sqrt": math.sqrt,
    "Reciprocal": lambda a: 1 / a,
    "Exp": math.exp,
    "Log": math.log,
}
"""The function of each operator that is folded."""

BITS = 63
"""The most bits of a whole number in a graph."""


def broadcast_info(op: OpView) -> TensorInfo:
    """The inputs broadcast to one shape; with values, if those of all inputs are known."""
    inputs = op.inputs()
    shape = broadcast([info.shape for info in inputs])
    output = TensorInfo(shape, broadcast_batch(inputs, shape, op.images))
    function = FUNCTIONS.get(op.node.operator)
    values = [info.values for info in inputs]
    if function is None or prod(shape) > MOST:
        return output
    numbers = [
        broadcast_values(value, info.shape, shape)
        for value, info in zip(values, inputs, strict=True)
        if value is not None
    ]
    if len(numbers) < len(inputs):
        return output
    return output._replace(values=fold_values(function, numbers))


def fold_values(
    function: Function, numbers: Sequence[Iterable[Number]]
) -> tuple[Number, ...] | None:
    """The values of a function; None if it is undefined or overflows for some."""
    try:
        results = tuple(single(function(*values)) for values in zip(*numbers, strict=True))
    except (ArithmeticError, TypeError, ValueError, struct.error):
        return None
    if any(isinstance(result, int) and result.bit_length() > BITS for result in results):
        return None
    return results


def broadcast_values(values: tuple[Number, ...], shape: Shape, wide: Shape) -> Iterable[Number]:
    """The values of a tensor broadcast to a wider shape."""
    if len(values) == prod(wide):
        return values
    if len(values) == 1:
        return values * prod(wide)
    full = (1,) * (len(wide) - len(shape)) + shape
    places = [range(n) if n == m else (0,) * n for n, m in zip(wide, full, strict=True)]
    return pick_values(values, strides(full), places)


def pick_values(
    values: tuple[Number, ...], steps: Sequence[int], places: Sequence[Sequence[int]]
) -> tuple[Number, ...]:
    """The values at the given places along each axis; ``steps`` are the tensor's strides."""
    return tuple(values[sum(map(operator.mul, place, steps))] for place in product(*places))


def strides(shape: Shape) -> Shape:
    """The distance between neighbours along each axis, in elements.

    >>> strides((2, 3, 4))
    (12, 4, 1)
    """
    return tuple(math.prod(shape[axis + 1 :]) for axis in range(len(shape)))


def unary(kind: str) -> Operator:
    """A function of each element: a kind without attributes."""

    def rule(op: OpView) -> Rule:
        is_known = op.node.operator in FUNCTIONS
        ctx = yield [broadcast_info(op) if is_known else op.input(0)._replace(values=None)]
        ctx.add_output(kind)

    return rule


def join(kind: str) -> Operator:
    """A function of the corresponding elements of several tensors."""

    def rule(op: OpView) -> Rule:
        ctx = yield [broadcast_info(op)]
        if len(op.node.inputs) == 1:
            ctx.pass_through()
        else:
            ctx.set_output(emit.join(ctx, kind, ctx.broadcast_inputs()))

    return rule


def binary(kind: str) -> Operator:
    """A function of two tensors, or of a tensor and a constant."""

    def rule(op: OpView) -> Rule:
        ctx = yield [broadcast_info(op)]
        left, right = ctx.number(0), ctx.number(1)
        unary_kind = emit.kind_with_number(kind, left, right)
        if unary_kind is None:
            ctx.set_output(emit.join(ctx, kind, ctx.broadcast_inputs()))
        else:
            ctx.add_output(unary_kind, inputs=ctx.broadcast_inputs([0 if left is None else 1]))

    return rule


def mean(op: OpView) -> Rule:
    """Mean of several tensors: their sum, scaled."""
    ctx = yield [broadcast_info(op)]
    if len(op.node.inputs) == 1:
        ctx.pass_through()
        return
    total = emit.join(ctx, "add", ctx.broadcast_inputs())
    ctx.add_output("scale", inputs=(total,))


def cast(op: OpView) -> Rule:
    """Cast and CastLike, which are not layers; Cast converts known values."""
    info = op.input(0)
    if info.values is not None and op.node.operator == "Cast":
        element_type = op.integer("to", 1)
        type_ = _PYTHON_TYPES.get(element_type)
        info = info._replace(values=fold_values(type_, [info.values]) if type_ else None)
    ctx = yield [info]
    ctx.pass_through()


_PYTHON_TYPES: Mapping[int, type[Number]] = {
    **dict.fromkeys(TYPES, float),
    **dict.fromkeys(WHOLE, int),
    DataType.BOOL: bool,
}
"""The Python type for each element type."""


def bit_cast(op: OpView) -> Rule:
    """BitCast: the same bits as numbers of another type, as wide as the first."""
    ctx = yield [op.input(0)._replace(values=None)]
    ctx.pass_through()


def running(kind: str) -> Operator:
    """CumSum and CumProd: running sums or products along an axis."""

    def rule(op: OpView) -> Rule:
        info = op.input(0)
        at = op.integers("axis", 1) or (0,)
        axis = positive_axis(at[0], len(info.shape))
        ctx = yield [info._replace(values=None, batch=info.batch if info.batch != axis else None)]
        x, (along,) = ctx.along_axes(0, [axis])
        ctx.set_output(emit.scan(ctx, x, along, kind))

    return rule


def random_choice(op: OpView) -> Rule:
    """Bernoulli: whether each element is above a number drawn for it."""
    ctx = yield [op.input(0)._replace(values=None)]
    drawn = ctx.builder.constant(ctx.name_for("constant", ""), ctx.output().image_shape)
    ctx.set_output(emit.join(ctx, "compare", (ctx.operand(0), drawn)))


def drawn(op: OpView) -> Rule:
    """Random numbers, as many as an attribute says or as a tensor has, which are constants."""
    shape = op.shape() if op.has(0) else tuple(map(int, op.number_list("shape") or ()))
    ctx = yield [TensorInfo(shape, is_static=True)]
    ctx.pass_through()


def identity(op: OpView) -> Rule:
    """Identity, which is not a layer."""
    ctx = yield [op.input(0)]
    ctx.pass_through()


def state(op: OpView) -> Rule:
    """The first state of a graph that runs several times: a tensor as if it were computed."""
    ctx = yield [op.input(0)._replace(values=None, is_static=False, roots=())]
    ctx.pass_through()


def quantised(op: OpView) -> Rule:
    """QuantizeLinear and DequantizeLinear, which are not layers."""
    ctx = yield [op.input(0)._replace(values=None)]
    ctx.pass_through()


def dynamically_quantised(op: OpView) -> Rule:
    """DynamicQuantizeLinear, which is no layer either; its scale and zero point are no params."""
    number = TensorInfo((), is_static=True)
    ctx = yield [op.input(0)._replace(values=None), number, number]
    ctx.pass_through()


def dropout(op: OpView) -> Rule:
    """Dropout, which keeps every element; its second output, the mask, is all true."""
    info = op.input(0)
    ctx = yield [info, info._replace(values=None)]
    ctx.ignore_params(1)
    ctx.add_output("dropout")
    ctx.by_product(1, (ctx.operand(0),))


TABLE: Mapping[str, Operator] = {
    "Add": binary("add"),
    "Sum": join("add"),
    "Mean": mean,
    "Sub": binary("subtract"),
    "Mul": binary("multiply"),
    "Div": binary("divide"),
    "Mod": join("divide"),
    "Pow": binary("power"),
    "Min": join("minimum"),
    "Max": join("maximum"),
    "Equal": join("compare"),
    "Greater": join("compare"),
    "GreaterOrEqual": join("compare"),
    "Less": join("compare"),
    "LessOrEqual": join("compare"),
    "And": join("compare"),
    "Or": join("compare"),
    "Xor": join("compare"),
    "Not": unary("logical_not"),
    "Where": join("where"),
    "Exp": unary("exp"),
    "Log": unary("log"),
    "Sqrt": unary("sqrt"),
    "Reciprocal": unary("reciprocal"),
    "Erf": unary("erf"),
    "Sin": unary("sin"),
    "Cos": unary("cos"),
    "Abs": unary("abs"),
    "Neg": unary("neg"),
    "Floor": unary("floor"),
    "Ceil": unary("ceil"),
    "Round": unary("round"),
    "Sign": unary("sign"),
    **dict.fromkeys(
        ("Tan", "Sinh", "Cosh", "Asin", "Acos", "Atan", "Asinh", "Acosh", "Atanh"), unary("sin")
    ),
    **dict.fromkeys(("IsInf", "IsNaN", "BitwiseNot"), unary("logical_not")),
    **dict.fromkeys(("BitShift", "BitwiseAnd", "BitwiseOr", "BitwiseXor"), binary("compare")),
    "CumSum": running("add"),
    "CumProd": running("multiply"),
    "Bernoulli": random_choice,
    **dict.fromkeys(("RandomNormal", "RandomUniform"), drawn),
    **dict.fromkeys(("RandomNormalLike", "RandomUniformLike"), drawn),
    "BitCast": bit_cast,
    "Identity": identity,
    "Dropout": dropout,
    "Cast": cast,
    "CastLike": cast,
    "QuantizeLinear": quantised,
    "DequantizeLinear": quantised,
    "DynamicQuantizeLinear": dynamically_quantised,
}

INTERNAL: Mapping[str, Operator] = {STATE: state}
