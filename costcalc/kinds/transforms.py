"""Fourier transforms."""

from typing import Annotated

from costcalc.formulas.algebra import Size, ceil_div, product
from costcalc.formulas.transforms import butterflies
from costcalc.kinds.base import (
    Axes,
    Events,
    Shape,
    ShapeError,
    Spatial,
    axes_of,
    axis_of,
    elements,
    spread,
)
from costcalc.records import NamedTuple

RealEnd = Annotated[str, ("none", "input", "output")]


class Fft(NamedTuple):
    """A discrete Fourier transform along axes; an element may be a complex number.

    If the input or the output is real, the other one holds half of the last axis, and one
    more: the rest mirrors it.
    """

    axes: Axes = (-1,)
    size: Spatial = None
    """How many numbers are transformed along each axis; by default those of the input."""
    real: RealEnd = "none"
    """Which end is of real numbers."""

    def output_shape(self, inputs: tuple[Shape, ...]) -> Shape:
        """The input's shape, with the sizes along the axes.

        Raises:
            ShapeError: it has no such axes, or there is nothing to transform along them.
        """
        shape, sizes = [*inputs[0]], self._sizes(inputs[0])
        if not sizes or any(size < 1 for size in sizes.values()):
            raise ShapeError(
                "there is nothing to transform",
                expected="at least one axis, of a size above zero",
                found=", ".join(f"axis {axis}: {size}" for axis, size in sizes.items()),
            )
        for axis, size in sizes.items():
            shape[axis] = size
        if self.real == "input":
            last, size = [*sizes.items()][-1]
            shape[last] = size // 2 + 1
        return tuple(shape)

    def _sizes(self, shape: Shape) -> dict[int, Size]:
        """The size of the transform along each axis, in their order."""
        axes = [axis_of(axis, shape) for axis in self.axes]
        axes_of(self.axes, shape)  # each once
        if self.size is not None:
            return dict(zip(axes, spread(self.size, len(axes), "size"), strict=True))
        sizes = {axis: shape[axis] for axis in axes}
        if self.real == "output" and axes:
            sizes[axes[-1]] = 2 * (shape[axes[-1]] - 1)
        return sizes

    def events(self, inputs: tuple[Shape, ...], output: Shape) -> Events:
        """The butterflies of radix 2: a complex product and two complex additions each.

        A complex product is four multiplications and two additions.
        """
        sizes = self._sizes(inputs[0])
        others = (side for axis, side in enumerate(inputs[0]) if axis not in sizes)
        doubled = product(others) * butterflies(tuple(sizes.values()))
        count = ceil_div(doubled, 2 if self.real == "none" else 4)
        return Events(
            multiplications=4 * count,
            additions=(2 + 4) * count,
            reads=elements(inputs[0]),
            writes=elements(output),
        )
