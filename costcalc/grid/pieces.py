"""The wanted rows of a sweep, a piece at a time, in whichever process computes them.

    Unit --Work.piece--> Piece

A unit is a few numbers, a piece a few arrays, and work is all that one needs to make the
other, so that units can be given to any number of processes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import prod
from typing import Protocol

import numpy

from costcalc.advice import advice, option
from costcalc.errors import refuse
from costcalc.grid.axes import Numerators
from costcalc.grid.bounded import Array, Block
from costcalc.grid.evaluate import Chunk, RefusedSettings
from costcalc.grid.select import Condition, column, front, largest
from costcalc.grid.swept import SweptNetwork
from costcalc.records import NamedTuple


class Unit(NamedTuple):
    """Settings of a network that are computed together."""

    network: int
    """Which network of the sweep it is."""
    start: int
    """The number of the network's rows before them."""
    slices: Block
    """The part of each axis that they cover."""

    @property
    def shape(self) -> tuple[int, ...]:
        """How many values of each axis they cover."""
        return tuple(part.stop - part.start for part in self.slices)

    @property
    def settings(self) -> int:
        """How many they are."""
        return prod(self.shape)


class Piece(NamedTuple):
    """The wanted rows of a unit."""

    unit: Unit
    cells: Array
    """Which of the unit's settings they are, ascending."""
    costs: Mapping[str, Array]
    """What these rows cost, by metric."""
    wanted: int
    """How many rows met the condition, whichever of them were picked."""
    refusals: tuple[RefusedSettings, ...]
    evaluations: int = 0
    """How often the network was unfolded for them."""

    def parts(self, rows: int) -> Iterator[Piece]:
        """Its rows, at most ``rows`` at a time."""
        for start in range(0, len(self.cells), rows):
            some = slice(start, start + rows)
            costs = {name: array[some] for name, array in self.costs.items()}
            yield self._replace(cells=self.cells[some], costs=costs)

    def indexes(self) -> tuple[Array, ...]:
        """Which value of each axis the rows have."""
        unit = self.unit
        inside = numpy.unravel_index(self.cells, unit.shape) if unit.shape else ()
        return tuple(index + part.start for index, part in zip(inside, unit.slices, strict=True))


class NetworkRefusal(NamedTuple):
    """Settings of a network without a row, and why the first of them has none."""

    network: str
    refusal: RefusedSettings


class Pick(Protocol):
    """Which of the cells that meet the condition are wanted."""

    def __call__(self, network: SweptNetwork, chunk: Chunk, cells: Array) -> Array: ...


class Largest(NamedTuple):
    """Those with the largest, or smallest, values of a cost or a parameter."""

    most: int
    name: str
    is_smallest: bool

    def __call__(self, network: SweptNetwork, chunk: Chunk, cells: Array) -> Array:
        """Among the cells.

        Raises:
            SpecError: what is ranked is not a number.
        """
        values = column(self.name, network.grid, chunk, network.known)
        if isinstance(values, Numerators):
            return cells[largest(values.array[cells], self.most, self.is_smallest)]
        if isinstance(values, str | bool | tuple | None) or not hasattr(values, "denominator"):
            message = advice("{}: '{}' is not a number", option("by"), self.name)
            refuse(None, message, f"{', '.join(chunk.costs)}, or a number")
        return cells[: self.most]


class Front(NamedTuple):
    """Those on the Pareto front of two costs."""

    first: str
    second: str

    def __call__(self, network: SweptNetwork, chunk: Chunk, cells: Array) -> Array:
        """Among the cells."""
        return cells[front(chunk.costs[self.first][cells], chunk.costs[self.second][cells])]


class Published(NamedTuple):
    """Those whose accuracy is published."""

    def __call__(self, network: SweptNetwork, chunk: Chunk, cells: Array) -> Array:
        """Among the cells."""
        positions = [position - chunk.start for position in network.accuracies]
        return cells[numpy.isin(cells, positions)]


class Counted(NamedTuple):
    """None of them, as they are only counted."""

    def __call__(self, network: SweptNetwork, chunk: Chunk, cells: Array) -> Array:
        """Among the cells."""
        return cells[:0]


class Work(NamedTuple):
    """What is asked of each unit of a sweep."""

    networks: Sequence[SweptNetwork]
    condition: Condition | None
    pick: Pick | None = None

    def units(self) -> Iterator[Unit]:
        """The units of the sweep, in the order of its rows."""
        sources = [network.source for network in self.networks]  # priced now, not by each worker
        return (
            Unit(number, start, slices)
            for number, source in enumerate(sources)
            for start, slices in source.blocks()
        )

    def piece(self, unit: Unit) -> Piece:
        """The wanted rows of a unit.

        Raises:
            ConventionError: the convention does not define some layer.
            SpecError: the condition or the pick cannot be computed.
        """
        network = self.networks[unit.network]
        chunk = network.source.chunk(unit.start, unit.slices)
        is_wanted = chunk.is_valid
        if self.condition is not None:
            is_wanted = self.condition.holds(network.grid, chunk, network.known)
        cells = numpy.flatnonzero(is_wanted)
        wanted = len(cells)
        if self.pick is not None:
            cells = self.pick(network, chunk, cells)
        costs = {name: array[cells] for name, array in chunk.costs.items()}
        return Piece(unit, cells, costs, wanted, chunk.refusals, chunk.evaluations)
