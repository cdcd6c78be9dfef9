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
from costcalc.importers.model import Sides
from costcalc.importers.onnx.call import Call
from costcalc.importers.onnx.known import Known, broadcast, elements, meeting_batch
from costcalc.importers.onnx.numbers import MOST, TYPES, WHOLE, Number
from costcalc.importers.onnx.site import Site

Function = Callable[..., Number]
Shapes = Callable[[Call], list[Known]]


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


def shapes(call: Call) -> list[Known]:
    """Where the inputs meet; their numbers, where all are known."""
    inputs = call.inputs()
    shape = broadcast([known.shape for known in inputs])
    found = Known(shape, meeting_batch(inputs, shape, call.images))
    function = FUNCTIONS.get(call.operation.operator)
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


def cast_shapes(call: Call) -> list[Known]:
    """The input's; its numbers in another type, or in one like another tensor's as they are."""
    known = call.input(0)
    if known.values is None:
        return [known]
    if call.operation.operator == "CastLike":
        return [known]
    to = call.whole("to", 1)
    kind = bool if to == DataType.BOOL else int if to in WHOLE else float if to in TYPES else None
    return [known._replace(values=computed(kind, [known.values]) if kind else None)]


def clip_shapes(call: Call) -> list[Known]:
    """The input's; its numbers within bounds, where these are inputs."""
    known = call.input(0)
    if known.values is None or call.operation.version < 11:
        return [known._replace(values=None)]
    low = call.numbers(1) or (-math.inf,)
    high = call.numbers(2) or (math.inf,)
    within = computed(lambda each: min(max(each, low[0]), high[0]), [known.values])
    return [known._replace(values=within)]


def same_shapes(call: Call) -> list[Known]:
    """The input's."""
    return [call.input(0)]


def unary_shapes(call: Call) -> list[Known]:
    """The input's, its numbers no longer known."""
    return [call.input(0)._replace(values=None)]


def dropout_shapes(call: Call) -> list[Known]:
    """The input's; the mask of what is kept is an output too."""
    return [call.input(0), call.input(0)._replace(values=None)]


def dropout(site: Site) -> None:
    """Nothing, at inference."""
    site.configuration(1)
    if len(site.operation.outputs) > 1:
        site.unread(1)
    site.simple("dropout")


def alias(site: Site) -> None:
    """Nothing: the output is the input."""
    site.alias()


def unary(kind: str) -> Callable[[Site], None]:
    """A layer of one kind, without attributes."""
    return lambda site: site.simple(kind)


def joined(kind: str, scaled: str | None = None) -> Callable[[Site], None]:
    """A layer that joins its inputs; another where all but one are a number that is known."""

    def lower(site: Site) -> None:
        count = len(site.operation.inputs)
        others = [index for index in range(count) if site.number(index) is None]
        if scaled is not None and len(others) == 1 and count == 2:
            (index,) = others
            site.simple(scaled, sources=(site.source(index, site.met(index, site.output())),))
            return
        if count == 1:
            site.alias()
            return
        sources = site.meeting()
        arguments = {}
        if kind == "add" and len({site.lowering.dims(each) for each in sources}) > 1:
            arguments["broadcast"] = True
        site.simple(kind, arguments, sources=sources)

    return lower


def subtract(site: Site) -> None:
    """A difference; 1 - x is a kind of its own."""
    if site.number(0) == 1:
        site.simple("complement", sources=(site.source(1, site.met(1, site.output())),))
    else:
        joined("subtract", "shift")(site)


def divide(site: Site) -> None:
    """A quotient: a product where the divisor is known."""
    if site.number(1) is not None:
        site.simple("scale", sources=(site.source(0, site.met(0, site.output())),))
    elif site.number(0) == 1:
        site.simple("reciprocal", sources=(site.source(1, site.met(1, site.output())),))
    else:
        joined("divide")(site)


def power(site: Site) -> None:
    """A power: a product where it is a square, a root where it is a half."""
    kinds: dict[Number, str] = {2: "square", 0.5: "sqrt", -1: "reciprocal", -0.5: "rsqrt"}
    exponent = site.number(1)
    kind = None if exponent is None else kinds.get(exponent)
    if kind is not None:
        site.simple(kind, sources=(site.source(0, site.met(0, site.output())),))
    else:
        joined("power")(site)


def mean(site: Site) -> None:
    """The mean of several tensors: their sum, scaled."""
    joined("add")(site)
    layer = site.lowering.made[site.operation.outputs[0]]
    site.give(site.layer("scale", {}, (layer,), site.output().dims))
