"""What completions of a space's stages may cost, within bounds: the undominated ones.

One completion of a state dominates another if it is better by the cost in question and spends no
more of any bounded cost.  Where more of a cost may be better as well as less (the largest network
within a budget), all its sums are kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy

from costcalc.grid.bounded import Array, bounded
from costcalc.grid.dominance import undominated
from costcalc.grid.regions import Form, Region
from costcalc.grid.tables import CostTables
from costcalc.records import NamedTuple
from costcalc.spaces.distribution import reach
from costcalc.spaces.stages import Stages

PAIRS = 2**20
"""Sums that are listed before dominated ones are dropped."""

LISTED = 2**22
"""Sums of choices and completions that may be listed for all states of one stage."""


class Column(NamedTuple):
    """A sum of costs, its bounds, and which values of it are better."""

    at: int
    """Its place among the sums of the stages."""
    sign: int
    """1 if less is better, -1 if more is; 0 if either may be."""
    low: int
    """The least that a network may have."""
    high: int
    """The most."""
    is_bound: bool
    """Whether a network of the space has less or more."""


class Listed(NamedTuple):
    """What completions of a state cost, the best first."""

    keys: Array
    """The cost in question, less being better."""
    sums: Array
    """Shape (completions, columns)."""


class Completions:
    """The undominated completions of each state, of the last stages or of all.

    Attributes:
        first: the first stage whose states' completions are listed.
    """

    def __init__(self, space: Stages, columns: Sequence[Column], direction: int) -> None:
        """Lists them, from the last stage on.

        Args:
            space: the stages.
            columns: the sums of costs that decide, the one in question first.
            direction: 1 if less of it is better, -1 if more is.
        """
        self._space = space
        self._direction = direction
        self._columns = [column.at for column in columns]
        self._signs = [column.sign for column in columns]
        self._low, self._high = limits(columns)
        self._is_bound = columns[0].is_bound
        self._others = [at for at, column in enumerate(columns) if at and column.is_bound]
        end = numpy.zeros((1, len(columns)), numpy.int64)
        self._lists = [[Listed(end[:, 0], end)]]
        for number in reversed(range(len(space.stages))):
            states = range(space.stages[number].states)
            if sum(self._pairs(number, state) for state in states) > LISTED:
                break
            self._lists.insert(0, [self._completed(number, state) for state in states])
        self.first = len(space.stages) + 1 - len(self._lists)

    def best(self, number: int, state: int, spent: Array) -> int | None:
        """The best cost of a state's completions within the bounds, less being better.

        Args:
            number: of the stage, whose completions are listed.
            state: its number.
            spent: what the stages before it cost.

        Returns:
            The cost, with what is spent; None if no completion is within the bounds.
        """
        keys, sums = self._lists[number - self.first][state]
        spent = spent[self._columns]
        start, end, step = 0, len(keys), 64
        if self._is_bound:
            ends = [int(end[0]) - int(spent[0]) for end in (self._low, self._high)]
            low, high = sorted(end * self._direction for end in ends)
            start = int(numpy.searchsorted(keys, low, "left"))
            end = int(numpy.searchsorted(keys, high, "right"))
        others = self._others
        while start < end:
            part = sums[start : min(start + step, end), others] + spent[others]
            fits = numpy.all((part >= self._low[others]) & (part <= self._high[others]), axis=1)
            at = int(fits.argmax())
            if fits[at]:
                return int(keys[start + at]) + self._direction * int(spent[0])
            start, step = start + step, 4 * step
        return None

    def _pairs(self, number: int, state: int) -> int:
        """How many sums are listed to find the undominated completions of a state."""
        states = self._space.choices(number, state).states
        after, counts = numpy.unique(states, return_counts=True)
        lengths = [len(self._lists[0][at].keys) for at in after.tolist()]
        return int(numpy.dot(counts, lengths)) if lengths else 0

    def _completed(self, number: int, state: int) -> Listed:
        """The undominated completions of a state."""
        choices = self._space.choices(number, state)
        costs = choices.costs[:, self._columns]
        least, most = (part[self._columns] for part in self._space.before[number])
        found = [numpy.zeros((0, len(self._signs)), costs.dtype)]
        size = 0
        for after in numpy.unique(choices.states):
            own = costs[choices.states == after]
            listed = self._lists[0][after].sums
            rows = max(1, PAIRS // max(1, len(listed)))
            for start in range(0, len(own), rows):
                sums = own[start : start + rows, None, :] + listed[None, :, :]
                sums = sums.reshape(-1, listed.shape[1])
                is_within = (sums + most >= self._low) & (sums + least <= self._high)
                found.append(sums[is_within.all(axis=1)])
                size += len(found[-1])
                if size > PAIRS:
                    found = [self._kept(numpy.concatenate(found))]
                    size = len(found[0])
        kept = self._kept(numpy.concatenate(found))
        keys = kept[:, 0] * self._direction
        order = numpy.argsort(keys, kind="stable")
        return Listed(keys[order], kept[order])

    def _kept(self, sums: Array) -> Array:
        """The sums that no others dominate, each once."""
        exact = [at for at, sign in enumerate(self._signs) if not sign]
        others = [at for at, sign in enumerate(self._signs) if sign]
        if exact and len(others) < 2:
            ordered = [sums[:, at] * self._signs[at] for at in others]
            sums = sums[numpy.lexsort((*ordered, *(sums[:, at] for at in exact)))]
            return sums[starts(sums[:, exact])]
        sums = sums[undominated(signed(sums, self._signs))]
        return sums[starts(sums)]


def columns_of(
    tables: CostTables, wanted: Iterable[tuple[Form, int]], region: Region
) -> tuple[list[Form], list[Column]] | None:
    """The sums of costs that decide between partial networks; None if the region is empty.

    Args:
        tables: the space.
        wanted: sums of costs, each with 1 if less is better, -1 if more is.
        region: the bounds of sums of costs.
    """
    signs: dict[Form, set[int]] = {form: {sign} for form, sign in wanted}
    forms, columns = list[Form](), list[Column]()
    for form in dict.fromkeys((*signs, *region)):
        least, most = reach(tables, form)
        low, high = region.get(form, (least, most))
        low, high = max(low, least), min(high, most)
        if low > high:
            return None
        own = signs.get(form, set()) | ({1} if high < most else set())
        own |= {-1} if low > least else set()
        if own:
            sign = own.pop() if len(own) == 1 else 0
            columns.append(Column(len(forms), sign, low, high, low > least or high < most))
            forms.append(form)
    return forms, columns


def limits(columns: Iterable[Column]) -> tuple[Array, Array]:
    """The least and the most of each column."""
    listed = list(columns)
    low = numpy.array([column.low for column in listed], object)
    high = numpy.array([column.high for column in listed], object)
    return bounded(low).array, bounded(high).array


def signed(sums: Array, signs: Sequence[int]) -> Array:
    """Sums whose smaller values are better, from columns with signs."""
    columns = [-sums[:, at] if sign < 0 else sums[:, at] for at, sign in enumerate(signs)]
    columns += [-sums[:, at] for at, sign in enumerate(signs) if not sign]
    return numpy.stack(columns, axis=1)


def starts(sums: Array) -> Array:
    """Whether each row of an array differs from the one before."""
    result = numpy.ones(len(sums), bool)
    result[1:] = (sums[1:] != sums[:-1]).any(axis=1)
    return result
