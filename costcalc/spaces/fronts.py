"""The Pareto front of a part of a space, stage by stage from the last one on.

Each state keeps the costs of its completions that no others dominate, with the first row and the
number of networks that have them.  Numbers of rows may pass 64 bits, so they are kept in words.
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
from costcalc.spaces.completions import PAIRS, Column, columns_of, limits, signed, starts
from costcalc.spaces.stages import SpacePart, Stages

WORD = 2**62
"""Numbers of rows are kept in several words below this."""


class Labels(NamedTuple):
    """Costs that completions have, each once."""

    costs: Array
    """Shape (labels, sums)."""
    rows: Array
    """The number of the first row in words, shape (labels, words), the most significant first."""
    counts: Array
    """How many networks cost that."""

    @classmethod
    def zeros(cls, count: int, sums: int, words: int, kind: Any) -> Labels:
        """Labels of costs of 0, each of one network."""
        costs, rows = (numpy.zeros((count, size), numpy.int64) for size in (sums, words))
        return cls(costs, rows, numpy.ones(count, kind))

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


def front_of(tables: CostTables, forms: Sequence[Form], part: SpacePart) -> Labels:
    """The Pareto front of a part of a space.

    Args:
        tables: the space.
        forms: the sums of costs that are weighed against each other.
        part: the part of it.

    Raises:
        Entangled: too many parts depend on the same parameters.
    """
    words = _words(tables)
    kind = object if tables.size >= WORD else numpy.int64
    found = columns_of(tables, [(form, 1) for form in forms], part.region)
    if found is None:
        return Labels.zeros(0, len(forms), words.shape[1], kind)
    sums, columns = found
    front = _Backward(Stages(tables, sums, part), columns, len(forms), words, kind).front()
    return front._replace(costs=front.costs[:, : len(forms)])


class _Backward:
    """The fronts of the completions of each state, from the last stage on."""

    def __init__(
        self, space: Stages, columns: Sequence[Column], weighed: int, words: Array, kind: Any
    ) -> None:
        """Starts behind the last stage.

        Args:
            space: the stages.
            columns: their sums of costs.
            weighed: how many of these, the first ones, are weighed against each other.
            words: as of :func:`_words`.
            kind: the type of numbers of networks.
        """
        self._space = space
        self._low, self._high = limits(columns)
        self._weighed = weighed
        self._signs = [column.sign for column in columns]
        self._words = words
        self._kind = kind
        self._after = [self._nothing(1)]

    def front(self) -> Labels:
        """The front of all networks within the bounds."""
        for number in reversed(range(len(self._space.stages))):
            states = range(self._space.stages[number].states)
            self._after = [self._completed(number, state) for state in states]
        (whole,) = self._after
        whole = whole._replace(costs=whole.costs + self._space.constant)
        is_within = (whole.costs >= self._low) & (whole.costs <= self._high)
        return whole.part(is_within.all(axis=1))

    def _completed(self, number: int, state: int) -> Labels:
        """The front of a state's completions."""
        least, most = self._space.before[number]
        parts, size = [self._nothing(0)], 0
        for after in numpy.unique(self._space.choices(number, state).states):
            choices, rest = self._chosen(number, state, after), self._after[after]
            step = max(1, PAIRS // max(1, len(rest.counts)))
            for start in range(0, len(choices.counts), step):
                both = choices.part(slice(start, start + step)).plus(rest)
                is_within = (both.costs + most >= self._low) & (both.costs + least <= self._high)
                parts.append(both.part(is_within.all(axis=1)))
                size += len(parts[-1].counts)
                if size > PAIRS:
                    parts = [self._kept(parts)]
                    size = len(parts[0].counts)
        return self._kept(parts)

    def _chosen(self, number: int, state: int, after: int) -> Labels:
        """The front of the choices that lead from one state to another."""
        choices, axes = self._space.choices(number, state), self._space.stages[number].axes
        own = choices.states == after
        rows = choices.indexes[own] @ self._words[list(axes)]
        counts = numpy.ones(own.sum(), self._kind)
        return self._kept([Labels(choices.costs[own], rows, counts)])

    def _kept(self, parts: Sequence[Labels]) -> Labels:
        return merged(Labels.joined(parts), self._weighed, self._signs)

    def _nothing(self, count: int) -> Labels:
        return Labels.zeros(count, len(self._signs), self._words.shape[1], self._kind)


def merged(labels: Labels, weighed: int, signs: Sequence[int] = ()) -> Labels:
    """The labels that no other dominates, with equal costs joined.

    Args:
        labels: any.
        weighed: how many of the first costs a dominating label has to be lower in one of.
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
