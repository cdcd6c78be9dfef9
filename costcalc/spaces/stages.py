"""A space as stages that choose a few parameters each, one after another.

What a stage costs depends on its own choice and on its state: earlier choices that share a table
with it or with a later stage.  So anything about all completions of a state (their number, the
cheapest, the front) follows from the same about the next stage's states: dynamic programming.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from itertools import pairwise
from math import prod
from types import MappingProxyType
from typing import Any

import numpy

from costcalc.grid.bounded import Array, along, fits
from costcalc.grid.regions import Form, Region
from costcalc.grid.tables import CostTables, Existence
from costcalc.records import NamedTuple
from costcalc.spaces.distribution import Entangled, sum_of
from costcalc.spaces.idle import distinct

STATES = 2**12
"""States that a stage may have."""

CHOICES = 2**8
"""Choices that parameters make together in one stage."""


class SpacePart(NamedTuple):
    """A part of a space."""

    choices: Mapping[int, Sequence[int]] = MappingProxyType({})
    """The indexes of an axis's values, if not all of them."""
    region: Region = MappingProxyType({})
    """The range of sums of costs."""
    allowed: tuple[Existence, ...] = ()
    """Where else its networks are: at settings where all of these exist."""


class StageChoices(NamedTuple):
    """What one stage may choose in one state."""

    costs: Array
    """The sums of costs, shape (choices, sums)."""
    indexes: Array
    """The indexes of the parameters' values, shape (choices, parameters)."""
    states: Array
    """The number of the state that each choice leads to, shape (choices,)."""


class CompletionRange(NamedTuple):
    """The range of the costs of a state's completions."""

    least: Array
    most: Array
    steps: Array
    """Costs of completions differ by multiples of this; 1 if all are equal."""


class _Factor(NamedTuple):
    """Costs, or where networks exist, for some axes."""

    axes: tuple[int, ...]
    costs: Array | None
    """For each sum of costs an array, an axis for each of the axes."""
    exists: Array | None


class Stage:
    """Some parameters that are chosen together.

    Attributes:
        axes: their axes, ascending.
        states: how many states it may be reached in.
    """

    def __init__(
        self,
        axes: tuple[int, ...],
        before: tuple[int, ...],
        after: tuple[int, ...],
        values: Mapping[int, Array],
        factors: Sequence[_Factor],
        sums: int,
    ) -> None:
        """Adds up what the stage completes.

        Args:
            axes: the axes of the parameters that it chooses.
            before: the axes that its state consists of.
            after: the axes that the next stage's state consists of.
            values: the indexes of each axis's values.
            factors: the factors whose last axes this stage chooses.
            sums: how many sums of costs there are.
        """
        self.axes = axes
        self._before = before
        self._after = after
        self._values = values
        order = before + axes
        shape = tuple(len(values[axis]) for axis in order)
        self._shape = shape
        self.states = prod(shape[: len(before)])
        costs: Any = numpy.zeros((sums, *(1 for _ in order)), numpy.int64)
        exists: Any = numpy.ones((), bool)
        for factor in factors:
            if factor.costs is not None:
                costs = costs + along(factor.costs, factor.axes, order)
            if factor.exists is not None:
                exists = exists & along(factor.exists, factor.axes, order)
        self._costs = numpy.broadcast_to(costs, (sums, *shape))
        self._exists = numpy.broadcast_to(exists, shape)
        self._known: dict[int, StageChoices] = {}

    def choices(self, state: int) -> StageChoices:
        """What it may choose in a state, by the state's number."""
        if state not in self._known:
            self._known[state] = self._found(state)
        return self._known[state]

    def _found(self, state: int) -> StageChoices:
        before, shape = self._shape[: len(self._before)], self._shape[len(self._before) :]
        here = tuple(map(int, numpy.unravel_index(state, before))) if before else ()
        place: tuple[Any, ...] = (slice(None), *here)
        costs = self._costs[place].reshape(len(self._costs), prod(shape)).T
        (chosen,) = numpy.nonzero(self._exists[here].ravel())
        places = numpy.indices(shape).reshape(len(shape), prod(shape))[:, chosen]
        known = dict(zip(self._before, here, strict=True))
        known.update(zip(self.axes, places, strict=True))
        states: Any = numpy.zeros(len(chosen), numpy.int64)
        for axis in self._after:
            states = states * len(self._values[axis]) + known[axis]
        indexes = [self._values[axis][place] for axis, place in zip(self.axes, places, strict=True)]
        return StageChoices(costs[chosen], numpy.stack(indexes, axis=1), states)


