"""The shape of a network's input, and what a resolution makes of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from costcalc.errors import Problems
from costcalc.formulas import algebra
from costcalc.graph.attributes import ValueProblem, evaluate
from costcalc.spec import limits
from costcalc.spec.document import Document, Expression


def side_of_square(input: tuple[Expression, ...]) -> Expression | None:
    """The side of a square input that is written as a number, which is then ``res``."""
    sides = input[1:]
    is_square = sides and not any(side.names for side in sides)
    return sides[0] if is_square and len({side.text for side in sides}) == 1 else None


def input_shape(
    document: Document, values: Mapping[str, Any], is_res_set: bool, problems: Problems
) -> tuple[Any, ...]:
    """The input's shape, channels first; empty after a problem.

    A resolution that is set takes the place of ``res``, or of the literal side
    of a square input; a height and a width take the place of both sides.
    """
    network = document.titled(values)
    channels, *sides = document.input
    if not is_res_set or not (isinstance(values["res"], tuple) or _is_literal(sides)):
        return _sizes(document.input, values, problems)
    res = values["res"]
    is_one_side = side_of_square(document.input) is not None
    if isinstance(res, tuple) and not (is_one_side or _is_literal(sides)):
        is_one_side = all(side.text == "res" for side in sides)
        if not is_one_side:
            problems.add(
                sides[0].mark,
                f"the spec of {network} computes the sides of its input from one res",
                expected="--res R",
                found="x".join(str(side) for side in res),
            )
            return ()
    shape = res if isinstance(res, tuple) else (res,) * len(sides)
    if len(shape) != len(sides):
        problems.add(
            None,
            f"the input of {network} has {_axes(len(sides))}",
            expected="a res for each" if sides else "no res",
            found="x".join(str(side) for side in shape),
        )
        return ()
    if not isinstance(res, tuple) and not is_one_side:
        problems.add(
            sides[0].mark if sides else channels.mark,
            f"the input of {network} is not square, and one res would set every side",
            expected="--res HxW, as in --res 96x64" if sides else "a network that reads a map",
        )
        return ()
    return (*_sizes((channels,), values, problems), *shape)


def _is_literal(sides: list[Expression]) -> bool:
    return not any(side.names for side in sides)


def _axes(count: int) -> str:
    return f"{count} spatial {'axis' if count == 1 else 'axes'}" if count else "no spatial axes"


def _sizes(
    expressions: tuple[Expression, ...], values: Mapping[str, Any], problems: Problems
) -> tuple[Any, ...]:
    sizes = []
    for side in expressions:
        try:
            value = evaluate(side, values)
        except ValueProblem as error:
            problems.note(error.problem)
            return ()
        is_number = value is not None and not isinstance(value, str | bool | tuple)
        if not is_number or not (algebra.is_whole(value) and 0 < value <= limits.SIZE):
            problems.add(
                side.mark,
                "the input's shape is made of whole numbers above zero",
                expected="[channels, height, width]",
                found=f"{side.text} = {value}" if side.names else side.text,
            )
            return ()
        sizes.append(value)
    return tuple(sizes)
