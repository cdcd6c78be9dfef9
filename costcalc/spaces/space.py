"""A space of networks: one spec, and the choices that some of its parameters have.

    Document × axes --tables--> Space: totals, counts, samples, the best

Its parts are priced once (:mod:`costcalc.grid.tables`), so the costs of one network are a few
numbers looked up and added, and questions about all networks need no list of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction
from itertools import product
from operator import itemgetter
from typing import Any, NoReturn

import numpy

from costcalc.advice import option
from costcalc.errors import did_you_mean, refuse
from costcalc.graph.whole_numbers import whole_number
from costcalc.grid.bounded import Array
from costcalc.grid.select import Condition, check_name
from costcalc.grid.swept import SweptNetwork
from costcalc.grid.tables import CostTable, CostTables
from costcalc.metrics import METRICS
from costcalc.opening import exact_value
from costcalc.render.formatting import counted, exact
from costcalc.spaces.answers import (
    SpaceCount,
    SpaceFacts,
    SpaceHistogram,
    SpaceQuantiles,
    SpaceRow,
    SpaceRows,
)
from costcalc.spaces.choosing import pareto, top
from costcalc.spaces.counting import count
from costcalc.spaces.sampling import sample
from costcalc.spaces.spread import histogram, quantiles
from costcalc.spec.numbers import is_number

QUARTILES = (0, Fraction(1, 4), Fraction(1, 2), Fraction(3, 4), 1)
"""The shares at which :meth:`Space.quantiles` gives costs by default."""


BINS = 20
"""About how many bins a histogram has by default."""


class Space:
    """Networks whose costs are sums over their parts, or the largest of their peaks.

    >>> import costcalc
    >>> space = costcalc.space("mobilenet_v1", alpha=[0.5, 1], classes=[10, 1000])
    >>> space.size, space.totals(alpha=0.5, classes=10)
    (4, {'params': 812768, 'mult_adds': 148990208})
    """

    def __init__(self, network: SweptNetwork, tables: CostTables) -> None:
        """Makes a dictionary of each table, for :meth:`totals`.

        Args:
            network: the network, with its grid.
            tables: the tables of that grid.
        """
        self.network = network
        self.tables = tables
        self._varying = len(tables.axes)
        self._parts = [_looked_up(table, tables) for table in tables.tables]
        self._together = [max if METRICS[name].is_largest else sum for name in self.metrics]

    @property
    def names(self) -> tuple[str, ...]:
        """The parameters that vary, in the order of the columns of :meth:`evaluate`."""
        return tuple(axis.name for axis in self.tables.axes)

    @property
    def metrics(self) -> tuple[str, ...]:
        """The costs: ``params``, ``mult_adds`` and those that were asked for."""
        return self.tables.metrics

    @property
    def size(self) -> int:
        """The number of settings; several may be one network, which :meth:`count` counts once."""
        return self.tables.size

    def totals(
        self, choices: Mapping[str, Any] | None = None, /, **settings: Any
    ) -> dict[str, Any]:
        """The costs of one network, as :func:`costcalc.report` counts them.

        Args:
            choices: a value for each parameter that varies.
            settings: the same as keywords.

        Returns:
            For each metric an exact integer; sizes are in bytes.

        Raises:
            SpecError: a parameter has no value, or one that is not among its choices; or a
                setting is none of the parameters.
        """
        chosen = {**choices, **settings} if choices and settings else choices or settings
        try:
            parts = [costs[choice(chosen)] for choice, costs in self._parts]
        except (KeyError, TypeError):
            self._refuse(chosen)
        if len(chosen) != self._varying:
            self._refuse(chosen)
        columns = zip(self.metrics, self._together, zip(*parts, strict=True), strict=True)
        return {name: together(costs) for name, together, costs in columns}

    def evaluate(self, indexes: Any) -> dict[str, Array]:
        """The costs of many networks at once.

        Args:
            indexes: an array of whole numbers, shape (networks, parameters): for each network
                and each of :attr:`names` the index of the value among the choices, from 0.

        Returns:
            For each metric an array of shape (networks,), of 64 bits if all sums fit, else of
            Python integers.

        Raises:
            SpecError: the array has another shape, or an index is beyond the choices.
        """
        columns = self._columns(numpy.asarray(indexes))
        return {name: self.tables.at(name, columns) for name in self.metrics}

    def count(self, where: str | None = None) -> SpaceCount:
        """The number of networks; with a condition, of those that satisfy it.

        It is exact for bounds on one sum of costs, and for several bounds while the tables that
        they take stay small; otherwise it is an interval that contains the number.

        Args:
            where: a condition over costs and parameters, as for :func:`costcalc.sweep`.

        Returns:
            ``count`` has ``low`` and ``high``, which are equal if the number is known, ``of``,
            the networks of the space, and ``settings``.

        Raises:
            SpecError: the condition is wrong; or it is not made of bounds on sums of costs, and
                there are too many networks to try each.
        """
        known = self.network.known
        return SpaceCount(self._facts(where), count(self.tables, _condition(where), known))

    def histogram(
        self, metric: str = "mult_adds", bins: int = BINS, where: str | None = None
    ) -> SpaceHistogram:
        """The distribution of a cost over the networks.

        Args:
            metric: the cost.
            bins: about how many bins there are, all of one width, which is a round number.
            where: which networks are counted, as for :meth:`count`.

        Returns:
            ``histogram`` has ``edges``, and one fewer ``counts``, each between ``low`` and
            ``high``.

        Raises:
            SpecError: as for :meth:`count`; or no network is counted.
        """
        bins = whole_number("bins", bins)
        check_name(metric, option("histogram"), {}, self.metrics)
        known = self.network.known
        spread = histogram(self.tables, metric, bins, _condition(where), known)
        return SpaceHistogram(self._facts(where), spread)

    def quantiles(
        self,
        metric: str = "mult_adds",
        shares: Iterable[Any] = QUARTILES,
        where: str | None = None,
    ) -> SpaceQuantiles:
        """Quantiles of a cost: for each share the least cost that so many networks do not exceed.

        Args:
            metric: the cost.
            shares: from 0, the least cost, to 1, the greatest; by default quartiles.
            where: which networks are counted, as for :meth:`count`.

        Returns:
            ``quantiles`` has for each ``share`` a cost between ``low`` and ``high``, which are
            equal if it is known.

        Raises:
            SpecError: as for :meth:`count`; or a share is not between 0 and 1.
        """
        check_name(metric, option("quantiles"), {}, self.metrics)
        exact_shares = [exact_value(share) for share in shares]
        for share in exact_shares:
            if not is_number(share) or not 0 <= share <= 1:
                refuse(None, "a quantile is a share of the networks", "0 to 1", exact(share))
        fractions = [Fraction(share) for share in exact_shares]
        known = self.network.known
        costs = quantiles(self.tables, metric, fractions, _condition(where), known)
        return SpaceQuantiles(self._facts(where), metric, costs)

    def sample(self, count: int, seed: int = 0, where: str | None = None) -> SpaceRows:
        """Networks drawn uniformly at random, without repetition.

        Args:
            count: how many; all of them if there are fewer.
            seed: the same seed draws the same networks.
            where: a condition that each satisfies, as for :meth:`count`.

        Returns:
            ``rows``, each with ``settings`` and ``costs``, in the order in which they were drawn.

        Raises:
            SpecError: as for :meth:`count`; or hardly any network near the bounds satisfies it.
        """
        count = whole_number("sample", count)
        known = self.network.known
        drawn = sample(self.tables, count, seed, condition=_condition(where), known=known)
        choice = f"{counted(len(drawn))} drawn at random, seed {seed}"
        return SpaceRows(self._facts(where), self._rows(drawn), choice)

    def top(self, count: int, by: str = "mult_adds", where: str | None = None) -> SpaceRows:
        """The networks with the largest costs, or the smallest: a best-first search.

        Args:
            count: how many.
            by: the cost; with ``-``, ``"-mult_adds"``, the smallest first.
            where: a condition that each satisfies, as for :meth:`count`.

        Returns:
            ``rows``, the best first; equal ones in the order of a sweep.

        Raises:
            SpecError: as for :meth:`count`; or the space has no such cost.
        """
        count = whole_number("top", count)
        metric = by.removeprefix("-").strip()
        best = top(
            self.tables,
            metric,
            count,
            is_smallest=by.startswith("-"),
            condition=_condition(where),
            known=self.network.known,
        )
        return SpaceRows(self._facts(where), self._rows(best), f"the first {count} by {by}")

    def pareto(
        self, by: Sequence[str] = ("mult_adds", "params"), where: str | None = None
    ) -> SpaceRows:
        """The Pareto front: the costs that no network's costs dominate.

        Costs dominate others if one is lower and none is higher.

        Args:
            by: two or more costs.
            where: a condition that each satisfies, as for :meth:`count`.

        Returns:
            ``rows``, ascending by the first cost: one for each point of the front, with the
            first network that has these costs and the number of all ``networks`` that have.

        Raises:
            SpecError: as for :meth:`count`; or the space has no such cost.
        """
        front = pareto(self.tables, by, condition=_condition(where), known=self.network.known)
        rows = [
            row._replace(networks=networks)
            for row, networks in zip(self._rows(front.indexes), front.networks, strict=True)
        ]
        return SpaceRows(self._facts(where), tuple(rows), "the Pareto front of " + " and ".join(by))

    def _columns(self, indexes: Array) -> list[Array]:
        """Indexes by parameter.

        Raises:
            SpecError: as for :meth:`evaluate`.
        """
        axes = self.tables.axes
        if indexes.ndim != 2 or indexes.shape[1] != len(axes) or indexes.dtype.kind not in "iu":
            shape = f"whole numbers, shape (networks, {len(axes)})"
            found = f"{indexes.dtype}, shape {indexes.shape}"
            refuse(None, "this is not an array of indexes", shape, found)
        columns = [*indexes.T]
        for axis, column in zip(axes, columns, strict=True):
            is_beyond = (column < 0) | (column >= len(axis.values))
            if is_beyond.any():
                message = f"an index of {axis.name} is beyond its choices"
                found = f"{column[is_beyond][0]}"
                refuse(None, message, f"0 to {len(axis.values) - 1}", found)
        return columns

    def _rows(self, indexes: Array) -> tuple[SpaceRow, ...]:
        costs = self.evaluate(indexes)
        columns = [
            [axis.values[at] for at in places]
            for axis, places in zip(self.tables.axes, indexes.T.tolist(), strict=True)
        ]
        return tuple(
            SpaceRow(
                {name: column[row] for name, column in zip(self.names, columns, strict=True)},
                {name: int(cost[row]) for name, cost in costs.items()},
            )
            for row in range(len(indexes))
        )

    def _facts(self, where: str | None) -> SpaceFacts:
        network = self.network
        notes = network.caveats(network.title)
        how = network.grid.accounting
        return SpaceFacts(network.title, self.tables.axes, how, self.metrics, where or "", notes)

    def _refuse(self, chosen: Mapping[str, Any]) -> NoReturn:
        for axis in self.tables.axes:
            if axis.name not in chosen:
                refuse(None, f"'{axis.name}' has no value", ", ".join(self.names))
            if chosen[axis.name] not in axis.values:
                choices = ", ".join(map(exact, axis.values))
                message = f"{axis.name} cannot be {exact(chosen[axis.name])}"
                refuse(None, message, f"one of {choices}")
        for name in chosen.keys() - {*self.names}:
            hint = did_you_mean(name, self.names)
            refuse(None, f"'{name}' does not vary in this space", ", ".join(self.names), hint=hint)
        raise AssertionError("a setting is in no table")


def _condition(where: str | None) -> Condition | None:
    return Condition(where) if where is not None else None


def _looked_up(
    table: CostTable, tables: CostTables
) -> tuple[Callable[[Mapping[str, Any]], Any], dict[Any, tuple[Any, ...]]]:
    """A function that takes a table's parameters from settings, and the costs by their values."""
    axes = [tables.axes[axis] for axis in table.axes]
    names = [axis.name for axis in axes]
    values = product(*(axis.values for axis in axes)) if len(axes) != 1 else axes[0].values
    costs = zip(*(array.ravel().tolist() for array in table.costs.values()), strict=True)
    choice = itemgetter(*names) if names else lambda _: ()
    return choice, dict(zip(values, costs, strict=True))