class Stages:
    """A space, or the part of it that some choices leave, as stages.

    Attributes:
        stages: in the order in which they choose.
        sums: how many sums of costs there are.
        constant: what of each sum of costs depends on no parameter.
        places: what an index of each axis adds to the number of a row.
    """

    def __init__(
        self,
        tables: CostTables,
        forms: Sequence[Form],
        part: SpacePart,
        *,
        is_in_order: bool = False,
    ) -> None:
        """Finds an order in which each stage has few states.

        Args:
            tables: the space.
            forms: the sums of costs.
            part: the part of the space.
            is_in_order: whether parameters are chosen in the order of the axes if they can be.

        Raises:
            Entangled: there is no such order.
        """
        self._names = [axis.name for axis in tables.axes]
        self._values = {
            axis: numpy.array(part.choices.get(axis, range(len(one.values))), numpy.int64)
            for axis, one in enumerate(tables.axes)
        }
        self.sums = len(forms)
        listed = [[sum_of(table.costs, form) for form in forms] for table in tables.tables]
        kind = _kind(listed)
        self._factors = list(self._taken(tables, part, listed, kind))
        constants = [one.costs for one in self._factors if not one.axes and one.costs is not None]
        self.constant = sum(constants, numpy.zeros(self.sums, kind))
        self._factors = [one for one in self._factors if one.axes or one.costs is None]
        self.places, place = [0] * len(tables.axes), 1
        for axis in reversed(range(len(tables.axes))):
            self.places[axis], place = place, place * len(tables.axes[axis].values)
        self.stages = self._staged(self._cut(is_in_order))

    def choices(self, stage: int, state: int) -> StageChoices:
        """What a stage may choose in a state, both by their numbers."""
        return self.stages[stage].choices(state)

    @cached_property
    def before(self) -> list[tuple[Array, Array]]:
        """For each stage, the least and the most that all before it cost together."""
        least = most = self.constant
        ranges = [(least, most)]
        for number, stage in enumerate(self.stages):
            costs = [self.choices(number, state).costs for state in range(stage.states)]
            costs = [array for array in costs if len(array)]
            if costs:
                least = least + numpy.min([array.min(axis=0) for array in costs], axis=0)
                most = most + numpy.max([array.max(axis=0) for array in costs], axis=0)
            ranges.append((least, most))
        return ranges

    @cached_property
    def extents(self) -> list[list[CompletionRange | None]]:
        """For each stage and state the range of its completions; None if it has none."""
        nothing = numpy.zeros(self.sums, numpy.int64)
        after: list[CompletionRange | None] = [CompletionRange(nothing, nothing, nothing)]
        listed = [after]
        for number in reversed(range(len(self.stages))):
            states = range(self.stages[number].states)
            after = [self._extent(self.choices(number, state), after) for state in states]
            listed.insert(0, after)
        return [
            [
                one and one._replace(steps=numpy.where(one.steps == 0, 1, one.steps))
                for one in states
            ]
            for states in listed
        ]

    def _extent(
        self, choices: StageChoices, after: Sequence[CompletionRange | None]
    ) -> CompletionRange | None:
        parts = []
        for state in numpy.unique(choices.states):
            rest = after[state]
            if rest is not None:
                costs = choices.costs[choices.states == state]
                least, most = costs.min(axis=0), costs.max(axis=0)
                steps = numpy.gcd(numpy.gcd.reduce(costs - least, axis=0), rest.steps)
                parts.append(CompletionRange(least + rest.least, most + rest.most, steps))
        if not parts:
            return None
        least = numpy.min([one.least for one in parts], axis=0)
        most = numpy.max([one.most for one in parts], axis=0)
        differences = [part for one in parts for part in (one.least - least, one.steps)]
        return CompletionRange(least, most, numpy.gcd.reduce(differences, axis=0))

    def _taken(
        self, tables: CostTables, part: SpacePart, listed: Sequence[Sequence[Array]], kind: Any
    ) -> Iterable[_Factor]:
        """The tables' costs at the chosen values, and where networks exist."""
        for table, arrays in zip(tables.tables, listed, strict=True):
            shape = [len(self._values[axis]) for axis in table.axes]
            costs = numpy.zeros((self.sums, *shape), kind)
            for number, array in enumerate(arrays):
                costs[number] = self._part(array, table.axes).astype(costs.dtype)
            yield _Factor(table.axes, costs, None)
        idle = distinct(tables.grid) if tables.grid is not None else ()
        for own in (*tables.existences, *idle, *part.allowed):
            yield _Factor(own.axes, None, self._part(own.exists, own.axes))

    def _part(self, array: Array, axes: Sequence[int]) -> Array:
        return array[numpy.ix_(*(self._values[axis] for axis in axes))] if axes else array

    def _cut(self, is_in_order: bool) -> list[tuple[int, ...]]:
        """The axes of each stage.

        Raises:
            Entangled: a stage has too many states.
        """
        orders = [self._grown()]
        if is_in_order:
            orders.insert(0, [*range(len(self._values))])
        for order in orders:
            stages = list(self._grouped(order))
            worst = max(self._fronts(stages), key=self._states, default=())
            if self._states(worst) <= STATES:
                return stages
        raise Entangled([self._names[axis] for axis in worst])

    def _grown(self) -> list[int]:
        """An order of the axes in which few earlier ones share a factor with a later one."""
        order: list[int] = []
        left = [{*factor.axes} for factor in self._factors]
        while any(left):
            grown = {}
            for axes in left:
                if axes:
                    tried = order + sorted(axes)
                    front = self._front(tried)
                    grown[self._states(front), min(axes), len(axes)] = tried
            order = grown[min(grown)]
            left = [axes - {*order} for axes in left]
        return order + [axis for axis in self._values if axis not in order]

    def _grouped(self, order: Sequence[int]) -> Iterable[tuple[int, ...]]:
        """The axes of stages, which end where there are few states."""
        sizes = [self._states(self._front(order[: end + 1])) for end in range(len(order))]
        group: list[int] = []
        for at, axis in enumerate(order):
            group.append(axis)
            is_last = at + 1 == len(order)
            is_least = (
                is_last
                or (sizes[at] <= (sizes[at - 1] if at else 1) and sizes[at] <= sizes[at + 1])
                or self._states(group) * len(self._values[order[at + 1]]) > CHOICES
            )
            if is_least:
                yield tuple(sorted(group))
                group = []

    def _fronts(self, stages: Sequence[tuple[int, ...]]) -> list[tuple[int, ...]]:
        """The axes that states consist of: before each stage, and after the last one."""
        ends = [sum(map(len, stages[:count])) for count in range(len(stages) + 1)]
        order = [axis for stage in stages for axis in stage]
        return [self._front(order[:end]) for end in ends]

    def _front(self, chosen: Sequence[int]) -> tuple[int, ...]:
        """The chosen axes that share a factor with others."""
        own = {*chosen}
        open_ = (own & {*one.axes} for one in self._factors if not own >= {*one.axes})
        return tuple(sorted(set[int]().union(*open_)))

    def _states(self, axes: Iterable[int]) -> int:
        return prod(len(self._values[axis]) for axis in axes)

    def _staged(self, groups: Sequence[tuple[int, ...]]) -> list[Stage]:
        fronts = self._fronts(groups)
        stages, chosen, waiting = [], set[int](), self._factors
        for axes, (before, after) in zip(groups, pairwise(fronts), strict=True):
            chosen |= {*axes}
            done = [factor for factor in waiting if {*factor.axes} <= chosen]
            waiting = [factor for factor in waiting if not {*factor.axes} <= chosen]
            stages.append(Stage(axes, before, after, self._values, done, self.sums))
        return stages


def _kind(listed: Iterable[Iterable[Array]]) -> Any:
    """The type of whole numbers that sums of costs, and differences of sums, fit in."""
    reach = sum(
        max((abs(int(end)) for array in arrays for end in (array.min(), array.max())), default=0)
        for arrays in listed
    )
    return numpy.int64 if fits(-2 * reach, 2 * reach) else object
