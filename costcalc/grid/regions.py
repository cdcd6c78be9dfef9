"""A condition as regions: bounds on costs, and on sums of costs, within which it holds.

Here the costs of a network are unknown.  Comparing one with a bound asks whether it is at most
that; if the answer is open, both are tried, one after the other, and each leaves the cost in a
smaller range.  So any condition in which costs are added, scaled by numbers and compared becomes
a list of disjoint regions, however it is written.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from math import ceil, floor, gcd, lcm
from typing import Any, TypeAlias

from costcalc.formulas import algebra

Form: TypeAlias = "tuple[tuple[str, int], ...]"
"""A sum of costs, each by its name with its coefficient: whole, without a common divisor, the
first above zero."""

Range: TypeAlias = "tuple[int, int]"
"""The least and the greatest value, both included."""

Region: TypeAlias = Mapping[Form, Range]
"""The range of each sum; other costs are not bounded."""


class Inseparable(Exception):
    """A condition that does more than bound sums of costs.

    Attributes:
        reason: what it does with costs instead.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def regions(
    holds: Callable[[Callable[[str], Any]], bool], reach: Callable[[Form], Range]
) -> list[Region]:
    """The disjoint regions in which a condition holds.

    Args:
        holds: the condition, of a function that gives each cost by its name.
        reach: a lower and an upper bound of a sum of costs over the space.

    Raises:
        Inseparable: it does more than bound sums of costs.
    """
    waiting: list[Region] = [{}]
    found: list[Region] = []
    while waiting:
        known = _Known(waiting.pop(), reach)
        try:
            if holds(known.cost):
                found.append(known.region)
        except _Open as question:
            waiting += question.sides
    return found


class _Open(Exception):
    """A question that has both answers.

    Attributes:
        sides: the regions that each of them leaves.
    """

    def __init__(self, *sides: Region) -> None:
        super().__init__("a cost is on both sides of a bound")
        self.sides = sides


class _Known:
    """What is known of the costs in a region."""

    def __init__(self, region: Region, reach: Callable[[Form], Range]) -> None:
        self.region = region
        self.reach = reach

    def cost(self, name: str) -> _Sum:
        """A cost by its name."""
        return _Sum({name: Fraction(1)}, Fraction(0), self)

    def at_most(self, form: Form, bound: int) -> bool:
        """Whether a sum of costs is at most a bound throughout the region, or nowhere in it.

        Raises:
            _Open: it is in a part of the region.
        """
        low, high = self.region.get(form) or self.reach(form)
        if high <= bound:
            return True
        if low > bound:
            return False
        raise _Open({**self.region, form: (low, bound)}, {**self.region, form: (bound + 1, high)})


class _Comparable:
    """What is added, scaled by numbers, and compared by the sign of a difference."""

    def plus(self, other: Any) -> Any:
        """The sum with a number or a sum."""
        raise NotImplementedError

    def times(self, number: Any) -> Any:
        """The product with a number."""
        raise NotImplementedError

    def is_at_most(self, other: Any, is_strict: bool) -> bool:
        """Whether it is at most, or below, a number or a sum."""
        raise NotImplementedError

    def __add__(self, other: Any) -> Any:
        return self.plus(other)

    __radd__ = __add__

    def __mul__(self, other: Any) -> Any:
        if isinstance(other, _Comparable):
            raise Inseparable("multiplies costs with each other")
        return self.times(other)

    __rmul__ = __mul__

    def __neg__(self) -> Any:
        return self * -1

    def __sub__(self, other: Any) -> Any:
        return self + -1 * other

    def __rsub__(self, other: Any) -> Any:
        return -self + other

    def __le__(self, other: Any) -> bool:
        return self.is_at_most(other, False)

    def __lt__(self, other: Any) -> bool:
        return self.is_at_most(other, True)

    def __gt__(self, other: Any) -> bool:
        return not self.is_at_most(other, False)

    def __ge__(self, other: Any) -> bool:
        return not self.is_at_most(other, True)

    def __eq__(self, other: object) -> bool:
        is_number = isinstance(other, int | Fraction | _Comparable) and not isinstance(other, bool)
        return is_number and self <= other and not self < other

    def __bool__(self) -> bool:
        return self != 0

    __hash__ = None  # type: ignore[assignment]  # comparing it asks a question: not a key

    @property
    def __algebra__(self) -> Any:
        return _ALGEBRA

    def __mod__(self, _: Any) -> Any:
        raise Inseparable("takes the remainder of a cost")

    __rmod__ = __mod__

    def __floordiv__(self, _: Any) -> Any:
        raise Inseparable("rounds a cost")

    __rfloordiv__ = __floordiv__


