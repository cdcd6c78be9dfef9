"""The values that a grid's parameters take: lists, and ranges with exact steps."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from math import lcm, prod
from typing import Any, NoReturn

import numpy

from costcalc.errors import refuse
from costcalc.formulas import algebra
from costcalc.graph.settings import setting
from costcalc.grid.bounded import Array, bounded
from costcalc.grid.number import GridNumber
from costcalc.records import NamedTuple
from costcalc.spec.numbers import ExpressionError, is_number

VALUES = 1_000_000
"""Values that one parameter may take."""


class Axis(NamedTuple):
    """A parameter and the values that it takes, in their order."""

    name: str
    values: tuple[Any, ...]

    @property
    def is_numeric(self) -> bool:
        """Whether all values are numbers, rather than words or shapes."""
        return all(map(is_number, self.values))


class Numerators(NamedTuple):
    """Numbers over their common denominator."""

    array: Array
    denominator: int

    def value(self, index: int) -> Any:
        """One of the numbers."""
        return algebra.whole(Fraction(int(self.array[index]), self.denominator))

    def along(self, axis: int, axes: int) -> GridNumber:
        """The number that takes these values along one of a grid's ``axes``."""
        shape = [1] * axes
        shape[axis] = len(self.array)
        return GridNumber.of(bounded(self.array.reshape(shape)), self.denominator)


def of_values(values: Sequence[Any]) -> Numerators:
    """Numbers as whole numerators over their common denominator, never as floats."""
    common = lcm(*(value.denominator for value in values))
    listed = [value.numerator * (common // value.denominator) for value in values]
    return Numerators(bounded(numpy.array(listed, dtype=object)).array, common)


def parse(name: str, text: str) -> Axis:
    """The axis that a command line describes: ``0.25,0.5``, ``128:224:32``, or a mixture.

    A range includes its end if a step reaches it; ``1:5`` has steps of 1, which must reach it.

    Raises:
        SpecError: it is empty, runs backwards, or is too long.
    """
    values: list[Any] = []
    for part in text.split(","):
        try:
            values += _range(name, part) if ":" in part else [_value(name, part, text)]
        except ExpressionError as error:
            refuse(None, f"{name}: {error.message}", error.expected, part.strip())
    return axis(name, values)


def axis(name: str, values: Iterable[Any]) -> Axis:
    """The axis of some values, without duplicates.

    Raises:
        SpecError: there are none, or too many.
    """
    # True equals 1, but is another value.
    listed = tuple({(isinstance(value, bool), value): value for value in values}.values())
    if not listed:
        refuse(None, f"{name} has no values to take", "one value at least", "none")
    if len(listed) > VALUES:
        _refuse_length(name, len(listed))
    return Axis(name, listed)


def size(axes: Iterable[Axis]) -> int:
    """The number of settings in the grid of some axes."""
    return prod(len(axis.values) for axis in axes)


def _range(name: str, text: str) -> list[Any]:
    ends = [_value(name, part, text) for part in text.split(":")]
    numbers = [end for end in ends if isinstance(end, int | Fraction) and not isinstance(end, bool)]
    if len(numbers) != len(ends) or len(ends) > 3:
        refuse(None, f"{name}: this is not a range", "first:last:step, as in 128:224:32", text)
    first, last = Fraction(numbers[0]), Fraction(numbers[1])
    step = Fraction(numbers[2] if len(numbers) == 3 else 1)
    if step <= 0:
        refuse(None, f"{name}: a range needs a step above zero", "first:last:step", text)
    if last < first:
        expected = f"the smaller end first: {_swapped(text)}"
        refuse(None, f"{name}: this range runs backwards", expected, text)
    if len(numbers) == 2 and (last - first) % step:
        message = f"{name}: in steps of 1 this range misses its end"
        refuse(None, message, f"a step: {text}:STEP", text)
    count = (last - first) // step + 1
    if count > VALUES:
        _refuse_length(name, count)
    return [algebra.whole(first + index * step) for index in range(count)]


def crossed(axes: Sequence[Axis], most: int | None = None) -> str:
    """The sizes of a grid, ``4 alpha × 4 res``; with ``…`` for some if there are too many.

    Args:
        axes: the grid's.
        most: how many are named at most; None for all.
    """
    sizes = [f"{len(axis.values)} {axis.name}" for axis in axes]
    if most is not None and len(sizes) > most:
        sizes = [*sizes[: most - 1], "…", sizes[-1]]
    return " × ".join(sizes)


def _swapped(text: str) -> str:
    first, last, *step = text.split(":")
    return ":".join([last.strip(), first.strip(), *step])


def _value(name: str, text: str, whole: str) -> Any:
    if not text.strip():
        refuse(None, f"{name}: a value is missing", "0.25,0.5,1 or first:last:step", f"'{whole}'")
    return setting(text)


def _refuse_length(name: str, count: int) -> NoReturn:
    refuse(None, f"{name} takes too many values", f"at most {VALUES:,}", f"{count:,}")
