"""Columns of values, one for each group: what they are to one another."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable
from fractions import Fraction
from typing import Any

from costcalc.blocks.alignment import ABSENT, Column
from costcalc.formulas.algebra import round_to_multiple

_DIVISORS = (2, 3, 4, 6, 8, 12, 16, 24, 32)
"""What squeezed widths are divided by."""


def of_all(holds: Callable[..., bool], own: Column, *others: Column) -> bool:
    """Whether something holds of the values of every group that has one."""
    rows = [row for row in zip(own, *others, strict=True) if row[0] is not ABSENT]
    return all(
        all(value is not ABSENT and value is not None for value in row) and holds(*row)
        for row in rows
    )


def agree(one: Column, other: Column) -> bool:
    """Whether every group that has a value has the other column's."""
    return of_all(lambda a, b: bool(a == b), one, other)


def multiple(text: str, column: Column, own: Column) -> str:
    """A column as a multiple or a part of another; nothing where it is neither."""
    ratios = {
        Fraction(a, b) if b not in (ABSENT, None, 0) else None
        for a, b in zip(own, column, strict=True)
        if a is not ABSENT
    }
    if len(ratios) != 1 or None in ratios:
        return ""
    ratio = ratios.pop() or Fraction(1)
    if ratio == 1:
        return text
    if 1 not in (ratio.numerator, ratio.denominator):
        return ""
    simple = f"({text})" if re.search(r"[-+]", text) else text
    return f"{simple} * {ratio}" if ratio > 1 else f"{simple} / {ratio.denominator}"


def is_part(one: Column, other: Column) -> bool:
    """Whether a column is a whole part of another."""
    return multiple("", other, one).startswith(" / ")


def rounded(text: str, column: Column, own: Column) -> str:
    """A column as a rounded part of another; nothing where it is none."""
    for divisor in _DIVISORS:
        if of_all(lambda a, b, d=divisor: a == round_to_multiple(Fraction(b, d), 8), own, column):
            return f"round_to_multiple({text} / {divisor}, 8)"
    return ""


def filled(column: Column) -> Column:
    """A column with a value in every place: the most common where none is needed."""
    common = most_common(column)
    return tuple(common if value is ABSENT else value for value in column)


def most_common(column: Iterable[Any]) -> Any:
    """The value that most groups have."""
    counts = Counter(value for value in column if value is not ABSENT)
    return counts.most_common(1)[0][0]
