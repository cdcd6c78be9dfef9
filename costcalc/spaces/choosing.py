"""The best networks of a space, without listing it: the first few by a cost, the Pareto front.

    condition --choices, regions of costs--> stages --fronts, from the last on--> networks

Of all completions of a state, those matter to which no other is preferable: one that is better
by the cost in question and spends no more of what has a bound.  Knowing these, a search goes to
the best network straight away, and from there to the next one (a best-first search whose
estimate is exact).  Networks that cost the same come in the order of the space's rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from heapq import heappop, heappush
from itertools import chain, product
from itertools import count as numbered
from math import prod
from typing import Any, TypeAlias

import numpy

from costcalc.advice import advice, option
from costcalc.errors import did_you_mean, refuse
from costcalc.grid.bounded import Array
from costcalc.grid.dominance import undominated
from costcalc.grid.regions import Form, Inseparable, Range, Region
from costcalc.grid.select import Condition, largest
from costcalc.grid.tables import CostTables, Existence
from costcalc.metrics import METRICS
from costcalc.records import NamedTuple
from costcalc.spaces.completions import (
    PAIRS,
    Column,
    Completions,
    limits,
    signed,
    starts,
)
from costcalc.spaces.counting import cases, listed
from costcalc.spaces.distribution import Entangled, reach
from costcalc.spaces.stages import SpacePart, Stages

SEARCHED = 2**18
"""Choices of one stage after those before it that a search may follow."""

_WORD = 2**62
"""Numbers of rows are kept in several words below this."""


class Front(NamedTuple):
    """A Pareto front: costs that no network of a space beats."""

    indexes: Array
    """For each of them the first network that has them, shape (costs, parameters)."""
    networks: tuple[int, ...]
    """How many networks have them."""


def top(
    tables: CostTables,
    metric: str,
    count: int,
    *,
    is_smallest: bool = False,
    condition: Condition | None = None,
    known: Mapping[str, Any] | None = None,
) -> Array:
    """The networks with the largest costs, or the smallest.

    Args:
        tables: the space.
        metric: the cost.
        count: how many networks.
        is_smallest: whether the smallest come first.
        condition: what holds at each of them.
        known: the values of parameters that do not vary, if the condition names some.

    Returns:
        For each network the indexes of its parameters' values, shape (networks, parameters);
        the best first, equal ones in the order of the space's rows.

    Raises:
        SpecError: the space has no such cost, the condition has no meaning; or it is no choice
            of bounds on sums of costs, or couples too many parts, and the space is too large
            to be listed.
    """
    _check(tables, [metric])
    direction = 1 if is_smallest else -1
    try:
        searches = [
            _BestFirst(tables, ((metric, 1),), direction, part)
            for part in parts_of(tables, condition, known)
        ]
    except (Entangled, Inseparable) as error:
        return _top_listed(tables, metric, count, is_smallest, condition, known, error)
    waiting: list[tuple[Any, ...]] = []
    numbers = numbered()
    for search in searches:
        for best, row, node in search.first():
            heappush(waiting, (best, row, next(numbers), search, node))
    found: list[int] = []
    steps = 0
    while waiting and len(found) < count:
        _, row, _, search, node = heappop(waiting)
        if search.is_whole(node):
            found.append(row)
            continue
        steps += 1
        if steps > SEARCHED + count * len(tables.axes):
            refuse(
                None,
                f"too many networks come close to being the first {count} by {metric}",
                expected="a wider condition; or parameters of one layer beside each other",
            )
        for best, first, after in search.following(row, node):
            heappush(waiting, (best, first, next(numbers), search, after))
    return _indexes(tables, found)


def pareto(
    tables: CostTables,
    metrics: Sequence[str],
    *,
    condition: Condition | None = None,
    known: Mapping[str, Any] | None = None,
) -> Front:
    """The Pareto front: costs to which those of no network are preferable.

    Those of a network are preferable if one is lower, and none is higher.

    Args:
        tables: the space.
        metrics: two or more costs, the lower the better.
        condition: what holds at each network that competes.
        known: the values of parameters that do not vary, if the condition names some.

    Returns:
        The front, in the order of the first cost.

    Raises:
        SpecError: the space has no such costs, the condition has no meaning; or it is no choice
            of bounds on sums of costs, or couples too many parts, and the space is too large
            to be listed.
    """
    _check(tables, metrics)
    if len(set(metrics)) < 2 or len(set(metrics)) < len(metrics):
        refuse(
            None,
            "a Pareto front weighs costs against each other",
            "two or three of " + ", ".join(_metrics(tables)),
            found=", ".join(metrics),
        )
    forms: list[Form] = [((name, 1),) for name in metrics]
    try:
        fronts = [_front(tables, forms, part) for part in parts_of(tables, condition, known)]
    except (Entangled, Inseparable) as error:
        fronts = _fronts_listed(tables, metrics, condition, known, error)
    if not fronts:
        return Front(numpy.zeros((0, len(tables.axes)), numpy.int64), ())
    front = _merged(_Labels.joined(fronts), len(forms))
    return Front(_unpacked(tables, front.rows), tuple(map(int, front.counts)))


def _metrics(tables: CostTables) -> tuple[str, ...]:
    return tuple(tables.tables[0].costs)


def _check(tables: CostTables, names: Iterable[str]) -> None:
    known = _metrics(tables)
    for name in names:
        if name not in known:
            refuse(
                None,
                advice("{}: '{}' is no cost of this space", option("by"), name),
                expected="one of " + ", ".join(known),
                hint=did_you_mean(name, known),
            )
        if METRICS[name].is_largest:
            refuse(
                None,
                advice(
                    "{}: {} is the largest of a network's parts, and not their sum",
                    option("by"),
                    name,
                ),
                expected=advice("a sum; or {}", option("where", f"{name} <= N")),
            )


def parts_of(
    tables: CostTables, condition: Condition | None, known: Mapping[str, Any] | None
) -> Iterator[SpacePart]:
    """A condition as parts of a space, no two of which have a network in common.

    Raises:
        Inseparable: the condition is no choice of bounds on sums of costs.
        SpecError: it has no meaning.
    """
    if condition is None:
        yield SpacePart()
        return
    values = {**{axis.name: axis.values[0] for axis in tables.axes}, **(known or {})}
    condition.check(values, _metrics(tables))
    for choices, regions in cases(tables, condition, known or {}):
        for region in regions:
            sums = {form: ends for form, ends in region.items() if not _is_peak(form)}
            peaks = [_peaks(tables, form, region[form]) for form in region if _is_peak(form)]
            for allowed in product(*peaks):
                yield SpacePart(choices, sums, tuple(chain.from_iterable(allowed)))


def _is_peak(form: Form) -> bool:
    return METRICS[form[0][0]].is_largest


def _peaks(tables: CostTables, form: Form, ends: Range) -> list[list[Existence]]:
    """Where a peak is in a range, as cases that exclude one another.

    All parts are at most the upper end.  One part, the first of those that are, is not below
    the lower end.
    """
    ((name, _),) = form
    (least, most), (low, high) = reach(tables, form), ends
    axes = [table.axes for table in tables.tables]
    peaks = [table.costs[name] for table in tables.tables]
    ceilings = [Existence(*one) for one in zip(axes, (peak <= high for peak in peaks), strict=True)]
    ceilings = ceilings if high < most else []
    if low <= least:
        return [ceilings]
    below = [Existence(*one) for one in zip(axes, (peak < low for peak in peaks), strict=True)]
    return [
        [*ceilings, *below[:at], Existence(axes[at], peak >= low)] for at, peak in enumerate(peaks)
    ]


def _top_listed(
    tables: CostTables,
    metric: str,
    count: int,
    is_smallest: bool,
    condition: Condition | None,
    known: Mapping[str, Any] | None,
    error: Exception,
) -> Array:
    """The networks with the largest costs, or the smallest, one setting after the other."""
    costs, rows = numpy.zeros(0, numpy.int64), numpy.zeros(0, numpy.int64)
    for chunk, holds in listed(tables, condition, known or {}, error):
        own = numpy.flatnonzero(holds)
        costs = numpy.concatenate((costs, chunk.costs[metric][own]))
        rows = numpy.concatenate((rows, own + chunk.start))
        chosen = largest(costs, count, is_smallest)
        costs, rows = costs[chosen], rows[chosen]
    order = numpy.argsort(costs if is_smallest else -costs, kind="stable")
    return _indexes(tables, rows[order].tolist())


def _fronts_listed(
    tables: CostTables,
    metrics: Sequence[str],
    condition: Condition | None,
    known: Mapping[str, Any] | None,
    error: Exception,
) -> list[_Labels]:
    """The Pareto front, one setting after the other."""
    front: list[_Labels] = []
    for chunk, holds in listed(tables, condition, known or {}, error):
        own = numpy.flatnonzero(holds)
        costs = numpy.stack([chunk.costs[name][own] for name in metrics], axis=1)
        rows = (own + chunk.start)[:, None]
        labels = _Labels(costs, rows, numpy.ones(len(own), numpy.int64))
        front = [_merged(_Labels.joined([*front, labels]), len(metrics))]
    return front


def _indexes(tables: CostTables, rows: Sequence[int]) -> Array:
    """The index along each axis of some rows, by their numbers."""
    found = numpy.zeros((len(rows), len(tables.axes)), numpy.int64)
    for number, row in enumerate(rows):
        left = row
        for axis in reversed(range(len(tables.axes))):
            left, found[number, axis] = divmod(left, len(tables.axes[axis].values))
    return found


def _columns(
    tables: CostTables, wanted: Iterable[tuple[Form, int]], region: Region
) -> tuple[list[Form], list[Column]] | None:
    """The sums of costs that decide between partial networks; None if the region is empty.

    Args:
        tables: the space.
        wanted: sums of costs, each with 1 if less is preferable, -1 if more is.
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


