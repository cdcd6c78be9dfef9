"""Budgets: numbers above zero, given as numbers or as text with units."""

from __future__ import annotations

import re
from fractions import Fraction

from costcalc.advice import advice
from costcalc.errors import Mark, Problem, SpecError, refuse
from costcalc.spec.numbers import ExpressionError, quantity

_BYTES = re.compile(r"([^A-Za-z]*[0-9.])\s*([KMGTkmgt])?i?(?:[Bb]|[Bb]ytes?)")
"""A size in bytes; ``1.5B`` alone is 1.5 billion."""


def budget(
    name: str,
    value: int | float | Fraction | str | None,
    examples: str = "100M, 1.5G, 2000000",
) -> int | Fraction | None:
    """A caller's budget as a number, from ``100M`` or ``0.5``; None if it is left out.

    Raises:
        SpecError: it is not a number above zero.

    >>> budget("max_mult_adds", "1.5G"), budget("max_params", "7.5m")
    (1500000000, 7500000)
    """
    if value is None:
        return None
    number: object = value
    if isinstance(value, str | float):
        text = str(value).strip()
        problem = in_bytes(name, text)
        if problem is not None:
            raise SpecError([problem])
        try:
            number = quantity(text)
        except ExpressionError as error:
            refuse(None, advice("{}: {}", name, error.message), error.expected)
    if not isinstance(number, int | Fraction) or isinstance(number, bool) or number <= 0:
        refuse(
            None, advice("{} cannot be '{}'", name, str(value)), f"a number above zero: {examples}"
        )
    return number


def in_bytes(name: str, text: str, mark: Mark | None = None) -> Problem | None:
    """The problem of a number of bytes as a bound on a count; None if it is not one."""
    match = _BYTES.fullmatch(text)
    if match is None or (match[2] is None and text[-1:] in "bB"):
        return None
    number = f"{match[1].strip()}{(match[2] or '').upper()}"
    return Problem(
        mark,
        advice("{} is a count, and {} is a size in bytes", name, text),
        expected=f"{number} at one byte for each, a quarter of that at four bytes",
    )
