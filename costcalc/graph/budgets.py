"""Budgets: numbers above zero, counts or bytes, given as numbers or as text with units."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import TypeAlias

from costcalc.advice import advice
from costcalc.errors import Mark, Problem, SpecError, refuse
from costcalc.spec.numbers import ExpressionError, quantity, size

Amount: TypeAlias = float | Fraction | str | None
"""A caller's budget: a number, or text with a unit; None for none."""

_BYTES = re.compile(r"([^A-Za-z]*[0-9.])\s*([KMGTkmgt])?i?(?:[Bb]|[Bb]ytes?)")
"""A size in bytes; ``1.5B`` alone is 1.5 billion."""

_COUNT = re.compile(r"([^A-Za-z]*[0-9.])\s*([KMGTkmgt])")
"""A count with a unit, where ``B`` alone would be bytes."""


def budget(
    name: str,
    value: Amount,
    is_bytes: bool = False,
    examples: str = "",
) -> int | Fraction | None:
    """A caller's budget as a number, from ``100M`` or ``0.5``; None if it is left out.

    Args:
        name: what is bounded, for messages.
        value: a number, or text; a bare number of a size is bytes.
        is_bytes: whether it bounds a size: ``256 KiB`` then, ``100M`` if not.
        examples: amounts to show in a message, if not the usual ones.

    Raises:
        SpecError: it is not a number above zero, or has the other kind of unit.

    >>> budget("max_ram", "256KiB", is_bytes=True), budget("max_ram", 1000, is_bytes=True)
    (262144, 1000)
    >>> budget("max_mult_adds", "1.5G"), budget("max_params", "7.5m")
    (1500000000, 7500000)
    """
    if value is None:
        return None
    number: object = value
    if isinstance(value, str | float):
        text = str(value).strip()
        problem = wrong_unit(name, text, is_bytes)
        if problem is not None:
            raise SpecError([problem])
        try:
            number = (size(text) if is_bytes else None) or quantity(text)
        except ExpressionError as error:
            refuse(None, advice("{}: {}", name, error.message), error.expected)
    if not isinstance(number, int | Fraction) or isinstance(number, bool) or number <= 0:
        examples = examples or ("256 KiB, 1 MB, 262144" if is_bytes else "100M, 1.5G, 2000000")
        refuse(
            None, advice("{} cannot be '{}'", name, str(value)), f"a number above zero: {examples}"
        )
    return number


def wrong_unit(name: str, text: str, is_bytes: bool, mark: Mark | None = None) -> Problem | None:
    """The problem of a bound whose unit is not that of what it bounds; None if there is none."""
    if not is_bytes:
        return in_bytes(name, text, mark)
    match = _COUNT.fullmatch(text)
    if match is None:
        return None
    number, unit = match[1].strip(), match[2].upper()
    return Problem(
        mark,
        advice("{} is a size in bytes, and {} is a count", name, text),
        expected=f"{number} {unit}iB, by 1024, or {number} {unit.replace('K', 'k')}B, by 1000",
    )


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
