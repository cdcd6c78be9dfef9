"""Budgets: numbers above zero, given as numbers or as text with units."""

from __future__ import annotations

from fractions import Fraction

from costcalc.errors import refuse
from costcalc.spec.numbers import ExpressionError, quantity


def budget(name: str, value: int | Fraction | str | None) -> int | Fraction | None:
    """A caller's budget as a number, from ``100M`` or ``0.5``; None if it is left out.

    Raises:
        SpecError: it is not a number above zero.

    >>> budget("--max-mult-adds", "1.5G")
    1500000000
    """
    if value is None:
        return None
    number: object = value
    if isinstance(value, str):
        try:
            number = quantity(value.strip())
        except ExpressionError as error:
            refuse(None, f"{name}: {error.message}", error.expected)
    if not isinstance(number, int | Fraction) or isinstance(number, bool) or number <= 0:
        refuse(None, f"{name} cannot be '{value}'", "a number above zero: 100M, 1.5G, 2000000")
    return number
