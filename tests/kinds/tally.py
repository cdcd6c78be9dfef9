"""Numbers that count the operations on them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from math import erf, exp, log, sin, sqrt, tanh
from typing import Any

from costcalc.kinds.base import Events


class Tally(Counter[str]):
    """The operations so far, as reported by its numbers."""

    def number(self, value: float) -> Counted:
        return Counted(value, self)

    def events(self, **others: Any) -> Events:
        return Events(**{**dict(self), **others})


class Counted:
    """A number that counts every operation on it."""

    def __init__(self, value: float, tally: Tally) -> None:
        self.value = value
        self.tally = tally

    def _did(self, what: str, value: float) -> Counted:
        self.tally[what] += 1
        return Counted(value, self.tally)

    def plus(self, other: Counted | float) -> Counted:
        return self._did("additions", self.value + _value(other))

    def times(self, other: Counted | float) -> Counted:
        return self._did("multiplications", self.value * _value(other))

    def over(self, other: Counted | float) -> Counted:
        return self._did("divisions", self.value / _value(other))

    def at_least(self, bound: float) -> Counted:
        return self._did("comparisons", max(bound, self.value))

    def at_most(self, bound: float) -> Counted:
        return self._did("comparisons", min(bound, self.value))

    def is_positive(self) -> bool:
        self.tally["comparisons"] += 1
        return self.value > 0

    def exp(self) -> Counted:
        return self._did("functions", exp(self.value))

    def tanh(self) -> Counted:
        return self._did("functions", tanh(self.value))

    def erf(self) -> Counted:
        return self._did("functions", erf(self.value))

    def log(self) -> Counted:
        return self._did("functions", log(self.value))

    def root(self) -> Counted:
        return self._did("functions", sqrt(abs(self.value)))

    def wave(self) -> Counted:
        return self._did("functions", sin(self.value))

    def rounded(self) -> Counted:
        return self._did("functions", round(self.value))

    def power(self, exponent: float) -> Counted:
        return self._did("functions", abs(self.value) ** exponent)


def _value(number: Counted | float) -> float:
    return number.value if isinstance(number, Counted) else number


def added(numbers: Iterable[Counted], start: Counted) -> Counted:
    """``start`` and the numbers, one addition each."""
    for number in numbers:
        start = start.plus(number)
    return start
