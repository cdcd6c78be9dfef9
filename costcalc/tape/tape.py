"""A tape: the operations that computed some numbers, each written down once.

A node is a parameter, a constant, or an operation on two nodes before it.  Equal
operations share a node.  Each node has bounds, which hold as long as the parameters stay
within theirs, and may be known to be whole; what follows from these is not written down.
"""

from __future__ import annotations

import operator
from collections import Counter
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from fractions import Fraction
from math import gcd
from typing import TypeAlias

from costcalc.errors import CostcalcError, Problem
from costcalc.formulas import algebra
from costcalc.records import NamedTuple
from costcalc.spec import limits

Rational: TypeAlias = int | Fraction
Bounds: TypeAlias = tuple[Rational, Rational]
Factors: TypeAlias = tuple[Rational, tuple[int, ...]]
"""A product: its coefficient and its other factors, in the order of their nodes."""


class Parameter(NamedTuple):
    """A parameter whose value stays open, and the values that it may take."""

    name: str
    low: Rational
    high: Rational
    is_whole: bool
    """Whether it takes whole numbers only."""

    def admits(self, value: Rational) -> bool:
        """Whether it may take a value."""
        return self.low <= value <= self.high and (not self.is_whole or value.denominator == 1)


class Operation(NamedTuple):
    """What a node computes, from two nodes before it."""

    name: str
    left: int
    right: int


class Node(NamedTuple):
    """A number on the tape."""

    content: Parameter | Rational | Operation
    bounds: Bounds | None
    """The smallest and the largest possible value; None if unknown."""
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
_ALWAYS_WHOLE = frozenset({"//", "gcd", "<", "="})
_OF_EQUALS = {"-": 0, "<": 0, "=": 1}
"""The results of operations whose operands are the same node."""

_SHORT = 2**62
"""Whole numbers nearer to zero have fewer bits than the limit."""


class TooLarge(CostcalcError):
    """A number has more than :data:`.limits.BITS` bits."""

    def __init__(self) -> None:
        expected = f"at most {limits.BITS} bits"
        super().__init__([Problem(None, "the number grows too large", expected)])


def computed(operation: str, a: Rational, b: Rational) -> Rational:
    """The value of an operation, an ``int`` if it is whole.

    Raises:
        ZeroDivisionError: the divisor is zero.
        TooLarge: the value has too many bits.
    """
    value = OPERATIONS[operation](a, b)
    if type(value) is int and -_SHORT < value < _SHORT:
        return value
    if max(value.numerator.bit_length(), value.denominator.bit_length()) > limits.BITS:
        raise TooLarge
    return value.numerator if value.denominator == 1 else value


