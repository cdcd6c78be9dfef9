"""The best networks of a space, without listing it: the first few by a cost, the Pareto front.

    condition --choices, regions of costs--> parts of the space --best first, fronts--> networks

Networks that cost the same come in the order of the space's rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from heapq import heappop, heappush
from itertools import count as numbered
from typing import Any

import numpy

from costcalc.advice import advice, option
from costcalc.errors import refuse
from costcalc.grid.bounded import Array
from costcalc.grid.regions import Form, Inseparable
from costcalc.grid.select import Condition, check_name, largest
from costcalc.grid.tables import CostTables
from costcalc.metrics import METRICS
from costcalc.records import NamedTuple
from costcalc.spaces.best_first import BestFirst
from costcalc.spaces.conditions import listed, parts_of
from costcalc.spaces.distribution import Entangled
from costcalc.spaces.fronts import Labels, front_of, merged, unpacked

SEARCHED = 2**18
"""Partial networks that a search may extend."""


class Front(NamedTuple):
    """A Pareto front: costs that no network of a space beats."""

    indexes: Array
    """For each of them the first network that has them, shape (costs, parameters)."""
    networks: tuple[int, ...]
    """How many networks have them."""


def top(
    tables: CostTables,
    metric: str,
    count: int,
    *,
    is_smallest: bool = False,
    condition: Condition | None = None,
    known: Mapping[str, Any] | None = None,
) -> Array:
    """The networks with the largest values of a cost, or the smallest.

    Args:
        tables: the space.
        metric: the cost.
        count: how many networks.
        is_smallest: whether the smallest come first.
        condition: what holds at each of them.
        known: the values of parameters that do not vary, if the condition names some.

    Returns:
        For each network the indexes of its parameters' values, shape (networks, parameters);
        the best first, equal ones in the order of the space's rows.

    Raises:
        SpecError: the space has no such cost, or the condition has no meaning; or the condition
            does more than bound sums of costs, or couples too many parts, and the space is too
            large to be listed.
    """
    _check(tables, [metric])
    direction = 1 if is_smallest else -1
    try:
        searches = [
            BestFirst(tables, ((metric, 1),), direction, part)
            for part in parts_of(tables, condition, known)
        ]
    except (Entangled, Inseparable) as error:
        return _top_listed(tables, metric, count, is_smallest, condition, known, error)
    waiting: list[tuple[Any, ...]] = []
    numbers = numbered()
    for search in searches:
        for best, row, node in search.first():
            heappush(waiting, (best, row, next(numbers), search, node))
    found: list[int] = []
    steps = 0
    while waiting and len(found) < count:
        _, row, _, search, node = heappop(waiting)
        if search.is_whole(node):
            found.append(row)
            continue
        steps += 1
        if steps > SEARCHED + count * len(tables.axes):
            refuse(
                None,
                f"too many networks come close to being the first {count} by {metric}",
                expected="a wider condition; or parameters of one layer beside each other",
            )
        for best, first, after in search.following(row, node):
            heappush(waiting, (best, first, next(numbers), search, after))
    return _indexes(tables, found)


def pareto(
    tables: CostTables,
    metrics: Sequence[str],
    *,
    condition: Condition | None = None,
    known: Mapping[str, Any] | None = None,
) -> Front:
    """The Pareto front: the costs that no network's costs dominate.

    Costs dominate others if one is lower and none is higher.

    Args:
        tables: the space.
        metrics: two or more costs, the lower the better.
        condition: what holds at each network that competes.
        known: the values of parameters that do not vary, if the condition names some.

    Returns:
        The front, in the order of the first cost.

    Raises:
        SpecError: the space has no such costs, or the condition has no meaning; or the condition
            does more than bound sums of costs, or couples too many parts, and the space is too
            large to be listed.
    """
    _check(tables, metrics)
    if len(set(metrics)) < 2 or len(set(metrics)) < len(metrics):
        refuse(
            None,
            "a Pareto front weighs costs against each other",
            "two or three of " + ", ".join(tables.metrics),
            found=", ".join(metrics),
        )
    forms: list[Form] = [((name, 1),) for name in metrics]
    try:
        fronts = [front_of(tables, forms, part) for part in parts_of(tables, condition, known)]
    except (Entangled, Inseparable) as error:
        fronts = _fronts_listed(tables, metrics, condition, known, error)
    if not fronts:
        return Front(numpy.zeros((0, len(tables.axes)), numpy.int64), ())
    front = merged(Labels.joined(fronts), len(forms))
    return Front(unpacked(tables, front.rows), tuple(map(int, front.counts)))


def _check(tables: CostTables, names: Iterable[str]) -> None:
    for name in names:
        check_name(name, option("by"), {}, tables.metrics)
        if METRICS[name].is_largest:
            refuse(
                None,
                advice(
                    "{}: {} is the largest of a network's parts, and not their sum",
                    option("by"),
                    name,
                ),
                expected=advice("a sum; or {}", option("where", f"{name} <= N")),
            )


def _top_listed(
    tables: CostTables,
    metric: str,
    count: int,
    is_smallest: bool,
    condition: Condition | None,
    known: Mapping[str, Any] | None,
    error: Exception,
) -> Array:
    """The networks with the largest costs, or the smallest, one setting after the other."""
    costs, rows = numpy.zeros(0, numpy.int64), numpy.zeros(0, numpy.int64)
    for chunk, holds in listed(tables, condition, known or {}, error):
        own = numpy.flatnonzero(holds)
        costs = numpy.concatenate((costs, chunk.costs[metric][own]))
        rows = numpy.concatenate((rows, own + chunk.start))
        chosen = largest(costs, count, is_smallest)
        costs, rows = costs[chosen], rows[chosen]
    order = numpy.argsort(costs if is_smallest else -costs, kind="stable")
    return _indexes(tables, rows[order].tolist())


def _fronts_listed(
    tables: CostTables,
    metrics: Sequence[str],
    condition: Condition | None,
    known: Mapping[str, Any] | None,
    error: Exception,
) -> list[Labels]:
    """The Pareto front, one setting after the other."""
    front: list[Labels] = []
    for chunk, holds in listed(tables, condition, known or {}, error):
        own = numpy.flatnonzero(holds)
        costs = numpy.stack([chunk.costs[name][own] for name in metrics], axis=1)
        rows = (own + chunk.start)[:, None]
        labels = Labels(costs, rows, numpy.ones(len(own), numpy.int64))
        front = [merged(Labels.joined([*front, labels]), len(metrics))]
    return front


def _indexes(tables: CostTables, rows: Sequence[int]) -> Array:
    """The index along each axis of some rows, by their numbers."""
    found = numpy.zeros((len(rows), len(tables.axes)), numpy.int64)
    for number, row in enumerate(rows):
        left = row
        for axis in reversed(range(len(tables.axes))):
            left, found[number, axis] = divmod(left, len(tables.axes[axis].values))
    return found
