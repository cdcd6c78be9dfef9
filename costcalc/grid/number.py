"""Exact numbers that vary over a grid, for the formulas to compute with.

A grid number is a sum of monomials over one common denominator, and a monomial is
an integer times factors that vary along different axes.  Widths depend on alpha,
maps on the resolution: their product stays a pair of vectors, however large the
grid, until its cells are read.  Anything but sums and products (a quotient, a
comparison, a maximum) is computed cell by cell along the axes that it depends on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from functools import reduce
from math import gcd, lcm
from typing import Any

import numpy

from costcalc.formulas import algebra
from costcalc.grid.bounded import (
    CACHED,
    Array,
    BoundedArray,
    bounded,
    fits,
    product_bounds,
    slabs,
    within,
)
from costcalc.grid.largest import largest
from costcalc.grid.splitting import Mask, Split, decided
from costcalc.records import NamedTuple

SEPARATE = 2**10
"""Settings whose numbers are held as Python's own at the same time."""


class Monomial(NamedTuple):
    """An integer times factors, no two of which vary along one axis."""

    coefficient: int
    factors: tuple[BoundedArray, ...]

    def bounds(self) -> tuple[int, int]:
        """The least and the greatest value that it can have."""
        bounds = (self.coefficient, self.coefficient)
        for factor in self.factors:
            bounds = product_bounds(bounds, (factor.low, factor.high))
        return bounds


