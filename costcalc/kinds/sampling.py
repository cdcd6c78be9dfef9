"""Resampling at places that a network computes, or that boxes give."""

from typing import Annotated

from costcalc.formulas.algebra import Size, ceil_div, exact_div, product
from costcalc.formulas.reductions import folds
from costcalc.formulas.windows import adaptive_rows
from costcalc.kinds.base import (
    Events,
    Flag,
    Offset,
    Shape,
    ShapeError,
    Spatial,
    all_elements,
    elements,
    shape_text,
    shapes_text,
    sides_text,
    spatial_axes,
    spread,
)
from costcalc.records import NamedTuple

Interpolation = Annotated[str, ("bilinear", "bicubic", "nearest")]
Extreme = Annotated[str, ("mean", "max")]


def neighbours(mode: str, rank: int) -> int:
    """How many elements of a map an interpolation weighs, along ``rank`` axes.

    >>> neighbours("bilinear", 1), neighbours("bilinear", 3), neighbours("bicubic", 2)
    (2, 8, 16)
    """
    return int({"nearest": 1, "bilinear": 2, "bicubic": 4}[mode] ** rank)


def weighted(mode: str, rank: int, n: Size) -> Events:
    """A weighted sum of neighbours for each of n elements; copies for ``nearest``."""
    count = neighbours(mode, rank)
    return Events(multiplications=count * n if count > 1 else 0, additions=(count - 1) * n)


class GridSample(NamedTuple):
    """The elements of a map at the places of a second input (Jaderberg et al., arXiv 1506.02025).

    ``bilinear`` is linear along one axis and trilinear along three.
    """

    mode: Interpolation = "bilinear"

    def output_shape(self, inputs: tuple[Shape, ...]) -> Shape:
        """``(C, H', W')`` for ``(C, H, W)`` and places ``(H', W', 2)``.

        Raises:
            ShapeError: a place has not a number for each spatial axis.
        """
        axes = spatial_axes(inputs[0], "sampling")
        places, numbers = inputs[1][:-1], inputs[1][-1:]
        if numbers != (len(axes),):
            raise ShapeError(
                f"places of {sides_text(numbers) or 'no'} numbers are not in a map of "
                f"{len(axes)} axes",
                expected="a number for each spatial axis, along the last axis",
                found=shapes_text(inputs),
            )
        return (inputs[0][0], *places)

    def events(self, inputs: tuple[Shape, ...], output: Shape) -> Events:
        """A weighted sum of neighbours for each element; of weights and places nothing counts."""
        events = weighted(self.mode, len(inputs[0]) - 1, elements(output))
        return events._replace(reads=all_elements(inputs), writes=elements(output))


class RoiPool(NamedTuple):
    """Boxes of a map pooled to a ``size`` each (Girshick, arXiv 1504.08083).

    With ``samples``, each bin is that many bilinear samples along each side (RoIAlign: He et
    al., arXiv 1703.06870); 0 are as many as pixels.  Position-sensitive, each bin has its own
    channels (Dai et al., arXiv 1605.06409).  Where the cost depends on the boxes, it is
    that of boxes as large as the map, which bounds it.
    """

    size: Spatial
    mode: Extreme = "max"
    """What becomes of the pixels or samples of a bin."""
    samples: Offset = None
    """Along each side of a bin; 0 for as many as pixels, none for the pixels themselves."""
    position_sensitive: Flag = False
    """Whether each bin has its own channels."""

    def output_shape(self, inputs: tuple[Shape, ...]) -> Shape:
        """``(R, C, h, w)`` for a map ``(C, H, W)`` and boxes ``(R, 4)``.

        Raises:
            ShapeError: there is no list of boxes, or no channel for each bin.
        """
        axes = spatial_axes(inputs[0], "a pooling of boxes")
        if len(inputs[1]) != 2:
            raise ShapeError("boxes are a list", "(boxes, numbers)", shape_text(inputs[1]))
        size, channels = spread(self.size, len(axes), "size"), inputs[0][0]
        if self.position_sensitive:
            if channels % product(size) != 0:
                raise ShapeError(
                    f"{channels} channels are not as many for each of {product(size)} bins",
                    expected="channels that the bins divide",
                    found=shape_text(inputs[0]),
                )
            channels = exact_div(channels, product(size))
        return (inputs[1][0], channels, *size)

    def events(self, inputs: tuple[Shape, ...], output: Shape) -> Events:
        """The samples of each bin, then their mean or the largest."""
        axes, n = inputs[0][1:], elements(output)
        sides = tuple(zip(axes, output[2:], strict=True))
        if self.samples is None:
            along = tuple(adaptive_rows(side, bins) for side, bins in sides)
        elif self.samples == 0:
            along = tuple(bins * ceil_div(side, bins) for side, bins in sides)
        else:
            along = tuple(bins * self.samples for _, bins in sides)
        pooled = output[0] * output[1] * product(along)
        mode = "nearest" if self.samples is None else "bilinear"
        events = weighted(mode, len(axes), pooled)
        reduced = folds(pooled, n)
        if self.mode == "max":
            events = events._replace(comparisons=reduced)
        else:
            events = events._replace(additions=events.additions + reduced, divisions=n)
        return events._replace(reads=all_elements(inputs), writes=n)
