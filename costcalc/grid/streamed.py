"""Rows of a sweep as the columns of a file that is written while they are computed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy

from costcalc.grid.axes import Axis
from costcalc.grid.pieces import Piece
from costcalc.grid.swept import SweptNetwork
from costcalc.metrics import METRICS, for_scripts
from costcalc.render.stream import Choices, Column, kind

ROWS = 2**18
"""Rows that are handed to a file together: a row group of Parquet."""


class Streamed:
    """The columns of a sweep's rows.

    Attributes:
        kinds: the type of each column, by name, as Parquet has it.
    """

    def __init__(
        self, networks: Sequence[SweptNetwork], axes: Sequence[Axis], metrics: Sequence[str]
    ) -> None:
        self.networks = networks
        self.names = tuple(network.name for network in networks)
        named = {"network": "string"} if len(networks) > 1 else {}
        timed = {name: "double" if METRICS[name].is_timed else "int64" for name in metrics}
        self.kinds = {**named, **{axis.name: kind(axis.values) for axis in axes}, **timed}

    def columns(self, piece: Piece) -> list[Column]:
        """The columns of a piece."""
        number = piece.unit.network
        columns: list[Column] = []
        if len(self.names) > 1:
            columns.append(Choices(self.names, numpy.full(len(piece.cells), number)))
        axes = self.networks[number].grid.axes
        for axis, indexes in zip(axes, piece.indexes(), strict=True):
            columns.append(Choices(axis.values, indexes))
        return columns + [_costs(name, costs) for name, costs in piece.costs.items()]

    def listed(self, rows: Sequence[Any]) -> list[Column]:
        """The columns of a few rows, each a :class:`costcalc.grid.sweep.SweepRow`."""
        names = [[row.network for row in rows]] if len(self.names) > 1 else []
        settings = zip(*(row.settings.values() for row in rows), strict=True)
        costs = zip(
            *([for_scripts(name, cost) for name, cost in row.costs.items()] for row in rows),
            strict=True,
        )
        places = numpy.arange(len(rows))
        return [Choices(column, places) for column in (*names, *settings, *costs)]


def _costs(name: str, costs: Any) -> Any:
    if not METRICS[name].is_timed:
        return costs
    return numpy.array([for_scripts(name, cost) for cost in costs.tolist()], float)
