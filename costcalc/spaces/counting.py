"""How many networks of a space satisfy a condition, without listing them.

    condition --choices, regions of costs--> independent parts --sums within bounds--> Count

A region of costs is a difference of counts within bounds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from math import prod
from types import MappingProxyType
from typing import Any

from costcalc.grid.regions import Form, Inseparable, Region
from costcalc.grid.select import Condition
from costcalc.grid.tables import CostTables
from costcalc.records import NamedTuple
from costcalc.spaces.conditions import cases, listed
from costcalc.spaces.distribution import Distribution, Entangled, Independent, Scale, is_peak
from costcalc.spaces.within import ASKED, Interval, Sums

SHARED = 8
"""Kinds of networks that may each take as long as one; more of them share that time."""


class Count(NamedTuple):
    """How many networks satisfy a condition."""

    low: int
    """At least so many."""
    high: int
    """At most so many; equal to ``low`` if the number is known."""
    of: int
    """The networks of the space; settings that differ only in idle choices are one network."""
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
        SpecError: a name of the condition has no meaning; or the condition does more than bound
            sums of costs, or couples too many parts, and the space is too large to be listed.
    """
    everything = networks(tables)
    if condition is None:
        return Count(everything, everything, everything, tables.size)
    found = Interval(0, 0)
    try:
        for kind in kinds(tables, condition, known or {}):
            found = found.plus(kind.within({}))
    except (Inseparable, Entangled) as error:
        rows = sum(int(own.sum()) for _, own in listed(tables, condition, known or {}, error))
        found = Interval(rows, rows)
    return Count(max(found.low, 0), min(found.high, everything), everything, tables.size)


def networks(tables: CostTables) -> int:
    """How many networks there are in a space.

    Raises:
        SpecError: their parts depend on too many parameters together.
    """
    try:
        return sum(prod(part.total for part in own) for own in Independent(tables).cases())
    except Entangled as error:
        return sum(int(own.sum()) for _, own in listed(tables, None, {}, error))


class Kind:
    """Networks whose parts are independent, with bounds on their costs."""

    def __init__(
        self,
        scales: Mapping[Form, Scale],
        parts: Sequence[Distribution],
        region: Region,
        sign: int,
        asked: int,
    ) -> None:
        """Makes lists of the parts when they are needed.

        Args:
            scales: how each sum of costs is packed into keys.
            parts: their keys.
            region: what is counted.
            sign: -1 if they are taken away from what other kinds have too many.
            asked: as for :func:`kinds`.
        """
        self._sign = sign
        self._scales = scales
        self._region = region
        self._sums = Sums(parts, tuple(scales.values()), asked)

    def within(self, further: Region) -> Interval:
        """How many are in the region, and in a further one, whose sums have scales, too."""
        bounds = []
        for form, scale in self._scales.items():
            sides = [region[form] for region in (self._region, further) if form in region]
            high = min((scale.steps(high) for _, high in sides), default=scale.reach)
            below = max((scale.steps(low - 1) for low, _ in sides), default=-1)
            if high <= below or high < 0:
                return Interval(0, 0)
            bounds.append([(high, 1)] + ([(below, -1)] if below >= 0 else []))
        total = Interval(0, 0)
        for corner in product(*bounds):
            sign = self._sign * prod(sign for _, sign in corner)
            total = total.plus(self._sums.at_most([bound for bound, _ in corner]).times(sign))
        return total


def kinds(
    tables: CostTables,
    condition: Condition | None,
    known: Mapping[str, Any],
    further: Sequence[Form] = (),
    ceilings: Mapping[str, int] = MappingProxyType({}),
    asked: int = ASKED,
) -> Iterator[Kind]:
    """The networks that satisfy a condition, as disjoint kinds.

    Args:
        tables: the space.
        condition: None for all networks.
        known: the values of parameters that do not vary.
        further: sums of costs besides those in the condition that :meth:`Kind.within` may bound.
        ceilings: what peaks are at most, by metric.
        asked: how often something may be looked up for a kind and two bounds, if there are few.

    Raises:
        Inseparable: the condition does more than bound sums of costs.
        Entangled: the parts of the networks are not independent of one another.
        SpecError: a name has no meaning, or the condition compares what cannot be compared.
    """
    for choices, regions in cases(tables, condition, known):
        for region in regions:
            sums = {form: sides for form, sides in region.items() if not is_peak(form)}
            forms = tuple(dict.fromkeys((*sums, *further)))
            for sign, most in _ceilings(region, ceilings):
                space = Independent(tables, forms, choices, most)
                scales = dict(zip(forms, space.scales, strict=True))
                independent = list(space.cases())
                share = asked * SHARED // max(SHARED, len(independent))
                for parts in independent:
                    yield Kind(scales, parts, sums, sign, share)


def _ceilings(
    region: Region, ceilings: Mapping[str, int]
) -> Iterator[tuple[int, Mapping[str, int]]]:
    """Ranges of peaks as differences: networks up to the upper end minus those below the lower."""
    ranges = {form[0][0]: sides for form, sides in region.items() if is_peak(form)}
    ends = [((1, high), (-1, low - 1)) for low, high in ranges.values()]
    for corner in product(*ends):
        most = dict(zip(ranges, (end for _, end in corner), strict=True))
        both = {
            name: min(given[name] for given in (most, ceilings) if name in given)
            for name in (*most, *ceilings)
        }
        yield prod(sign for sign, _ in corner), both
