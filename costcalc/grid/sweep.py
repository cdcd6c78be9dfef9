"""A sweep: networks over one grid of settings, and which of the settings are wanted."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy

from costcalc.costs.convention import Convention
from costcalc.errors import Problems, refuse
from costcalc.graph.outline import uncounted
from costcalc.graph.parameters import resolve
from costcalc.grid.axes import Axis, Numerators, of_values, size
from costcalc.grid.evaluate import Chunk, Grid, RefusedSettings
from costcalc.grid.factor import Array
from costcalc.grid.select import METRICS, Condition, check_name, column, front, largest
from costcalc.records import NamedTuple
from costcalc.spec.document import Accuracy, Document

SETTINGS = 10**10
"""Settings that one sweep may have."""

BATCH = 2**16
"""Rows that are handed on together."""

Progress = Callable[[int], None]
"""Told how many settings are done whenever more of them are."""


class SweepRow(NamedTuple):
    """One setting of a network and what it costs."""

    network: str
    settings: Mapping[str, Any]
    params: Any
    mult_adds: Any
    accuracy: Accuracy | None


class Batch(NamedTuple):
    """Rows of one network that follow one another, as columns."""

    network: str
    settings: Mapping[str, list[Any]]
    params: list[Any]
    mult_adds: list[Any]


class NetworkRefusal(NamedTuple):
    """Settings of a network that have no row, and why the first of them has none."""

    network: str
    refusal: RefusedSettings


class SweptNetwork:
    """A network of a sweep, under the name that its user gave it."""

    def __init__(
        self,
        name: str,
        document: Document,
        settings: Mapping[str, Any],
        axes: tuple[Axis, ...],
        convention: Convention,
    ) -> None:
        """Checks the settings.

        Raises:
            SpecError: the network cannot take one of them.
        """
        swept = {axis.name for axis in axes}
        fixed = {key: value for key, value in settings.items() if key not in swept}
        self.name = name
        self.grid = Grid(document, convention, fixed, axes)
        first = self.grid.at((0,) * len(axes))
        self.known: Mapping[str, Any] = resolve(document, first, Problems()).values
        self.title = document.titled({**self.known, **{key: key for key in swept}})
        self.uncounted = uncounted(document)
        self.accuracies = {
            position: accuracy
            for accuracy in document.accuracies
            if (position := self._position(document, accuracy)) is not None
        }

    def _position(self, document: Document, accuracy: Accuracy) -> int | None:
        """Where in the grid's rows a published accuracy holds, if it is there."""
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


