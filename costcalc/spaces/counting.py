"""How many networks of a space satisfy a condition, without listing them.

    condition --choices, regions of costs--> independent parts --sums within bounds--> Count

Parameters in the condition are tried out; settings that leave the same question about the costs
are answered together.  A region of costs is a difference of counts within bounds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import product
from math import prod
from typing import Any, TypeAlias

import numpy

from costcalc.advice import advice, option
from costcalc.errors import refuse
from costcalc.grid.bounded import Array
from costcalc.grid.regions import Form, Inseparable, Region
from costcalc.grid.select import Condition
from costcalc.grid.tables import CostTables
from costcalc.records import NamedTuple
from costcalc.spaces.distribution import Distribution, Entangled, Independent, reach
from costcalc.spaces.idle import distinct
from costcalc.spaces.within import Interval, Sums

TRIED = 2**16
"""Settings of the parameters in a condition that are tried out."""

LISTED = 2**28
"""Settings that are counted one by one if nothing else is possible: some ten seconds."""

Choices: TypeAlias = "Mapping[int, tuple[int, ...]]"
"""Some values of each axis, by their indexes; of axes that are left out, all."""


class Count(NamedTuple):
    """How many networks satisfy a condition."""

    low: int
    """At least so many."""
    high: int
    """At most so many; equal to ``low`` if the number is known."""
    of: int
    """The networks of the space: settings that differ only in what changes nothing are one."""
    settings: int
    """The settings of the space."""

    @property
    def is_exact(self) -> bool:
        """Whether the number is known."""
        return self.low == self.high


def count(
    tables: CostTables,
    condition: Condition | None = None,
    known: Mapping[str, Any] | None = None,
) -> Count:
    """How many networks of a space satisfy a condition.

    Args:
        tables: the space.
        condition: over its costs, and over parameters; None for all networks.
        known: the values of parameters that do not vary, if the condition names some.

    Raises:
        SpecError: a name of the condition has no meaning; or the condition is no choice of
            bounds on sums of costs, or couples too many parts, and the space is too large to be
            listed.
    """
    settings = prod(len(axis.values) for axis in tables.axes)
    everything = _within(tables, {}, {})
    if condition is None:
        return Count(*everything, everything.high, settings)
    condition.check({**_first(tables), **(known or {})}, _metrics(tables))
    try:
        found = Interval(0, 0)
        for choices, regions in cases(tables, condition, known or {}):
            for region in regions:
                found = found.plus(_within(tables, choices, region))
    except (Inseparable, Entangled) as error:
        found = _listed(tables, condition, known or {}, error)
    return Count(max(found.low, 0), min(found.high, everything.high), everything.high, settings)


def cases(
    tables: CostTables, condition: Condition, known: Mapping[str, Any]
) -> Iterator[tuple[Choices, Sequence[Region]]]:
    """A condition as cases that exclude one another: choices, and regions of costs.

    Raises:
        Inseparable: it is no choice of bounds on sums of costs.
        SpecError: it compares what cannot be compared, or divides by zero.
    """
    metrics = _metrics(tables)
    names = condition.parsed.names - {*metrics}
    axes = [axis for axis, one in enumerate(tables.axes) if one.name in names]
    shape = [len(tables.axes[axis].values) for axis in axes]
    if prod(shape) > TRIED:
        raise Inseparable(f"names parameters with {prod(shape):,} settings")

    @cache
    def reached(form: Form) -> tuple[int, int]:
        return reach(tables, form)

    labels = numpy.zeros(shape, numpy.int64)
    numbers: dict[Any, int] = {}
    for index in product(*map(range, shape)):
        values = {
            tables.axes[axis].name: tables.axes[axis].values[at]
            for axis, at in zip(axes, index, strict=True)
        }
        regions = condition.regions({**known, **values}, metrics, reached)
        key = frozenset(frozenset(region.items()) for region in regions)
        labels[index] = numbers.setdefault(key, len(numbers))
    for key, number in numbers.items():
        if key:
            regions = [dict(region) for region in key]
            for box in boxes(labels == number):
                yield dict(zip(axes, box, strict=True)), regions


def boxes(wanted: Array) -> Iterator[tuple[tuple[int, ...], ...]]:
    """The cells of an array that are true as boxes: for each axis, some indexes."""
    if not wanted.any():
        return
    if not wanted.ndim:
        yield ()
        return
    rows = wanted.reshape(len(wanted), -1)
    kinds, labels = numpy.unique(rows, axis=0, return_inverse=True)
    labels = labels.reshape(-1)
    for kind, row in enumerate(kinds):
        own = tuple(numpy.flatnonzero(labels == kind).tolist())
        for inner in boxes(row.reshape(wanted.shape[1:])):
            yield (own, *inner)


def _within(tables: CostTables, choices: Choices, region: Region) -> Interval:
    """How many networks of a part of a space are in a region of costs.

    Raises:
        Entangled: their parts are not independent of one another.
    """
    forms = tuple(region)
    space = Independent(tables, forms, choices)
    total = Interval(0, 0)
    for parts in space.cases():
        total = total.plus(_region(space, parts, [region[form] for form in forms]))
    return total


def _region(
    space: Independent, parts: Sequence[Distribution], ranges: Sequence[tuple[int, int]]
) -> Interval:
    """How many sums of independent parts are in a range of each cost."""
    scales = space.scales
    bounds = []
    for scale, (low, high) in zip(scales, ranges, strict=True):
        below = scale.steps(low - 1)
        bounds.append([(scale.steps(high), 1)] + ([(below, -1)] if below >= 0 else []))
    if any(corner[0][0] < 0 for corner in bounds):
        return Interval(0, 0)
    total, sums = Interval(0, 0), Sums(parts, scales)
    for corner in product(*bounds):
        sign = prod(sign for _, sign in corner)
        total = total.plus(sums.at_most([bound for bound, _ in corner]).times(sign))
    return total


def _listed(
    tables: CostTables, condition: Condition, known: Mapping[str, Any], error: Exception
) -> Interval:
    """How many networks satisfy a condition, one after the other.

    Raises:
        SpecError: there are too many.
    """
    settings = prod(len(axis.values) for axis in tables.axes)
    if settings > LISTED:
        hint = "metrics added, times numbers, and compared with numbers"
        refuse(
            None,
            advice("{} '{}' cannot be counted: it {}", option("where"), condition.text, str(error)),
            expected=f"{hint}; or a space of {LISTED:,} settings at most",
            found=f"{settings:,} settings",
        )
    grid, found = tables.grid, 0
    assert grid is not None, "tables without a grid are listed by nobody"
    for chunk in tables.chunks():
        holds = condition.holds(grid, chunk, known)
        shape = [part.stop - part.start for part in chunk.slices]
        for own in distinct(grid):
            exists = own.exists[tuple(chunk.slices[axis] for axis in own.axes)]
            wide = [n if axis in own.axes else 1 for axis, n in enumerate(shape)]
            holds &= numpy.broadcast_to(exists.reshape(wide), shape).ravel()
        found += int(holds.sum())
    return Interval(found, found)


def _first(tables: CostTables) -> dict[str, Any]:
    return {axis.name: axis.values[0] for axis in tables.axes}


def _metrics(tables: CostTables) -> tuple[str, ...]:
    return tuple(tables.tables[0].costs)
