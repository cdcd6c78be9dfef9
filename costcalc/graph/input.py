"""The shape of a network's input, and how a resolution changes it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from costcalc.advice import advice, option
from costcalc.errors import Problems, Refusal
from costcalc.graph.checks import evaluate, is_size
from costcalc.spec import limits
from costcalc.spec.document import Document, Expression
from costcalc.spec.numbers import exact, is_number


def side_of_square(input: tuple[Expression, ...]) -> Expression | None:
    """The side of a square input that is written as a number: the default of ``res``."""
    sides = input[1:]
    is_square = _is_literal(sides) and len({side.text for side in sides}) == 1
    return sides[0] if is_square else None


def unfit_res(res: Any) -> str:
    """What a resolution must be, if ``res`` is invalid; '' if it is valid."""
    sides = res if isinstance(res, tuple) else (res,)
    if len(sides) > limits.AXES:
        return f"at most {limits.AXES} sides"
    if all(map(is_size, sides)):
        return ""
    if any(is_number(side) and side > limits.SIZE for side in sides):
        return f"at most {limits.SIZE:,}"
    if isinstance(res, tuple):
        return "sides above zero, as in 160x120"
    return "a whole number above zero, or a height and a width as in 160x120"


def sides_at(res: Any, axes: int) -> tuple[Any, ...]:
    """The sides of an input of so many spatial axes at a resolution; one number is for all.

    Raises:
        Refusal: the input has another number of axes, or none.
    """
    if not axes:
        raise Refusal(
            "the input has no spatial axes, and takes no res",
            expected="a network that reads a map",
        )
    if not isinstance(res, tuple):
        return (res,) * axes
    if len(res) != axes:
        raise Refusal(
            f"the input has {axes} spatial {'axis' if axes == 1 else 'axes'}",
            expected="one size" if axes == 1 else f"{axes} sizes: {'x'.join(['96'] * axes)}",
            found=exact(res),
        )
    return res


def input_shape(
    document: Document, values: Mapping[str, Any], is_res_set: bool, problems: Problems
) -> tuple[Any, ...]:
    """The input's shape, channels first; empty after a problem.

    A resolution that is set takes the place of ``res``, or of the literal side
    of a square input; a height and a width take the place of both sides.
    """
    channels, *sides = document.input
    res = values["res"]
    if not is_res_set or not (isinstance(res, tuple) or _is_literal(sides)):
        return _sizes(document.input, values, problems)
    try:
        sizes = sides_at(res, len(sides))
    except Refusal as error:
        problems.note(error.problem(None if sides else channels.mark, document.titled(values)))
        return ()
    if isinstance(res, tuple):
        return _of_sides(document, sizes, values, problems)
    if side_of_square(document.input) is None:
        problems.add(
            sides[0].mark,
            f"the input of {document.titled(values)} is not square, "
            "and one res would set every side",
            expected=advice("{}, as in {}", option("res", "HxW"), option("res", "96x64")),
        )
        return ()
    return (*_sizes((channels,), values, problems), *sizes)


def _of_sides(
    document: Document, res: tuple[Any, ...], values: Mapping[str, Any], problems: Problems
) -> tuple[Any, ...]:
    """The shape for a resolution that names every side, all of which must be settable."""
    channels, *sides = document.input
    if not _is_literal(sides) and any(side.text != "res" for side in sides):
        problems.add(
            sides[0].mark,
            f"the spec of {document.titled(values)} computes the sides of its input from one res",
            expected=option("res", "R"),
            found=exact(res),
        )
        return ()
    return (*_sizes((channels,), values, problems), *res)


def _is_literal(sides: Sequence[Expression]) -> bool:
    return not any(side.names for side in sides)


def _sizes(
    expressions: tuple[Expression, ...], values: Mapping[str, Any], problems: Problems
) -> tuple[Any, ...]:
    sizes = []
    for side in expressions:
        try:
            value = evaluate(side, values)
        except Refusal as error:
            problems.note(error.problem())
            return ()
        if not is_size(value):
            problems.add(
                side.mark,
                "the input's shape is made of whole numbers above zero",
                expected="[channels, height, width]",
                found=f"{side.text} = {exact(value)}" if side.names else side.text,
            )
            return ()
        sizes.append(value)
    return tuple(sizes)
