"""One result for every element: arithmetic, comparisons, functions; folded where numbers are known.

Sizes that a graph computes come through here, in the arithmetic of the machine:
quotients of whole numbers are cut off, and fractions are rounded to single
precision, as whoever runs the graph rounds them.
"""

from __future__ import annotations

import math
import operator
import struct
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import product

from costcalc.formats.onnx_schema import DataType
from costcalc.importers import emit
from costcalc.importers.model import Shape
from costcalc.importers.onnx.context import Operator, OpView, Rule
from costcalc.importers.onnx.numbers import MOST, TYPES, WHOLE, Number
from costcalc.importers.onnx.tensors import TensorInfo, broadcast, broadcast_batch, elements

Function = Callable[..., Number]


def single(number: Number) -> Number:
    """A number as single precision holds it; whole numbers as they are.

    Raises:
        OverflowError: it holds none so large.
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
    "Min": lambda *each: min(each),
    "Max": lambda *each: max(each),
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
"""What each operator does to numbers that are known."""

BITS = 63
"""Of a whole number that a graph computes with."""


def broadcast_info(op: OpView) -> TensorInfo:
    """Where the inputs meet; their numbers, where all are known."""
    inputs = op.inputs()
    shape = broadcast([info.shape for info in inputs])
    found = TensorInfo(shape, broadcast_batch(inputs, shape, op.images))
    function = FUNCTIONS.get(op.node.operator)
    values = [info.values for info in inputs]
    if function is None or elements(shape) > MOST:
        return found
    numbers = [
        broadcast_values(value, info.shape, shape)
        for value, info in zip(values, inputs, strict=True)
        if value is not None
    ]
    if len(numbers) < len(inputs):
        return found
    return found._replace(values=fold_values(function, numbers))


def fold_values(
    function: Function, numbers: Sequence[Iterable[Number]]
) -> tuple[Number, ...] | None:
    """What a function gives of known numbers; None where it has no value."""
    try:
        results = tuple(single(function(*each)) for each in zip(*numbers, strict=True))
    except (ArithmeticError, TypeError, ValueError, struct.error):
        return None
    if any(isinstance(each, int) and each.bit_length() > BITS for each in results):
        return None
    return results


def broadcast_values(values: tuple[Number, ...], shape: Shape, wide: Shape) -> Iterable[Number]:
    """Numbers of a shape repeated along the axes in which another is wider."""
    if len(values) == elements(wide):
        return values
    if len(values) == 1:
        return values * elements(wide)
    full = (1,) * (len(wide) - len(shape)) + shape
    places = [range(n) if n == m else (0,) * n for n, m in zip(wide, full, strict=True)]
    return pick_values(values, strides(full), places)


def pick_values(
    values: tuple[Number, ...], steps: Sequence[int], places: Sequence[Sequence[int]]
) -> tuple[Number, ...]:
    """The numbers at all places along each axis, whose steps are given."""
    return tuple(values[sum(map(operator.mul, place, steps))] for place in product(*places))


def strides(shape: Shape) -> Shape:
    """How far apart neighbours along each axis are.

    >>> strides((2, 3, 4))
    (12, 4, 1)
    """
    return tuple(math.prod(shape[axis + 1 :]) for axis in range(len(shape)))


def unary(kind: str) -> Operator:
    """A function of every element, which is a kind without attributes."""

    def rule(op: OpView) -> Rule:
        is_known = op.node.operator in FUNCTIONS
        ctx = yield [broadcast_info(op) if is_known else op.input(0)._replace(values=None)]
        ctx.emit_one(kind)

    return rule


def join(kind: str) -> Operator:
    """A function of several elements."""

    def rule(op: OpView) -> Rule:
        ctx = yield [broadcast_info(op)]
        if len(op.node.inputs) == 1:
            ctx.pass_through()
        else:
            ctx.set_output(emit.join(ctx, kind, ctx.broadcast_inputs()))

    return rule


def binary(kind: str) -> Operator:
    """The same of two, one of which may be a number that is known."""

    def rule(op: OpView) -> Rule:
        ctx = yield [broadcast_info(op)]
        left, right = ctx.number(0), ctx.number(1)
        of_one = emit.kind_with_number(kind, left, right)
        if of_one is None:
            ctx.set_output(emit.join(ctx, kind, ctx.broadcast_inputs()))
        else:
            ctx.emit_one(of_one, inputs=ctx.broadcast_inputs([0 if left is None else 1]))

    return rule


def mean(op: OpView) -> Rule:
    """The mean of several tensors: their sum, scaled."""
    ctx = yield [broadcast_info(op)]
    total = emit.join(ctx, "add", ctx.broadcast_inputs())
    ctx.emit_one("scale", inputs=(total,))


def cast(op: OpView) -> Rule:
    """The input; its numbers in another type, or in one like another tensor's as they are."""
    info = op.input(0)
    if info.values is not None and op.node.operator == "Cast":
        to_type = op.integer("to", 1)
        kind = _PYTHON_TYPES.get(to_type)
        info = info._replace(values=fold_values(kind, [info.values]) if kind else None)
    ctx = yield [info]
    ctx.pass_through()


_PYTHON_TYPES: Mapping[int, type[Number]] = {
    **dict.fromkeys(TYPES, float),
    **dict.fromkeys(WHOLE, int),
    DataType.BOOL: bool,
}
"""What Python keeps numbers of an element type in."""


def identity(op: OpView) -> Rule:
    """The input."""
    ctx = yield [op.input(0)]
    ctx.pass_through()


def quantised(op: OpView) -> Rule:
    """The input in fewer bits, or in more; scales and zero points are no params."""
    ctx = yield [op.input(0)._replace(values=None)]
    ctx.pass_through()


def dropout(op: OpView) -> Rule:
    """Nothing, at inference; the mask of what is kept is an output too."""
    info = op.input(0)
    ctx = yield [info, info._replace(values=None)]
    ctx.ignore_params(1)
    ctx.require_unread(1)
    ctx.emit_one("dropout")


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
    "CumSum": unary("shift"),
    "Identity": identity,
    "Dropout": dropout,
    "Cast": cast,
    "CastLike": cast,
    "QuantizeLinear": quantised,
    "DequantizeLinear": quantised,
}
