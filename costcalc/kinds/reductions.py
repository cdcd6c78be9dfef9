"""Reductions along some axes, or along all."""

from collections.abc import Callable

from costcalc.formulas.algebra import Size
from costcalc.formulas.reductions import folds, variance_additions
from costcalc.kinds.base import Axes, Events, Flag, Shape, axes_of, elements
from costcalc.records import NamedTuple


def total(n: Size, results: Size) -> Events:
    """An addition for every element but the first."""
    return Events(additions=folds(n, results))


def product(n: Size, results: Size) -> Events:
    """A multiplication for every element but the first."""
    return Events(multiplications=folds(n, results))


def variance(n: Size, results: Size) -> Events:
    """The mean, then the mean of the squared deviations from it."""
    return Events(
        additions=variance_additions(n, results), multiplications=n, divisions=2 * results
    )


def l2_norm(n: Size, results: Size) -> Events:
    """The root of the sum of the squares."""
    return Events(multiplications=n, additions=folds(n, results), functions=results)


class Reduction(NamedTuple):
    """Reduces the elements along ``axes`` to one; ``keep`` leaves sides of 1 there."""

    reduce: Callable[[Size, Size], Events]
    """The events of reducing a number of elements to a number of results."""
    axes: Axes = None
    """All of them by default."""
    keep: Flag = False

    def output_shape(self, inputs: tuple[Shape, ...]) -> Shape:
        """The input's shape, without the axes or with sides of 1 there.

        Raises:
            ShapeError: it has no such axes.
        """
        axes = axes_of(self.axes, inputs[0])
        return tuple(
            1 if index in axes else side
            for index, side in enumerate(inputs[0])
            if self.keep or index not in axes
        )

    def events(self, inputs: tuple[Shape, ...], output: Shape) -> Events:
        """Every element once."""
        n, results = elements(inputs[0]), elements(output)
        return self.reduce(n, results)._replace(reads=n, writes=results)
