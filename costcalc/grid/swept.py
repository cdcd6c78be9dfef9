"""One network of a sweep: its grid, and what its rows are called."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import numpy

from costcalc.errors import Problems
from costcalc.graph.outline import has_guesses, uncounted
from costcalc.graph.parameters import resolve
from costcalc.grid.axes import Axis
from costcalc.grid.evaluate import Grid
from costcalc.grid.tables import CostTables, Coupled, tables
from costcalc.metrics import COUNTED, Accounting
from costcalc.reporting.phrases import total_notes
from costcalc.spec.document import Accuracy, Document


class SweptNetwork:
    """A network of a sweep, under the name that its user gave it."""

    def __init__(
        self,
        name: str,
        document: Document,
        settings: Mapping[str, Any],
        axes: tuple[Axis, ...],
        accounting: Accounting,
        metrics: tuple[str, ...] = COUNTED,
    ) -> None:
        """Checks the settings.

        Raises:
            SpecError: the network cannot take one of them.
        """
        swept = {axis.name for axis in axes}
        fixed = {key: value for key, value in settings.items() if key not in swept}
        self.name = name
        self.grid = Grid(document, accounting, fixed, axes, metrics)
        first = self.grid.at((0,) * len(axes))
        self.known: Mapping[str, Any] = resolve(document, first, Problems()).values
        self.title = document.titled({**self.known, **{key: key for key in swept}})
        self.uncounted = uncounted(document)
        self.notes = document.notes
        self.has_guesses = has_guesses(
            document, "alpha" in swept or self.known.get("alpha", 1) != 1
        )
        self.accuracies = {
            position: accuracy
            for accuracy in document.accuracies
            if (position := self._position(document, accuracy)) is not None
        }

    @cached_property
    def source(self) -> Grid | CostTables:
        """What has the costs of all settings: the tables of its parts if they are worth it."""
        return self.grid if isinstance(self.priced, Coupled) else self.priced

    @cached_property
    def priced(self) -> CostTables | Coupled:
        """The tables of its parts, or why there are none."""
        return tables(self.grid)

    def caveats(self, network: str) -> tuple[str, ...]:
        """What its totals leave out, guess or choose, with its name."""
        return total_notes(self.uncounted, network, self.has_guesses, self.notes)

    def _position(self, document: Document, accuracy: Accuracy) -> int | None:
        """The row of the grid that a published accuracy belongs to, if any."""
        values = resolve(document, accuracy.settings, Problems()).values
        indexes = []
        for axis in self.grid.axes:
            if values.get(axis.name) not in axis.values:
                return None
            indexes.append(axis.values.index(values[axis.name]))
        setting = self.grid.at(tuple(indexes))
        if resolve(document, setting, Problems()).values != values:
            return None
        return int(numpy.ravel_multi_index(tuple(indexes), self.grid.shape)) if indexes else 0
