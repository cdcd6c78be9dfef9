"""How many networks of a space are within bounds on their costs.

The independent parts of a space are joined as long as the distribution of what is joined can be
listed.  One bound needs two lists in the end: for each cost of the first one, the second one
tells how many costs fit in what is left.  Two bounds need three (:mod:`.plane`).  Where lists
would be too long, costs are rounded down.  What they lose is known, so the count is between that
within the bounds and that within bounds lowered by the loss.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from functools import cache, cached_property, reduce
from itertools import combinations, product
from math import prod
from typing import Any

import numpy

from costcalc.records import NamedTuple
from costcalc.spaces.distribution import DENSE, Distribution, Scale, distribution, dot
from costcalc.spaces.plane import Corners, points

TRIED = 2**13
"""Pairs of sums that are listed to see which parts have sums in common."""

LISTED = 2**22
"""Sums that one list may have."""

SUMMED = 2**31
"""Pairs of sums that are listed in all: some seconds."""

ASKED = 2**31
"""Pairs of the first two lists for which the third one is looked up: a minute or two."""

SAMPLED_BITS = 6
"""The number of sums is estimated from one in two to this power: the sums with a hash of 0."""

HASHED = numpy.uint64(0x9E3779B97F4A7C15)
"""What keys are multiplied by for their hash: 2 to the power of 64 over the golden ratio."""

NEIGHBOURS = 32
"""Parts whose pairs are all tried; of more parts, neighbours are joined first."""

GROUPED = 8
"""Parts for which every way to make three lists of them is considered."""

FINEST = 24
"""Costs are rounded to one of 2 to this power at least, if they are rounded."""


class Interval(NamedTuple):
    """A whole number between two ends; it is known if they are equal."""

    low: int
    high: int

    def plus(self, other: Interval) -> Interval:
        """The sum."""
        return Interval(self.low + other.low, self.high + other.high)

    def minus(self, other: Interval) -> Interval:
        """The difference."""
        return Interval(self.low - other.high, self.high - other.low)

    def times(self, count: int) -> Interval:
        """The product with a number."""
        return Interval(*sorted((self.low * count, self.high * count)))


class Sums:
    """The sums of some costs of independent parts."""

    def __init__(
        self, parts: Sequence[Distribution], scales: Sequence[Scale], asked: int = 0
    ) -> None:
        """Makes lists of the parts when they are needed.

        Args:
            parts: at least one, each with one key at least.
            scales: how each cost is packed into keys.
            asked: how often something may be looked up for two bounds; :data:`ASKED` if 0.
        """
        self._asked = asked or ASKED
        self._parts = parts
        self._scales = scales
        self._total = prod(part.total for part in parts)
        self._line = cache(self._line_of)
        self._plane = cache(self._plane_of)

    def at_most(self, bounds: Sequence[int]) -> Interval:
        """How many sums are at most the bound of each cost, in the steps of its scale."""
        if any(bound < 0 for bound in bounds):
            return Interval(0, 0)
        reaches = [scale.reach for scale in self._scales]
        costs = [at for at, bound in enumerate(bounds) if bound < reaches[at]]
        if not costs:
            return Interval(self._total, self._total)
        if len(costs) == 1:
            return self._line(costs[0]).at_most(bounds[costs[0]])
        if len(costs) == 2:
            return self._plane(*costs).at_most(*(bounds[at] for at in costs))
        return self._in_all(bounds, costs)

    def _in_all(self, bounds: Sequence[int], costs: Sequence[int]) -> Interval:
        """How many sums are within three bounds or more."""
        if prod(len(part.keys) for part in self._parts) <= LISTED:
            all_ = reduce(Distribution.plus, self._parts)
            inside = numpy.ones(len(all_.keys), bool)
            for at in costs:
                inside &= self._scales[at].of(all_.keys) <= bounds[at]
            count = dot(all_.counts, inside.astype(numpy.int64))
            return Interval(count, count)
        one = {at: self._line(at).at_most(bounds[at]) for at in costs}
        two = {
            (a, b): self._plane(a, b).at_most(bounds[a], bounds[b])
            for a, b in combinations(costs, 2)
        }
        low = 0
        for (a, b), both in two.items():
            outside = sum(
                min(
                    self._total - one[other].low,
                    *(one[at].high - two[min(at, other), max(at, other)].low for at in (a, b)),
                )
                for other in costs
                if other not in (a, b)
            )
            low = max(low, both.low - outside)
        return Interval(low, min(both.high for both in two.values()))

    def _line_of(self, at: int) -> Line:
        scale = self._scales[at]
        return Line([distribution(scale.of(part.keys), part.counts) for part in self._parts])

    def _plane_of(self, a: int, b: int) -> Plane:
        units = [1, 1]
        scales = [self._scales[a], self._scales[b]]
        parts, packed, _ = _in_units(self._parts, scales, units)
        return Plane(parts, packed, self._asked)


class Line:
    """The sums of one cost of independent parts."""

    def __init__(self, parts: Sequence[Distribution]) -> None:
        """Makes two lists of the parts.

        Args:
            parts: at least one, each with one key at least.
        """
        self._unit, self._lost = 1, 0
        for bits in range(FINEST, 0, -1):
            if _work(parts) <= SUMMED:
                break
            unit = (sum(part.last for part in parts) >> bits) + 1
            rounded = [_rounded(part, unit) for part in parts]
            parts = [part for part, _ in rounded]
            self._lost = self._unit * sum(lost for _, lost in rounded) + self._lost
            self._unit *= unit
        halves = [reduce(Distribution.plus, half) for half in _halves(parts)]
        self._first, second = sorted(halves, key=lambda half: len(half.keys))
        self._second = second.keys
        self._fitting = _running(second)

    def at_most(self, bound: int) -> Interval:
        """How many sums are at most a bound."""
        high = self._counted(bound // self._unit)
        low = self._counted((bound - self._lost) // self._unit) if self._lost else high
        return Interval(low, high)

    def _counted(self, bound: int) -> int:
        left = bound - self._first.keys
        fitting = self._fitting[numpy.searchsorted(self._second, left, "right")]
        return dot(fitting, self._first.counts)


def _running(one: Distribution) -> Any:
    """How many networks have one of the first keys: none, one, two, ... of them."""
    return numpy.concatenate((numpy.zeros(1, one.counts.dtype), numpy.cumsum(one.counts)))


def _rounded(part: Distribution, unit: int) -> tuple[Distribution, int]:
    """Keys in coarser units, and the most that rounding takes from one of them."""
    return distribution(part.keys // unit, part.counts), int((part.keys % unit).max())


def _halves(parts: Sequence[Distribution]) -> tuple[list[Distribution], list[Distribution]]:
    """The parts as two lists whose sums are about as many."""
    halves: tuple[list[Distribution], list[Distribution]] = ([parts[0]], [])
    for part in sorted(parts[1:], key=lambda part: -len(part.keys)):
        min(halves, key=_length).append(part)
    if not halves[1]:
        only = Distribution(numpy.zeros(1, numpy.int64), numpy.ones(1, numpy.int64))
        halves[1].append(only)
    return halves


def _length(parts: Iterable[Distribution]) -> int:
    """The most sums that parts may have."""
    listed = list(parts)
    pairs = prod(len(part.keys) for part in listed)
    return min(pairs, 1 + sum(part.last for part in listed)) if listed else 1


def _work(parts: Sequence[Distribution]) -> int:
    """About how many pairs of sums are listed to make two lists of parts."""
    total = 0
    for half in _halves(parts):
        for index, part in enumerate(half):
            pairs = _length(half[:index]) * len(part.keys)
            # Without an array that has a place for each key, sums are sorted.
            is_dense = sum(one.last for one in half[: index + 1]) < DENSE
            total += pairs if is_dense else 32 * pairs
    return total


class Plane:
    """The sums of two costs of independent parts."""

    def __init__(self, parts: Sequence[Distribution], scales: Sequence[Scale], asked: int) -> None:
        """Makes three lists of the parts.

        Args:
            parts: at least one, each with one key at least.
            scales: how each cost is packed into keys.
            asked: how often something may be looked up.
        """
        self._units, self._lost = [1, 1], [0, 0]
        parts = exact = _collected(parts)
        self._scales = scales
        arranged = _Arranged(parts, scales, asked)
        bits = FINEST
        while not arranged.is_short:
            bits -= 1
            self._units = [(scale.reach >> bits) + 1 for scale in scales]
            parts, self._scales, self._lost = _in_units(exact, scales, self._units)
            arranged = _Arranged(parts, self._scales, asked)
        self._parts = parts
        self._is_swapped = arranged.is_swapped
        order = self._scales[::-1] if self._is_swapped else self._scales
        self._corners = Corners(*(points(one, order) for one in arranged.lists()))

    def at_most(self, first: int, second: int) -> Interval:
        """How many sums are at most two bounds, each in the steps of its scale."""
        bounds = first, second
        high = self._counted(
            [bound // unit for bound, unit in zip(bounds, self._units, strict=True)]
        )
        if not any(self._lost):
            return high
        lower = [
            (bound - lost) // unit
            for bound, lost, unit in zip(bounds, self._lost, self._units, strict=True)
        ]
        return Interval(self._counted(lower).low, high.high)

    def _counted(self, bounds: Sequence[int]) -> Interval:
        first, second = bounds[::-1] if self._is_swapped else bounds
        if not self._corners.is_mostly_within(first):
            count = self._corners.within(first, second)
            return Interval(count, count)
        # Fewer are beyond the first bound: they are taken from all that are within the second.
        count = self._corners.mirrored.within(-first - 1, second)
        return self._second.at_most(second).minus(Interval(count, count))

    @cached_property
    def _second(self) -> Line:
        """The sums of the cost that is not taken in bands."""
        scale = self._scales[0 if self._is_swapped else 1]
        return Line([distribution(scale.of(one.keys), one.counts) for one in self._parts])


class _Arranged:
    """Three lists of some parts, which are the quickest to count with.

    Attributes:
        is_short: whether the lists can be made, and counted with.
        is_swapped: whether the second cost is taken in bands.
    """

    def __init__(self, parts: Sequence[Distribution], scales: Sequence[Scale], asked: int) -> None:
        self._parts = parts
        self._scales = scales
        self._sizes: dict[tuple[int, ...], int] = {}
        self._reaches = [
            [int(scale.of(part.keys).max()) for part in self._parts] for scale in scales
        ]
        self._groups: tuple[tuple[int, ...], ...] = ()
        self.is_short = self.is_swapped = False
        least = asked
        for choice in product(range(3), repeat=len(self._parts)):
            groups = tuple(
                tuple(at for at, group in enumerate(choice) if group == own) for own in range(3)
            )
            if all(map(self._is_listed, groups)):
                for cost in range(2):
                    work = self._work(groups, cost)
                    if work < least:
                        least, self._groups = work, groups
                        self.is_short, self.is_swapped = True, bool(cost)

    def lists(self) -> list[Distribution]:
        """The lists: the first and the last are long."""
        return [
            reduce(Distribution.plus, [self._parts[at] for at in group], ZERO)
            for group in self._groups
        ]

    def _work(self, groups: Sequence[tuple[int, ...]], cost: int) -> int:
        """About how many times something is looked up, if one of the costs is taken in bands."""
        x, z, y = map(self._size, groups)
        reaches = self._reaches[cost]
        # Of the pairs outside the band, a quarter or so are looked up by the other cost.
        band = 5 + 12 * sum(reaches[at] for at in groups[2]) // (1 + sum(reaches))
        return x * z * band // 16 + 16 * (x + 16 * z + y)

    def _is_listed(self, group: tuple[int, ...]) -> bool:
        pairs = prod(len(self._parts[at].keys) for at in group)
        return pairs <= LISTED or (self._size(group) <= LISTED and pairs <= 16 * LISTED)

    def _size(self, group: tuple[int, ...]) -> int:
        """About how many sums a group of parts has."""
        if group not in self._sizes:
            lengths = [len(self._parts[at].keys) for at in group]
            area = prod(1 + sum(reaches[at] for at in group) for reaches in self._reaches)
            size = min(prod(lengths), area)
            if len(group) == 2 and TRIED < prod(lengths) <= 4 * LISTED:
                size = min(size, _sampled(*(self._parts[at] for at in group)))
            self._sizes[group] = size
        return self._sizes[group]


ZERO = Distribution(numpy.zeros(1, numpy.int64), numpy.ones(1, numpy.int64))
"""The sum of no parts."""


def _sampled(a: Distribution, b: Distribution) -> int:
    """An estimate of the number of sums of two distributions, from sums with a hash of 0."""
    keys = numpy.add.outer(a.keys, b.keys).ravel()
    if keys.dtype == object:
        return len(keys)
    hashes = keys.astype(numpy.uint64) * HASHED >> numpy.uint64(64 - SAMPLED_BITS)
    return (1 + len(numpy.unique(keys[hashes == 0]))) << SAMPLED_BITS


def _collected(parts: Sequence[Distribution]) -> list[Distribution]:
    """A few parts; pairs with the most sums in common are joined first."""
    parts = [part for part in parts if part.last or part.total != 1] or [ZERO]
    while len(parts) > NEIGHBOURS:
        parts = [reduce(Distribution.plus, parts[at : at + 2]) for at in range(0, len(parts), 2)]
    while True:
        pairs = [
            (a, b)
            for a, b in combinations(range(len(parts)), 2)
            if len(parts[a].keys) * len(parts[b].keys) <= TRIED
        ]
        if pairs:
            a, b = min(pairs, key=lambda pair: _kept(parts[pair[0]], parts[pair[1]]))
        elif len(parts) > GROUPED:
            a, b = sorted(range(len(parts)), key=lambda at: len(parts[at].keys))[:2]
        else:
            return parts
        both = parts[a].plus(parts[b])
        parts = [part for at, part in enumerate(parts) if at not in (a, b)] + [both]


def _kept(a: Distribution, b: Distribution) -> tuple[Fraction, int]:
    """Which share of the pairs of sums are different ones, and how many pairs there are."""
    pairs = len(a.keys) * len(b.keys)
    return Fraction(len(numpy.unique(numpy.add.outer(a.keys, b.keys))), pairs), pairs


def _packing(scales: Sequence[Scale], units: Sequence[int]) -> list[Scale]:
    """How costs in coarser units are parts of keys."""
    packed, stride = [], 1
    for scale, unit in zip(scales, units, strict=True):
        reach = scale.reach // unit
        packed.append(Scale(0, 1, reach, stride))
        stride *= reach + 1
    return packed


def _in_units(
    parts: Sequence[Distribution], scales: Sequence[Scale], units: Sequence[int]
) -> tuple[list[Distribution], list[Scale], list[int]]:
    """Keys in coarser units, their scales, and the most that sums of each cost lose."""
    packed = _packing(scales, units)
    kind = packed[-1].kind
    lost = [0 for _ in scales]
    rounded = []
    for part in parts:
        keys: Any = numpy.zeros(len(part.keys), kind)
        for index, (scale, unit, own) in enumerate(zip(scales, units, packed, strict=True)):
            steps = scale.of(part.keys)
            keys = keys + (steps // unit).astype(kind) * own.stride
            lost[index] += int((steps % unit).max())
        rounded.append(distribution(keys, part.counts))
    return rounded, packed, lost
