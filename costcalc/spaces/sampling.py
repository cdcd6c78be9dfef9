"""Networks of a space drawn uniformly at random, also within budgets.

    condition --choices, regions of costs--> stages --how many completions are within, from the
    last stage on--> numbered networks --numbers drawn at random--> networks

The networks of a region are numbered by counting backward: of each state and of all that may be
spent, how many completions there are.  Costs are counted in steps; where these would be too
many, in coarser ones that are rounded down, so that a few networks beyond the bounds are
numbered, too.  Those are drawn again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice, product
from math import gcd, prod
from random import Random
from typing import Any

import numpy

from costcalc.advice import advice, option
from costcalc.errors import refuse
from costcalc.grid.bounded import Array
from costcalc.grid.regions import Form, Inseparable, Region
from costcalc.grid.select import Condition
from costcalc.grid.tables import CostTables
from costcalc.spaces.conditions import listed, parts_of
from costcalc.spaces.distribution import LIMIT, Entangled, reach
from costcalc.spaces.stages import SpacePart, Stages

CELLS = 2**17
"""Costs that are told apart, of each state."""

HELD = 2**24
"""Costs that are told apart of all states together: 128 MB."""

TRIED = 2**20
"""Networks that are drawn, besides a hundred for each that is wanted, before giving up."""

TOGETHER = 2**12
"""Networks that are found together."""


def sample(
    tables: CostTables,
    count: int,
    seed: int = 0,
    *,
    condition: Condition | None = None,
    known: Mapping[str, Any] | None = None,
) -> Array:
    """Networks of a space drawn uniformly at random, without repetition.

    Args:
        tables: the space.
        count: how many networks.
        seed: the same seed draws the same networks.
        condition: what holds at each of them.
        known: the values of parameters that do not vary, if the condition names some.

    Returns:
        For each network the indexes of its parameters' values, shape (networks, parameters),
        in the order in which they were drawn; all networks, if there are no more.

    Raises:
        SpecError: the condition has no meaning; or it does more than bound sums of costs, or
            couples too many parts, and the space is too large to be listed; or hardly any
            network near the bounds satisfies it.
    """
    try:
        parts = [_Numbered(tables, part) for part in parts_of(tables, condition, known)]
    except (Entangled, Inseparable) as error:
        return _listed(tables, count, Random(seed), condition, known, error)
    totals = [part.total for part in parts]
    numbers = _shuffled(sum(totals), Random(seed))
    found = [numpy.zeros((0, len(tables.axes)), numpy.int64)]
    tried = accepted = 0
    while accepted < count:
        together = [*islice(numbers, min(TOGETHER, 2 * (count - accepted) + 64))]
        if not together:
            break
        networks = _networks(parts, together, len(tables.axes))[: count - accepted]
        found.append(networks)
        accepted += len(networks)
        tried += len(together)
        if accepted < count and tried > TRIED + 100 * accepted:
            assert condition is not None
            refuse(
                None,
                advice(
                    "{} '{}' is hardly ever true: {} of {} networks near its bounds satisfy it",
                    option("where"),
                    condition.text,
                    f"{accepted:,}",
                    f"{tried:,}",
                ),
                expected="wider bounds, or fewer networks",
            )
    return numpy.concatenate(found)


def _networks(parts: Sequence[_Numbered], numbers: Sequence[int], axes: int) -> Array:
    """The networks with some numbers, in this order, except those beyond the bounds."""
    rows = numpy.zeros((len(numbers), axes), numpy.int64)
    is_within = numpy.zeros(len(numbers), bool)
    before = 0
    for part in parts:
        own = [at for at, number in enumerate(numbers) if before <= number < before + part.total]
        if own:
            rows[own], is_within[own] = part.at([numbers[at] - before for at in own])
        before += part.total
    return rows[is_within]


def _listed(
    tables: CostTables,
    count: int,
    random: Random,
    condition: Condition | None,
    known: Mapping[str, Any] | None,
    error: Exception,
) -> Array:
    """Networks drawn at random from all that satisfy a condition, which are listed twice."""

    def chunks() -> Iterator[Array]:
        for chunk, holds in listed(tables, condition, known or {}, error):
            yield numpy.flatnonzero(holds) + chunk.start

    total = sum(len(rows) for rows in chunks())
    drawn = random.sample(range(total), min(count, total))
    rows, before = dict.fromkeys(drawn, 0), 0
    for own in chunks():
        rows.update((at, int(own[at - before])) for at in drawn if 0 <= at - before < len(own))
        before += len(own)
    shape = [len(axis.values) for axis in tables.axes]
    found = numpy.array([rows[at] for at in drawn], numpy.int64)
    return numpy.stack(numpy.unravel_index(found, shape), axis=1)


def _shuffled(total: int, random: Random) -> Iterator[int]:
    """The numbers below a total in random order, as many as are asked for."""
    if total <= TRIED:
        numbers = [*range(total)]
        random.shuffle(numbers)
        yield from numbers
        return
    drawn = set[int]()
    while len(drawn) < total:
        number = random.randrange(total)
        if number not in drawn:
            drawn.add(number)
            yield number


class _Numbered:
    """The networks of a region, and perhaps a few close to it, numbered from 0.

    Attributes:
        total: how many there are.
    """

    def __init__(self, tables: CostTables, part: SpacePart) -> None:
        """Counts backward.

        Args:
            tables: the space.
            part: the part of it that the region is.

        Raises:
            Entangled: too many parts depend on the same parameters.
        """
        self.total = 0
        self._known_steps: dict[tuple[int, int], Array] = {}
        bounded_by = dict(_bounds(tables, part.region))
        if any(low > high for low, high, _ in bounded_by.values()):
            return
        self._space = Stages(tables, [*bounded_by], part)
        self._axes = len(tables.axes)
        self._signs = numpy.array([sign for _, _, sign in bounded_by.values()], numpy.int64)
        self._low = [low for low, _, _ in bounded_by.values()]
        self._high = [high for _, high, _ in bounded_by.values()]
        stages = range(len(self._space.stages))
        self._least = [self._least_of(number) for number in stages]
        self._scale()
        if min(self._last, default=0) < 0:
            return
        nothing = numpy.zeros((1, len(bounded_by)), numpy.int64)
        self._counts = [[numpy.ones([last + 1 for last in self._last], numpy.int64)]]
        for number in reversed(stages):
            states = range(self._space.stages[number].states)
            self._counts.insert(0, [self._counted(number, state) for state in states])
        self.total = int(self._within(0, 0, nothing)[0])

    def at(self, numbers: Sequence[int]) -> tuple[Array, Array]:
        """The networks with some numbers, and which of them are in the region."""
        left = numpy.array(numbers, numpy.int64 if self.total < LIMIT else object)
        rows = numpy.zeros((len(left), self._axes), numpy.int64)
        states = numpy.zeros(len(left), numpy.int64)
        steps = numpy.zeros((len(left), len(self._low)), numpy.int64)
        costs = steps + self._space.constant * self._signs
        for number, stage in enumerate(self._space.stages):
            reached = [numpy.flatnonzero(states == state) for state in range(stage.states)]
            for state, here in enumerate(reached):
                choices = self._space.choices(number, state)
                together = max(1, CELLS // max(1, len(choices.states)))
                for start in range(0, len(here), together):
                    own = here[start : start + together]
                    chosen, left[own] = self._chosen(number, state, steps[own], left[own])
                    rows[own[:, None], list(stage.axes)] = choices.indexes[chosen]
                    steps[own] += self._steps(number, state)[chosen]
                    costs[own] += (choices.costs * self._signs)[chosen]
                    states[own] = choices.states[chosen]
        low, high = numpy.array(self._low, object), numpy.array(self._high, object)
        return rows, ((costs >= low) & (costs <= high)).all(axis=1).astype(bool)

    def _chosen(self, number: int, state: int, steps: Array, left: Array) -> tuple[Array, Array]:
        """The choices that numbers fall on, and what is left of the numbers."""
        after, own = self._space.choices(number, state).states, self._steps(number, state)
        each = [
            self._within(number + 1, to, steps + more)
            for to, more in zip(after.tolist(), own, strict=True)
        ]
        ends = numpy.cumsum(numpy.stack(each, axis=1).astype(left.dtype), axis=1)
        chosen = (ends <= left[:, None]).sum(axis=1).astype(numpy.int64)
        rows = numpy.arange(len(left))
        before = numpy.where(chosen > 0, ends[rows, chosen - 1], 0)
        return chosen, left - before

    def _within(self, number: int, state: int, steps: Array) -> Array:
        """How many completions of a state are within the bounds, after some steps.

        Args:
            number: the stage.
            state: its number.
            steps: any number of them, shape (any, costs).
        """
        counts = self._counts[number][state]
        total: Any = numpy.zeros(len(steps), counts.dtype)
        corners = [
            [(last, 1)] + ([(first - 1, -1)] if first else [])
            for first, last in zip(self._first, self._last, strict=True)
        ]
        for corner in product(*corners):
            room = numpy.array([bound for bound, _ in corner], numpy.int64) - steps
            is_any = (room >= 0).all(axis=1)
            found = counts[tuple(numpy.maximum(room, 0).T)] if corner else counts
            total = total + numpy.where(is_any, found, 0) * prod(sign for _, sign in corner)
        result: Array = total
        return result

    def _counted(self, number: int, state: int) -> Array:
        """The number of completions of a state, by the most steps of each cost."""
        after = self._space.choices(number, state).states
        keys = numpy.concatenate((self._steps(number, state), after[:, None]), axis=1)
        keys, times = numpy.unique(keys, axis=0, return_counts=True)
        parts = list(zip(keys.tolist(), times.tolist(), strict=True))
        most = sum(count * int(self._counts[0][to].flat[-1]) for (*_, to), count in parts)
        kind = numpy.int64 if most < LIMIT else object
        total = numpy.zeros([last + 1 for last in self._last], kind)
        for (*steps, to), count in parts:
            if all(step <= last for step, last in zip(steps, self._last, strict=True)):
                place = tuple(slice(step, None) for step in steps)
                rest = tuple(
                    slice(0, last + 1 - step) for step, last in zip(steps, self._last, strict=True)
                )
                total[place] += self._counts[0][to].astype(kind)[rest] * count
        return total

    def _scale(self) -> None:
        """Finds units in which few sums of each cost are told apart."""
        stages = self._space.stages
        above = [
            [self._above(number, state) for state in range(stage.states)]
            for number, stage in enumerate(stages)
        ]
        cells = min(CELLS, HELD // sum(stage.states for stage in stages) if stages else CELLS)
        base = sum(self._least, self._space.constant * self._signs).tolist()
        costs = range(len(base))
        steps = [
            gcd(*(int(numpy.gcd.reduce(own[:, cost])) for states in above for own in states)) or 1
            for cost in costs
        ]
        room = [
            max(0, high - low) // step
            for high, low, step in zip(self._high, base, steps, strict=True)
        ]
        units = [1 for _ in costs]
        while prod(most // unit + 1 for most, unit in zip(room, units, strict=True)) > cells:
            units[max(costs, key=lambda cost: room[cost] // units[cost])] *= 2
        self._units = [unit * step for unit, step in zip(units, steps, strict=True)]
        self._last, self._first = [], []
        for cost, unit in enumerate(self._units):
            lost = sum(
                max((int((own[:, cost] % unit).max()) for own in states if len(own)), default=0)
                for states in above
            )
            self._last.append((self._high[cost] - base[cost]) // unit)
            self._first.append(max(0, -((base[cost] + lost - self._low[cost]) // unit)))

    def _least_of(self, number: int) -> Array:
        """The least of each cost that any choice of a stage has."""
        states = range(self._space.stages[number].states)
        costs = [self._space.choices(number, state).costs * self._signs for state in states]
        least = [own.min(axis=0) for own in costs if len(own)]
        return numpy.min(least, axis=0) if least else numpy.zeros(len(self._signs), numpy.int64)

    def _above(self, number: int, state: int) -> Array:
        """What the choices of a stage cost above the least."""
        costs = self._space.choices(number, state).costs * self._signs
        above: Array = costs - self._least[number]
        return above

    def _steps(self, number: int, state: int) -> Array:
        """The same in units, or more than is told apart."""
        if (number, state) not in self._known_steps:
            above = self._above(number, state)
            units = numpy.array(self._units, object if above.dtype == object else numpy.int64)
            steps = numpy.minimum(above // units, CELLS).astype(numpy.int64)
            self._known_steps[number, state] = steps
        return self._known_steps[number, state]


def _bounds(tables: CostTables, region: Region) -> Iterator[tuple[Form, tuple[int, int, int]]]:
    """The sums of costs that a region bounds, each with its range and its sign.

    The sign is -1 where only less is out of the region: the range is that of what is missing.
    """
    for form, (low, high) in region.items():
        least, most = reach(tables, form)
        if high < most:
            yield form, (max(low, least), high, 1)
        elif low > least:
            yield form, (-most, -low, -1)
