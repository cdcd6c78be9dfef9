"""Parts of a network tabulated together, along the parameters that each depends on.

Two parameters may vary along one dimension if no part depends on both.  Then one unfolding has
a combination for each part, and there are as many unfoldings as the largest part needs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from math import prod
from typing import Any, TypeAlias

import numpy

from costcalc.grid.bounded import Array
from costcalc.grid.evaluate import Grid, Tabulated
from costcalc.grid.unfolded import KNOWN, REFUSED, STATE
from costcalc.records import NamedTuple

TOGETHER = 2**12
"""Combinations that parts may be tabulated at together, even if each of them has fewer."""

HELD = 2**21
"""Combinations of all parts of a run together, which bounds the memory."""

Needs: TypeAlias = "Sequence[frozenset[int]]"
"""For each part the axes that it depends on."""

Evaluate: TypeAlias = "Callable[[Mapping[str, Any], frozenset[int]], Mapping[Any, Any]]"
"""What some parts have at some settings, by part and key."""


class TabulatedPart(NamedTuple):
    """What is tabulated of one part, along the axes that it depends on."""

    values: Mapping[str, Array]
    refused: Array
    """Where it is wrong."""
    unknown: Array
    """Where another part is wrong, so that this one is not reached."""

    def completed(self, other: TabulatedPart) -> TabulatedPart:
        """The part with what another run knows of it."""
        if not self.values or not other.values:
            return self if self.values else other
        values = {
            key: numpy.where(self.unknown, other.values.get(key, 0), self.values.get(key, 0))
            for key in {**self.values, **other.values}
        }
        return TabulatedPart(values, self.refused | other.refused, self.unknown & other.unknown)

    @property
    def missing(self) -> Array:
        """Where it does not exist, as far as is known."""
        return self.refused | self.unknown

    def filled(self) -> TabulatedPart:
        """The part with values where it does not exist, which do not matter."""
        missing = self.missing
        if not missing.any():
            return self
        values = {key: _filled(array, missing) for key, array in self.values.items()}
        return self._replace(values=values)


class TabulatedParts(NamedTuple):
    """Some parts, tabulated together."""

    places: Mapping[int, int]
    """The dimension of each axis that varies."""
    done: Tabulated

    def arrays(self, index: int) -> dict[str, Array]:
        """A part's arrays by key, all dimensions of the run."""
        return {key: array for (part, key), array in self.done.arrays.items() if part == index}

    def part(self, index: int, lengths: Mapping[int, int]) -> TabulatedPart:
        """A part along some axes, of these lengths, taken where the run knows it."""
        shape = tuple(lengths.values())
        arrays = self.arrays(index)
        if STATE not in arrays:  # something is wrong before it throughout
            nothing = numpy.zeros(shape, bool)
            return TabulatedPart({}, nothing, ~nothing)
        mine = [self.places[axis] for axis in lengths]
        others = [at for at in range(self.done.is_valid.ndim) if at not in mine]
        first: tuple[Any, ...] = (..., *(0 for _ in others))
        within = tuple(slice(0, length) for length in shape)
        turned = {key: array.transpose(*mine, *others)[within] for key, array in arrays.items()}
        state = turned.pop(STATE)
        if (state == KNOWN).all():
            nothing = numpy.zeros(shape, bool)
            return TabulatedPart(
                {key: array[first] for key, array in turned.items()}, nothing, nothing
            )
        state = state.reshape(*shape, -1)
        known = state == KNOWN
        at = known.argmax(-1)[..., None]
        refused = (state == REFUSED).any(-1)
        values = {
            key: numpy.take_along_axis(array.reshape(*shape, -1), at, -1)[..., 0]
            for key, array in turned.items()
        }
        return TabulatedPart(values, refused, ~(known.any(-1) | refused))


