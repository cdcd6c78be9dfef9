"""Values of expressions, checked: numbers, whole numbers, sizes within their bounds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from costcalc.errors import Refusal, did_you_mean
from costcalc.formulas import algebra
from costcalc.graph.bindings import StepScope
from costcalc.spec import limits
from costcalc.spec.document import Expression
from costcalc.spec.numbers import ExpressionError, exact, is_number


def evaluate(expression: Expression, here: StepScope | Mapping[str, Any]) -> Any:
    """The expression's value.

    Raises:
        Refusal: it divides by zero, grows too large, or computes with a word.
    """
    try:
        return expression.evaluate(here)
    except ZeroDivisionError:
        raise Refusal(f"'{expression.text}' divides by zero", mark=expression.mark) from None
    except ExpressionError as error:
        raise Refusal(
            error.message, error.expected, f"'{expression.text}'", error.hint, mark=expression.mark
        ) from None


def whole(single: Expression, here: StepScope, lowest: int) -> Any:
    """An expression's value, a whole number from ``lowest`` up.

    Raises:
        Refusal: the value is not one.
    """
    return check_whole(evaluate(single, here), single, here, lowest)


def check_whole(
    value: Any, single: Expression, here: StepScope, lowest: int, words: str = ""
) -> Any:
    """The value, a whole number from ``lowest`` up; ``words`` name the alternatives to it.

    Raises:
        Refusal: it is not one.
    """
    expected = words + ("a whole number above zero" if lowest else "a whole number, zero or above")
    number = check_number(value, single, here, expected)
    if type(number) is not int and not algebra.is_whole(number):
        raise Refusal(
            f"{exact(number)} is not a whole number", expected, quoted(single), mark=single.mark
        )
    return check_bounds(number, single, lowest, expected)


def check_number(value: Any, single: Expression, here: StepScope, expected: str) -> Any:
    """The value, a number.

    Raises:
        Refusal: it is not one.
    """
    if not is_number(value):
        raise Refusal(
            f"{shown(value)} is not a number",
            expected,
            quoted(single),
            did_you_mean(value, here.bindings.values) if isinstance(value, str) else "",
            mark=single.mark,
        )
    return value


def check_bounds(value: Any, single: Expression, lowest: int, expected: str = "") -> Any:
    """The number, from ``lowest`` to the largest size.

    Raises:
        Refusal: it is out of range.
    """
    if value < lowest or value > limits.SIZE:
        raise Refusal(
            f"{value} is too {'small' if value < lowest else 'large'}",
            expected=expected
            if expected and value < lowest
            else f"a whole number from {lowest} to {limits.SIZE:,}",
            found=quoted(single) if single.names else "",
            mark=single.mark,
        )
    return value


def is_size(value: Any) -> bool:
    """Whether a value is a whole number from 1 to :data:`.limits.SIZE`."""
    return is_number(value) and bool(algebra.is_whole(value) and 0 < value <= limits.SIZE)


def shown(value: Any) -> str:
    """A value other than a number, in words."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return "a list"
    return f"'{value}'"


def quoted(single: Expression) -> str:
    """An expression's text, for a message."""
    return f"'{single.text}'" if single.text else "nothing"