_Node: TypeAlias = "tuple[int, int, Array]"
"""A stage, the state that it is reached in, and what the stages before it cost."""


class _BestFirst:
    """The networks of a region, the best by one cost first."""

    def __init__(
        self,
        tables: CostTables,
        form: Form,
        direction: int,
        part: SpacePart,
    ) -> None:
        """Finds the completions that matter.

        Args:
            tables: the space.
            form: the cost.
            direction: 1 if less of it is better, -1 if more is.
            part: the part of it that the region is.

        Raises:
            Entangled: too many parts depend on the same parameters.
        """
        found = _columns(tables, [(form, direction)], part.region)
        self._is_empty = found is None
        if found is None:
            return
        forms, columns = found
        self._space = Stages(tables, forms, part, is_in_order=True)
        self._direction = direction
        self._low, self._high = limits(columns)
        self._listed = Completions(self._space, columns, direction)
        if self._listed.first:
            self._relaxed = Completions(self._space, self._loosened(columns), direction)

    def first(self) -> Iterator[tuple[int, int, _Node]]:
        """Where the search starts, like :meth:`following`."""
        if not self._is_empty:
            node = 0, 0, self._space.constant
            best = self._best(node)
            if best is not None:
                yield best, 0, node

    def is_whole(self, node: _Node) -> bool:
        """Whether all stages have chosen."""
        return node[0] == len(self._space.stages)

    def following(self, row: int, node: _Node) -> Iterator[tuple[int, int, _Node]]:
        """The nodes that a stage's choices lead to, if completions of theirs may be wanted.

        Yields:
            The best cost that a completion may have, less being better; the number of the
            first row that one may have; and the node.
        """
        number, state, spent = node
        choices = self._space.choices(number, state)
        places = [self._space.places[axis] for axis in self._space.stages[number].axes]
        for costs, indexes, after in zip(
            choices.costs, choices.indexes.tolist(), choices.states.tolist(), strict=True
        ):
            reached = number + 1, after, spent + costs
            best = self._best(reached)
            if best is not None:
                at = sum(index * place for index, place in zip(indexes, places, strict=True))
                yield best, row + at, reached

    def _best(self, node: _Node) -> int | None:
        """The best cost of a node's completions in the region, or a bound of it.

        Returns:
            The cost, less being better; None if no completion is in the region.
        """
        number, state, spent = node
        if number >= self._listed.first:
            return self._listed.best(number, state, spent)
        extent = self._space.extents[number][state]
        if extent is None:
            return None
        least, most = spent + extent.least, spent + extent.most
        low, high = numpy.maximum(least, self._low), numpy.minimum(most, self._high)
        low = least - (least - low) // extent.steps * extent.steps
        high = least + (high - least) // extent.steps * extent.steps
        if (low > high).any():
            return None
        bound = int(low[0]) if self._direction > 0 else -int(high[0])
        if number < self._relaxed.first:
            return bound
        best = self._relaxed.best(number, state, spent)
        return None if best is None else max(bound, best)

    def _loosened(self, columns: Sequence[Column]) -> list[Column]:
        """Without the bounds that leave all sums of a cost."""
        (first, *others), direction = columns, self._direction
        least, most = (int(end[0]) for end in self._space.before[-1])
        low, high = (first.low, most) if direction < 0 else (least, first.high)
        is_bound = low > least or high < most
        first = first._replace(sign=direction, low=low, high=high, is_bound=is_bound)
        return [first, *(column for column in others if column.sign)]


