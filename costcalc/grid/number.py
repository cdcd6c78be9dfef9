"""Exact numbers that vary over a grid, for the formulas to compute with.

A grid number is a sum of terms over one common denominator, and a term is an
integer times factors that vary along different axes.  Widths depend on alpha,
maps on the resolution: their product stays a pair of vectors, however large the
grid, until somebody reads its cells.  What products and sums alone cannot say
(a quotient, a comparison, a maximum) is computed cell by cell along the axes
that it depends on.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from math import gcd, lcm
from typing import Any

import numpy

from costcalc.formulas import algebra
from costcalc.grid.factor import Array, BoundedArray, exact
from costcalc.grid.splitting import Mask, Split, decided
from costcalc.grid.terms import Monomial, gathered, joined, total


class GridNumber:
    """A number for every setting of a grid: ``sum(terms) / denominator``."""

    __slots__ = ("_bounds", "denominator", "terms")

    def __init__(self, terms: tuple[Monomial, ...], denominator: int) -> None:
        self.terms = terms
        self.denominator = denominator
        self._bounds: tuple[int, int] | None = None

    @property
    def __algebra__(self) -> Any:
        return _ALGEBRA

    @property
    def bounds(self) -> tuple[int, int]:
        """Bounds of the numerator."""
        if self._bounds is None:
            ends = [term.bounds() for term in self.terms]
            self._bounds = sum(low for low, _ in ends), sum(high for _, high in ends)
        return self._bounds

    def numerator(self) -> BoundedArray:
        """The numerator, cell by cell along the axes that it varies on."""
        return total(self.terms)

    def __add__(self, other: Any) -> Any:
        if not isinstance(other, GridNumber | int | Fraction):
            return NotImplemented
        terms, below = _parts(other)
        common = lcm(self.denominator, below)
        ours, theirs = common // self.denominator, common // below
        return _number(
            (
                *(Monomial(term.coefficient * ours, term.factors) for term in self.terms),
                *(Monomial(term.coefficient * theirs, term.factors) for term in terms),
            ),
            common,
        )

    __radd__ = __add__

    def __neg__(self) -> Any:
        return self * -1

    def __sub__(self, other: Any) -> Any:
        return self + -other if isinstance(other, GridNumber | int | Fraction) else NotImplemented

    def __rsub__(self, other: Any) -> Any:
        return -self + other

    def __mul__(self, other: Any) -> Any:
        if not isinstance(other, GridNumber | int | Fraction):
            return NotImplemented
        terms, below = _parts(other)
        return _number(
            [
                Monomial(a.coefficient * b.coefficient, joined(a.factors, b.factors))
                for a in self.terms
                for b in terms
            ],
            self.denominator * below,
        )

    __rmul__ = __mul__

    def __floordiv__(self, other: Any) -> Any:
        return _floor(self, other)

    def __rfloordiv__(self, other: Any) -> Any:
        return _floor(other, self)

    def __mod__(self, other: Any) -> Any:
        return self - self // other * other

    def __rmod__(self, other: Any) -> Any:
        return other - other // self * self

    def __lt__(self, other: Any) -> Any:
        return _compared(self, other, numpy.less)

    def __le__(self, other: Any) -> Any:
        return _compared(self, other, numpy.less_equal)

    def __gt__(self, other: Any) -> Any:
        return _compared(self, other, numpy.greater)

    def __ge__(self, other: Any) -> Any:
        return _compared(self, other, numpy.greater_equal)

    def __eq__(self, other: Any) -> Any:
        return _compared(self, other, numpy.equal)

    def __ne__(self, other: Any) -> Any:
        return _compared(self, other, numpy.not_equal)

    __hash__ = None  # type: ignore[assignment]  # equality is cell by cell: no key of anything

    def __bool__(self) -> bool:
        return bool(self != 0)

    def __index__(self) -> int:
        """Its one value, where a count of repeats or the like is needed.

        Raises:
            Split: it has several.
        """
        numbers = exact(self.numerator().array)
        if numbers.low != numbers.high:
            raise Split(numbers.array)
        return numbers.low // self.denominator

    __int__ = __index__

    def __str__(self) -> str:
        low, high = self.bounds
        return f"{Fraction(low, self.denominator)} to {Fraction(high, self.denominator)}"


def _parts(value: Any) -> tuple[tuple[Monomial, ...], int]:
    """The terms and the denominator of a number, grid or plain."""
    if isinstance(value, GridNumber):
        return value.terms, value.denominator
    return (Monomial(value.numerator, ()),), value.denominator


def _number(terms: Iterable[Monomial], denominator: int) -> Any:
    """The number of some terms; a plain one where nothing varies."""
    kept = gathered(terms)
    if not any(term.factors for term in kept):
        return algebra.whole(Fraction(sum(term.coefficient for term in kept), denominator))
    shared = gcd(denominator, *(term.coefficient for term in kept))
    if shared > 1:
        kept = [Monomial(term.coefficient // shared, term.factors) for term in kept]
        denominator //= shared
    return GridNumber(tuple(kept), denominator)


def _cells(array: Array) -> Any:
    """Whole numbers as a grid number, or as a plain one where all are the same."""
    factor = exact(array)
    if factor.low == factor.high:
        return factor.low
    return GridNumber((Monomial(1, (factor,)),), 1)


def _crossed(a: Any, b: Any) -> tuple[BoundedArray, BoundedArray]:
    """Numerators of ``a`` and ``b`` over their common denominator, cell by cell."""
    (a_terms, a_below), (b_terms, b_below) = _parts(a), _parts(b)
    common = lcm(a_below, b_below)
    return (
        total(a_terms).scaled(common // a_below),
        total(b_terms).scaled(common // b_below),
    )


def _floor(a: Any, b: Any) -> Any:
    """``a // b``.

    Raises:
        ZeroDivisionError: ``b`` is zero in every setting.
        Split: ``b`` is zero in some.
    """
    if not isinstance(a, GridNumber | int | Fraction) or not isinstance(
        b, GridNumber | int | Fraction
    ):
        return NotImplemented
    if b == 0:
        raise ZeroDivisionError
    if isinstance(a, GridNumber) and a.denominator == 1 and b == 1:
        return a
    above, below = _crossed(a, b)
    return _cells(above.array // below.array)


def _compared(a: GridNumber, b: Any, relation: Any) -> Any:
    """``relation`` of a number and another: by their bounds alone where these decide."""
    if not isinstance(b, GridNumber | int | Fraction):
        return NotImplemented
    if a is b:
        return bool(relation(0, 0))
    (low, high), below = a.bounds, a.denominator
    (other_low, other_high), other_below = _bounds(b)
    if high * other_below < other_low * below:
        return bool(relation(0, 1))
    if low * other_below > other_high * below:
        return bool(relation(1, 0))
    left, right = _crossed(a, b)
    return decided(numpy.asarray(relation(left.array, right.array), dtype=bool))


def _bounds(value: Any) -> tuple[tuple[int, int], int]:
    if isinstance(value, GridNumber):
        return value.bounds, value.denominator
    return (value.numerator, value.numerator), value.denominator


class _Algebra:
    """What the formulas have no operator for."""

    def maximum(self, a: Any, b: Any) -> Any:
        """The larger of ``a`` and ``b``, setting by setting."""
        return self._extreme(a, b, numpy.maximum)

    def minimum(self, a: Any, b: Any) -> Any:
        """The smaller of ``a`` and ``b``, setting by setting."""
        return self._extreme(a, b, numpy.minimum)

    def gcd(self, a: Any, b: Any) -> Any:
        """The greatest common divisor, setting by setting."""
        return self._extreme(a, b, numpy.gcd)

    def less(self, a: Any, b: Any) -> Any:
        """1 where ``a < b``, else 0."""
        is_less = a < b
        if isinstance(is_less, Mask):
            return _cells(is_less.array.astype(numpy.int64))
        return int(is_less)

    def quotient(self, a: Any, b: Any) -> Any:
        """The exact quotient ``a / b``.

        Raises:
            ZeroDivisionError: ``b`` is zero in every setting.
            Split: ``b`` varies, and does not divide ``a`` throughout.
        """
        if a is b:
            return 1
        if not isinstance(b, GridNumber):
            return a * (1 / Fraction(b))
        if b == 0:
            raise ZeroDivisionError
        above, below = _crossed(a, b)
        if not (above.array % below.array).any():
            return _cells(above.array // below.array)
        divisors = exact(below.array)
        if divisors.low != divisors.high:
            raise Split(divisors.array)
        return _cells(above.array) * Fraction(1, divisors.low)

    def is_whole(self, a: GridNumber) -> Any:
        """Whether ``a`` is a whole number."""
        if a.denominator == 1:
            return True
        return decided(numpy.asarray(a.numerator().array % a.denominator == 0, dtype=bool))

    def _extreme(self, a: Any, b: Any, choose: Any) -> Any:
        below = lcm(_parts(a)[1], _parts(b)[1])
        left, right = _crossed(a, b)
        return algebra.quotient(_cells(choose(left.array, right.array)), below)


_ALGEBRA = _Algebra()
