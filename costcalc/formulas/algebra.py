"""The small, closed set of operations that formulas are written in.

The same formula is evaluated in several algebras: Python integers give the
report, arrays a whole sweep, symbols the formula itself.  Formula bodies
therefore use only ``+ - * //`` and the helpers of this module: ``if``,
``math.ceil``, ``int()`` and ``max()`` do not work on a symbol.

Numbers are exact everywhere: ``int`` and ``fractions.Fraction`` here; arrays
and symbols bring their own versions of the operations that Python has no
operator for (:class:`Algebra`), so that nothing in this module imports NumPy or
SymPy before one of their values arrives.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from functools import reduce
from typing import Any, Protocol, TypeAlias, cast

Size: TypeAlias = Any
"""A whole number in some algebra: an ``int``, an array, a symbol.  These share no type."""


class Algebra(Protocol):
    """The operations without a Python operator, which other kinds of numbers must provide."""

    def maximum(self, a: Any, b: Any) -> Any:
        """The larger of ``a`` and ``b``, element by element."""

    def minimum(self, a: Any, b: Any) -> Any:
        """The smaller of ``a`` and ``b``, element by element."""

    def less(self, a: Any, b: Any) -> Any:
        """1 where ``a < b``, else 0."""

    def quotient(self, a: Any, b: Any) -> Any:
        """The exact quotient ``a / b``."""

    def is_whole(self, a: Any) -> Any:
        """Whether ``a`` is a whole number."""

    def gcd(self, a: Any, b: Any) -> Any:
        """The greatest common divisor, element by element."""


def maximum(a: Any, b: Any) -> Any:
    """The larger of two sizes."""
    if _plain(a) and _plain(b):
        return a if a >= b else b
    return _algebra(a, b).maximum(a, b)


def minimum(a: Any, b: Any) -> Any:
    """The smaller of two sizes."""
    if _plain(a) and _plain(b):
        return a if a <= b else b
    return _algebra(a, b).minimum(a, b)


def largest(sizes: Iterable[Any]) -> Any:
    """The largest of some sizes, none below 0; 0 for none.

    >>> largest([3, 8, 5])
    8
    """
    listed = list(sizes)
    if all(map(_plain, listed)):
        return max(listed, default=0)
    together = getattr(_algebra(*listed), "largest", None)
    return together(listed) if together is not None else reduce(maximum, listed)


def largest_sum(sums: Iterable[Iterable[Any]], multiple: int = 1) -> Any:
    """The largest of some sums of sizes, none below 0; 0 for none.

    Each size is rounded up to a multiple before it is added.

    >>> largest_sum([(3, 8), (9,)], multiple=4)
    12
    """
    listed = [tuple(sizes) for sizes in sums]
    numbers = [size for sizes in listed for size in sizes]
    if not all(map(_plain, numbers)):
        together = getattr(_algebra(*numbers), "largest_sum", None)
        if together is not None:
            return together(listed, multiple)
    return largest(sum(round_up(size, multiple) for size in sizes) for sizes in listed)


def setting_by_setting(function: Callable[[Sequence[int]], int], sizes: Iterable[Any]) -> Any:
    """An algorithm on whole numbers that is no formula, at every setting of their algebra.

    Raises:
        TypeError: the sizes are in an algebra without settings, as symbols are.

    >>> setting_by_setting(sorted, [3, 8, 5])
    [3, 5, 8]
    """
    listed = list(sizes)
    if all(map(_plain, listed)):
        return function([int(size) for size in listed])
    at_settings = getattr(_algebra(*listed), "setting_by_setting", None)
    if at_settings is None:
        raise TypeError("an algorithm needs numbers, not symbols")
    return at_settings(function, listed)


def times(count: Any) -> int:
    """How often something that occurs ``count`` times is unfolded.

    Symbols take their value at the chosen settings, and leave what that assumes to their reader.
    """
    unfolded = None if _plain(count) else getattr(_algebra(count), "times", None)
    return int(count if unfolded is None else unfolded(count))


def less(a: Any, b: Any) -> Any:
    """1 where ``a < b``, else 0."""
    if _plain(a) and _plain(b):
        return int(a < b)
    return _algebra(a, b).less(a, b)


def quotient(a: Any, b: Any) -> Any:
    """``a / b`` without loss: 7 / 20 stays 7/20, 6 / 3 is the integer 2.

    Raises:
        ZeroDivisionError: ``b`` is zero.
    """
    if type(a) is int and type(b) is int and b:
        times, rest = divmod(a, b)
        return Fraction(a, b) if rest else times
    if _plain(a) and _plain(b):
        return whole(Fraction(a) / b)
    return _algebra(a, b).quotient(a, b)


def is_whole(a: Any) -> Any:
    """Whether ``a`` is a whole number."""
    if _plain(a):
        return a.denominator == 1
    return _algebra(a).is_whole(a)


def gcd(a: Any, b: Any) -> Any:
    """The greatest whole number that divides both."""
    if type(a) is int and type(b) is int:
        return math.gcd(a, b)
    return _algebra(a, b).gcd(a, b)


def whole(a: Any) -> Any:
    """``a``, as an ``int`` if it is a fraction with the denominator 1."""
    return a.numerator if type(a) is Fraction and a.denominator == 1 else a


def floor(a: Any) -> Any:
    """The largest whole number not above ``a``."""
    return a if type(a) is int else a // 1


def ceil(a: Any) -> Any:
    """The smallest whole number not below ``a``."""
    return a if type(a) is int else -(-a // 1)


def ceil_div(a: Any, b: Any) -> Any:
    """``a / b`` rounded up."""
    return -(-a // b)


def round_up(a: Any, multiple: int) -> Any:
    """``a`` rounded up to a multiple."""
    return a if multiple == 1 else ceil_div(a, multiple) * multiple


def round_half_up(a: Any) -> Any:
    """The nearest whole number; a half goes up."""
    return (2 * a + 1) // 2


def exact_div(a: Any, b: Any) -> Any:
    """``a / b`` for a ``b`` that is known to divide ``a``, as groups divide channels."""
    if type(a) is int and type(b) is int:
        return a // b
    own = None if _plain(a) and _plain(b) else getattr(_algebra(a, b), "exact_div", None)
    return quotient(a, b) if own is None else own(a, b)


def round_to_multiple(a: Any, divisor: int = 8) -> Any:
    """The nearest multiple of ``divisor``, but never below ``divisor`` or 90 % of ``a``.

    This is ``_make_divisible`` of MobileNetV2's released code: round half up to
    the multiple, at least ``divisor``; one multiple more if that lost over ten
    per cent.
    """
    nearest = nearest_multiple(a, divisor)
    return nearest + divisor * less(10 * nearest, 9 * a)


def nearest_multiple(a: Any, divisor: int) -> Any:
    """The nearest multiple of ``divisor``, but at least ``divisor``; a half goes up."""
    return maximum((2 * a + divisor) // (2 * divisor) * divisor, divisor)


def is_one_of(a: Any, values: Sequence[Any]) -> Any:
    """Whether a number, or a word, is among some values.

    >>> is_one_of(3, (3, 5, "same"))
    True
    """
    together = getattr(getattr(a, "__algebra__", None), "is_one_of", None)
    return together(a, values) if together is not None else a in values


def product(sizes: Iterable[Any]) -> Any:
    """The product of ``sizes``; 1 for none."""
    result: Any = 1
    for size in sizes:
        result = result * size
    return result


def _plain(a: object) -> bool:
    return type(a) is int or isinstance(a, int | Fraction)


def _algebra(*numbers: Any) -> Algebra:
    """The algebra of the first number that is not plain."""
    for number in numbers:
        if _plain(number):
            continue
        if hasattr(number, "__algebra__"):
            return cast(Algebra, number.__algebra__)
        package = type(number).__module__.partition(".")[0]
        if package == "numpy":
            from costcalc.formulas import arrays

            return arrays
        if package == "sympy":
            from costcalc.formulas import symbols

            return symbols
    raise TypeError(f"there is no algebra for {numbers!r}")
