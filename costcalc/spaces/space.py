"""A space of networks: one spec, and the choices that some of its parameters have.

    Document × axes --tables--> Space: totals, counts, samples, the best

Nothing here lists the space.  Its parts are priced once (:mod:`costcalc.grid.tables`); the
costs of one network are a few numbers looked up and added.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction
from itertools import product
from operator import itemgetter
from typing import Any, NoReturn

import numpy

from costcalc.advice import option
from costcalc.errors import refuse
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
"""The shares of the networks whose costs are given by default."""


class Space:
    """Networks whose costs are sums over their parts, or the largest of their peaks.

    >>> import costcalc
    >>> space = costcalc.space("mobilenet_v1", alpha=[0.5, 1], classes=[10, 1000])
    >>> space.size, space.totals(alpha=0.5, classes=10)
    (4, {'params': 812768, 'mult_adds': 148990208})
    """

    def __init__(self, network: SweptNetwork, tables: CostTables) -> None:
        """Keeps the tables in the form in which single networks are looked up.

        Args:
            network: the network, with its grid.
            tables: those of the grid.
        """
        self.network = network
        self.tables = tables
        self._parts = [_looked_up(table, tables) for table in tables.tables]
        self._together = [max if METRICS[name].is_largest else sum for name in self.metrics]

    @property
    def names(self) -> tuple[str, ...]:
        """The parameters that vary, in the order of the columns of :meth:`evaluate`."""
        return tuple(axis.name for axis in self.tables.axes)

    @property
    def metrics(self) -> tuple[str, ...]:
        """The costs."""
        return self.tables.metrics

    @property
    def size(self) -> int:
        """How many settings there are; :meth:`count` tells how many networks they are."""
        return self.tables.size

    def totals(
        self, choices: Mapping[str, Any] | None = None, /, **settings: Any
    ) -> dict[str, Any]:
        """What one network of the space costs, by metric.

        Args:
            choices: a value for each parameter that varies.
            settings: likewise.

        Raises:
            SpecError: a parameter has no value, or one that is not among its choices.
        """
        chosen = {**choices, **settings} if choices and settings else choices or settings
        try:
            parts = [costs[choice(chosen)] for choice, costs in self._parts]
        except (KeyError, TypeError):
            self._refuse(chosen)
        columns = zip(self.metrics, self._together, zip(*parts, strict=True), strict=True)
        return {name: together(costs) for name, together, costs in columns}

    def evaluate(self, indexes: Any) -> dict[str, Array]:
        """What many networks cost, by metric.

        Args:
            indexes: an array of whole numbers, shape (networks, parameters): for each network
                the place of each parameter's value among its choices, counted from 0.

        Returns:
            For each metric an array of shape (networks,).
        """
        columns = [*numpy.asarray(indexes).T]
        return {name: self.tables.at(name, columns) for name in self.metrics}

    def count(self, where: str | None = None) -> SpaceCount:
        """How many networks there are; with a condition, how many satisfy it.

        The number is exact for bounds on one sum of costs, and on several while the tables that
        this takes stay small; else an interval that contains it.

        Args:
            where: a condition over costs and parameters, as for :func:`costcalc.sweep`.

        Raises:
            SpecError: the condition is wrong; or no sum of costs decides it, and there are too
                many networks to try each.
        """
        known = self.network.known
        return SpaceCount(self._facts(where), count(self.tables, _condition(where), known))

    def histogram(
        self, metric: str = "mult_adds", bins: int = 20, where: str | None = None
    ) -> SpaceHistogram:
        """How a cost is spread over the networks.

        Args:
            metric: the cost.
            bins: about how many bins there are; their width is a round number.
            where: which networks are counted, as for :meth:`count`.

        Raises:
            SpecError: as for :meth:`count`; or no network is counted.
        """
        bins = whole_number("bins", bins)
        check_name(metric, option("histogram"), {}, self.metrics)
        known = self.network.known
        found = histogram(self.tables, metric, bins, _condition(where), known)
        return SpaceHistogram(self._facts(where), found)

    def quantiles(
        self,
        metric: str = "mult_adds",
        shares: Iterable[Any] = QUARTILES,
        where: str | None = None,
    ) -> SpaceQuantiles:
        """The least costs that shares of the networks do not exceed.

        Args:
            metric: the cost.
            shares: from 0, the least cost, to 1, the greatest.
            where: which networks are counted, as for :meth:`count`.

        Raises:
            SpecError: as for :meth:`count`; or a share is not between 0 and 1.
        """
        check_name(metric, option("quantiles"), {}, self.metrics)
        listed = [exact_value(share) for share in shares]
        for share in listed:
            if not is_number(share) or not 0 <= share <= 1:
                refuse(None, "a quantile is a share of the networks", "0 to 1", exact(share))
        known = self.network.known
        found = quantiles(
            self.tables, metric, [Fraction(share) for share in listed], _condition(where), known
        )
        return SpaceQuantiles(self._facts(where), metric, found)

    def sample(self, count: int, seed: int = 0, where: str | None = None) -> SpaceRows:
        """Different networks, drawn at random: all are equally likely.

        Args:
            count: how many.
            seed: the same seed draws the same networks.
            where: a condition that each satisfies, as for :meth:`count`.

        Raises:
            SpecError: as for :meth:`count`; or next to none of the networks satisfies it.
        """
        count = whole_number("sample", count)
        known = self.network.known
        found = sample(self.tables, count, seed, condition=_condition(where), known=known)
        choice = f"{counted(len(found))} drawn at random, seed {seed}"
        return SpaceRows(self._facts(where), self._rows(found), choice)

    def top(self, count: int, by: str = "mult_adds", where: str | None = None) -> SpaceRows:
        """The networks with the largest costs; with the smallest for ``-mult_adds``.

        Args:
            count: how many.
            by: the cost, or ``-`` and the cost.
            where: a condition that each satisfies, as for :meth:`count`.

        Raises:
            SpecError: as for :meth:`count`; or the space has no such cost.
        """
        count = whole_number("top", count)
        metric = by.removeprefix("-").strip()
        found = top(
            self.tables,
            metric,
            count,
            is_smallest=by.startswith("-"),
            condition=_condition(where),
            known=self.network.known,
        )
        return SpaceRows(self._facts(where), self._rows(found), f"the first {count} by {by}")

    def pareto(
        self, by: Sequence[str] = ("mult_adds", "params"), where: str | None = None
    ) -> SpaceRows:
        """The networks that no other beats: lower in one cost, and not higher in another.

        Args:
            by: two or more costs.
            where: a condition that each satisfies, as for :meth:`count`.

        Raises:
            SpecError: as for :meth:`count`; or the space has no such cost.
        """
        found = pareto(self.tables, by, condition=_condition(where), known=self.network.known)
        rows = [
            row._replace(networks=networks)
            for row, networks in zip(self._rows(found.indexes), found.networks, strict=True)
        ]
        return SpaceRows(self._facts(where), tuple(rows), "the Pareto front of " + " and ".join(by))

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
        raise AssertionError("a setting is in no table")


def _condition(where: str | None) -> Condition | None:
    return Condition(where) if where is not None else None


def _looked_up(
    table: CostTable, tables: CostTables
) -> tuple[Callable[[Mapping[str, Any]], Any], dict[Any, tuple[Any, ...]]]:
    """A table's costs by the values of its parameters, and what takes these from settings."""
    axes = [tables.axes[axis] for axis in table.axes]
    names = [axis.name for axis in axes]
    values = product(*(axis.values for axis in axes)) if len(axes) != 1 else axes[0].values
    costs = zip(*(array.ravel().tolist() for array in table.costs.values()), strict=True)
    choice = itemgetter(*names) if names else lambda _: ()
    return choice, dict(zip(values, costs, strict=True))