class Tape:
    """Nodes, each after those that it is computed from.

    Attributes:
        parameters: the parameters, which are the first nodes.
        nodes: all nodes.
    """

    def __init__(self, parameters: Sequence[Parameter]) -> None:
        self.parameters = tuple(parameters)
        self.nodes: list[Node] = []
        self._numbers: dict[object, int] = {}
        """Nodes by what they are: a constant's value, or an operation's name and operands."""
        self._factors: dict[int, Factors] = {}
        """The factors of nodes that are products."""
        for parameter in self.parameters:
            bounds = (parameter.low, parameter.high)
            self._add(Node(parameter, bounds, parameter.is_whole))
        self._zero, self._one = self.constant(0), self.constant(1)

    def constant(self, value: Rational) -> int:
        """The node of a number that no parameter changes."""
        known = self._numbers.get(value)
        if known is None:
            value = value.numerator if value.denominator == 1 else value
            known = self._numbers[value] = self._add(
                Node(value, (value, value), isinstance(value, int))
            )
        return known

    def operation(self, name: str, left: int, right: int) -> int:
        """The node of an operation, or an equal one that takes fewer operations.

        A divisor is assumed not to be zero: the caller has checked.

        Raises:
            ZeroDivisionError: the divisor is zero at all settings.
        """
        if left > right and name in _COMMUTE:
            left, right = right, left
        known = self._numbers.get((name, left, right))
        if known is None:
            known = self._simplified(name, left, right)
            if known is None:
                known = self._written(name, left, right)
            self._numbers[name, left, right] = known
        return known

    def _written(self, name: str, left: int, right: int) -> int:
        """The node of the operation as it stands; a constant if its bounds leave one value."""
        content = Operation(name, left, right)
        known = self._numbers.get(content)
        if known is None:
            a, b = self.nodes[left], self.nodes[right]
            bounds = bounds_of(name, a.bounds, b.bounds, b.is_whole)
            if bounds is not None and bounds[0] == bounds[1]:
                known = self.constant(bounds[0])
            else:
                is_whole = name in _ALWAYS_WHOLE or (name != "/" and a.is_whole and b.is_whole)
                known = self._add(Node(content, bounds, is_whole))
            self._numbers[content] = known
        return known

    def _simplified(self, name: str, left: int, right: int) -> int | None:
        """The node of an equal, simpler expression; None if none is known."""
        if name == "*":
            (a, factors), (b, others) = self._factored(left), self._factored(right)
            return self._product(computed("*", a, b), *factors, *others)
        if left == right and name in _OF_EQUALS:
            return self.constant(_OF_EQUALS[name])
        if name in ("+", "-") and right == self._zero:
            return left
        if name == "+" and left == self._zero:
            return right
        if name == "-" and left == self._zero:
            coefficient, factors = self._factored(right)
            return self._product(-coefficient, *factors)
        if name in _DIVISIONS:
            return self._quotient(name, left, right)
        if name in ("max", "min"):
            return self._extreme(left, right, is_max=name == "max")
        return None

    def _factored(self, node: int) -> Factors:
        """The factors of a node: of a product, or the node alone."""
        content = self.nodes[node].content
        if isinstance(content, int | Fraction):
            return content, ()
        return self._factors.get(node, (1, (node,)))

    def _product(self, coefficient: Rational, *factors: int) -> int:
        """The node of a product, the same for any order of its factors."""
        ordered = sorted(factors)
        for node in ordered:
            content = self.nodes[node].content
            if isinstance(content, Operation) and content.name == "/" and content.right in ordered:
                ordered.remove(node)
                ordered.remove(content.right)
                more, others = self._factored(content.left)
                return self._product(computed("*", coefficient, more), *ordered, *others)
        if not ordered or coefficient == 0:
            return self.constant(coefficient)
        product = ordered[0]
        for count, node in enumerate(ordered[1:], start=2):
            product = self._written("*", product, node)
            self._factors.setdefault(product, (1, tuple(ordered[:count])))
        if coefficient != 1:
            product = self._written("*", product, self.constant(coefficient))
            self._factors.setdefault(product, (coefficient, tuple(ordered)))
        return product

    def _quotient(self, name: str, left: int, right: int) -> int | None:
        """A quotient with common factors cancelled; None if there are none."""
        (above, factors), (below, divisors) = self._factored(left), self._factored(right)
        kept, rest = Counter(factors), Counter(divisors)
        shared = kept & rest
        kept, rest = kept - shared, rest - shared
        ratio = computed("/", above, below)
        if isinstance(ratio, int) or (name == "/" and not rest):
            above, below = ratio, 1
        numerator = self._product(above, *kept.elements())
        divisor = self._product(below, *rest.elements())
        is_whole = name == "/" or self.nodes[numerator].is_whole
        if numerator == self._zero or (divisor == self._one and is_whole):
            return numerator
        is_shorter = (numerator, divisor) != (left, right)
        return self.operation(name, numerator, divisor) if is_shorter else None

    def _extreme(self, left: int, right: int, is_max: bool) -> int | None:
        """The operand that is always the larger, or the smaller; None if bounds do not tell."""
        if left == right:
            return left
        a, b = self.nodes[left].bounds, self.nodes[right].bounds
        if a is None or b is None:
            return None
        if a[0] >= b[1]:
            return left if is_max else right
        if b[0] >= a[1]:
            return right if is_max else left
        return None

    def _add(self, node: Node) -> int:
        self.nodes.append(node)
        return len(self.nodes) - 1

    def needed(self, wanted: Iterable[int], known: Container[int] = ()) -> list[int]:
        """Some nodes and all that they are computed from, except known ones, in order."""
        seen = set[int]()
        waiting = list(wanted)
        while waiting:
            number = waiting.pop()
            if number in seen or number in known:
                continue
            seen.add(number)
            content = self.nodes[number].content
            if isinstance(content, Operation):
                waiting += content.left, content.right
        return sorted(seen)


def bounds_of(name: str, a: Bounds | None, b: Bounds | None, is_whole: bool) -> Bounds | None:
    """The bounds of an operation's value.

    All operations but ``gcd`` and ``=`` are monotonic in each operand, so that their extremes
    are at the ends of the operands' bounds.

    Args:
        name: the operation.
        a: the bounds of its left operand.
        b: the bounds of its right operand; of a divisor other than zero.
        is_whole: whether the right operand is whole.

    Raises:
        ZeroDivisionError: the divisor is zero at all settings.
    """
    if a is None or b is None:
        return (0, 1) if name in ("<", "=") else None
    ends: set[Rational]
    a_low, a_high = a
    b_low, b_high = b
    if name == "+":
        bounds = a_low + b_low, a_high + b_high
    elif name == "-":
        bounds = a_low - b_high, a_high - b_low
    elif name == "<":
        return int(a_high < b_low), int(a_low < b_high)
    elif name == "=":
        return int(a_low == a_high == b_low == b_high), int(a_low <= b_high and b_low <= a_high)
    elif name == "gcd":
        positive = [high for low, high in (a, b) if low > 0]
        ends = {-a_low, a_high, -b_low, b_high}
        return (1, min(positive)) if positive else (0, max(ends))
    elif name == "*" and a_low >= 0 and b_low >= 0:
        bounds = a_low * b_low, a_high * b_high
    else:
        ends = {b_low, b_high}
        if name in _DIVISIONS and b_low <= 0 <= b_high:
            if not is_whole:
                return None
            ends = {end for end in (b_low, -1, 1, b_high) if end and b_low <= end <= b_high}
            if not ends:
                raise ZeroDivisionError
        corners = sorted([OPERATIONS[name](x, y) for x in (a_low, a_high) for y in ends])
        bounds = corners[0], corners[-1]
    return bounds if all(_is_short(bound) for bound in bounds) else None


def _is_short(bound: Rational) -> bool:
    if type(bound) is int:
        return -_SHORT < bound < _SHORT or bound.bit_length() <= limits.BITS
    return max(bound.numerator.bit_length(), bound.denominator.bit_length()) <= limits.BITS
