"""A tape: the operations that computed some numbers, each written down once.

A node of a tape is a parameter, a constant, or an operation on two nodes before it.
Equal operations are one node, whoever asked for them.  Each node knows the bounds
between which it stays while the parameters stay between theirs, and whether it is
whole: what the bounds decide needs no operation.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction
from math import gcd
from typing import TypeAlias

from costcalc.formulas import algebra
from costcalc.records import NamedTuple

Rational: TypeAlias = int | Fraction


class Parameter(NamedTuple):
    """A parameter that stays open, and the values that it may take."""

    name: str
    low: Rational
    high: Rational
    is_whole: bool
    """Whether it takes whole numbers alone."""


class Operation(NamedTuple):
    """What a node computes, from two nodes before it."""

    name: str
    left: int
    right: int


class Node(NamedTuple):
    """A number on the tape: a parameter, a constant or an operation, with what is known of it."""

    content: Parameter | Rational | Operation
    low: Rational
    high: Rational
    is_whole: bool


def _equal(a: Rational, b: Rational) -> int:
    return int(a == b)


OPERATIONS: Mapping[str, Callable[[Rational, Rational], Rational]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "//": operator.floordiv,
    "/": algebra.quotient,
    "max": algebra.maximum,
    "min": algebra.minimum,
    "<": algebra.less,
    "=": _equal,
    "gcd": gcd,  # type: ignore[dict-item]  # of whole numbers alone
}
"""Everything that a tape can do; comparisons are 1 or 0."""

_COMMUTE = frozenset({"+", "*", "max", "min", "=", "gcd"})
_DIVISIONS = frozenset({"/", "//"})
_COMPARISONS = frozenset({"<", "="})
_ALWAYS_WHOLE = frozenset({"//", "gcd", *_COMPARISONS})


class Tape:
    """The nodes, in an order in which each comes after those that it is computed from."""

    def __init__(self, parameters: Sequence[Parameter]) -> None:
        self.parameters = tuple(parameters)
        self.nodes: list[Node] = []
        self._numbers: dict[Parameter | Rational | Operation, int] = {}
        for parameter in self.parameters:
            self._add(Node(parameter, parameter.low, parameter.high, parameter.is_whole))

    def constant(self, value: Rational) -> int:
        """The node of a number that is the same at all settings."""
        value = algebra.whole(value)
        known = self._numbers.get(value)
        is_whole = isinstance(value, int)
        return known if known is not None else self._add(Node(value, value, value, is_whole))

    def operation(self, name: str, left: int, right: int) -> int:
        """The node of an operation, or of what it is known to give.

        Raises:
            ZeroDivisionError: the divisor is zero, or may come as near to it as it likes.
        """
        if name in _COMMUTE and left > right:
            left, right = right, left
        known = self._numbers.get(Operation(name, left, right))
        if known is not None:
            return known
        simple = self._simplified(name, left, right)
        if simple is not None:
            return simple
        a, b = self.nodes[left], self.nodes[right]
        low, high = _bounds(name, a, b)
        if low == high:
            return self.constant(low)
        is_whole = name in _ALWAYS_WHOLE or (name != "/" and a.is_whole and b.is_whole)
        return self._add(Node(Operation(name, left, right), low, high, is_whole))

    def _simplified(self, name: str, left: int, right: int) -> int | None:
        """A node that is there already and has the same value at all settings."""
        a, b = self.nodes[left], self.nodes[right]
        zero, one = self._numbers.get(0), self._numbers.get(1)
        if left == right and name in ("max", "min"):
            return left
        if left == right and name in ("-", "<", "="):
            return self.constant(int(name == "="))
        if (name == "+" and left == zero) or (name == "*" and left == one):
            return right
        if (name in ("+", "-") and right == zero) or (name in ("*", "/") and right == one):
            return left
        if name == "//" and right == one and a.is_whole:
            return left
        if name == "max" and (a.low >= b.high or b.low >= a.high):
            return left if a.low >= b.high else right
        if name == "min" and (a.high <= b.low or b.high <= a.low):
            return left if a.high <= b.low else right
        return None

    def _add(self, node: Node) -> int:
        self._numbers[node.content] = number = len(self.nodes)
        self.nodes.append(node)
        return number

    def needed(self, wanted: Iterable[int]) -> list[int]:
        """Some nodes with all that they are computed from, in the tape's order."""
        seen = set[int]()
        waiting = list(wanted)
        while waiting:
            number = waiting.pop()
            if number in seen:
                continue
            seen.add(number)
            content = self.nodes[number].content
            if isinstance(content, Operation):
                waiting += content.left, content.right
        return sorted(seen)


def _bounds(name: str, a: Node, b: Node) -> tuple[Rational, Rational]:
    """Between which values an operation stays.

    A whole divisor that may be zero is taken to be none: who divides has asked before.

    Raises:
        ZeroDivisionError: the divisor is zero, or may come as near to it as it likes.
    """
    if name == "<":
        return int(a.high < b.low), int(a.low < b.high)
    if name == "=":
        return 0, int(a.low <= b.high and b.low <= a.high)
    if name == "gcd":
        return 0, max(abs(a.low), abs(a.high), abs(b.low), abs(b.high))
    ends = {b.low, b.high}
    if name in _DIVISIONS and b.low <= 0 <= b.high:
        nearest = {-1, 1} if b.is_whole else set()
        ends = {end for end in ends | nearest if end and b.low <= end <= b.high}
        if not ends or not b.is_whole:
            raise ZeroDivisionError
    compute = OPERATIONS[name]
    corners = [compute(x, y) for x in (a.low, a.high) for y in ends]
    return min(corners), max(corners)
