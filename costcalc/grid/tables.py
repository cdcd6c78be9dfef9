"""Costs that add up: each part of a network priced once for the few parameters it depends on.

A network of ten stages, each with choices of its own, is a sum of ten small tables, however
many networks the choices make together (:mod:`.pricing` finds what each depends on).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import reduce
from math import prod
from random import Random
from time import perf_counter
from typing import Any

import numpy

from costcalc.errors import SpecError
from costcalc.graph.expand import expand
from costcalc.grid.axes import Axis
from costcalc.grid.bounded import Array, Block, along, bounded, fits, numbered
from costcalc.grid.evaluate import CHUNK, TRIED, Chunk, Grid, RefusedSettings
from costcalc.grid.pricing import PricedPart, Pricing
from costcalc.grid.tabulation import varying
from costcalc.grid.unfolded import Entangled
from costcalc.metrics import METRICS, measured
from costcalc.records import NamedTuple

WORTH = 4
"""A grid has at least this many times as many settings as its parts have combinations."""

CHECKED = 4
"""Settings whose sums are compared with the whole network's costs."""


class CostTable(NamedTuple):
    """What some parts of a network cost together, for some axes of a grid."""

    axes: tuple[int, ...]
    """Which they are, ascending."""
    costs: Mapping[str, Array]
    """By metric, one axis of the array for each."""

    @property
    def cells(self) -> int:
        """The combinations of values."""
        return next(iter(self.costs.values())).size


class Existence(NamedTuple):
    """Where a part exists, for some axes of a grid."""

    axes: tuple[int, ...]
    """Which they are, ascending."""
    exists: Array
    """One axis of the array for each."""


class CostTables(NamedTuple):
    """A grid whose costs are sums of small tables.

    The costs at ``indexes`` are ``sum(table.costs[metric][indexes of table.axes])``, or the
    largest of these if the metric is a peak (:func:`together`).
    """

    axes: tuple[Axis, ...]
    tables: tuple[CostTable, ...]
    """No table's axes are a subset of another's; a constant is part of one of them."""
    evaluations: int
    """How often the network was unfolded for them."""
    existences: tuple[Existence, ...] = ()
    """A network exists where all of these do; parts that always exist are left out."""
    grid: Grid | None = None
    """The grid, which knows why a network does not exist, and which settings are one network."""

    @property
    def metrics(self) -> tuple[str, ...]:
        """The costs."""
        return tuple(self.tables[0].costs)

    @property
    def size(self) -> int:
        """How many settings there are."""
        return prod(len(axis.values) for axis in self.axes)

    def at(self, metric: str, indexes: Sequence[Any]) -> Any:
        """A cost at an index along each axis, or at an array of indexes along each."""
        cost = together(
            metric,
            (
                table.costs[metric][tuple(indexes[axis] for axis in table.axes)]
                for table in self.tables
            ),
        )
        shape = numpy.broadcast_shapes(*map(numpy.shape, indexes))
        # Where no parameter changes anything, the sum is one number.
        return cost if numpy.shape(cost) == shape else numpy.full(shape, cost)

    def exists_at(self, indexes: Sequence[Any]) -> Any:
        """Whether the network exists there."""
        exists: Any = numpy.ones((), bool)
        for row in self.existences:
            exists = exists & row.exists[tuple(indexes[axis] for axis in row.axes)]
        return exists

    def refusal(self) -> RefusedSettings | None:
        """A setting at which the network does not exist, if there is one."""
        if not self.existences:
            return None
        assert self.grid is not None
        row = self.existences[0]
        place = numpy.unravel_index(int(row.exists.argmin()), row.exists.shape)
        indexes = [0] * len(self.axes)
        for axis, at in zip(row.axes, place, strict=True):
            indexes[axis] = int(at)
        return self.grid.refusal(indexes, 1)

    def over(self, metric: str, slices: Sequence[slice]) -> Array:
        """A cost at all settings of a part of the grid, in the order of its rows."""
        tables = sorted(self.tables, key=lambda table: table.cells)
        arrays = [_part(table.axes, table.costs[metric], slices) for table in tables]
        return _flat(together(metric, arrays), slices)

    def blocks(self) -> Iterator[tuple[int, Block]]:
        """The parts that are added up together, each with the number of rows before it."""
        return numbered(tuple(len(axis.values) for axis in self.axes), CHUNK)

    def chunks(self) -> Iterator[Chunk]:
        """The costs of all settings, a chunk at a time."""
        for start, slices in self.blocks():
            yield self.chunk(start, slices)

    def chunk(self, start: int, slices: Block) -> Chunk:
        """The costs of one of :meth:`blocks`."""
        costs = {name: self.over(name, slices) for name in self.metrics}
        is_valid = _flat(numpy.ones((), bool), slices)
        refusals = []
        for row in self.existences:
            exists = _flat(_part(row.axes, row.exists, slices), slices)
            lacking = is_valid & ~exists
            if lacking.any():
                refusals.append(self._refusal(slices, lacking))
            is_valid = is_valid & exists
        if refusals:
            costs = {name: numpy.where(is_valid, cost, 0) for name, cost in costs.items()}
        return Chunk(start, slices, costs, is_valid, tuple(refusals), 0)

    def _refusal(self, slices: Block, lacking: Array) -> RefusedSettings:
        """Some settings of a part of the grid that do not exist, and why the first does not."""
        assert self.grid is not None
        lengths = [part.stop - part.start for part in slices]
        first = numpy.unravel_index(int(lacking.argmax()), lengths)
        indexes = [part.start + int(at) for part, at in zip(slices, first, strict=True)]
        return self.grid.refusal(indexes, int(lacking.sum()))


