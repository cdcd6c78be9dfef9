"""Numbers that keep the formula they were computed by, so that a cost can be written out."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

from costcalc.formulas import algebra
from costcalc.symbolic.formula import (
    ONE,
    FunctionNode,
    Negative,
    Node,
    Number,
    Product,
    Quotient,
    Sum,
    collected,
    number,
)


class NoFormulaError(Exception):
    """A number has no formula of its own, or its formula depends on its value."""


class _Unknown:
    """A value that is not known: what is computed from it is not either.

    Comparing it raises :class:`NoFormulaError`.
    """

    @property
    def __algebra__(self) -> _Unknown:
        return self

    def computed(self, *_: Any) -> Any:
        """What an operation gives."""
        return self

    def refused(self, *_: Any) -> Any:
        """Refuses to decide anything."""
        raise NoFormulaError

    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __neg__ = computed
    __floordiv__ = __rfloordiv__ = __mod__ = __rmod__ = computed
    maximum = minimum = less = quotient = computed
    __lt__ = __le__ = __gt__ = __ge__ = __eq__ = __ne__ = refused
    __bool__ = __index__ = is_whole = gcd = refused
    __hash__ = None  # type: ignore[assignment]


UNKNOWN = _Unknown()
"""The value of a formula number that stands for many: its formula holds for all of them."""


class FormulaNumber:
    """A value and the formula it came from; comparisons use the value."""

    __slots__ = ("node", "value")

    def __init__(self, node: Node, value: Any) -> None:
        self.node = node
        self.value = value

    @property
    def __algebra__(self) -> type[_FormulaAlgebra]:
        return _FormulaAlgebra

    def __add__(self, other: Any) -> Any:
        return _sum(self, other)

    def __radd__(self, other: Any) -> Any:
        return _sum(other, self)

    def __sub__(self, other: Any) -> Any:
        return _sum(self, -other)

    def __rsub__(self, other: Any) -> Any:
        return _sum(other, -self)

    def __mul__(self, other: Any) -> Any:
        return _product(self, other)

    def __rmul__(self, other: Any) -> Any:
        return _product(other, self)

    def __neg__(self) -> Any:
        return FormulaNumber(_negative(self.node), -self.value)

    def __floordiv__(self, other: Any) -> Any:
        return _floor_quotient(self, other)

    def __rfloordiv__(self, other: Any) -> Any:
        return _floor_quotient(other, self)

    def __mod__(self, other: Any) -> Any:
        return self - other * (self // other)

    def __rmod__(self, other: Any) -> Any:
        return other - self * (other // self)

    def __lt__(self, other: Any) -> bool:
        return bool(self.value < value_of(other))

    def __le__(self, other: Any) -> bool:
        return bool(self.value <= value_of(other))

    def __gt__(self, other: Any) -> bool:
        return bool(self.value > value_of(other))

    def __ge__(self, other: Any) -> bool:
        return bool(self.value >= value_of(other))

    def __eq__(self, other: object) -> bool:
        return bool(self.value == value_of(other))

    __hash__ = None  # type: ignore[assignment]  # compared by value, never hashed

    def __bool__(self) -> bool:
        return bool(self.value)

    def __index__(self) -> int:
        return int(self.value)

    def __str__(self) -> str:
        return str(self.value)


class _FormulaAlgebra:
    """The operations of :class:`.Algebra` that Python has no operator for."""

    @staticmethod
    def maximum(a: Any, b: Any) -> Any:
        """The larger of ``a`` and ``b``."""
        return _call("max", a, b, algebra.maximum)

    @staticmethod
    def minimum(a: Any, b: Any) -> Any:
        """The smaller of ``a`` and ``b``."""
        return _call("min", a, b, algebra.minimum)

    @staticmethod
    def less(a: Any, b: Any) -> Any:
        """1 if ``a < b``, else 0."""
        return _call("less", a, b, algebra.less)

    @staticmethod
    def quotient(a: Any, b: Any) -> Any:
        """The exact quotient."""
        numerator, denominator = formula(a), formula(b)
        value = algebra.quotient(value_of(a), value_of(b))
        is_one = numerator == denominator
        return _simplified(ONE if is_one else _quotient(numerator, denominator), value)

    @staticmethod
    def is_whole(a: Any) -> bool:
        """Whether the value is whole."""
        return bool(algebra.is_whole(value_of(a)))


def formula(number_: Any) -> Node:
    """The formula a number was computed by; a plain number is its own formula.

    Raises:
        NoFormulaError: it is a number of another algebra.
    """
    if isinstance(number_, FormulaNumber):
        return number_.node
    if not isinstance(number_, int | Fraction):
        raise NoFormulaError
    return number(number_)


def value_of(number_: Any) -> Any:
    """A formula number's value; a plain number is its own value."""
    return number_.value if isinstance(number_, FormulaNumber) else number_


def _simplified(node: Node, value: Any) -> Any:
    """A formula number, or a plain one if the formula is only a number."""
    return node.value if isinstance(node, Number) else FormulaNumber(node, value)


def _call(function: str, a: Any, b: Any, compute: Callable[[Any, Any], Any]) -> Any:
    return FormulaNumber(
        FunctionNode(function, (formula(a), formula(b))), compute(value_of(a), value_of(b))
    )


def _sum(a: Any, b: Any) -> Any:
    terms: list[Node] = []
    for node in (formula(a), formula(b)):
        terms += node.terms if isinstance(node, Sum) else [node] if node != Number(0) else []
    node = Sum(tuple(terms)) if len(terms) > 1 else terms[0] if terms else Number(0)
    return _simplified(node, value_of(a) + value_of(b))


def _product(a: Any, b: Any) -> Any:
    factors: list[Node] = []
    coefficient: int | Fraction = 1
    for node in (formula(a), formula(b)):
        operand = node
        if isinstance(operand, Negative):
            operand, coefficient = operand.operand, -coefficient
        for factor in operand.factors if isinstance(operand, Product) else (operand,):
            if isinstance(factor, Number):
                coefficient *= factor.value
            else:
                factors.append(factor)
    value = algebra.whole(value_of(a) * value_of(b))
    if not coefficient:
        return 0
    node = collected([Number(-coefficient if coefficient < 0 else coefficient), *factors])
    return _simplified(Negative(node) if coefficient < 0 else node, value)


def _floor_quotient(a: Any, b: Any) -> Any:
    numerator, denominator = formula(a), formula(b)
    value = value_of(a) // value_of(b)
    if numerator == denominator:
        return 1
    if denominator == ONE and algebra.is_whole(value_of(a)):
        return a
    return _simplified(FunctionNode("floor", (_quotient(numerator, denominator),)), value)


def _quotient(numerator: Node, denominator: Node) -> Node:
    return numerator if denominator == ONE else Quotient(numerator, denominator)


def _negative(node: Node) -> Node:
    """The formula negated; -⌊-x⌋ becomes ⌈x⌉."""
    if isinstance(node, Negative):
        return node.operand
    if isinstance(node, Sum):
        return Sum(tuple(_negative(term) for term in node.terms))
    if isinstance(node, FunctionNode) and node.function == "floor":
        inside = node.arguments[0]
        quotient = inside if isinstance(inside, Quotient) else Quotient(inside, ONE)
        if isinstance(quotient.numerator, Negative):
            ceiled = _quotient(quotient.numerator.operand, quotient.denominator)
            return FunctionNode("ceil", (ceiled,))
    return Negative(node)
