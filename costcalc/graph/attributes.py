"""Arguments to attribute values: one reader for each annotation of a kind's fields."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any, get_args

from costcalc.errors import Mark, did_you_mean
from costcalc.formulas import algebra
from costcalc.graph.frame import Here
from costcalc.graph.widths import scaled
from costcalc.kinds.base import Count, Flag, Number, Offset, Padding, Spatial, Width
from costcalc.spec import limits
from costcalc.spec.document import Argument, Expression, ListArgument, Rounding
from costcalc.spec.numbers import ExpressionError


class ValueProblem(Exception):
    """A value that is not what its place needs."""

    def __init__(
        self, mark: Mark, message: str, expected: str = "", found: str = "", hint: str = ""
    ) -> None:
        super().__init__(message)
        self.mark = mark
        self.message = message
        self.expected = expected
        self.found = found
        self.hint = hint


def evaluate(expression: Expression, here: Here | Mapping[str, Any]) -> Any:
    """The expression's value.

    Raises:
        ValueProblem: it divides by zero, grows too large, or computes with a word.
    """
    try:
        return expression.evaluate(here)
    except ZeroDivisionError:
        raise ValueProblem(expression.mark, f"'{expression.text}' divides by zero") from None
    except ExpressionError as error:
        raise ValueProblem(
            expression.mark, error.message, error.expected, f"'{expression.text}'", error.hint
        ) from None
    except TypeError:
        raise ValueProblem(
            expression.mark, f"'{expression.text}' compares what cannot be compared"
        ) from None


class AttributeReader:
    """Reads attributes at one width multiplier and rounding rule."""

    def __init__(self, alpha: Any, rounding: Rounding) -> None:
        self.alpha = alpha
        self.rounding = rounding

    def read(self, annotation: Any, argument: Argument, here: Here) -> Any:
        """The attribute's value.

        Raises:
            ValueProblem: the value is not of the attribute's type.
        """
        reader = _READERS.get(annotation)
        if reader is None:
            return _choice(annotation, argument, here)
        return reader(self, argument, here)

    def width(self, argument: Argument, here: Here) -> Any:
        """Channels: scaled unless the expression speaks of channels already."""
        single = _single(argument)
        value = _number(single, here)
        if not single.is_fixed and single.names.isdisjoint(here.frame.channel_names):
            value = scaled(value, self.alpha, self.rounding)
            if not value > 0:
                raise ValueProblem(
                    single.mark,
                    f"no channel is left of '{single.text}' at alpha = {self.alpha}",
                    expected="at least one channel",
                    found=f"{value}",
                    hint="a larger alpha, or fixed(...) for a width that does not scale",
                )
        elif not algebra.is_whole(value):
            raise ValueProblem(
                single.mark,
                f"'{single.text}' is not a whole number of channels",
                expected="a whole number above zero",
                found=f"{value}",
                hint=f"floor({single.text}) or round_to_multiple({single.text}, 8)",
            )
        return _bounded(value, single, lowest=1)

    def count(self, argument: Argument, here: Here) -> Any:
        """A whole number above zero."""
        return _whole(_single(argument), here, lowest=1)

    def offset(self, argument: Argument, here: Here) -> Any:
        """A whole number, zero or above."""
        return _whole(_single(argument), here, lowest=0)

    def number(self, argument: Argument, here: Here) -> Any:
        """An exact number, or nothing."""
        single = _single(argument)
        value = evaluate(single, here)
        return value if value is None else _number(single, here)

    def flag(self, argument: Argument, here: Here) -> bool:
        """A truth value."""
        single = _single(argument)
        value = evaluate(single, here)
        if isinstance(value, str | int | Fraction | None) and not isinstance(value, bool):
            raise ValueProblem(
                single.mark, "true or false is expected here", "true or false", f"'{single.text}'"
            )
        return bool(value)

    def spatial(self, argument: Argument, here: Here) -> Any:
        """A whole number above zero, or one for each axis."""
        return _per_axis(argument, here, lowest=1)

    def padding(self, argument: Argument, here: Here) -> Any:
        """``same``, ``valid``, a number, one for each axis, or a pair for each axis."""
        if isinstance(argument, ListArgument):
            return tuple(_per_axis(item, here, lowest=0) for item in argument.items)
        value = evaluate(argument, here)
        if value in ("same", "valid"):
            return value
        return _per_axis(argument, here, lowest=0, words="'same', 'valid' or ")


def _choice(annotation: Any, argument: Argument, here: Here) -> str:
    options = get_args(annotation)[1]
    single = _single(argument)
    value = evaluate(single, here)
    if value not in options:
        raise ValueProblem(
            single.mark,
            f"'{single.text}' is not known here",
            expected="one of " + ", ".join(options),
            hint=did_you_mean(single.text, options),
        )
    return str(value)


def _single(argument: Argument) -> Expression:
    if isinstance(argument, ListArgument):
        raise ValueProblem(argument.mark, "one value is expected here", found="a list")
    return argument


def _per_axis(argument: Argument, here: Here, lowest: int, words: str = "") -> Any:
    if isinstance(argument, ListArgument):
        return tuple(_whole(_single(item), here, lowest) for item in argument.items)
    value = evaluate(argument, here)
    if isinstance(value, tuple):
        return tuple(_check_whole(side, argument, lowest, words) for side in value)
    return _check_whole(value, argument, lowest, words)


def _whole(single: Expression, here: Here, lowest: int) -> Any:
    return _check_whole(evaluate(single, here), single, lowest)


def _number(single: Expression, here: Here) -> Any:
    value = evaluate(single, here)
    if value is None or isinstance(value, str | bool | tuple):
        raise _not_whole(value, single, "a number", here)
    return value


def _check_whole(value: Any, single: Expression, lowest: int, words: str = "") -> Any:
    expected = words + ("a whole number above zero" if lowest else "a whole number, zero or above")
    if value is None or isinstance(value, str | bool | tuple) or not algebra.is_whole(value):
        raise _not_whole(value, single, expected)
    return _bounded(value, single, lowest, expected)


def _bounded(value: Any, single: Expression, lowest: int, expected: str = "") -> Any:
    if value < lowest or value > limits.SIZE:
        raise ValueProblem(
            single.mark,
            f"{_shown(value)} is {'too small' if value < lowest else 'too large'}",
            expected=expected or f"a whole number from {lowest} to {limits.SIZE:,}",
            found=f"'{single.text}'" if single.names else "",
        )
    return value


def _not_whole(
    value: Any, single: Expression, expected: str, here: Here | None = None
) -> ValueProblem:
    known = here.frame.values if here else ()
    return ValueProblem(
        single.mark,
        f"{_shown(value)} is not {'a number' if value is None or isinstance(value, str) else 'a whole number'}",
        expected=expected,
        found=f"'{single.text}'" if single.text else "nothing",
        hint=did_you_mean(value, known) if isinstance(value, str) else "",
    )


def _shown(value: Any) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    return f"'{value}'" if isinstance(value, str) else str(value)


_READERS: Mapping[Any, Callable[[AttributeReader, Argument, Here], Any]] = {
    Width: AttributeReader.width,
    Count: AttributeReader.count,
    Offset: AttributeReader.offset,
    Number: AttributeReader.number,
    Flag: AttributeReader.flag,
    Spatial: AttributeReader.spatial,
    Padding: AttributeReader.padding,
}
