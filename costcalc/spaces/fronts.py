"""The Pareto front of a part of a space, stage by stage from the last one on.

Of the completions of a state, those are kept whose costs no other completion beats, each with
its first row and the number of networks that cost the same.  Numbers of rows pass 64 bits, so
they are kept in words.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy

from costcalc.grid.bounded import Array
from costcalc.grid.dominance import undominated
from costcalc.grid.regions import Form
from costcalc.grid.tables import CostTables
from costcalc.records import NamedTuple
from costcalc.spaces.completions import PAIRS, columns_of, limits, signed, starts
from costcalc.spaces.stages import SpacePart, Stages

WORD = 2**62
"""Numbers of rows are kept in several words below this."""


class Labels(NamedTuple):
    """Costs of completions, of each the first row and how many networks there are."""

    costs: Array
    """Shape (labels, sums)."""
    rows: Array
    """The number of the row in words, shape (labels, words), the most significant first."""
    counts: Array

    @classmethod
    def joined(cls, parts: Sequence[Labels]) -> Labels:
        """All labels of several parts."""
        return cls(*(numpy.concatenate(column) for column in zip(*parts, strict=True)))

    def part(self, chosen: Any) -> Labels:
        """Some of them."""
        return Labels(self.costs[chosen], self.rows[chosen], self.counts[chosen])

    def plus(self, other: Labels) -> Labels:
        """Each with each of another."""

        def outer(a: Array, b: Array) -> Array:
            return (a[:, None] + b[None, :]).reshape(-1, a.shape[1])

        counts = numpy.multiply.outer(self.counts, other.counts).ravel()
        return Labels(outer(self.costs, other.costs), outer(self.rows, other.rows), counts)


def front_of(
    tables: CostTables,
    forms: Sequence[Form],
    part: SpacePart,
) -> Labels:
    """The Pareto front of a part of a space."""
    words = _words(tables)
    kind = object if tables.size >= WORD else numpy.int64
    found = columns_of(tables, [(form, 1) for form in forms], part.region)
    empty = Labels(
        numpy.zeros((0, len(forms)), numpy.int64),
        numpy.zeros((0, words.shape[1]), numpy.int64),
        numpy.zeros(0, kind),
    )
    if found is None:
        return empty
    sums, columns = found
    space = Stages(tables, sums, part)
    low, high = limits(columns)
    weighed, signs = len(forms), [one.sign for one in columns]
    lists = [
        Labels(
            numpy.zeros((1, len(columns)), numpy.int64),
            numpy.zeros((1, words.shape[1]), numpy.int64),
            numpy.ones(1, kind),
        )
    ]

    def kept(labels: Labels) -> Labels:
        return merged(labels, weighed, signs)

    for number in reversed(range(len(space.stages))):
        axes = space.stages[number].axes
        least, most = space.before[number]
        before = []
        for state in range(space.stages[number].states):
            chosen = space.choices(number, state)
            parts: list[Labels] = []
            size = 0
            for after in numpy.unique(chosen.states):
                own = chosen.states == after
                rows = sum(
                    (chosen.indexes[own, at, None] * words[axis] for at, axis in enumerate(axes)),
                    numpy.zeros((1, words.shape[1]), numpy.int64),
                )
                choice = kept(Labels(chosen.costs[own], rows, numpy.ones(own.sum(), kind)))
                listed = lists[after]
                step = max(1, PAIRS // max(1, len(listed.counts)))
                for start in range(0, len(choice.counts), step):
                    both = choice.part(slice(start, start + step)).plus(listed)
                    fits = (both.costs + most >= low) & (both.costs + least <= high)
                    parts.append(both.part(fits.all(axis=1)))
                    size += len(parts[-1].counts)
                    if size > PAIRS:
                        parts = [kept(Labels.joined(parts))]
                        size = len(parts[0].counts)
            before.append(kept(Labels.joined(parts)) if parts else lists[0].part(slice(0)))
        lists = before
    whole = lists[0]._replace(costs=lists[0].costs + space.constant)
    whole = whole.part(((whole.costs >= low) & (whole.costs <= high)).all(axis=1))
    return whole._replace(costs=whole.costs[:, :weighed])


def merged(labels: Labels, weighed: int, signs: Sequence[int] = ()) -> Labels:
    """The labels to which no other one is preferable; equal ones as one.

    Args:
        labels: any.
        weighed: the costs, the first ones, that a preferable one is lower in one of.
        signs: of each cost as in :class:`.Column`; by default 1.
    """
    compared = signed(labels.costs, signs) if signs else labels.costs
    labels = labels.part(undominated(compared, weighed))
    columns = (*labels.costs.T, *labels.rows.T)
    labels = labels.part(numpy.lexsort(columns[::-1]))
    begins = numpy.flatnonzero(starts(labels.costs))
    if not len(begins):
        return labels
    first = labels.part(begins)
    return first._replace(counts=numpy.add.reduceat(labels.counts, begins))


def _words(tables: CostTables) -> Array:
    """What an index of each axis adds to the words of a row's number, shape (axes, words)."""
    sizes: list[list[int]] = [[]]
    place = 1
    for axis in reversed(tables.axes):
        if place * len(axis.values) > WORD:
            sizes.append([])
            place = 1
        sizes[-1].append(place)
        place *= len(axis.values)
    words = numpy.zeros((len(tables.axes), len(sizes)), numpy.int64)
    at = len(tables.axes)
    for number, places in enumerate(sizes):
        for own in places:
            at -= 1
            words[at, len(sizes) - 1 - number] = own
    return words


def unpacked(tables: CostTables, rows: Array) -> Array:
    """The index along each axis of some rows, by the words of their numbers."""
    words = _words(tables)
    found = numpy.zeros((len(rows), len(tables.axes)), numpy.int64)
    for axis, own in enumerate(tables.axes):
        word = int(words[axis].argmax())
        found[:, axis] = rows[:, word] // words[axis, word] % len(own.values)
    return found