class GridNumber:
    """A number for every setting of a grid: ``sum(terms) / denominator``."""

    __slots__ = ("_bounds", "denominator", "terms")

    def __init__(self, terms: tuple[Monomial, ...], denominator: int) -> None:
        self.terms = terms
        self.denominator = denominator
        self._bounds: tuple[int, int] | None = None

    @classmethod
    def of(cls, numerator: BoundedArray, denominator: int = 1) -> GridNumber:
        """The number that has these values along the axes that they vary on."""
        return cls((Monomial(1, (numerator,)),), denominator)

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
        return _total(self.terms)

    def __add__(self, other: Any) -> Any:
        if not isinstance(other, _NUMBERS):
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
        return self + -other if isinstance(other, _NUMBERS) else NotImplemented

    def __rsub__(self, other: Any) -> Any:
        return -self + other

    def __mul__(self, other: Any) -> Any:
        if not isinstance(other, _NUMBERS):
            return NotImplemented
        terms, below = _parts(other)
        return _number(
            [
                Monomial(a.coefficient * b.coefficient, _joined(a.factors, b.factors))
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

    __hash__ = None  # type: ignore[assignment]  # equality is cell by cell: not a key

    def __bool__(self) -> bool:
        return bool(self != 0)

    def __index__(self) -> int:
        """Its single value, for uses that need a plain integer, such as repeats.

        Raises:
            Split: it has several values.
        """
        numbers = bounded(self.numerator().array)
        if numbers.low != numbers.high:
            raise Split(numbers.array)
        return numbers.low // self.denominator

    __int__ = __index__

    def __str__(self) -> str:
        low, high = self.bounds
        return f"{Fraction(low, self.denominator)} to {Fraction(high, self.denominator)}"


_NUMBERS = (GridNumber, int, Fraction)
"""What a grid number may be computed with; a tuple is tested sooner than a union."""


def cells(value: Any, shape: tuple[int, ...]) -> Array:
    """A number of the grid, setting by setting; as 64-bit integers if these suffice."""
    if not isinstance(value, GridNumber):
        is_short = isinstance(value, int) and fits(value, value)
        return numpy.full(shape, value, dtype=numpy.int64 if is_short else object)
    if value.denominator != 1:
        return numpy.broadcast_to(_fractions(value), shape)
    if not _adds_up(value):
        return numpy.broadcast_to(value.numerator().array, shape)
    result = numpy.empty(shape, numpy.int64)
    for block in slabs(shape, CACHED):
        target = result[block]
        target[...] = 0
        spare = numpy.empty_like(target)
        for term in value.terms:
            product: Any = term.coefficient
            for factor in term.factors:
                array = factor.array[within(block, factor.array)]
                wide = numpy.broadcast_shapes(numpy.shape(product), array.shape)
                out = spare if wide == target.shape else None
                product = numpy.multiply(product, array, out=out)
            numpy.add(target, product, out=target)
    return result


def _fractions(number: GridNumber) -> Array:
    """Exact values as Python's own numbers, for conventions that halve what they count."""
    numerator = number.numerator().array
    values = [algebra.whole(Fraction(int(n), number.denominator)) for n in numerator.ravel()]
    return numpy.array(values, dtype=object).reshape(numerator.shape)


def _adds_up(number: GridNumber) -> bool:
    """Whether no sum of its terms, in any order, can leave 64 bits."""
    reach = sum(max(map(abs, term.bounds())) for term in number.terms)
    return fits(-reach, reach) and all(
        factor.array.dtype != object for term in number.terms for factor in term.factors
    )


def _parts(value: Any) -> tuple[tuple[Monomial, ...], int]:
    """The terms and the denominator of a number, grid or plain."""
    if isinstance(value, GridNumber):
        return value.terms, value.denominator
    return (Monomial(value.numerator, ()),), value.denominator


def _number(terms: Iterable[Monomial], denominator: int) -> Any:
    """The number of some terms; a plain one where nothing varies."""
    kept = _gathered(terms)
    if not any(term.factors for term in kept):
        return algebra.quotient(sum(term.coefficient for term in kept), denominator)
    shared = gcd(denominator, *(term.coefficient for term in kept))
    if shared > 1:
        kept = [Monomial(term.coefficient // shared, term.factors) for term in kept]
        denominator //= shared
    return GridNumber(tuple(kept), denominator)


def _gathered(terms: Iterable[Monomial]) -> list[Monomial]:
    """The terms, with like terms added up and zeros left out."""
    by_key: dict[Any, Monomial] = {}
    for term in terms:
        if not term.coefficient:
            continue
        key = _key(term)
        before = by_key.get(key)
        by_key[key] = term if before is None else _added(before, term)
    return [term for term in by_key.values() if term.coefficient]


def _total(terms: Iterable[Monomial]) -> BoundedArray:
    """The sum of some terms, cell by cell along the axes that they vary on."""
    result: BoundedArray | None = None
    constant = 0
    for term in terms:
        if not term.factors:
            constant += term.coefficient
            continue
        product = term.factors[0]
        for factor in term.factors[1:]:
            product = product.times(factor)
        if result is None:
            result = product.scaled(term.coefficient)
        else:
            result = result.plus(1, product, term.coefficient)
    if result is None:
        return bounded(numpy.array([constant], dtype=object))
    return result.shifted(constant) if constant else result


def _joined(
    ours: tuple[BoundedArray, ...], theirs: tuple[BoundedArray, ...]
) -> tuple[BoundedArray, ...]:
    """The factors of a product: those that share an axis become one."""
    joined = list(ours)
    for factor in theirs:
        product = factor
        apart = []
        for other in joined:
            if other.axes & product.axes:
                product = other.times(product)
            else:
                apart.append(other)
        joined = [*apart, product]
    return tuple(sorted(joined, key=lambda factor: min(factor.axes)))


def _key(term: Monomial) -> Any:
    """What like terms, whose sum is a single term, have in common."""
    if len(term.factors) == 1:
        return term.factors[0].axes
    return tuple(id(factor.array) for factor in term.factors)


def _added(a: Monomial, b: Monomial) -> Monomial:
    """The sum of two like terms."""
    if len(a.factors) == 1:
        return Monomial(1, (a.factors[0].plus(a.coefficient, b.factors[0], b.coefficient),))
    return Monomial(a.coefficient + b.coefficient, a.factors)


def _cells(array: Array) -> Any:
    """Whole numbers as a grid number, or as a plain one if all are equal."""
    factor = bounded(array)
    if factor.low == factor.high:
        return factor.low
    return GridNumber.of(factor)


def _numerators(a: Any, b: Any) -> tuple[BoundedArray, BoundedArray]:
    """Numerators of ``a`` and ``b`` over their common denominator, cell by cell."""
    (a_terms, a_below), (b_terms, b_below) = _parts(a), _parts(b)
    common = lcm(a_below, b_below)
    return (
        _total(a_terms).scaled(common // a_below),
        _total(b_terms).scaled(common // b_below),
    )


def _floor(a: Any, b: Any) -> Any:
    """``a // b``.

    Raises:
        ZeroDivisionError: ``b`` is zero in every setting.
        Split: ``b`` is zero in some settings.
    """
    if not isinstance(a, _NUMBERS) or not isinstance(b, _NUMBERS):
        return NotImplemented
    if b == 0:
        raise ZeroDivisionError
    if isinstance(a, GridNumber) and a.denominator == 1 and b == 1:
        return a
    above, below = _numerators(a, b)
    return _cells(above.array // below.array)


def _compared(a: GridNumber, b: Any, relation: Any) -> Any:
    """``relation`` of a number and another; by their bounds alone if these decide it."""
    if not isinstance(b, _NUMBERS):
        return NotImplemented
    if a is b:
        return bool(relation(0, 0))
    (low, high), below = a.bounds, a.denominator
    (other_low, other_high), other_below = _bounds(b)
    if high * other_below < other_low * below:
        return bool(relation(0, 1))
    if low * other_below > other_high * below:
        return bool(relation(1, 0))
    left, right = _numerators(a, b)
    return decided(numpy.asarray(relation(left.array, right.array), dtype=bool))


def _bounds(value: Any) -> tuple[tuple[int, int], int]:
    if isinstance(value, GridNumber):
        return value.bounds, value.denominator
    return (value.numerator, value.numerator), value.denominator


class _Algebra:
    """The operations that Python has no operator for."""

    def maximum(self, a: Any, b: Any) -> Any:
        """The larger of ``a`` and ``b``, setting by setting."""
        return self._extreme(a, b, numpy.maximum)

    def minimum(self, a: Any, b: Any) -> Any:
        """The smaller of ``a`` and ``b``, setting by setting."""
        return self._extreme(a, b, numpy.minimum)

    def largest(self, numbers: Sequence[Any]) -> Any:
        """The largest of some numbers, setting by setting."""
        return self.largest_sum([(number,) for number in numbers], 1)

    def largest_sum(self, sums: Sequence[Sequence[Any]], multiple: int) -> Any:
        """The largest of some sums of sizes rounded up to a multiple, setting by setting."""
        parts = [[_parts(size) for size in sizes] for sizes in sums]
        is_whole = all(below == 1 for sizes in parts for _, below in sizes)
        terms = [[terms for terms, _ in sizes] for sizes in parts]
        result = largest(terms, multiple) if is_whole else None
        if result is None:
            rounded = [[algebra.round_up(size, multiple) for size in sizes] for sizes in sums]
            return reduce(self.maximum, map(sum, rounded))
        if isinstance(result, BoundedArray):
            return GridNumber.of(result)
        return _number(tuple(Monomial(*term) for term in result), 1)

    def setting_by_setting(
        self, function: Callable[[Sequence[int]], int], numbers: Sequence[Any]
    ) -> Any:
        """A function of whole numbers, evaluated once for each combination of their values."""
        parts = map(_parts, numbers)
        arrays = [_total(terms).array // denominator for terms, denominator in parts]
        shape = numpy.broadcast_shapes(*(array.shape for array in arrays))
        wide = [numpy.broadcast_to(array, shape) for array in arrays]
        result: Array = numpy.empty(shape, object)
        known: dict[tuple[int, ...], int] = {}
        for block in slabs(shape, SEPARATE):
            rows = zip(*(array[block].ravel().tolist() for array in wide), strict=True)
            values = []
            for row in rows:
                if row not in known:
                    known[row] = function(row)
                values.append(known[row])
            result[block] = numpy.array(values, object).reshape(result[block].shape)
        return _cells(result)

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
        above, below = _numerators(a, b)
        if not (above.array % below.array).any():
            return _cells(above.array // below.array)
        divisors = bounded(below.array)
        if divisors.low != divisors.high:
            raise Split(divisors.array)
        return _cells(above.array) * Fraction(1, divisors.low)

    def is_whole(self, a: GridNumber) -> Any:
        """Whether ``a`` is a whole number."""
        if a.denominator == 1:
            return True
        return decided(numpy.asarray(a.numerator().array % a.denominator == 0, dtype=bool))

    def is_one_of(self, a: GridNumber, values: Sequence[Any]) -> Any:
        """Whether a number is among some values."""
        equal = [a == value for value in values]
        masks = [answer.array for answer in equal if isinstance(answer, Mask)]
        return any(answer is True for answer in equal) or (
            bool(masks) and decided(numpy.logical_or.reduce(numpy.broadcast_arrays(*masks)))
        )

    def _extreme(self, a: Any, b: Any, choose: Any) -> Any:
        below = lcm(_parts(a)[1], _parts(b)[1])
        left, right = _numerators(a, b)
        return algebra.quotient(_cells(choose(left.array, right.array)), below)


_ALGEBRA = _Algebra()
