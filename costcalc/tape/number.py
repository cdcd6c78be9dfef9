"""Numbers that write down on a tape how they are computed."""

from __future__ import annotations

from fractions import Fraction
from typing import Any, Protocol

from costcalc.formulas import algebra
from costcalc.tape.tape import OPERATIONS, Rational, Tape


class Decisions(Protocol):
    """What a recording asks when a comparison has to be true or false."""

    tape: Tape

    def decide(self, node: int, value: Rational) -> bool:
        """Whether a comparison holds at the settings that are recorded."""


class TapeNumber:
    """A node of a tape, and its value at the settings that are recorded."""

    __slots__ = ("node", "recording", "value")

    def __init__(self, recording: Decisions, node: int, value: Rational) -> None:
        self.recording = recording
        self.node = node
        self.value = value

    @property
    def __algebra__(self) -> Any:
        return _TapeAlgebra

    def __add__(self, other: Any) -> Any:
        return _computed("+", self, other)

    __radd__ = __add__

    def __sub__(self, other: Any) -> Any:
        return _computed("-", self, other)

    def __rsub__(self, other: Any) -> Any:
        return _computed("-", other, self)

    def __mul__(self, other: Any) -> Any:
        return _computed("*", self, other)

    __rmul__ = __mul__

    def __neg__(self) -> Any:
        return _computed("-", 0, self)

    def __floordiv__(self, other: Any) -> Any:
        return _divided("//", self, other)

    def __rfloordiv__(self, other: Any) -> Any:
        return _divided("//", other, self)

    def __mod__(self, other: Any) -> Any:
        return self - self // other * other

    def __rmod__(self, other: Any) -> Any:
        return other - other // self * self

    def __lt__(self, other: Any) -> Any:
        return _decided("<", self, other)

    def __gt__(self, other: Any) -> Any:
        return _decided("<", other, self)

    def __le__(self, other: Any) -> Any:
        is_more = _decided("<", other, self)
        return is_more if is_more is NotImplemented else not is_more

    def __ge__(self, other: Any) -> Any:
        is_less = _decided("<", self, other)
        return is_less if is_less is NotImplemented else not is_less

    def __eq__(self, other: object) -> Any:
        return _decided("=", self, other)

    __hash__ = None  # type: ignore[assignment]  # comparing it records a decision

    def __bool__(self) -> bool:
        return bool(self != 0)

    def __index__(self) -> int:
        if not algebra.is_whole(self.value):
            raise TypeError("not a whole number")
        _decided("=", self, self.value)
        return int(self.value)

    __int__ = __index__

    def __str__(self) -> str:
        return str(self.value)

    def __format__(self, spec: str) -> str:
        return format(self.value, spec)


class _TapeAlgebra:
    """The operations of :class:`.Algebra` that Python has no operator for."""

    @staticmethod
    def maximum(a: Any, b: Any) -> Any:
        """The larger of ``a`` and ``b``."""
        return _computed("max", a, b)

    @staticmethod
    def minimum(a: Any, b: Any) -> Any:
        """The smaller of ``a`` and ``b``."""
        return _computed("min", a, b)

    @staticmethod
    def less(a: Any, b: Any) -> Any:
        """1 where ``a < b``, else 0."""
        return _computed("<", a, b)

    @staticmethod
    def quotient(a: Any, b: Any) -> Any:
        """The exact quotient."""
        return _divided("/", a, b)

    @staticmethod
    def is_whole(a: TapeNumber) -> bool:
        """Whether the value is whole."""
        return a.recording.tape.nodes[a.node].is_whole or bool(a // 1 == a)

    @staticmethod
    def gcd(a: Any, b: Any) -> Any:
        """The greatest common divisor."""
        return _computed("gcd", a, b)


def value_of(number: Any) -> Any:
    """A number's value at the settings that are recorded; anything else as it is."""
    return number.value if isinstance(number, TapeNumber) else number


def _recording(a: Any, b: Any) -> Decisions:
    recording: Decisions = (a if isinstance(a, TapeNumber) else b).recording
    return recording


def _node(tape: Tape, number: Any) -> int:
    return number.node if isinstance(number, TapeNumber) else tape.constant(number)


def _computed(operation: str, a: Any, b: Any) -> Any:
    """The number that an operation gives; a plain one if it is the same at all settings."""
    if not isinstance(a, TapeNumber | int | Fraction) or not isinstance(
        b, TapeNumber | int | Fraction
    ):
        return NotImplemented
    recording = _recording(a, b)
    tape = recording.tape
    node = tape.operation(operation, _node(tape, a), _node(tape, b))
    content = tape.nodes[node].content
    if isinstance(content, int | Fraction):
        return content
    value = algebra.whole(OPERATIONS[operation](value_of(a), value_of(b)))
    return TapeNumber(recording, node, value)


def _divided(operation: str, a: Any, b: Any) -> Any:
    """A quotient; that the divisor is not zero is decided where its bounds leave it open.

    Raises:
        ZeroDivisionError: it is zero at the settings that are recorded.
    """
    if isinstance(b, TapeNumber) and not b:
        raise ZeroDivisionError
    return _computed(operation, a, b)


def _decided(comparison: str, a: Any, b: Any) -> Any:
    result = _computed(comparison, a, b)
    if isinstance(result, TapeNumber):
        return result.recording.decide(result.node, result.value)
    return result if result is NotImplemented else bool(result)
