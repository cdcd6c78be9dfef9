"""How many sums of independent pairs of costs are within two bounds at once.

The parts of a space are joined to three lists.  For each pair of a network's first two parts,
the last parts that fit are those to the lower left of a point: the first cost has so much left,
and the second so much.  The points are taken in bands of the first cost.  What lies below a band
is a distribution of the second cost alone, which grows from band to band; inside a band, points
are few.  Most pairs ask nothing of the plane, as all last parts fit their first cost, or none.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy

from costcalc.grid.bounded import Array
from costcalc.records import NamedTuple
from costcalc.spaces.distribution import LIMIT, Distribution, Scale, dot

ANSWERED = 2**19
"""Those that are answered together, which stay in cache."""

RANKED = 2**26
"""Costs that are ranked in an array with a place for each."""

BANDS = 2**29
"""Steps of adding one band after another to what lies below."""


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


def within(x: Points, z: Points, y: Points, first: int, second: int) -> int:
    """How many sums of a point of each list are at most ``first`` and ``second``.

    Args:
        x: points, many; ascending by the first cost.
        z: points, few.
        y: points, many.
        first: a bound.
        second: likewise.
    """
    y = y.by_first()
    if int(x.counts.sum()) * int(z.counts.sum()) >= LIMIT:
        x = x._replace(counts=x.counts.astype(object))
    left = Points(first - z.first, second - z.second, z.counts)
    columns, rows = Below(y.first), Below(y.second)
    below = numpy.zeros(len(rows.places) + 1, y.counts.dtype)
    numpy.add.at(below, rows.ranks + 1, y.counts)
    total = _unasked(x, left, int(y.first[-1]), rows, numpy.cumsum(below))
    bands = max(1, min(len(columns.places) - 1, BANDS // len(rows.places)))
    edges = numpy.linspace(0, len(columns.places) - 1, bands + 1).astype(numpy.int64)
    starts = numpy.searchsorted(columns.ranks, numpy.arange(len(columns.places)), "left")
    below = numpy.zeros(len(rows.places) + 1, y.counts.dtype)
    end = numpy.searchsorted(x.first, left.first - columns.places[0], "right")
    for low, high in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        start = numpy.searchsorted(x.first, left.first - columns.places[high], "right")
        own = slice(int(starts[low]), int(starts[high]))
        band = _Band(columns, rows, below, low, high, own, y)
        total += band.within(x, left, start, end)
        numpy.add.at(band.added, rows.ranks[own] + 1, y.counts[own])
        below += numpy.cumsum(band.added)
        end = start
    return total


def _unasked(x: Points, left: Points, widest: int, rows: Below, below: Array) -> int:
    """The sums of pairs with which all last parts fit by their first cost."""
    total = 0
    ends = numpy.searchsorted(x.first, left.first - widest, "right")
    for end, second, count in zip(ends.tolist(), left.second, left.counts, strict=True):
        for start in range(0, end, ANSWERED):
            part = slice(start, min(end, start + ANSWERED))
            answers = below[rows(second - x.second[part])]
            total += int(count) * dot(answers, x.counts[part])
    return total


class _Band:
    """Points whose first cost is in a narrow range, on top of all that are below it."""

    def __init__(
        self, columns: Below, rows: Below, below: Array, low: int, high: int, own: slice, y: Points
    ) -> None:
        self.columns = columns
        self.rows = rows
        self.below = below
        self.low = low
        self.added = numpy.zeros(len(below), below.dtype)
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
