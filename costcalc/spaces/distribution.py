"""Distributions of costs: how many networks there are of each cost, from the tables of a space.

Costs of independent parts add up, so the distribution of their sum is a convolution.  Several
costs of a network are packed into one whole number, a key, so that keys add up as the costs
do.  Costs of one table differ by multiples of a step (a layer's width times its map), so they
are counted in steps, from the least one on.  Counts are whole numbers throughout.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property, reduce
from itertools import product
from math import gcd, prod
from types import MappingProxyType
from typing import Any

import numpy

from costcalc.grid.bounded import Array, along, bounded, fits
from costcalc.grid.regions import Form, Inseparable, Range
from costcalc.grid.tables import CostTables
from costcalc.metrics import METRICS
from costcalc.records import NamedTuple
from costcalc.spaces.idle import distinct

PAIRS = 2**22
"""Pairs of sums that are listed at the same time."""

DENSE = 2**25
"""Keys that are counted in an array with a place for each."""

JOINED = 2**24
"""Pairs of sums that are listed to join parts that share an axis."""

CASES = 10_000
"""Combinations of values of widely shared axes that may be counted one after another."""

LISTED, LISTED_CASES = 2**28, 50
"""A space of up to so many settings may be listed, in about ten seconds; it is if there would be
more cases than the second number."""


class Entangled(Exception):
    """Tables that share too many axes to be joined to independent parts.

    Attributes:
        names: the parameters of these axes.
    """

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__(f"couples the parts of the networks by {', '.join(names)}")
        self.names = names


class Distribution(NamedTuple):
    """How many networks have each key."""

    keys: Array
    """Ascending, each once."""
    counts: Array
    """In 64 bits if all of them together fit, else Python integers."""

    @property
    def total(self) -> int:
        """How many networks there are."""
        return int(self.counts.sum()) if len(self.counts) else 0

    @property
    def last(self) -> int:
        """The greatest key."""
        return int(self.keys[-1]) if len(self.keys) else 0

    def plus(self, other: Distribution) -> Distribution:
        """The distribution of the sum of two independent keys."""
        small, large = sorted((self, other), key=lambda one: len(one.keys))
        if len(small.keys) * len(large.keys) <= PAIRS:
            return _outer(small, large)
        is_small = small.total * large.total < LIMIT and large.keys.dtype != object
        if is_small and small.last + large.last < DENSE:
            return _dense(small, large)
        rows = max(1, PAIRS // len(large.keys))
        parts: list[Distribution] = []
        for start in range(0, len(small.keys), rows):
            part = slice(start, start + rows)
            parts.append(_outer(Distribution(small.keys[part], small.counts[part]), large))
            # Parts of like lengths are united, so that each sum is sorted a few times at most.
            while len(parts) > 1 and len(parts[-2].keys) < 2 * len(parts[-1].keys):
                parts[-2:] = [united(parts[-2:])]
        return united(parts)


LIMIT = 2**62
"""What counts and keys stay below in 64 bits, so that two of them may be added."""


def distribution(keys: Array, counts: Array) -> Distribution:
    """A distribution from keys in any order, with repetitions."""
    if not len(keys):
        return Distribution(keys, counts)
    order = numpy.argsort(keys, kind="stable")
    keys = keys[order]
    starts = numpy.flatnonzero(numpy.concatenate(([True], keys[1:] != keys[:-1])))
    return Distribution(keys[starts], numpy.add.reduceat(counts[order], starts))


def united(parts: Sequence[Distribution]) -> Distribution:
    """The distribution of networks of several kinds."""
    if len(parts) == 1:
        return parts[0]
    counts = [part.counts for part in parts]
    if sum(part.total for part in parts) >= LIMIT:
        counts = [array.astype(object) for array in counts]
    return distribution(numpy.concatenate([part.keys for part in parts]), numpy.concatenate(counts))


def _outer(a: Distribution, b: Distribution) -> Distribution:
    counts = a.counts, b.counts
    if a.total * b.total >= LIMIT:
        counts = a.counts.astype(object), b.counts.astype(object)
    keys = numpy.add.outer(a.keys, b.keys).ravel()
    return distribution(keys, numpy.multiply.outer(*counts).ravel())


def _dense(small: Distribution, large: Distribution) -> Distribution:
    counts = numpy.zeros(small.last + large.last + 1, numpy.int64)
    for key, count in zip(small.keys.tolist(), small.counts.tolist(), strict=True):
        counts[large.keys + key] += count * large.counts
    keys = numpy.flatnonzero(counts)
    return Distribution(keys, counts[keys])


class Scale(NamedTuple):
    """How a sum of costs is packed into keys."""

    least: int
    """What no network is below."""
    step: int
    """What costs differ by multiples of."""
    reach: int
    """How many steps above the least one no network is."""
    stride: int
    """What a step adds to a key."""

    @property
    def kind(self) -> Any:
        """The type of keys whose last part this is."""
        return numpy.int64 if self.stride * (self.reach + 1) < LIMIT else object

    def steps(self, bound: int) -> int:
        """The most steps that a network within a bound has; below 0 if there is none."""
        return min((bound - self.least) // self.step, self.reach)

    def of(self, keys: Array) -> Array:
        """The steps in keys."""
        keys = keys.astype(object) if self.kind is object else keys
        steps: Array = keys // self.stride % (self.reach + 1)
        return steps.astype(numpy.int64) if fits(0, self.reach) else steps


class _Factor(NamedTuple):
    """Keys of some axes, and which combinations of their values there are."""

    axes: tuple[int, ...]
    keys: Array
    allowed: Array


class _Cells(NamedTuple):
    """Distributions for each combination of values of some axes."""

    axes: tuple[int, ...]
    at: Mapping[tuple[int, ...], Distribution]
    """By the indexes of the values; combinations that do not occur are left out."""


class Independent:
    """A space as parts whose keys are independent.

    Attributes:
        scales: how each sum of costs is packed into keys.
    """

    def __init__(
        self,
        tables: CostTables,
        forms: Sequence[Form] = (),
        chosen: Mapping[int, Sequence[int]] = MappingProxyType({}),
        ceilings: Mapping[str, int] = MappingProxyType({}),
    ) -> None:
        """Finds the steps of the costs.

        Args:
            tables: the space.
            forms: the sums of costs that the keys are made of.
            chosen: the indexes of an axis's values, if not all of them.
            ceilings: what the peaks of all parts are at most, by metric.
        """
        self.names = [axis.name for axis in tables.axes]
        self._sizes = {
            axis: len(chosen.get(axis, one.values)) for axis, one in enumerate(tables.axes)
        }
        shape = {axis: numpy.asarray(indexes) for axis, indexes in chosen.items()}

        def part(array: Array, axes: Sequence[int]) -> Array:
            for place, axis in enumerate(axes):
                if axis in shape:
                    array = numpy.take(array, shape[axis], place)
            return array

        costs = [
            [part(sum_of(table.costs, form), table.axes) for table in tables.tables]
            for form in forms
        ]
        scales, stride = [], 1
        for arrays in costs:
            scale = _scale(arrays, stride)
            scales.append(scale)
            stride *= scale.reach + 1
        self.scales = tuple(scales)
        self._factors = []
        kind = self.scales[-1].kind if self.scales else numpy.int64
        for index, table in enumerate(tables.tables):
            keys = numpy.zeros([self._sizes[axis] for axis in table.axes], kind)
            for scale, arrays in zip(self.scales, costs, strict=True):
                above = _above_least(arrays[index])
                steps = (above if fits(0, scale.step) else above.astype(object)) // scale.step
                keys = keys + numpy.asarray(steps).astype(kind) * scale.stride
            keys = numpy.asarray(keys, kind)
            allowed = numpy.ones(keys.shape, bool)
            for name, ceiling in ceilings.items():
                allowed &= part(table.costs[name], table.axes) <= ceiling
            self._factors.append(_Factor(table.axes, keys, allowed))
        idle = distinct(tables.grid) if tables.grid is not None else ()
        for own in (*tables.existences, *idle):
            allowed = part(own.exists, own.axes)
            self._factors.append(_Factor(own.axes, numpy.zeros(allowed.shape, kind), allowed))

    def cases(self) -> Iterator[list[Distribution]]:
        """The space as disjoint cases, each as independent distributions.

        Raises:
            Entangled: there are too many.
        """
        for case in self._cases:
            if all(len(one.keys) for one in case):
                yield case

    @cached_property
    def _cases(self) -> list[list[Distribution]]:
        cells = self._without_private(self._absorbed())
        left = {axis for one in cells for axis in one.axes}
        while left:
            axis = min(left, key=lambda axis: self._work(cells, axis))
            if self._work(cells, axis) > JOINED:
                break
            joined = [one for one in cells if axis in one.axes]
            cells = [one for one in cells if axis not in one.axes]
            cells.append(self._joined(joined, axis))
            left.remove(axis)
        return list(self._by_case(cells, sorted(left)))

    def _absorbed(self) -> list[_Factor]:
        """The factors, each merged into one that has all its axes if there is one."""
        kept: list[_Factor] = []
        for factor in sorted(self._factors, key=lambda factor: -len(factor.axes)):
            at = next((i for i, wide in enumerate(kept) if {*factor.axes} <= {*wide.axes}), None)
            if at is None:
                kept.append(factor)
                continue
            wide = kept[at]
            keys = wide.keys + along(factor.keys, factor.axes, wide.axes)
            allowed = wide.allowed & along(factor.allowed, factor.axes, wide.axes)
            kept[at] = _Factor(wide.axes, keys, allowed)
        return kept

    def _without_private(self, factors: Sequence[_Factor]) -> list[_Cells]:
        """The factors' distributions, by the axes that they share with others."""
        named = [axis for factor in factors for axis in factor.axes]
        found = []
        for factor in factors:
            places = range(len(factor.axes))
            shared = [place for place in places if named.count(factor.axes[place]) > 1]
            order = shared + [place for place in places if place not in shared]
            sizes = [factor.keys.shape[place] for place in shared]
            keys = factor.keys.transpose(order).reshape([*sizes, -1])
            allowed = factor.allowed.transpose(order).reshape([*sizes, -1])
            at = {}
            for index in product(*map(range, sizes)):
                chosen = keys[index][allowed[index]]
                if len(chosen):
                    at[index] = distribution(chosen, numpy.ones(len(chosen), numpy.int64))
            found.append(_Cells(tuple(factor.axes[place] for place in shared), at))
        free = prod(size for axis, size in self._sizes.items() if axis not in named)
        if free != 1:
            count = numpy.array([free], object if free >= LIMIT else numpy.int64)
            found.append(_Cells((), {(): Distribution(numpy.zeros(1, numpy.int64), count)}))
        return found

    def _work(self, cells: Sequence[_Cells], axis: int) -> int:
        """About how many sums are listed to make one part of all that depend on an axis."""
        joined = [one for one in cells if axis in one.axes]
        combinations = prod(self._sizes[other] for other in {o for one in joined for o in one.axes})
        return combinations * prod(
            max((len(own.keys) for own in one.at.values()), default=0) for one in joined
        )

    def _joined(self, joined: Sequence[_Cells], axis: int) -> _Cells:
        """One part of some that depend on an axis, which does not depend on it."""
        if len(joined) == 1:
            axes = joined[0].axes
            others = tuple(other for other in axes if other != axis)
        else:
            others = tuple(sorted({other for one in joined for other in one.axes} - {axis}))
        at = {}
        for index in product(*(range(self._sizes[other]) for other in others)):
            values = dict(zip(others, index, strict=True))
            parts = []
            for value in range(self._sizes[axis]):
                values[axis] = value
                own = [one.at.get(tuple(values[other] for other in one.axes)) for one in joined]
                if all(own):
                    parts.append(reduce(Distribution.plus, [one for one in own if one]))
            if parts:
                at[index] = united(parts)
        return _Cells(others, at)

    def _by_case(
        self, cells: Sequence[_Cells], shared: Sequence[int]
    ) -> Iterator[list[Distribution]]:
        few = LISTED_CASES if prod(self._sizes.values()) <= LISTED else CASES
        if prod(self._sizes[axis] for axis in shared) > few:
            raise Entangled([self.names[axis] for axis in shared])
        for index in product(*(range(self._sizes[axis]) for axis in shared)):
            values = dict(zip(shared, index, strict=True))
            own = [one.at.get(tuple(values[axis] for axis in one.axes)) for one in cells]
            if all(own):
                yield [one for one in own if one]


