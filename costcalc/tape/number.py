"""Numbers that write down on a tape how they are computed."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Any

from costcalc.formulas import algebra
from costcalc.spec.numbers import exact
from costcalc.tape.tape import Bounds, Operation, Rational, Tape, bounds_of, computed


class Branch:
    """A comparison that a function depends on."""

    __slots__ = ("node", "sides")

    def __init__(self, node: int) -> None:
        self.node = node
        self.sides: list[Any] = [None, None]
        """What follows if it is false, and if it is true: a branch, a leaf, or None where nothing
        is recorded."""


class Recording:
    """One run of a function over numbers of a tape.

    Attributes:
        tape: the tape that the numbers are written on.
        decisions: the outcomes of comparisons, by their nodes, in the order of the run.
        settled: nodes whose values were decided, as of a number of repeats.
        marked: nodes that were printed as marks, which :data:`MARK` finds.
        spelled: nodes that are printed as numbers, and so decided, instead.
    """

    def __init__(self, tape: Tape, tree: Any) -> None:
        """Begins a run.

        Args:
            tape: the tape.
            tree: the branches of earlier runs at the same choices.
        """
        self.tape = tape
        self.decisions: dict[int, bool] = {}
        self.settled = set[int]()
        self.marked = set[int]()
        self.spelled = set[int]()
        self._tree = tree
        self._facts: dict[int, Bounds | None] = {}
        """Bounds of compared nodes, narrowed by the outcomes."""
        self._known: dict[int, Bounds | None] = {}
        """Bounds of all nodes given the outcomes, as far as they have been computed."""
        self._results: dict[tuple[str, int, int], Any] = {}
        self._numbers: dict[int, TapeNumber] = {}

    def number(self, node: int, value: Rational) -> Any:
        """The one number of a node; of a constant, its value."""
        known = self._numbers.get(node)
        if known is None:
            content = self.tape.nodes[node].content
            if isinstance(content, int | Fraction):
                return content
            known = self._numbers[node] = TapeNumber(self, node, value)
        return known

    def result(self, operation: str, a: Any, b: Any) -> Any:
        """The result of an operation on two numbers, at least one of them of the tape.

        Raises:
            TooLarge: the result has too many bits.
        """
        tape = self.tape
        left, x = (a.node, a.value) if type(a) is TapeNumber else (tape.constant(a), a)
        right, y = (b.node, b.value) if type(b) is TapeNumber else (tape.constant(b), b)
        key = (operation, left, right)
        known = self._results.get(key)
        if known is None:
            node = tape.operation(operation, left, right)
            known = self._numbers.get(node)
            if known is None:
                known = self.number(node, computed(operation, x, y))
            self._results[key] = known
        return known

    def decide(self, comparison: Any) -> bool:
        """Whether a comparison holds; recorded unless earlier outcomes imply it."""
        if type(comparison) is not TapeNumber:
            return bool(comparison)
        known = self.decisions.get(comparison.node)
        if known is None:
            bounds = self.bounds(comparison.node) if self._facts else None
            if bounds is not None and bounds[0] == bounds[1]:
                return bool(bounds[0])
            known = self.decisions[comparison.node] = bool(comparison.value)
            if isinstance(self._tree, Branch):
                self._tree = self._tree.sides[known]
            self._learn(comparison.node, known)
        return known

    def bounds(self, node: int) -> Bounds | None:
        """The bounds of a node, given the outcomes so far."""
        nodes, known = self.tape.nodes, self._known
        for number in self.tape.needed([node], known):
            content, bounds, _ = nodes[number]
            if number in self._facts:
                bounds = self._facts[number]
            elif isinstance(content, Operation):
                left, right = known[content.left], known[content.right]
                a, b = nodes[content.left], nodes[content.right]
                if left is not a.bounds or right is not b.bounds:
                    bounds = bounds_of(content.name, left, right, b.is_whole)
            known[number] = bounds
        return known[node]

    def _learn(self, node: int, holds: bool) -> None:
        """Narrows the bounds of a comparison's operands by its outcome."""
        content = self.tape.nodes[node].content
        assert isinstance(content, Operation)
        name, left, right = content
        a, b = self.bounds(left), self.bounds(right)
        if a is None or b is None:
            return
        (a_low, a_high), (b_low, b_high) = a, b
        is_whole = self.tape.nodes[left].is_whole and self.tape.nodes[right].is_whole
        step = 1 if is_whole else 0
        if name == "<" and holds:
            a_high, b_low = min(a_high, b_high - step), max(b_low, a_low + step)
        elif name == "<":
            a_low, b_high = max(a_low, b_low), min(b_high, a_high)
        elif holds:
            a_low = b_low = max(a_low, b_low)
            a_high = b_high = min(a_high, b_high)
        elif a_low == a_high:
            b_low, b_high = b_low + step * (b_low == a_low), b_high - step * (b_high == a_low)
        elif b_low == b_high:
            a_low, a_high = a_low + step * (a_low == b_low), a_high - step * (a_high == b_low)
        self._facts[left], self._facts[right] = (a_low, a_high), (b_low, b_high)
        later = min(left, right)
        self._known = {number: known for number, known in self._known.items() if number < later}

    def settle(self, number: TapeNumber) -> None:
        """Decides a number's value: compares it with those of earlier runs, then with its own."""
        self.settled.add(number.node)
        is_settled = False
        while not is_settled:
            earlier = self._compared(number)
            value = number.value if earlier is None else earlier
            is_settled = self.decide(self.result("=", number, value))

    def _compared(self, number: TapeNumber) -> Rational | None:
        """The constant that earlier runs compared a number with here, if they did."""
        branch = self._tree
        content = self.tape.nodes[branch.node].content if isinstance(branch, Branch) else None
        if not isinstance(content, Operation) or content.name != "=":
            return None
        if number.node not in content[1:]:
            return None
        other = content.left if content.right == number.node else content.right
        value = self.tape.nodes[other].content
        return value if isinstance(value, int | Fraction) else None

    def printed(self, number: TapeNumber, form: str) -> str:
        """A number's text; a mark in its place if the text may stay open."""
        if number.node not in self.spelled and form in ("", ","):
            self.marked.add(number.node)
            return f"⟦{number.node}{form}⟧"
        self.settle(number)
        return formatted(number.value, form)


