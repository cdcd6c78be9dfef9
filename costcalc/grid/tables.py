"""Costs that add up: each part of a network priced once for the few parameters it depends on.

A network of ten stages, each with choices of its own, is a sum of ten small tables, however
many networks the choices make together.  A part depends on the parameters that its text names
(:mod:`.parts`), and on those that change a shape that reaches it, which is looked up in the
tables of the parts before it.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from math import prod
from random import Random
from typing import Any

import numpy

from costcalc.errors import Problems
from costcalc.graph.expand import expand
from costcalc.graph.parameters import resolve
from costcalc.grid.axes import Axis
from costcalc.grid.bounded import Array, Block, bounded, fits, numbered
from costcalc.grid.evaluate import CHUNK, Chunk, Grid, Tabulated
from costcalc.grid.parts import parts
from costcalc.metrics import METRICS, Measured, measured
from costcalc.records import NamedTuple

CELLS = 2**20
"""Combinations of parameters that one table may have."""

WORTH = 4
"""A grid has at least this many times as many settings as its tables have cells."""

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


class CostTables(NamedTuple):
    """A grid whose costs are sums of small tables.

    The costs at ``indexes`` are ``sum(table.costs[metric][indexes of table.axes])``.
    """

    axes: tuple[Axis, ...]
    tables: tuple[CostTable, ...]
    """None has axes that another one has, too; a constant is in one of them."""
    evaluations: int
    """How often the network was unfolded for them."""

    def at(self, metric: str, indexes: Sequence[Any]) -> Any:
        """A cost at an index along each axis, or at an array of indexes along each."""
        return sum(
            table.costs[metric][tuple(indexes[axis] for axis in table.axes)]
            for table in self.tables
        )

    def over(self, metric: str, slices: Sequence[slice]) -> Array:
        """A cost at all settings of a part of the grid, in the order of its rows."""
        wide = [axis for axis, part in enumerate(slices) if part.stop - part.start > 1]
        total: Any = numpy.zeros((), numpy.int64)
        for table in sorted(self.tables, key=lambda table: table.cells):
            array = table.costs[metric][tuple(slices[axis] for axis in table.axes)]
            sizes = dict(zip(table.axes, array.shape, strict=True))
            total = total + array.reshape([sizes.get(axis, 1) for axis in wide])
        shape = [slices[axis].stop - slices[axis].start for axis in wide]
        return numpy.broadcast_to(total, shape).ravel()

    def blocks(self) -> Iterator[tuple[int, Block]]:
        """The parts that are added up together, each with the number of rows before it."""
        return numbered(tuple(len(axis.values) for axis in self.axes), CHUNK)

    def chunks(self) -> Iterator[Chunk]:
        """The costs of all settings, a chunk at a time."""
        for start, slices in self.blocks():
            yield self.chunk(start, slices)

    def chunk(self, start: int, slices: Block) -> Chunk:
        """The costs of one of :meth:`blocks`."""
        costs = {name: self.over(name, slices) for name in self.tables[0].costs}
        size = prod(part.stop - part.start for part in slices)
        return Chunk(start, slices, costs, numpy.ones(size, bool), (), 0)


class Coupled(NamedTuple):
    """Why a grid's costs are no sums of small tables."""

    reason: str
    names: frozenset[str] = frozenset()
    """The parameters that one part depends on together."""


def tables(grid: Grid, worth: int = WORTH) -> CostTables | Coupled:
    """The tables of a grid, or why it has none.

    Args:
        grid: the network and its axes.
        worth: the grid has at least this many times as many settings as a table has cells.
    """
    return _Pricing(grid, worth).tables()