def reach(tables: CostTables, form: Form) -> Range:
    """A lower and an upper bound of a sum of costs over the space.

    Raises:
        Inseparable: a peak is added to something.
    """
    if len(form) > 1 and any(METRICS[name].is_largest for name, _ in form):
        raise Inseparable("adds to a peak, which is the largest of its parts")
    arrays = [sum_of(table.costs, form) for table in tables.tables]
    both = max if is_peak(form) else sum
    return both(int(array.min()) for array in arrays), both(int(array.max()) for array in arrays)


def is_peak(form: Form) -> bool:
    """Whether a cost is the largest of the parts' costs instead of their sum."""
    return METRICS[form[0][0]].is_largest


def sum_of(costs: Mapping[str, Array], form: Form) -> Array:
    """A sum of costs of a table."""
    # Without axes, NumPy makes numbers of arrays.
    (first, times), *others = form
    total = bounded(costs[first].ravel()).scaled(times)
    for name, count in others:
        total = total.plus(1, bounded(costs[name].ravel()), count)
    return total.array.reshape(costs[first].shape)


def _scale(arrays: Iterable[Array], stride: int) -> Scale:
    least, reach, step = 0, 0, 0
    for array in arrays:
        above = _above_least(array).ravel()
        least += int(array.min())
        reach += int(above.max())
        step = gcd(step, int(numpy.gcd.reduce(above)))
    step = step or 1
    return Scale(least, step, reach // step, stride)


def _above_least(array: Array) -> Array:
    """How much numbers are above the least of them."""
    low, high = int(array.min()), int(array.max())
    exact = array if fits(low, high - low) else array.astype(object)
    above: Array = numpy.asarray(exact - low, exact.dtype)
    return above


def dot(a: Array, b: Array) -> int:
    """The exact dot product of arrays of numbers that are not negative."""
    if not len(a):
        return 0
    if object in (a.dtype, b.dtype):
        return int((a.astype(object) * b.astype(object)).sum())
    wide, narrow = sorted((a, b), key=lambda one: -int(one.max()))
    if fits(0, int(wide.max()) * int(narrow.max()) * len(a)):
        return int(numpy.dot(a, b))
    bits = (int(wide.max()).bit_length() + 1) // 2
    if bits < 2:
        half = len(a) // 2
        return dot(a[:half], b[:half]) + dot(a[half:], b[half:])
    return (dot(wide >> bits, narrow) << bits) + dot(wide & ((1 << bits) - 1), narrow)
