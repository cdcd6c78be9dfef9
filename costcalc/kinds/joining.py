"""Concatenation."""

from typing import Any

from costcalc.kinds.base import Axis, Events, Shape, all_elements, axis_of, elements
from costcalc.kinds.elementwise import unjoinable
from costcalc.records import NamedTuple


class Concat(NamedTuple):
    """The inputs one after another along an axis, by default the channels."""

    axis: Axis = 0

    def output_shape(self, inputs: tuple[Shape, ...]) -> Shape:
        """The inputs' shape, with their sides along the axis added up.

        Raises:
            ShapeError: the inputs differ in another axis.
        """
        first = inputs[0]
        axis = axis_of(self.axis, first)
        others = first[:axis] + first[axis + 1 :]
        for shape in inputs[1:]:
            if len(shape) != len(first) or any(
                a != b for a, b in zip(shape[:axis] + shape[axis + 1 :], others, strict=True)
            ):
                expected = (
                    f"inputs that differ only along axis {axis}"
                    if axis
                    else "inputs of the same height and width"
                )
                raise unjoinable("concatenated", inputs, expected)
        joined: Any = sum((shape[axis] for shape in inputs), 0)
        return (*first[:axis], joined, *first[axis + 1 :])

    def events(self, inputs: tuple[Shape, ...], output: Shape) -> Events:
        """Nothing is computed."""
        return Events(reads=all_elements(inputs), writes=elements(output))
