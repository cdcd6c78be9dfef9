"""Elementwise arithmetic on one input, or on several, whose sides of 1 repeat.

The table of kinds sets the events of one element.
"""

from typing import Any

from costcalc.kinds.base import Events, Flag, Shape, ShapeError, all_elements, elements, shapes_text
from costcalc.records import NamedTuple

# A Highway layer's carry gate where it is coupled (arXiv 1505.00387, equation 3).
COMPLEMENT = Events(additions=1)
ADDITION = Events(additions=1)
MULTIPLICATION = Events(multiplications=1)
DIVISION = Events(divisions=1)
COMPARISON = Events(comparisons=1)
FUNCTION = Events(functions=1)
# Two comparisons: with the lower and the upper bound, or with zero from both sides.
BETWEEN = Events(comparisons=2)
# Changing or clearing a sign, or choosing an element, computes nothing.
NOTHING = Events()


class Add(NamedTuple):
    """The sum of its inputs; with ``broadcast``, sides of 1 repeat."""

    broadcast: Flag = False

    def output_shape(self, inputs: tuple[Shape, ...]) -> Shape:
        """The shape that all inputs share, or the larger side along every axis.

        Raises:
            ShapeError: they differ.
        """
        if self.broadcast:
            return broadcast(inputs, "added")
        for shape in inputs[1:]:
            if len(shape) != len(inputs[0]) or any(
                a != b for a, b in zip(shape, inputs[0], strict=True)
            ):
                raise unjoinable("added", inputs, "inputs of the same shape")
        return inputs[0]

    def events(self, inputs: tuple[Shape, ...], output: Shape) -> Events:
        """An addition per element for every input but the first."""
        return _between(inputs, output, ADDITION)


class Elementwise(NamedTuple):
    """An elementwise operation between its inputs; sides of 1 repeat."""

    per_element: Events
    """The events of one element of every input but the first."""
    joined: str
    """What is done to the inputs, for messages."""

    def output_shape(self, inputs: tuple[Shape, ...]) -> Shape:
        """The larger side along every axis.

        Raises:
            ShapeError: two sides differ and neither is 1.
        """
        return broadcast(inputs, self.joined)

    def events(self, inputs: tuple[Shape, ...], output: Shape) -> Events:
        """The events of one element, for every element and every input but the first."""
        return _between(inputs, output, self.per_element)


def broadcast(inputs: tuple[Shape, ...], joined: str) -> Shape:
    """The larger side along every axis.

    Raises:
        ShapeError: two sides differ and neither is 1, or the numbers of axes differ.
    """
    result: Any = inputs[0]
    for shape in inputs[1:]:
        if len(shape) != len(result):
            raise unjoinable(joined, inputs, "inputs with the same number of axes")
        if any(1 not in (a, b) and a != b for a, b in zip(shape, result, strict=True)):
            raise unjoinable(joined, inputs, "inputs of the same shape, or with sides of 1")
        result = tuple(b if a == 1 else a for a, b in zip(shape, result, strict=True))
    return tuple(result)


def unjoinable(joined: str, inputs: tuple[Shape, ...], expected: str) -> ShapeError:
    """The error of inputs that cannot be joined."""
    return ShapeError(f"shapes that differ cannot be {joined}", expected, shapes_text(inputs))


def _between(inputs: tuple[Shape, ...], output: Shape, per_element: Events) -> Events:
    n = elements(output)
    rates = Events(*(rate * (len(inputs) - 1) * n for rate in per_element))
    return rates._replace(reads=all_elements(inputs), writes=n)
