"""Layers that move or reshape elements, and compute nothing."""

from costcalc.formulas.algebra import exact_div
from costcalc.kinds.base import (
    Axes,
    Events,
    OpenSides,
    Shape,
    ShapeError,
    Sides,
    all_elements,
    axes_of,
    axis_of,
    elements,
)
from costcalc.records import NamedTuple


class Reshape(NamedTuple):
    """The same elements in the same order, in another shape; a side of -1 is inferred."""

    shape: OpenSides

    def output_shape(self, inputs: tuple[Shape, ...]) -> Shape:
        """The shape.

        Raises:
            ShapeError: it has another number of elements.
        """
        n = elements(inputs[0])
        known = elements(tuple(side for side in self.shape if not _is_open(side)))
        is_open = any(_is_open(side) for side in self.shape)
        if n % known != 0 if is_open else n != known:
            raise ShapeError(
                f"{n} elements do not fill the shape",
                expected=f"a shape of {n} elements",
                found=str([*self.shape]),
            )
        left = exact_div(n, known)
        return tuple(left if _is_open(side) else side for side in self.shape)

    def events(self, inputs: tuple[Shape, ...], output: Shape) -> Events:
        """A view: nothing moves."""
        return Events()


class Transpose(NamedTuple):
    """The axes in another order."""

    axes: Axes

    def output_shape(self, inputs: tuple[Shape, ...]) -> Shape:
        """The sides in that order.

        Raises:
            ShapeError: it does not name each of the input's axes once.
        """
        shape = inputs[0]
        if len(axes_of(self.axes, shape)) < len(shape):
            raise ShapeError(
                f"a transposition of {len(shape)} axes names {len(self.axes)} of them",
                expected=f"every axis from 0 to {len(shape) - 1} once",
                found=str([*self.axes]),
            )
        return tuple(shape[axis_of(axis, shape)] for axis in self.axes)

    def events(self, inputs: tuple[Shape, ...], output: Shape) -> Events:
        """A view: nothing moves."""
        return Events()


class Rearrange(NamedTuple):
    """Elements moved, picked, repeated or padded in a way that no other kind describes."""

    shape: Sides

    def output_shape(self, inputs: tuple[Shape, ...]) -> Shape:
        """The shape."""
        shape: Shape = self.shape
        return shape

    def events(self, inputs: tuple[Shape, ...], output: Shape) -> Events:
        """All inputs, with any indexes among them, are read; the output is written."""
        return Events(reads=all_elements(inputs), writes=elements(output))


def _is_open(side: object) -> bool:
    return type(side) is int and side == -1