class _Labels(NamedTuple):
    """Costs of completions, of each the first row and how many networks there are."""

    costs: Array
    """Shape (labels, sums)."""
    rows: Array
    """The number of the row in words, shape (labels, words), the most significant first."""
    counts: Array

    @classmethod
    def joined(cls, parts: Sequence[_Labels]) -> _Labels:
        """All labels of several parts."""
        return cls(*(numpy.concatenate(column) for column in zip(*parts, strict=True)))

    def part(self, chosen: Any) -> _Labels:
        """Some of them."""
        return _Labels(self.costs[chosen], self.rows[chosen], self.counts[chosen])

    def plus(self, other: _Labels) -> _Labels:
        """Each with each of another."""

        def outer(a: Array, b: Array) -> Array:
            return (a[:, None] + b[None, :]).reshape(-1, a.shape[1])

        counts = numpy.multiply.outer(self.counts, other.counts).ravel()
        return _Labels(outer(self.costs, other.costs), outer(self.rows, other.rows), counts)


def _front(
    tables: CostTables,
    forms: Sequence[Form],
    part: SpacePart,
) -> _Labels:
    """The Pareto front of a part of a space."""
    words = _words(tables)
    kind = object if _size(tables) >= _WORD else numpy.int64
    found = _columns(tables, [(form, 1) for form in forms], part.region)
    empty = _Labels(
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
        _Labels(
            numpy.zeros((1, len(columns)), numpy.int64),
            numpy.zeros((1, words.shape[1]), numpy.int64),
            numpy.ones(1, kind),
        )
    ]

    def kept(labels: _Labels) -> _Labels:
        return _merged(labels, weighed, signs)

    for number in reversed(range(len(space.stages))):
        axes = space.stages[number].axes
        least, most = space.before[number]
        before = []
        for state in range(space.stages[number].states):
            chosen = space.choices(number, state)
            parts: list[_Labels] = []
            size = 0
            for after in numpy.unique(chosen.states):
                own = chosen.states == after
                rows = sum(
                    (chosen.indexes[own, at, None] * words[axis] for at, axis in enumerate(axes)),
                    numpy.zeros((1, words.shape[1]), numpy.int64),
                )
                choice = kept(_Labels(chosen.costs[own], rows, numpy.ones(own.sum(), kind)))
                listed = lists[after]
                step = max(1, PAIRS // max(1, len(listed.counts)))
                for start in range(0, len(choice.counts), step):
                    both = choice.part(slice(start, start + step)).plus(listed)
                    fits = (both.costs + most >= low) & (both.costs + least <= high)
                    parts.append(both.part(fits.all(axis=1)))
                    size += len(parts[-1].counts)
                    if size > PAIRS:
                        parts = [kept(_Labels.joined(parts))]
                        size = len(parts[0].counts)
            before.append(kept(_Labels.joined(parts)) if parts else lists[0].part(slice(0)))
        lists = before
    whole = lists[0]._replace(costs=lists[0].costs + space.constant)
    whole = whole.part(((whole.costs >= low) & (whole.costs <= high)).all(axis=1))
    return whole._replace(costs=whole.costs[:, :weighed])


def _merged(labels: _Labels, weighed: int, signs: Sequence[int] = ()) -> _Labels:
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


def _size(tables: CostTables) -> int:
    return prod(len(axis.values) for axis in tables.axes)


def _words(tables: CostTables) -> Array:
    """What an index of each axis adds to the words of a row's number, shape (axes, words)."""
    sizes: list[list[int]] = [[]]
    place = 1
    for axis in reversed(tables.axes):
        if place * len(axis.values) > _WORD:
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


def _unpacked(tables: CostTables, rows: Array) -> Array:
    """The index along each axis of some rows, by the words of their numbers."""
    words = _words(tables)
    found = numpy.zeros((len(rows), len(tables.axes)), numpy.int64)
    for axis, own in enumerate(tables.axes):
        word = int(words[axis].argmax())
        found[:, axis] = rows[:, word] // words[axis, word] % len(own.values)
    return found
