"""Checks the shapes that a paper prints beside a layer."""

from __future__ import annotations

from typing import Any

from costcalc.errors import Problems, Refusal
from costcalc.graph.bindings import StepScope
from costcalc.graph.checks import whole
from costcalc.graph.layer import Layer
from costcalc.kinds.base import Shape, shape_text
from costcalc.kinds.naming import filter_sides
from costcalc.spec.document import PrintedShape


def check_shape(
    statement: PrintedShape, actual: Shape, what: str, here: StepScope, problems: Problems
) -> Shape:
    """The shape to go on with: the printed one where the two differ.

    So one contradiction is one problem, and not one for every layer below.
    """
    printed = _printed(statement, here, problems)
    if printed is None or _as_map(printed, actual) == _as_map(actual, printed):
        return actual
    problems.add(
        statement.mark,
        f"{what} {shape_text(printed)}, but it is {shape_text(actual)}",
        expected=f"{shape_text(printed)}, as printed",
        found=f"{shape_text(actual)}, as computed from the layers above",
        hint="the stride, padding or width of this layer, or of one above it",
    )
    return printed


def check_filter(
    statement: PrintedShape, layer: Layer, here: StepScope, problems: Problems
) -> None:
    """Notes a printed filter that is not the layer's."""
    actual = filter_sides(layer.kind, layer.operation, layer.input_shapes, layer.output)
    printed = _printed(statement, here, problems)
    if printed is not None and printed != actual:
        problems.add(
            statement.mark,
            f"layer '{layer.name}' is said to have a filter of {_sides(printed)}, "
            f"but it is {_sides(actual)}",
            expected=f"{_sides(printed)}, as printed",
            found=_sides(actual)
            + "".join(f" over an input of {shape_text(shape)}" for shape in layer.input_shapes[:1]),
        )


def _as_map(shape: Shape, other: Shape) -> Shape:
    """A vector as the 1 x 1 map that papers print it as, where the other is a map."""
    return (*shape, *(1 for _ in other[1:])) if len(shape) == 1 else shape


def _printed(
    statement: PrintedShape, here: StepScope, problems: Problems
) -> tuple[Any, ...] | None:
    try:
        return tuple(whole(side, here, lowest=1) for side in statement.sides)
    except Refusal as error:
        problems.note(error.problem())
        return None


def _sides(sides: Shape) -> str:
    return " x ".join(str(side) for side in sides) or "none"