MARK = re.compile("⟦([0-9]{1,9})(,?)⟧")
"""What is printed in the place of a number: its node and its format."""


def formatted(value: Rational, form: str) -> str:
    """The text of a value, in a format such as ``","``."""
    return format(value, form) if form and isinstance(value, int) else exact(value)


class TapeNumber:
    """A node of a tape, and its value at the settings that are recorded.

    A recording has one number for each node, so numbers are hashed by identity.
    """

    __slots__ = ("node", "recording", "value")

    def __init__(self, recording: Recording, node: int, value: Rational) -> None:
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

    __hash__ = object.__hash__

    def __bool__(self) -> bool:
        return bool(self != 0)

    def __index__(self) -> int:
        if not algebra.is_whole(self.value):
            raise TypeError("not a whole number")
        self.recording.settle(self)
        return int(self.value)

    __int__ = __index__

    def __str__(self) -> str:
        return self.recording.printed(self, "")

    def __format__(self, form: str) -> str:
        return self.recording.printed(self, form)


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
    def exact_div(a: Any, b: Any) -> Any:
        """``a / b``, which is whole."""
        return _divided("//", a, b)

    @staticmethod
    def gcd(a: Any, b: Any) -> Any:
        """The greatest common divisor."""
        return _computed("gcd", a, b)


def _computed(operation: str, a: Any, b: Any) -> Any:
    """The result of an operation; a plain number if no parameter changes it."""
    if type(a) is TapeNumber:
        return a.recording.result(operation, a, b) if _is_number(b) else NotImplemented
    return b.recording.result(operation, a, b) if _is_number(a) else NotImplemented


def _is_number(value: Any) -> bool:
    return type(value) is int or isinstance(value, TapeNumber | int | Fraction)


def _divided(operation: str, a: Any, b: Any) -> Any:
    """A quotient; whether the divisor is zero is decided unless its bounds tell.

    Raises:
        ZeroDivisionError: it is zero at the settings that are recorded.
    """
    if _is_number(b) and not b:
        raise ZeroDivisionError
    return _computed(operation, a, b)


def _decided(comparison: str, a: Any, b: Any) -> Any:
    result = _computed(comparison, a, b)
    if type(result) is TapeNumber:
        return result.recording.decide(result)
    return result if result is NotImplemented else bool(result)
