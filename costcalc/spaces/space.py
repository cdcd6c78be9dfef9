"""A space of networks: one spec, and the choices that some of its parameters have.

    Document × axes --tables--> Space: totals, counts, samples, the best

Nothing here lists the space.  Its parts are priced once (:mod:`costcalc.grid.tables`); the
costs of one network are a few numbers looked up and added.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import product
from math import prod
from operator import itemgetter
from typing import Any, NoReturn

import numpy

from costcalc.errors import refuse
from costcalc.grid.bounded import Array
from costcalc.grid.select import Condition
from costcalc.grid.sweep import SweptNetwork
from costcalc.grid.tables import CostTable, CostTables
from costcalc.metrics import METRICS
from costcalc.render.formatting import exact
from costcalc.spaces.answers import SpaceCount, SpaceFacts
from costcalc.spaces.counting import count


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
        return tuple(self.tables.tables[0].costs)

    @property
    def size(self) -> int:
        """How many networks there are."""
        return prod(len(axis.values) for axis in self.tables.axes)

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
        condition = Condition(where) if where is not None else None
        found = count(self.tables, condition, self.network.known)
        return SpaceCount(self._facts, where or "", found)

    @property
    def _facts(self) -> SpaceFacts:
        network = self.network
        notes = network.caveats(network.title)
        accounting = network.grid.accounting
        return SpaceFacts(network.title, self.tables.axes, accounting, self.metrics, notes)

    def _refuse(self, chosen: Mapping[str, Any]) -> NoReturn:
        for axis in self.tables.axes:
            if axis.name not in chosen:
                refuse(None, f"'{axis.name}' has no value", ", ".join(self.names))
            if chosen[axis.name] not in axis.values:
                choices = ", ".join(map(exact, axis.values))
                message = f"{axis.name} cannot be {exact(chosen[axis.name])}"
                refuse(None, message, f"one of {choices}")
        raise AssertionError("a setting is in no table")


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