class Sweep:
    """Networks over a grid of settings.

    Attributes:
        networks: the networks, each with its grid.
        axes: the parameters that vary, the last one fastest.
        refused: settings without a row, known after the rows have been read.
    """

    def __init__(self, networks: Sequence[SweptNetwork], condition: Condition | None) -> None:
        """Checks the condition's names.

        Raises:
            SpecError: one has no meaning.
        """
        self.networks = tuple(networks)
        self.axes = self.networks[0].grid.axes
        self.condition = condition
        self.refused: list[NetworkRefusal] = []
        for network in self.networks:
            if condition is not None:
                condition.check(network.known)

    @property
    def size(self) -> int:
        """The settings of all networks together."""
        return len(self.networks) * size(self.axes)

    def batches(self, progress: Progress | None = None) -> Iterator[Batch]:
        """The wanted rows in order, many at a time."""
        for network, chunk, cells in self._chosen(progress):
            for start in range(0, len(cells), BATCH):
                yield _batch(network, chunk, cells[start : start + BATCH])

    def rows(self, progress: Progress | None = None) -> Iterator[SweepRow]:
        """The wanted rows in order, one at a time."""
        for network, chunk, cells in self._chosen(progress):
            for start in range(0, len(cells), BATCH):
                yield from _rows(network, chunk, cells[start : start + BATCH])

    def top(self, count: int, by: str, progress: Progress | None = None) -> list[SweepRow]:
        """The rows with the ``count`` largest values of ``by``; the smallest for ``-by``.

        Raises:
            SpecError: it is no number of the rows.
        """
        name = by.removeprefix("-").strip()
        is_smallest = by.startswith("-")
        best: list[tuple[Any, SweepRow]] = []
        for network in self.networks:
            check_name(name, "--by", network.known)
        for network, chunk, cells in self._chosen(progress):
            values = column(name, network.grid, chunk, network.known)
            if not isinstance(values, Numerators):
                values = _constant(name, values, len(chunk.is_valid))
            chosen = largest(values.array[cells], count, is_smallest)
            for index, row in zip(cells[chosen], _rows(network, chunk, cells[chosen]), strict=True):
                best.append((values.value(int(index)), row))
            best.sort(key=lambda pair: pair[0], reverse=not is_smallest)
            del best[count:]
        return [row for _, row in best]

    def pareto(self, progress: Progress | None = None) -> list[SweepRow]:
        """The rows that no other row beats.

        Where the specs carry accuracies for some of the rows: those of them
        than which no other is at least as accurate, at fewer mult-adds or as
        many. Else the rows than which no other costs less in one way and no
        more in the other.
        """
        if any(network.accuracies for network in self.networks):
            published = [row for row in self._published(progress) if row.accuracy is not None]
            if published:
                chosen = front(
                    of_values([row.mult_adds for row in published]).array,
                    of_values([-_top1(row) for row in published]).array,
                )
                return [published[index] for index in chosen]
        kept: list[SweepRow] = []
        for network, chunk, cells in self._chosen(progress):
            chosen = front(chunk.mult_adds[cells], chunk.params[cells])
            kept += _rows(network, chunk, cells[chosen])
            chosen = front(
                of_values([row.mult_adds for row in kept]).array,
                of_values([row.params for row in kept]).array,
            )
            kept = [kept[index] for index in chosen]
        return kept

    def _published(self, progress: Progress | None) -> Iterator[SweepRow]:
        for network, chunk, cells in self._chosen(progress):
            positions = [position - chunk.start for position in network.accuracies]
            yield from _rows(network, chunk, cells[numpy.isin(cells, positions)])

    def _chosen(self, progress: Progress | None) -> Iterator[tuple[SweptNetwork, Chunk, Array]]:
        """Each chunk of each network, and the cells of it that are wanted."""
        self.refused = []
        done = 0
        for network in self.networks:
            for chunk in network.grid.chunks():
                self.refused += [
                    NetworkRefusal(network.name, refusal) for refusal in chunk.refusals
                ]
                wanted = (
                    self.condition.holds(network.grid, chunk, network.known)
                    if self.condition
                    else chunk.is_valid
                )
                yield network, chunk, numpy.flatnonzero(wanted)
                done += len(wanted)
                if progress is not None:
                    progress(done)


def check_size(networks: int, axes: Sequence[Axis]) -> None:
    """A sweep of so many networks must have a size that ends.

    Raises:
        SpecError: it has more settings than :data:`SETTINGS`.
    """
    settings = networks * size(axes)
    if settings > SETTINGS:
        refuse(
            None,
            f"the grid has {settings:,} settings",
            expected=f"at most {SETTINGS:,}",
            hint="fewer values, or larger steps",
        )


def _batch(network: SweptNetwork, chunk: Chunk, cells: Array) -> Batch:
    shape = tuple(part.stop - part.start for part in chunk.slices)
    indexes = numpy.unravel_index(cells, shape) if shape else ()
    settings = {}
    for axis, index, part in zip(network.grid.axes, indexes, chunk.slices, strict=True):
        values = axis.values[part]
        settings[axis.name] = [values[i] for i in index.tolist()]
    return Batch(
        network.name, settings, chunk.params[cells].tolist(), chunk.mult_adds[cells].tolist()
    )


def _rows(network: SweptNetwork, chunk: Chunk, cells: Array) -> Iterator[SweepRow]:
    batch = _batch(network, chunk, cells)
    for index, cell in enumerate(cells.tolist()):
        yield SweepRow(
            network.name,
            {name: values[index] for name, values in batch.settings.items()},
            batch.params[index],
            batch.mult_adds[index],
            network.accuracies.get(chunk.start + cell),
        )


def _top1(row: SweepRow) -> Any:
    return row.accuracy.top1 if row.accuracy else 0


def _constant(name: str, value: Any, length: int) -> Numerators:
    """A parameter that no axis varies, as a column.

    Raises:
        SpecError: it is no number.
    """
    if isinstance(value, str | bool | tuple | None) or not hasattr(value, "denominator"):
        refuse(None, f"--by: '{name}' is no number", f"{' or '.join(METRICS)}, or a number")
    return Numerators(numpy.full(length, value.numerator), value.denominator)