class Tabulation:
    """Tabulates parts in groups.

    Attributes:
        evaluations: how often the network was unfolded.
    """

    def __init__(self, grid: Grid, base: Mapping[str, Any]) -> None:
        """Keeps the grid.

        Args:
            grid: the network, and the parameters that vary.
            base: a setting at which the network exists.
        """
        self.grid = grid
        self.base = base
        self.evaluations = 0

    def groups(
        self, needs: Needs, evaluate: Evaluate
    ) -> Iterator[tuple[list[int], TabulatedParts]]:
        """Groups of parts that are tabulated together, each with its run."""
        groups: list[list[int]] = []
        for index in range(len(needs)):
            fitting = (one for one in groups if self.fit([needs[at] for at in (*one, index)]))
            group = next(fitting, None)
            if group is None:
                groups.append([index])
            else:
                group.append(index)
        for group in groups:
            yield group, self.run(group, needs, evaluate)

    def run(
        self,
        group: Iterable[int],
        needs: Needs,
        evaluate: Evaluate,
        base: Mapping[str, Any] | None = None,
    ) -> TabulatedParts:
        """Some parts at all combinations of what they depend on.

        Args:
            group: the parts.
            needs: what each part depends on.
            evaluate: what they have at some settings.
            base: the values of the other axes; by default those of :attr:`base`.
        """
        chosen = frozenset(group)
        places, _ = self.places([needs[index] for index in chosen])
        order = tuple(sorted(places))
        grid = self.grid.over(order, base or self.base, tuple(places[axis] for axis in order))
        done = grid.tabulated(lambda settings: evaluate(settings, chosen))
        self.evaluations += done.evaluations
        return TabulatedParts(places, done)

    def fit(self, needs: Needs) -> bool:
        """Whether parts vary together in about as many combinations as one of them has."""
        _, sizes = self.places(needs)
        cells, largest = prod(sizes), max(map(self.grid.cells, needs))
        return cells <= max(TOGETHER, 2 * largest) and cells * len(needs) <= max(HELD, largest)

    def places(self, needs: Needs) -> tuple[dict[int, int], list[int]]:
        """A dimension for each axis; axes that one part depends on have different ones.

        Returns:
            The dimensions by axis, and the number of values along each.
        """
        axes = self.grid.axes
        together: dict[int, set[int]] = {}
        for need in needs:
            for axis in need:
                together.setdefault(axis, set()).update(need)
        places: dict[int, int] = {}
        sizes: list[int] = []
        cut: list[bool] = []
        for axis in sorted(together, key=lambda axis: (-len(axes[axis].values), axis)):
            taken = {places[other] for other in together[axis] if other in places}
            is_cut = self.grid.is_cut(axis)
            free = (at for at in range(len(sizes)) if at not in taken and cut[at] == is_cut)
            place = next(free, len(sizes))
            if place == len(sizes):
                sizes.append(len(axes[axis].values))
                cut.append(is_cut)
            places[axis] = place
        return places, sizes


def varying(array: Array) -> list[int]:
    """The dimensions along which an array varies."""
    return [at for at in range(array.ndim) if bool((array != numpy.take(array, [0], at)).any())]


def _filled(array: Array, missing: Array) -> Array:
    """An array whose missing cells have values of others, which do not matter.

    They are taken along dimensions that it does not vary along, if there are such, so that it
    does not for them.
    """
    steady = [at for at in range(array.ndim) if not _varies(array, missing, at)]
    for at in (*steady, *(at for at in range(array.ndim) if at not in steady)):
        values, lacks = _first(array, missing, at)
        array, missing = numpy.where(missing, values, array), missing & lacks
    return array


def _varies(array: Array, missing: Array, at: int) -> bool:
    """Whether an array varies along a dimension where nothing is missing."""
    values, _ = _first(array, missing, at)
    return bool(((array != values) & ~missing).any())


def _first(array: Array, missing: Array, at: int) -> tuple[Array, Array]:
    """The first values along a dimension that are not missing, and where all are."""
    first = numpy.expand_dims((~missing).argmax(at), at)
    values = numpy.take_along_axis(array, first, at)
    return values, numpy.take_along_axis(missing, first, at)
