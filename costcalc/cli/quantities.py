"""Numbers above zero that options give, with units."""

from __future__ import annotations

from fractions import Fraction

from costcalc.errors import Problem, SpecError
from costcalc.spec.numbers import ExpressionError, quantity


def budget(option: str, text: str | None) -> int | Fraction | None:
    """The number that an option gives, ``100M`` or ``0.5``; None where it is left out.

    Raises:
        SpecError: it is no number above zero.
    """
    if text is None:
        return None
    try:
        number = quantity(text.strip())
    except ExpressionError as error:
        raise _wrong(f"{option}: {error.message}", error.expected) from None
    if number is None or number <= 0:
        raise _wrong(f"{option} cannot be '{text}'", "a number above zero: 100M, 1.5G, 2000000")
    return number


def _wrong(message: str, expected: str) -> SpecError:
    return SpecError([Problem(None, message, expected=expected)])
