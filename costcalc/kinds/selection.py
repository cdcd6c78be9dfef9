"""Picking elements by their values: the largest in order, and boxes that do not overlap."""

from costcalc.formulas.algebra import exact_div
from costcalc.formulas.selection import pairs, selection_comparisons
from costcalc.kinds.base import (
    Axis,
    Count,
    Events,
    Shape,
    ShapeError,
    all_elements,
    axis_of,
    channels_of,
    elements,
    shape_text,
)
from costcalc.records import NamedTuple


class TopK(NamedTuple):
    """The ``k`` largest elements along an axis, in order; all of them, a sort, by default."""

    k: Count = None
    """All of them by default."""
    axis: Axis = -1

    def output_shape(self, inputs: tuple[Shape, ...]) -> Shape:
        """The input's shape with k elements along the axis.

        Raises:
            ShapeError: there is no such axis, or it has fewer elements.
        """
        (shape,) = inputs
        axis = axis_of(self.axis, shape)
        k = shape[axis] if self.k is None else self.k
        if k > shape[axis]:
            raise ShapeError(
                f"there are no {k} largest of {shape[axis]} elements",
                expected=f"at most {shape[axis]}",
                found=f"k: {k}",
            )
        return (*shape[:axis], k, *shape[axis + 1 :])

    def events(self, inputs: tuple[Shape, ...], output: Shape) -> Events:
        """A tournament along each row."""
        (shape,) = inputs
        axis = axis_of(self.axis, shape)
        rows = exact_div(elements(shape), shape[axis])
        comparisons = rows * selection_comparisons(shape[axis], output[axis])
        return Events(comparisons=comparisons, reads=elements(shape), writes=elements(output))


class Nms(NamedTuple):
    """Boxes, best first, without those that overlap a better one: non-maximum suppression.

    Reads boxes ``(N, 4)`` and their scores.  How many are kept depends on their values: as
    many as ``most`` says, or all, which bounds the cost.
    """

    most: Count = None
    """All of them by default."""

    def output_shape(self, inputs: tuple[Shape, ...]) -> Shape:
        """``(most,)``, or ``(N,)``: places of boxes.

        Raises:
            ShapeError: there are no boxes, or fewer than that.
        """
        n = channels_of(inputs[0])
        if self.most is not None and self.most > n:
            message = f"{self.most} of {n} boxes cannot be kept"
            raise ShapeError(message, f"at most {n}", shape_text(inputs[0]))
        return (n if self.most is None else self.most,)

    def events(self, inputs: tuple[Shape, ...], output: Shape) -> Events:
        """A sort of the scores, the area of each box, and the overlap of each pair.

        Of a pair: the four sides of what both cover, its width and height, neither below 0,
        and the quotient of its area and that of both, compared to a threshold.
        """
        n = inputs[0][0]
        both = pairs(n)
        return Events(
            comparisons=selection_comparisons(n, n) + (4 + 2 + 1) * both,
            additions=2 * n + (2 + 2) * both,
            multiplications=n + both,
            divisions=both,
            reads=all_elements(inputs),
            writes=elements(output),
        )
