"""One result for every element: arithmetic, comparisons, functions; folded where numbers are known.

Sizes that a graph computes come through here, in the arithmetic of the machine:
quotients of whole numbers are cut off, and fractions are rounded to single
precision, as whoever runs the graph rounds them.
"""

from __future__ import annotations

import math
import operator
import struct
from collections.abc import Callable, Iterable, Sequence
from itertools import product

from costcalc.formats.onnx_schema import DataType
from costcalc.importers import emit
from costcalc.importers.model import Sides
from costcalc.importers.onnx.context import OnnxContext
from costcalc.importers.onnx.numbers import MOST, TYPES, WHOLE, Number
from costcalc.importers.onnx.op_view import OpView
from costcalc.importers.onnx.tensors import TensorInfo, broadcast, elements, meeting_batch

Function = Callable[..., Number]
Shapes = Callable[[OpView], list[TensorInfo]]


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


def shapes(op: OpView) -> list[TensorInfo]:
    """Where the inputs meet; their numbers, where all are known."""
    inputs = op.inputs()
    shape = broadcast([known.shape for known in inputs])
    found = TensorInfo(shape, meeting_batch(inputs, shape, op.images))
    function = FUNCTIONS.get(op.node.operator)
    values = [known.values for known in inputs]
    if function is None or elements(shape) > MOST:
        return [found]
    numbers = [
        spread(value, known.shape, shape)
        for value, known in zip(values, inputs, strict=True)
        if value is not None
    ]
    if len(numbers) < len(inputs):
        return [found]
    return [found._replace(values=computed(function, numbers))]


def computed(function: Function, numbers: Sequence[Iterable[Number]]) -> tuple[Number, ...] | None:
    """What a function gives of known numbers; None where it has no value."""
    try:
        results = tuple(single(function(*each)) for each in zip(*numbers, strict=True))
    except (ArithmeticError, TypeError, ValueError, struct.error):
        return None
    if any(isinstance(each, int) and each.bit_length() > BITS for each in results):
        return None
    return results


def spread(values: tuple[Number, ...], shape: Sides, wide: Sides) -> Iterable[Number]:
    """Numbers of a shape repeated along the axes in which another is wider."""
    if len(values) == elements(wide):
        return values
    if len(values) == 1:
        return values * elements(wide)
    full = (1,) * (len(wide) - len(shape)) + shape
    places = [range(n) if n == m else (0,) * n for n, m in zip(wide, full, strict=True)]
    return picked(values, strides(full), places)


def picked(
    values: tuple[Number, ...], steps: Sequence[int], places: Sequence[Sequence[int]]
) -> tuple[Number, ...]:
    """The numbers at all places along each axis, whose steps are given."""
    return tuple(values[sum(map(operator.mul, place, steps))] for place in product(*places))


def strides(shape: Sides) -> Sides:
    """How far apart neighbours along each axis are.

    >>> strides((2, 3, 4))
    (12, 4, 1)
    """
    return tuple(math.prod(shape[axis + 1 :]) for axis in range(len(shape)))


def cast_shapes(op: OpView) -> list[TensorInfo]:
    """The input's; its numbers in another type, or in one like another tensor's as they are."""
    known = op.input(0)
    if known.values is None:
        return [known]
    if op.node.operator == "CastLike":
        return [known]
    to = op.whole("to", 1)
    kind = bool if to == DataType.BOOL else int if to in WHOLE else float if to in TYPES else None
    return [known._replace(values=computed(kind, [known.values]) if kind else None)]


def clip_shapes(op: OpView) -> list[TensorInfo]:
    """The input's; its numbers within bounds, where these are inputs."""
    known = op.input(0)
    if known.values is None or op.node.version < 11:
        return [known._replace(values=None)]
    low = op.numbers(1) or (-math.inf,)
    high = op.numbers(2) or (math.inf,)
    within = computed(lambda each: min(max(each, low[0]), high[0]), [known.values])
    return [known._replace(values=within)]


def same_shapes(op: OpView) -> list[TensorInfo]:
    """The input's."""
    return [op.input(0)]


def unary_shapes(op: OpView) -> list[TensorInfo]:
    """The input's, its numbers no longer known."""
    return [op.input(0)._replace(values=None)]


def dropout_shapes(op: OpView) -> list[TensorInfo]:
    """The input's; the mask of what is kept is an output too."""
    return [op.input(0), op.input(0)._replace(values=None)]


def dropout(op: OnnxContext) -> None:
    """Nothing, at inference."""
    op.configuration(1)
    if len(op.node.outputs) > 1:
        op.unread(1)
    op.emit_one("dropout")


def pass_through(op: OnnxContext) -> None:
    """Nothing: the output is the input."""
    op.pass_through()


def unary(kind: str) -> Callable[[OnnxContext], None]:
    """A layer of one kind, without attributes."""
    return lambda op: op.emit_one(kind)


def joined(kind: str) -> Callable[[OnnxContext], None]:
    """A node that joins its inputs."""

    def lower(op: OnnxContext) -> None:
        if len(op.node.inputs) == 1:
            op.pass_through()
        else:
            op.set_output(emit.join(op, kind, op.broadcast_inputs()))

    return lower


def binary(kind: str) -> Callable[[OnnxContext], None]:
    """An operation of two tensors, or of one and a number that is known."""

    def lower(op: OnnxContext) -> None:
        left, right = op.number(0), op.number(1)
        of_one = emit.with_number(kind, left, right)
        if of_one is None:
            joined(kind)(op)
        else:
            op.emit_one(of_one, inputs=op.broadcast_inputs([0 if left is None else 1]))

    return lower


def mean(op: OnnxContext) -> None:
    """The mean of several tensors: their sum, scaled."""
    total = emit.join(op, "add", op.broadcast_inputs())
    op.emit_one("scale", inputs=(total,))