def together(metric: str, costs: Iterable[Any]) -> Any:
    """What parts cost together: the sum of what each costs, or the largest of their peaks."""
    return reduce(numpy.maximum if METRICS[metric].is_largest else numpy.add, costs)


class Coupled(NamedTuple):
    """Why a grid's costs are not sums of small tables."""

    reason: str
    names: tuple[str, ...] = ()
    """The parameters that depend on one another."""

    def __str__(self) -> str:
        """The reason and the parameters."""
        return f"{self.reason}: {', '.join(self.names)}" if self.names else self.reason


def seconds_one_by_one(grid: Grid) -> float:
    """About how long a grid takes in this process, from the time that its first settings take."""
    begun = perf_counter()
    start, slices = next(numbered(grid.shape, TRIED))
    counted = len(grid.chunk(start, slices).is_valid)
    return (perf_counter() - begun) * prod(grid.shape) / counted


def tables(grid: Grid, worth: int = WORTH) -> CostTables | Coupled:
    """The tables of a grid, or why it has none.

    Args:
        grid: the network and its axes.
        worth: the grid has at least this many times as many settings as its parts have.
    """
    size = prod(grid.shape)
    found: dict[tuple[int, ...], CostTable] = {}
    existences: list[Existence] = []
    try:
        pricing = Pricing(grid, lambda cells: cells * worth <= size)
        for part in pricing.priced():
            table = _trimmed(CostTable(part.axes, part.costs))
            known = found.get(table.axes)
            found[table.axes] = table if known is None else _added(known, table)
            existences += _existence(part)
    except Entangled as error:
        return Coupled(error.reason, error.names)
    merged = _merged(found.values(), grid.metrics)
    result = CostTables(grid.axes, merged, pricing.evaluations, tuple(existences), grid)
    return result if _is_right(result, grid) else Coupled("parts depend on one another")


def _is_right(result: CostTables, grid: Grid) -> bool:
    """Whether sums equal the whole network's costs at some settings, drawn at random."""
    random = Random(0)
    for _ in range(CHECKED):
        indexes = tuple(random.randrange(n) for n in grid.shape)
        try:
            graph = expand(grid.document, grid.at(indexes))
        except SpecError:
            if result.exists_at(indexes):
                return False
            continue
        costs = measured(graph, grid.accounting, grid.metrics)
        sums = {name: result.at(name, indexes) for name in grid.metrics}
        if costs != sums or not result.exists_at(indexes):
            return False
    return True


def _part(axes: Sequence[int], array: Array, slices: Sequence[slice]) -> Array:
    """The part of a table that a part of the grid needs, with a dimension for each wide axis."""
    wide = [axis for axis, part in enumerate(slices) if part.stop - part.start > 1]
    array = array[tuple(slices[axis] for axis in axes)]
    sizes = dict(zip(axes, array.shape, strict=True))
    return array.reshape([sizes.get(axis, 1) for axis in wide])


def _flat(array: Any, slices: Sequence[slice]) -> Array:
    """Values at all settings of a part of the grid, in the order of its rows."""
    lengths = (part.stop - part.start for part in slices)
    return numpy.broadcast_to(array, [n for n in lengths if n > 1]).ravel()


def _existence(part: PricedPart) -> Iterator[Existence]:
    """Where a part exists that does not always, along the axes that this varies along."""
    if not part.exists.all():
        varied = varying(part.exists)
        place = tuple(slice(None) if at in varied else 0 for at in range(part.exists.ndim))
        yield Existence(tuple(part.axes[at] for at in varied), part.exists[place])


def _trimmed(table: CostTable) -> CostTable:
    """A table without the axes that no cost varies along."""
    varied = sorted({axis for array in table.costs.values() for axis in varying(array)})
    place = tuple(slice(None) if at in varied else 0 for at in range(len(table.axes)))
    return CostTable(
        tuple(table.axes[axis] for axis in varied),
        {name: array[place] for name, array in table.costs.items()},
    )


def _merged(found: Iterable[CostTable], metrics: Iterable[str]) -> tuple[CostTable, ...]:
    """Tables with the same sums, none of whose axes are a subset of another's."""
    merged: list[CostTable] = []
    for table in sorted(found, key=lambda table: -len(table.axes)):
        at = next((at for at, wide in enumerate(merged) if {*table.axes} <= {*wide.axes}), None)
        if at is None:
            merged.append(table)
        else:
            merged[at] = _added(merged[at], table)
    for name in metrics:
        if not fits(0, sum(int(abs(table.costs[name]).max()) for table in merged)):
            merged = [
                table._replace(costs={**table.costs, name: table.costs[name].astype(object)})
                for table in merged
            ]
    return tuple(merged)


def _added(wide: CostTable, table: CostTable) -> CostTable:
    """The sum of two tables; the first has all axes of the second."""
    costs = {}
    for name, array in wide.costs.items():
        other = along(table.costs[name], table.axes, wide.axes)
        if METRICS[name].is_largest:
            costs[name] = numpy.maximum(array, other)
        else:
            costs[name] = bounded(array).plus(1, bounded(other), 1).array
    return CostTable(wide.axes, costs)
