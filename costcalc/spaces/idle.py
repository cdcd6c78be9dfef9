"""Idle choices, which change nothing at some settings: the kernel of a layer that is left out.

Settings that differ only in idle choices are one network.  A space of five stages with up to four
layers has as many settings as if every layer were always there; its paper counts networks.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from math import prod
from typing import Any

import numpy

from costcalc.graph.bindings import AXES
from costcalc.graph.expand import expand
from costcalc.grid.bounded import Array, along
from costcalc.grid.evaluate import Grid
from costcalc.grid.parts import parts
from costcalc.grid.tables import Existence

CELLS = 2**20
"""Combinations of parameters that are looked at to find where a choice is idle."""


@lru_cache(maxsize=8)
def distinct(grid: Grid) -> tuple[Existence, ...]:
    """Where the settings of a grid are networks of their own: where all of these exist.

    A parameter is idle where all parts that name it are left out, and everywhere if none does.
    There one value stands for all: the default, or the first.
    """
    outside = {"alpha", "res", "in"}.union(*(side.names for side in grid.document.input))
    occurring = _Occurring(grid)
    parameters = grid.axes_of(grid.document.parameters)
    candidates = sorted(parameters - grid.axes_of(outside))
    found = (_distinct(grid, axis, occurring) for axis in candidates)
    return tuple(one for one in found if one is not None)


def _distinct(grid: Grid, axis: int, occurring: _Occurring) -> Existence | None:
    """Where an axis has a value that matters, or the one that stands for all."""
    users = [
        index for index, part in enumerate(occurring.parts) if axis in grid.axes_of(part.names)
    ]
    deciding = frozenset[int]().union(*(occurring.axes[index] for index in users))
    order = tuple(sorted(deciding | {axis}))
    shape = [len(grid.axes[other].values) for other in order]
    is_decided = axis not in deciding and prod(shape) <= CELLS
    if not is_decided or not all(map(occurring.is_optional, users)):
        return None
    stands = numpy.arange(len(grid.axes[axis].values)) == grid.defaults()[axis]
    matters = along(stands, (axis,), order)
    for index in users:
        matters = matters | along(occurring.of(index), sorted(occurring.axes[index]), order)
    return None if matters.all() else Existence(order, numpy.broadcast_to(matters, shape))


class _Occurring:
    """Where the parts of a network occur."""

    def __init__(self, grid: Grid) -> None:
        self.parts = parts(grid.document)
        self.axes = [grid.axes_of(part.conditions) for part in self.parts]
        self._grid = grid
        self._done: dict[frozenset[int], Mapping[int, Array]] = {}

    def is_optional(self, index: int) -> bool:
        """Whether parameters alone decide if a part is left out."""
        part = self.parts[index]
        return part.is_optional and part.conditions.isdisjoint(AXES)

    def of(self, index: int) -> Array:
        """Where a part occurs, along each of the axes that decide it."""
        axes = self.axes[index]
        if axes not in self._done:
            others = self._grid.at(self._grid.defaults())
            done = self._grid.over(tuple(sorted(axes)), others).tabulated(self._at)
            self._done[axes] = {at: (own != 0) | ~done.is_valid for at, own in done.arrays.items()}
        return self._done[axes].get(index, numpy.ones([1] * len(axes), bool))

    def _at(self, settings: Mapping[str, Any]) -> Mapping[int, int]:
        graph = expand(self._grid.document, settings)
        steps = {id(outermost.step) for outermost in graph.steps if outermost.layers}
        return {
            index: int(any(id(step) in steps for step in part.steps))
            for index, part in enumerate(self.parts)
        }