class _Pricing:
    """Prices the parts of a network in order."""

    def __init__(self, grid: Grid, worth: int) -> None:
        self.grid = grid
        self.worth = worth
        self.document = grid.document
        self.parts = parts(self.document)
        self.own = [grid.axes_of(part.names) for part in self.parts]
        self.done: dict[frozenset[int], Tabulated] = {}

    def tables(self) -> CostTables | Coupled:
        grid = self.grid
        whole = frozenset(range(len(grid.axes)))
        known = {"alpha", "res", "in", *self.document.parameters}
        if not {axis.name for axis in grid.axes} <= known or self.document.reread is not None:
            return Coupled("a setting is none of its parameters")
        found: list[CostTable] = []
        here = grid.axes_of({"res", "in"}.union(*(side.names for side in self.document.input)))
        named: dict[str, frozenset[int]] = {"input": here}
        shaped = here
        for index, part in enumerate(self.parts):
            axes = self.own[index] | here
            for name in part.reads:
                axes |= named.get(name, whole)
            if part.has_recent:
                axes |= shaped
            cells = prod(len(grid.axes[axis].values) for axis in axes)
            if cells > CELLS or cells * self.worth > prod(grid.shape):
                names = frozenset(grid.axes[axis].name for axis in axes)
                return Coupled("a part depends on many of its parameters", names)
            order, priced = self.priced(axes)
            if priced.refusals:
                return Coupled("the network does not exist at some settings")
            costs = {name: priced.arrays[index, name] for name in grid.metrics}
            found.append(_trimmed(CostTable(order, costs)))
            outputs = [key for key in priced.arrays if key[:2] == (index, "output")]
            here = frozenset(order[axis] for key in outputs for axis in _varied(priced.arrays[key]))
            shaped |= here
            if part.step.common.name:
                named[part.step.common.name] = here | grid.axes_of(part.conditions)
        evaluations = sum(priced.evaluations for priced in self.done.values())
        result = CostTables(grid.axes, _merged(found, grid.metrics), evaluations)
        return result if self.is_right(result) else Coupled("parts depend on one another")

    def priced(self, axes: frozenset[int]) -> tuple[tuple[int, ...], Tabulated]:
        """All parts that depend on no other axes than these, at all their values.

        Returns:
            The axes of the arrays, these and perhaps more; and the arrays.
        """
        known = min((done for done in self.done if axes <= done), key=len, default=axes)
        order = tuple(sorted(known))
        if known not in self.done:
            chosen = {index for index, own in enumerate(self.own) if own <= axes}
            part = self.grid.over(order, self.base())
            self.done[known] = part.tabulated(lambda settings: self.costs(settings, chosen))
        return order, self.done[known]

    def base(self) -> dict[str, Any]:
        """A value of each axis: the default, if it is among them."""
        defaults = resolve(self.document, {}, Problems()).values
        return {
            axis.name: default
            if (default := defaults.get(axis.name)) in axis.values
            else axis.values[0]
            for axis in self.grid.axes
        }

    def costs(self, settings: Mapping[str, Any], chosen: Container[int]) -> dict[Any, Any]:
        """What some parts cost, and the shapes that they hand on."""
        graph = expand(self.document, settings)
        network = Measured(graph, self.grid.accounting)
        steps = {id(outermost.step): outermost for outermost in graph.steps}
        found: dict[Any, Any] = {}
        shape = graph.input
        for index, part in enumerate(self.parts):
            outermost = steps.get(id(part.step))  # none in a sequence that is left out
            shape = outermost.output if outermost else shape
            if index not in chosen:
                continue
            own = network.part(outermost.layers if outermost else ())
            for name in self.grid.metrics:
                found[index, name] = METRICS[name].measure(own)
            found[index, "output", -1] = len(shape)
            for number, side in enumerate(shape):
                found[index, "output", number] = side
        return found

    def is_right(self, result: CostTables) -> bool:
        """Whether sums equal the whole network's costs at some settings, drawn at random."""
        grid, random = self.grid, Random(0)
        for _ in range(CHECKED):
            indexes = tuple(random.randrange(n) for n in grid.shape)
            costs = measured(expand(self.document, grid.at(indexes)), grid.accounting, grid.metrics)
            if any(costs[name] != result.at(name, indexes) for name in grid.metrics):
                return False
        return True


def _varied(array: Array) -> list[int]:
    """The axes along which an array varies."""
    return [axis for axis in range(array.ndim) if (array != numpy.take(array, [0], axis)).any()]


def _trimmed(table: CostTable) -> CostTable:
    """A table without the axes that no cost varies along."""
    varied = sorted({axis for array in table.costs.values() for axis in _varied(array)})
    place = tuple(slice(None) if at in varied else 0 for at in range(len(table.axes)))
    return CostTable(
        tuple(table.axes[axis] for axis in varied),
        {name: array[place] for name, array in table.costs.items()},
    )


def _merged(found: Iterable[CostTable], metrics: Iterable[str]) -> tuple[CostTable, ...]:
    """CostTables of which none has only axes of another, with the same sums."""
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
    """The sum of two tables, the first of which has all axes of the second."""
    place = tuple(slice(None) if axis in table.axes else None for axis in wide.axes)
    costs = {}
    for name, array in wide.costs.items():
        a, b = bounded(array), bounded(table.costs[name][place])
        costs[name] = a.plus(1, b, 1).array
    return CostTable(wide.axes, costs)
