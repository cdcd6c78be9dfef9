"""How a cost is distributed over the networks of a space: histograms and quantiles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from functools import cache
from itertools import pairwise
from math import ceil
from typing import Any

import numpy

from costcalc.errors import SpecError, refuse
from costcalc.grid.regions import Form, Inseparable
from costcalc.grid.select import Condition, check_name
from costcalc.grid.tables import CostTables
from costcalc.metrics import METRICS
from costcalc.records import NamedTuple
from costcalc.spaces.choosing import top
from costcalc.spaces.conditions import listed
from costcalc.spaces.counting import kinds
from costcalc.spaces.distribution import Distribution, Entangled, distribution, reach, united
from costcalc.spaces.within import Interval, Line

ASKED = 2**25
"""Pairs that are looked up for one bin if a condition bounds another cost: some seconds."""

FINEST = 2**10
"""Where counts are intervals, quantiles are found to this fraction of the range of costs."""


class Histogram(NamedTuple):
    """The number of networks in each bin of a cost."""

    metric: str
    edges: tuple[int, ...]
    """Ascending: a cost is in the bin whose first edge it reaches, and whose last it does not."""
    counts: tuple[Interval, ...]
    """One fewer than there are edges."""


class Quantile(NamedTuple):
    """The least cost that a share of the networks do not exceed."""

    share: Fraction
    low: int
    """It is not below this."""
    high: int
    """It is not above this; equal to ``low`` if it is known."""


def histogram(
    tables: CostTables,
    metric: str,
    bins: int = 20,
    condition: Condition | None = None,
    known: Mapping[str, Any] | None = None,
) -> Histogram:
    """The distribution of a cost over the networks of a space.

    Args:
        tables: the space.
        metric: the cost.
        bins: about how many bins of one width, a round number, there are.
        condition: which networks are counted; None for all.
        known: the values of parameters that do not vary, if the condition names some.

    Raises:
        SpecError: as for :func:`.counting.count`, or no network is counted.
    """
    spread = _Spread(tables, metric, condition, known or {})
    width = _round_number(Fraction(spread.most - spread.least + 1, bins))
    first, last = spread.least // width, spread.most // width
    edges = [width * at for at in range(first, last + 2)]
    fits = [spread.at_most(edge - 1) for edge in edges]
    counts = [
        Interval(max(0, upto.low - below.high), upto.high - below.low)
        for below, upto in pairwise(fits)
    ]
    taken = [at for at, one in enumerate(counts) if one.high]
    start, end = taken[0], taken[-1] + 1
    return Histogram(metric, tuple(edges[start : end + 1]), tuple(counts[start:end]))


def quantiles(
    tables: CostTables,
    metric: str,
    shares: Sequence[Fraction],
    condition: Condition | None = None,
    known: Mapping[str, Any] | None = None,
) -> tuple[Quantile, ...]:
    """Quantiles of a cost over the networks of a space.

    Args:
        tables: the space.
        metric: the cost.
        shares: from 0, the least cost, to 1, the greatest.
        condition: which networks are counted; None for all.
        known: the values of parameters that do not vary, if the condition names some.

    Raises:
        SpecError: as for :func:`.counting.count`, or no network is counted.
    """
    spread = _Spread(tables, metric, condition, known or {})
    return tuple(spread.quantile(share) for share in shares)


class _Spread:
    """The number of networks up to any bound of a cost."""

    def __init__(
        self,
        tables: CostTables,
        metric: str,
        condition: Condition | None,
        known: Mapping[str, Any],
    ) -> None:
        check_name(metric, "a histogram", {}, tables.metrics)
        form: Form = ((metric, 1),)
        self.least, self.most = reach(tables, form)
        self._line: Line | None = None
        self.at_most = cache(self._at_most)
        self._asked = tables, condition, known
        self._peak = metric if METRICS[metric].is_largest else ""
        self._form = form
        self._metric = metric
        forms = () if self._peak else (form,)
        try:
            self._kinds = list(kinds(tables, condition, known, forms, asked=ASKED))
        except (Inseparable, Entangled) as error:
            self._line = self._listed(tables, condition, known, metric, error)
        if not self.at_most(self.most).high:
            refuse(None, "no network satisfies the condition", "one at least")

    def quantile(self, share: Fraction) -> Quantile:
        """The least cost that a share of the networks do not exceed.

        Costs are halved until one is left; if counts are intervals, until few are.
        """
        total = self.at_most(self.most)
        if share in (0, 1) and self._line is None and not self._peak:
            extreme = self._extreme(is_least=share == 0)
            if extreme is not None:
                return Quantile(share, extreme, extreme)
        ends = []
        for end, count in ((1, total.low), (0, total.high)):
            rank = max(1, ceil(share * count))
            low, high, least = self.least, self.most, 0
            while high - low > least:
                middle = (low + high) // 2
                fitting = self.at_most(middle)
                if fitting.low < fitting.high:
                    least = (self.most - self.least) // FINEST
                if fitting[end] >= rank:
                    high = middle
                else:
                    low = middle + 1
            ends.append((low, high))
        (low, _), (_, high) = ends
        return Quantile(share, low, high)

    def _extreme(self, *, is_least: bool) -> int | None:
        """The least or the greatest cost, of one network; None if it is not found soon."""
        tables, condition, known = self._asked
        try:
            best = top(
                tables, self._metric, 1, is_smallest=is_least, condition=condition, known=known
            )
        except SpecError:
            return None
        return int(tables.at(self._metric, best[0])) if len(best) else None

    def _at_most(self, bound: int) -> Interval:
        if self._line is not None:
            return self._line.at_most(bound - self.least)
        total = Interval(0, 0)
        if self._peak:
            for kind in kinds(*self._asked, ceilings={self._peak: bound}, asked=ASKED):
                total = total.plus(kind.within({}))
            return total
        for kind in self._kinds:
            total = total.plus(kind.within({self._form: (self.least, bound)}))
        return total

    def _listed(
        self,
        tables: CostTables,
        condition: Condition | None,
        known: Mapping[str, Any],
        metric: str,
        error: Exception,
    ) -> Line:
        parts: list[Distribution] = []
        for chunk, holds in listed(tables, condition, known, error):
            costs = chunk.costs[metric][holds] - self.least
            parts.append(distribution(costs, numpy.ones(len(costs), numpy.int64)))
        return Line([united(parts)])


def _round_number(least: Fraction) -> int:
    """The least of 1, 2, 5, 10, 20, ... that is not below a number."""
    tenfold = 1
    while 10 * tenfold < least:
        tenfold *= 10
    return next(times * tenfold for times in (1, 2, 5, 10) if times * tenfold >= least)
