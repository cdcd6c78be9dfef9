"""The values of settings, from text or from Python."""

from __future__ import annotations

from fractions import Fraction
from operator import index
from typing import Any

from costcalc.formulas import algebra
from costcalc.spec.numbers import ExpressionError, plain_value


def setting(text: str) -> Any:
    """The value of a setting on the command line: a number, a boolean, a word.

    ``0.35`` is 7/20 exactly and ``160x120`` a height and a width.

    Raises:
        ExpressionError: the text is empty, or the number exceeds a limit.

    >>> setting("0.35"), setting("160x120"), setting("true")
    (Fraction(7, 20), (160, 120), True)
    """
    text = text.strip()
    if not text:
        raise ExpressionError("a value is missing", expected="a number or a word")
    return plain_value(text)


def from_python(value: Any) -> Any:
    """The value of a setting in Python: a float stands for the decimal it prints as.

    Raises:
        ExpressionError: a parameter cannot have such a value, or it exceeds a limit.

    >>> from_python(0.35)
    Fraction(7, 20)
    """
    if isinstance(value, str | float):
        return setting(str(value))
    if isinstance(value, bool | int | Fraction):
        return algebra.whole(value)
    if isinstance(value, tuple | list):
        return tuple(from_python(side) for side in value)
    try:
        return index(value)
    except TypeError:
        pass
    if type(value).__module__ in ("numpy", "decimal") and getattr(value, "shape", ()) == ():
        return setting(str(value))
    what = "None" if value is None else f"a value of type {type(value).__name__}"
    raise ExpressionError(
        f"{what} is not a value of a parameter",
        expected="a number, a truth value, a word, or a height and a width",
    )
