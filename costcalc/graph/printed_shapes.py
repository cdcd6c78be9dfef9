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
    printed: PrintedShape, actual: Shape, what: str, here: StepScope, problems: Problems
) -> Shape:
    """The shape to continue with: the printed one if the two differ.

    That way a contradiction is one problem, and not one for every layer below.
    """
    expected = _evaluated(printed, here, problems)
    if expected is None:
        return actual
    text = shape_text(expected)
    if printed.may_be_size and len(actual) == 3:
        columns, rows = expected
        expected = (actual[0], rows, columns)
    if _as_map(expected, actual) == _as_map(actual, expected):
        return actual
    problems.add(
        printed.mark,
        f"{what} is printed as {text}, but it is {shape_text(actual)}",
        expected=f"{text}, as printed",
        found=f"{shape_text(actual)}, as computed from the layers above",
        hint="the stride, padding or width of this layer, or of one above it",
    )
    return expected


def check_filter(printed: PrintedShape, layer: Layer, here: StepScope, problems: Problems) -> None:
    """Notes a printed filter that differs from the layer's."""
    actual = filter_sides(layer.kind, layer.operation, layer.input_shapes, layer.output)
    expected = _evaluated(printed, here, problems)
    if expected is not None and expected != actual:
        problems.add(
            printed.mark,
            f"the filter of layer '{layer.name}' is printed as {_sides(expected)}, "
            f"but it is {_sides(actual)}",
            expected=f"{_sides(expected)}, as printed",
            found=_sides(actual)
            + "".join(f" over an input of {shape_text(shape)}" for shape in layer.input_shapes[:1]),
        )


def _as_map(shape: Shape, other: Shape) -> Shape:
    """A vector as a 1 x 1 map, as papers print it, if the other shape is a map."""
    return (*shape, *(1 for _ in other[1:])) if len(shape) == 1 else shape


def _evaluated(
    printed: PrintedShape, here: StepScope, problems: Problems
) -> tuple[Any, ...] | None:
    try:
        return tuple(whole(side, here, lowest=1) for side in printed.sides)
    except Refusal as error:
        problems.note(error.problem())
        return None


def _sides(sides: Shape) -> str:
    return " x ".join(str(side) for side in sides) or "none"
