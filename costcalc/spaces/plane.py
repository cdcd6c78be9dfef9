"""How many sums of independent pairs of costs are within two bounds at once.

The parts of a space are joined to three lists.  For each pair of a network's first two parts,
the last parts that fit are to the lower left of a point, whose coordinates are what the bounds
leave of either cost.  The points are taken in bands of the first cost.  What lies below a band
is a distribution of the second cost alone, which grows from band to band; inside a band, points
are few.  Most pairs need no lookup in the plane, as all last parts fit the first bound, or none.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from itertools import pairwise
from math import isqrt

import numpy

from costcalc.grid.bounded import Array
from costcalc.records import NamedTuple
from costcalc.spaces.distribution import LIMIT, Distribution, Scale, dot

ANSWERED = 2**19
"""Those that are answered together, which stay in cache."""

RANKED = 2**26
"""Costs that are ranked in an array with a place for each."""

BANDS = 2**29
"""The most that is added up, row by row, to take one band after another."""

SEARCHED = 16
"""What it takes to find a point's place in a list, in additions."""

INSIDE = 2**18
"""Cells of what is inside a band."""


class Points(NamedTuple):
    """Networks by two of their costs."""

    first: Array
    second: Array
    counts: Array

    @property
    def mirrored(self) -> Points:
        """The same with the other sign of the first cost."""
        return Points(-self.first, self.second, self.counts)

    def by_first(self) -> Points:
        """The same, ascending by the first cost."""
        order = numpy.argsort(self.first, kind="stable")
        return Points(*(array[order] for array in self))


def points(distribution: Distribution, scales: Sequence[Scale]) -> Points:
    """The two costs of each key."""
    first, second = (scale.of(distribution.keys) for scale in scales)
    return Points(first, second, distribution.counts)


