"""Turns arguments into attribute values: one reader for each annotation of a kind's fields."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, get_args

from costcalc.errors import Refusal, did_you_mean
from costcalc.formulas import algebra
from costcalc.graph.bindings import AXES, StepScope
from costcalc.graph.checks import (
    check_bounds,
    check_number,
    check_whole,
    evaluate,
    quoted,
    shown,
    whole,
)
from costcalc.graph.widths import WidthOrigin, scaled
from costcalc.kinds.base import (
    Axes,
    Axis,
    Count,
    FirstAxis,
    Flag,
    Number,
    Offset,
    Offsets,
    OpenSides,
    Padding,
    Sides,
    Spatial,
    Width,
    Word,
)
from costcalc.spec import limits
from costcalc.spec.document import ALL, Argument, Expression, ListArgument, Rounding
from costcalc.spec.expression import FIXED, SCALED
from costcalc.spec.numbers import exact


class AttributeReader:
    """Reads attributes at one width multiplier and rounding rule."""

    def __init__(self, alpha: Any, rounding: Rounding) -> None:
        self.alpha = alpha
        self.rounding = rounding
        self.scales = not (type(alpha) is int and alpha == 1 and rounding.divisor == 1)
        """Whether it changes any width."""

    def read(self, annotation: Any, argument: Argument, here: StepScope) -> Any:
        """The attribute's value.

        Raises:
            Refusal: the value is not of the attribute's type.
        """
        reader = _READERS.get(annotation)
        if reader is None:
            return _choice(annotation, argument, here)
        return reader(self, argument, here)

    def width(self, argument: Argument, here: StepScope, is_kept: bool = False) -> Any:
        """A number of channels: scaled, unless the expression already computes with channels.

        With ``is_kept`` it is the width as written, unless that says ``scaled``.
        """
        single = _single(argument)
        is_kept = is_kept and single.marking != SCALED
        scope = here.as_written if is_kept else here
        value = check_number(evaluate(single, scope), single, scope, "a number of channels")
        if not single.names:
            check_whole(value, single, here, lowest=1)
        is_channels = not single.names.isdisjoint(here.bindings.channel_names)
        if single.marking == SCALED or not (is_kept or single.marking == FIXED or is_channels):
            value = scaled(value, self.alpha, self.rounding)
            if not value > 0:
                raise Refusal(
                    f"'{single.text}' has no channels left at alpha = {exact(self.alpha)}",
                    expected="at least one channel",
                    found=exact(value),
                    hint="a larger alpha, or fixed(...) for a width that does not scale",
                    mark=single.mark,
                )
        elif is_kept and not is_channels:
            value = algebra.floor(value)
        elif not algebra.is_whole(value):
            raise Refusal(
                f"'{single.text}' is not a whole number of channels",
                expected="a whole number above zero",
                found=exact(value),
                hint=f"floor({single.text}) or round_to_multiple({single.text}, 8)",
                mark=single.mark,
            )
        return check_bounds(value, single, lowest=1)

    def origin(self, argument: Argument, here: StepScope) -> WidthOrigin:
        """Where a width comes from, whether it is kept or not."""
        single = _single(argument)
        if single.marking == SCALED or not single.names.isdisjoint(AXES):
            return "derived"
        if single.marking != FIXED and single.names.isdisjoint(here.bindings.channel_names):
            return "scaled"  # also where rounding leaves it as it is
        try:
            written, value = evaluate(single, here.as_written), self.width(argument, here)
        except Refusal:
            return "scaled"
        is_same = written is value or (type(written) is type(value) is int and written == value)
        return "written" if is_same else "scaled"

    def count(self, argument: Argument, here: StepScope) -> Any:
        """A whole number above zero."""
        return whole(_single(argument), here, lowest=1)

    def offset(self, argument: Argument, here: StepScope) -> Any:
        """A whole number, zero or above."""
        return whole(_single(argument), here, lowest=0)

    def borrowed(self, argument: Argument, here: StepScope) -> Any:
        """How many params another layer counts: a whole number, zero or above, or ALL."""
        single = _single(argument)
        return ALL if evaluate(single, here) == ALL else self.offset(single, here)

    def number(self, argument: Argument, here: StepScope) -> Any:
        """An exact number, or None."""
        single = _single(argument)
        value = evaluate(single, here)
        return value if value is None else check_number(value, single, here, "a number")

    def flag(self, argument: Argument, here: StepScope) -> bool:
        """A boolean."""
        single = _single(argument)
        return self.truth(single, here)

    def truth(self, condition: Expression, here: StepScope) -> bool:
        """Whether a condition holds: a boolean, or a number, which holds unless it is zero."""
        value = evaluate(condition, here)
        if value is None or isinstance(value, str | tuple):
            raise Refusal(
                f"{shown(value)} is neither true nor false",
                expected="true, false or a comparison",
                found=quoted(condition),
                hint=did_you_mean(condition.text, here.bindings.values),
                mark=condition.mark,
            )
        return bool(value)

    def spatial(self, argument: Argument, here: StepScope) -> Any:
        """A whole number above zero, or one for each axis."""
        return _per_axis(argument, here, lowest=1)

    def offsets(self, argument: Argument, here: StepScope) -> Any:
        """A whole number, zero or above, or one for each axis."""
        return _per_axis(argument, here, lowest=0)

    def padding(self, argument: Argument, here: StepScope) -> Any:
        """``same``, ``valid``, a number, a number for each axis, or a pair for each axis."""
        if isinstance(argument, ListArgument):
            return tuple(_side(item, here) for item in argument.items)
        value = evaluate(argument, here)
        if isinstance(value, str) and value in ("same", "valid"):
            return value
        return _per_axis(argument, here, lowest=0, words="'same', 'valid' or ")

    def axis(self, argument: Argument, here: StepScope) -> int:
        """An axis, which may be counted from the last."""
        single = _single(argument)
        return _axis(evaluate(single, here), single, here)

    def axes(self, argument: Argument, here: StepScope) -> tuple[int, ...]:
        """One or several axes."""
        values = _listed(argument, here)
        if not values:
            raise Refusal("no axis is given", "an axis, or several", "[]", mark=argument.mark)
        return tuple(_axis(value, single, here) for value, single in values)

    def sides(self, argument: Argument, here: StepScope) -> tuple[Any, ...]:
        """A shape: whole numbers above zero, none for a single number."""
        values = _listed(argument, here)
        return tuple(check_whole(value, single, here, lowest=1) for value, single in values)

    def open_sides(self, argument: Argument, here: StepScope) -> tuple[Any, ...]:
        """A shape, one side of which may be -1."""
        values = _listed(argument, here)
        is_open = [type(value) is int and value == -1 for value, _ in values]
        if sum(is_open) > 1:
            raise Refusal(
                "only one side can be -1, for whatever is left",
                "at most one -1",
                mark=argument.mark,
            )
        return tuple(
            value if left else check_whole(value, single, here, lowest=1)
            for (value, single), left in zip(values, is_open, strict=True)
        )

    def word(self, argument: Argument, here: StepScope) -> str:
        """A word, taken literally."""
        return _single(argument).text


def _listed(argument: Argument, here: StepScope) -> list[tuple[Any, Expression]]:
    """The values of a list with their expressions; a single value counts as a list of one."""
    if isinstance(argument, ListArgument):
        singles = [_single(item) for item in argument.items]
        return [(evaluate(single, here), single) for single in singles]
    value = evaluate(argument, here)
    return [(item, argument) for item in (value if isinstance(value, tuple) else (value,))]


def _axis(value: Any, single: Expression, here: StepScope) -> int:
    expected = f"a whole number from {-limits.AXES} to {limits.AXES - 1}"
    number = check_number(value, single, here, expected)
    if not algebra.is_whole(number) or number < -limits.AXES or number >= limits.AXES:
        raise Refusal(f"{exact(number)} is not an axis", expected, quoted(single), mark=single.mark)
    return int(number)


def _side(argument: Argument, here: StepScope) -> Any:
    """The padding of one axis: a number, or one before and one after."""
    value = _per_axis(argument, here, lowest=0)
    if isinstance(value, tuple) and len(value) != 2:
        raise Refusal(
            f"the padding of an axis has {len(value)} sides",
            expected="a number, or [before, after]",
            mark=argument.mark,
        )
    return value


def _choice(annotation: Any, argument: Argument, here: StepScope) -> str:
    options = get_args(annotation)[1]
    single = _single(argument)
    value = evaluate(single, here)
    if not isinstance(value, str) or value not in options:
        raise Refusal(
            f"'{single.text}' is not one of the choices",
            expected="one of " + ", ".join(options),
            hint=did_you_mean(single.text, options),
            mark=single.mark,
        )
    return value


def _single(argument: Argument) -> Expression:
    if isinstance(argument, ListArgument):
        raise Refusal("one value is expected here", found="a list", mark=argument.mark)
    return argument


def _per_axis(argument: Argument, here: StepScope, lowest: int, words: str = "") -> Any:
    if isinstance(argument, ListArgument):
        return tuple(whole(_single(item), here, lowest) for item in argument.items)
    value = evaluate(argument, here)
    if isinstance(value, tuple):
        return tuple(check_whole(side, argument, here, lowest, words) for side in value)
    return check_whole(value, argument, here, lowest, words)


_READERS: Mapping[Any, Callable[[AttributeReader, Argument, StepScope], Any]] = {
    Width: AttributeReader.width,
    Count: AttributeReader.count,
    Offset: AttributeReader.offset,
    Number: AttributeReader.number,
    Flag: AttributeReader.flag,
    Spatial: AttributeReader.spatial,
    Offsets: AttributeReader.offsets,
    Padding: AttributeReader.padding,
    Axis: AttributeReader.axis,
    FirstAxis: AttributeReader.axis,
    Axes: AttributeReader.axes,
    Sides: AttributeReader.sides,
    OpenSides: AttributeReader.open_sides,
    Word: AttributeReader.word,
}
