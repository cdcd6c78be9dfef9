"""Columns: a value for each instance of a block, and relations between columns.

A relation holds in every instance.  It is found by comparing columns, not by reading
the arithmetic in a spec.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from fractions import Fraction
from typing import Any


class _Absent:
    def __repr__(self) -> str:
        return "ABSENT"


ABSENT = _Absent()
"""The value in an instance that has none: it lacks the step, or any value will do."""

Column = tuple[Any, ...]


def present(column: Column) -> list[Any]:
    """The values of a column, without absent ones."""
    return [value for value in column if value is not ABSENT]


def is_same(one: Any, other: Any) -> bool:
    """Whether two values are equal and of the same type: 1 is not True."""
    return type(one) is type(other) and bool(one == other)


def is_constant(column: Column) -> bool:
    """Whether all instances with a value have the same one.

    >>> is_constant((3, ABSENT, 3)), is_constant((3, True))
    (True, False)
    """
    values = present(column)
    return all(is_same(value, values[0]) for value in values)


def fits(column: Column, known: Column) -> bool:
    """Whether all present values equal those of another column.

    >>> fits((ABSENT, 4), (2, 4)), fits((2, 4), (ABSENT, 4))
    (True, False)
    """
    return all(
        value is ABSENT or is_same(value, other) for value, other in zip(column, known, strict=True)
    )


def computed(function: Callable[..., Any], *columns: Column) -> Column:
    """The result of a function in each instance; absent if one of its arguments is.

    >>> computed(lambda a, b: a - b, (3, 4, ABSENT), (1, ABSENT, 1))
    (2, ABSENT, ABSENT)
    """
    return tuple(
        ABSENT if any(value is ABSENT for value in row) else function(*row)
        for row in zip(*columns, strict=True)
    )


def ratio(column: Column, other: Column) -> Fraction | None:
    """The ratio of two columns of numbers, if it is the same in all instances.

    >>> ratio((2, ABSENT, 6), (4, 9, 12))
    Fraction(1, 2)
    """
    ratios = {
        Fraction(value, base) if base is not ABSENT and base else None
        for value, base in zip(column, other, strict=True)
        if value is not ABSENT
    }
    return ratios.pop() if len(ratios) == 1 else None


def most_common(column: Column) -> Any:
    """The value that most instances have."""
    return Counter(present(column)).most_common(1)[0][0]


def filled(column: Column) -> Column:
    """The column, with the most common value in place of absent ones."""
    common = most_common(column)
    return tuple(common if value is ABSENT else value for value in column)