class _Sum(_Comparable):
    """Costs, each times a number, and a number."""

    def __init__(self, terms: Mapping[str, Fraction], constant: Fraction, known: _Known) -> None:
        self.terms = terms
        self.constant = constant
        self.known = known

    def plus(self, other: Any) -> Any:
        """The sum with a number or a sum."""
        if isinstance(other, _Ratio):
            return other + self
        if not isinstance(other, _Sum):
            return _Sum(self.terms, self.constant + other, self.known)
        names = dict.fromkeys((*self.terms, *other.terms))
        none = Fraction(0)
        sums = {name: self.terms.get(name, none) + other.terms.get(name, none) for name in names}
        terms = {name: times for name, times in sums.items() if times}
        constant = self.constant + other.constant
        return _Sum(terms, constant, self.known) if terms else algebra.whole(constant)

    def times(self, number: Any) -> Any:
        """The product with a number."""
        if not number:
            return 0
        terms = {name: times * number for name, times in self.terms.items()}
        return _Sum(terms, self.constant * number, self.known)

    def is_at_most(self, other: Any, is_strict: bool) -> bool:
        """Whether the sum is at most, or below, a number or a sum."""
        if isinstance(other, _Ratio):
            return bool((-other).is_at_most(-self, is_strict))
        difference = self - other
        if not isinstance(difference, _Sum):
            return bool(difference < 0 if is_strict else difference <= 0)
        form, scale = _form(difference.terms)
        bound = -difference.constant / scale
        if scale > 0:
            return self.known.at_most(form, ceil(bound) - 1 if is_strict else floor(bound))
        return not self.known.at_most(form, floor(bound) if is_strict else ceil(bound) - 1)

    @property
    def is_above_zero(self) -> bool:
        """Whether it is at every network of the space."""
        form, scale = _form(self.terms)
        low, high = self.known.reach(form)
        return scale * (low if scale > 0 else high) + self.constant > 0


class _Ratio(_Comparable):
    """A sum of costs, or a number, over a sum that is above zero."""

    def __init__(self, above: Any, below: _Sum) -> None:
        if not below.is_above_zero:
            raise Inseparable("divides by a cost that may be zero")
        self.above = above
        self.below = below

    def plus(self, other: Any) -> Any:
        """The sum with a number or a sum."""
        return _Ratio(self.above + self.below * other, self.below)

    def times(self, number: Any) -> Any:
        """The product with a number."""
        return _Ratio(self.above * number, self.below)

    def is_at_most(self, other: Any, is_strict: bool) -> bool:
        """Whether the ratio is at most, or below, a number."""
        difference = self.above - self.below * other
        return bool(difference < 0 if is_strict else difference <= 0)


class _Algebra:
    """The operations that Python has no operator for."""

    def maximum(self, a: Any, b: Any) -> Any:
        """The larger of two, whichever it is in a region."""
        return b if a <= b else a

    def minimum(self, a: Any, b: Any) -> Any:
        """The smaller of two, whichever it is in a region."""
        return a if a <= b else b

    def less(self, a: Any, b: Any) -> int:
        """1 if ``a < b``, else 0."""
        return int(a < b)

    def quotient(self, a: Any, b: Any) -> Any:
        """A quotient by a number, or by a sum that is above zero."""
        if not isinstance(b, _Comparable):
            return a * (1 / Fraction(b))
        if isinstance(b, _Sum) and not isinstance(a, _Ratio):
            return _Ratio(a, b)
        raise Inseparable("divides by costs more than once")

    def is_whole(self, a: Any) -> bool:
        """Nothing asks it of a cost in a condition."""
        raise Inseparable("asks whether a cost is a whole number")

    def gcd(self, a: Any, b: Any) -> Any:
        """Nothing asks it of a cost in a condition."""
        raise Inseparable("asks for the divisors of a cost")


_ALGEBRA = _Algebra()


def _form(terms: Mapping[str, Fraction]) -> tuple[Form, Fraction]:
    """Terms as a multiple of a form."""
    ordered = sorted(terms.items())
    common = lcm(*(times.denominator for _, times in ordered))
    whole = [int(times * common) for _, times in ordered]
    divisor = gcd(*whole) * (1 if whole[0] > 0 else -1)
    names = (name for name, _ in ordered)
    form = tuple((name, times // divisor) for name, times in zip(names, whole, strict=True))
    return form, Fraction(divisor, common)