class Below:
    """How many points are at most as far as a place along one axis."""

    def __init__(self, at: Array) -> None:
        """Ranks the places where points are.

        Args:
            at: the places, in any order.
        """
        self.places, self.ranks = numpy.unique(at, return_inverse=True)
        above = self.places - self.places[0]
        self.step = int(numpy.gcd.reduce(above)) or 1
        last = int(above[-1]) // self.step
        self.table: Array | None = None
        if last < RANKED:
            steps = numpy.zeros(last + 2, numpy.int32)
            steps[above // self.step + 1] = 1
            self.table = numpy.cumsum(steps, dtype=numpy.int32)

    def __call__(self, limits: Array) -> Array:
        """How many of the places are within each limit."""
        if self.table is None:
            return numpy.searchsorted(self.places, limits, "right")
        cells = (limits - self.places[0]) // self.step + 1
        result: Array = self.table[numpy.clip(cells, 0, len(self.table) - 1)]
        return result


class Corners:
    """The sums of a point of each of three lists: how many are within two bounds at once."""

    def __init__(self, x: Points, z: Points, y: Points) -> None:
        """Ranks the points of the last list.

        Args:
            x: the first list, which may be long.
            z: the second, a short one.
            y: the last, which may be long.
        """
        self.x = x.by_first()
        self.z = z
        self.y = y.by_first()
        if int(x.counts.max()) * int(z.counts.max()) >= LIMIT:
            self.x = self.x._replace(counts=self.x.counts.astype(object))
        self.columns, self.rows = Below(self.y.first), Below(self.y.second)
        column = numpy.arange(len(self.columns.places))
        self._starts = numpy.searchsorted(self.columns.ranks, column, "left")

    @cached_property
    def mirrored(self) -> Corners:
        """The same with the other sign of the first cost."""
        return Corners(self.x.mirrored, self.z.mirrored, self.y.mirrored)

    def is_mostly_within(self, first: int) -> bool:
        """Whether all of y are within a bound of the first cost more often than beyond it."""
        left, (least, most) = first - self.z.first, self.columns.places[[0, -1]]
        beyond = len(self.x.first) - numpy.searchsorted(self.x.first, left - least, "right")
        inside = numpy.searchsorted(self.x.first, left - most, "right")
        return bool(inside.sum() > beyond.sum())

    def within(self, first: int, second: int) -> int:
        """How many sums are at most ``first`` and ``second``."""
        x, y, rows, places = self.x, self.y, self.rows, self.columns.places
        left = Points(first - self.z.first, second - self.z.second, self.z.counts)
        total = self._unasked(left)
        below = numpy.zeros(len(rows.places) + 1, y.counts.dtype)
        end = numpy.searchsorted(x.first, left.first - places[0], "right")
        for low, high in pairwise(self._edges(left)):
            start = numpy.searchsorted(x.first, left.first - places[high], "right")
            own = slice(int(self._starts[low]), int(self._starts[high]))
            if (end > start).any():
                band = _Band(self.columns, rows, below, low, high, own, y)
                total += band.within(x, left, start, end)
            below += _running(rows.ranks[own], y.counts[own], len(below))
            end = start
        return total

    def _unasked(self, left: Points) -> int:
        """The sums of pairs with which all of the last list are within the first bound."""
        x, total = self.x, 0
        below = _running(self.rows.ranks, self.y.counts, len(self.rows.places) + 1)
        ends = numpy.searchsorted(x.first, left.first - self.columns.places[-1], "right")
        for end, second, count in zip(ends.tolist(), left.second, left.counts, strict=True):
            for start in range(0, end, ANSWERED):
                part = slice(start, min(end, start + ANSWERED))
                answers = below[self.rows(second - x.second[part])]
                total += int(count) * dot(answers, x.counts[part])
        return total

    def _edges(self, left: Points) -> list[int]:
        """The first columns of all bands, and the last column of all.

        More bands leave less inside each, but each is added to all rows: about as much is added
        as is asked.
        """
        places, x = self.columns.places, self.x.first
        ends = (numpy.searchsorted(x, left.first - at, "right") for at in places[[0, -1]])
        asked = abs(int(numpy.subtract(*ends).sum()))
        bands = min(BANDS, asked) // (len(self.rows.places) + SEARCHED * len(left.first))
        bands = max(bands, isqrt(len(places) * len(self.y.first) // INSIDE), 1)
        cuts = max(1, min(bands, len(places) - 1)) + 1
        edges: list[int] = numpy.linspace(0, len(places) - 1, cuts).astype(numpy.int64).tolist()
        return edges


def _running(ranks: Array, counts: Array, rows: int) -> Array:
    """The number of points below each row, from 0 to all."""
    added = numpy.zeros(rows, counts.dtype)
    numpy.add.at(added, ranks + 1, counts)
    return numpy.cumsum(added)


class _Band:
    """Points whose first cost is in a narrow range, on top of all that are below it."""

    def __init__(
        self, columns: Below, rows: Below, below: Array, low: int, high: int, own: slice, y: Points
    ) -> None:
        self.columns = columns
        self.rows = rows
        self.below = below
        self.low = low
        places, ranks = numpy.unique(rows.ranks[own], return_inverse=True)
        flags = numpy.zeros(len(below), numpy.int32)
        flags[places + 1] = 1
        self.ranks = numpy.cumsum(flags, dtype=numpy.int32)
        """How many of the band's own rows there are up to each row."""
        inside = numpy.zeros((high - low, len(places) + 1), below.dtype)
        inside[columns.ranks[own] - low, ranks + 1] = y.counts[own]
        self.inside = numpy.cumsum(numpy.cumsum(inside, axis=0), axis=1)

    def within(self, x: Points, left: Points, start: Array, end: Array) -> int:
        """The sums of pairs whose bound of the first cost is in the band.

        Args:
            x: the points of the first list.
            left: what each of the second list leaves.
            start: for each of these, the first of the first list.
            end: likewise the end.
        """
        total, cells = 0, end - start
        asking = numpy.flatnonzero(cells)
        ends = numpy.cumsum(cells[asking])
        done = 0
        while done < len(asking):
            before = int(ends[done - 1]) if done else 0
            upto = max(done + 1, int(numpy.searchsorted(ends, before + ANSWERED, "right")))
            part = asking[done:upto]
            total += self._asked(x, left, part, start[part], cells[part])
            done = upto
        return total

    def _asked(self, x: Points, left: Points, part: Array, start: Array, cells: Array) -> int:
        offsets = start - (numpy.cumsum(cells) - cells)
        at = numpy.arange(int(cells.sum())) + numpy.repeat(offsets, cells)
        row = self.rows(numpy.repeat(left.second[part], cells) - x.second[at])
        column = self.columns(numpy.repeat(left.first[part], cells) - x.first[at])
        answers = self.below[row] + self.inside[column - 1 - self.low, self.ranks[row]]
        counts = x.counts[at] * numpy.repeat(left.counts[part], cells)
        return dot(answers, counts)
