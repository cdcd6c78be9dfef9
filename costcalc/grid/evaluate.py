"""The costs of every setting of a grid: the report's own stages, a grid at a time.

The grid is taken in chunks, in the order of its rows.  A chunk is unfolded with
grid numbers for its parameters.  If a decision differs within a chunk, the chunk is
cut, so that settings with the same structure are counted together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

import numpy

from costcalc.errors import Problems, SpecError
from costcalc.graph.expand import expand
from costcalc.graph.parameters import resolve
from costcalc.grid.axes import Axis, of_values
from costcalc.grid.bounded import Array, slabs
from costcalc.grid.number import cells
from costcalc.grid.splitting import Indexes, Split, parts
from costcalc.metrics import COUNTED, Accounting, cost_of, has_bytes, measured
from costcalc.records import NamedTuple
from costcalc.spec.document import Document

CHUNK = 2**20
"""Settings that are unfolded together, which bounds the memory that a sweep needs."""

PLANNED = 2**10
"""The same where a planner gives addresses at each setting."""

T = TypeVar("T")


class Chunk(NamedTuple):
    """Costs of settings that follow one another in the order of the grid's rows."""

    start: int
    """The number of rows before the first of them."""
    slices: tuple[slice, ...]
    """The part of each axis that they cover."""
    costs: Mapping[str, Array]
    """By metric."""
    is_valid: Array
    """False at settings where the network does not exist; their costs are 0."""
    refusals: tuple[RefusedSettings, ...]
    evaluations: int
    """How often the network was unfolded for them."""

    def __getattr__(self, name: str) -> Any:
        """A cost by its name: ``chunk.mult_adds``."""
        return cost_of(self.costs, name)


class RefusedSettings(NamedTuple):
    """Settings at which the network does not exist, and why the first of them fails."""

    settings: int
    first: Mapping[str, Any]
    error: SpecError


class Grid:
    """A network over a grid of settings."""

    def __init__(
        self,
        document: Document,
        accounting: Accounting,
        settings: Mapping[str, Any],
        axes: tuple[Axis, ...],
        metrics: tuple[str, ...] = COUNTED,
    ) -> None:
        """Checks every value that a parameter takes.

        Args:
            document: the network.
            accounting: how its costs are measured.
            settings: parameters with a fixed value.
            axes: parameters that vary; the last one fastest.
            metrics: the costs.

        Raises:
            SpecError: the network has no such parameter, or it cannot take a value; or a
                file states its own bytes, which are those of one setting alone.
        """
        self.document = document
        self.accounting = accounting
        self.metrics = metrics
        self.settings = settings
        self.axes = axes
        self.numerators = [of_values(axis.values if axis.is_numeric else ()) for axis in axes]
        for indexes, result in self._evaluated(self._whole(), self._resolved):
            if isinstance(result, SpecError):
                raise self._error(indexes, self._resolved)
        self._check_printed()
        is_file = document.schedule is not None or document.is_file_resized
        if is_file and accounting.storage is None and has_bytes(metrics):
            # Imported here: most sweeps are of counts.
            from costcalc.storing.network import refuse_other_settings

            refuse_other_settings(document.titled({}))

    @property
    def shape(self) -> tuple[int, ...]:
        """How many values each axis takes."""
        return tuple(len(axis.values) for axis in self.axes)

    @property
    def is_planned(self) -> bool:
        """Whether a planner gives addresses, which it does one setting after another."""
        return "peak_bytes" in self.metrics and self.accounting.has_addresses

    def chunks(self) -> Iterator[Chunk]:
        """The costs of all settings, a chunk at a time.

        Raises:
            ConventionError: the convention does not define some layer.
        """
        start = 0
        for slices in slabs(self.shape, PLANNED if self.is_planned else CHUNK):
            chunk = self._chunk(start, slices)
            start += len(chunk.is_valid)
            yield chunk

    def at(self, indexes: tuple[int, ...]) -> dict[str, Any]:
        """The settings at an index along each axis."""
        values = zip(self.axes, indexes, strict=True)
        return {**self.settings, **{axis.name: axis.values[index] for axis, index in values}}

    def _chunk(self, start: int, slices: tuple[slice, ...]) -> Chunk:
        shape = tuple(part.stop - part.start for part in slices)
        costs = {name: numpy.zeros(shape, numpy.int64) for name in self.metrics}
        is_valid = numpy.ones(shape, bool)
        refusals, evaluations = [], 0
        offsets = tuple(numpy.arange(part.start, part.stop) for part in slices)
        for indexes, result in self._evaluated(offsets, self._costs):
            evaluations += 1
            inside = tuple(index - part.start for index, part in zip(indexes, slices, strict=True))
            where = numpy.ix_(*inside) if shape else ()
            size = tuple(len(index) for index in inside)
            if isinstance(result, SpecError):
                is_valid[where] = False
                first = self.at(tuple(int(index[0]) for index in indexes))
                error = self._error(indexes, self._costs)
                refusals.append(RefusedSettings(int(numpy.prod(size)), first, error))
                continue
            for name, cost in result.items():
                costs[name] = _placed(costs[name], where, cells(cost, size), size == shape)
        flat = {name: array.ravel() for name, array in costs.items()}
        return Chunk(start, slices, flat, is_valid.ravel(), tuple(refusals), evaluations)

    def _costs(self, settings: Mapping[str, Any]) -> Mapping[str, Any]:
        return measured(expand(self.document, settings), self.accounting, self.metrics)

    def _resolved(self, settings: Mapping[str, Any]) -> None:
        problems = Problems()
        resolve(self.document, settings, problems)
        problems.raise_any()

    def _check_printed(self) -> None:
        """Checks the shapes that the paper prints, if the grid includes the default settings.

        The probability that a block runs is not a parameter, and changes no shape.

        Raises:
            SpecError: a printed shape contradicts the spec.
        """
        resolved = resolve(self.document, {}, Problems())
        taken = {name: (value,) for name, value in self.settings.items()}
        taken.update((axis.name, axis.values) for axis in self.axes)
        known = resolved.values
        if all(known[name] in values for name, values in taken.items() if name in known):
            expand(self.document, {})

    def _whole(self) -> Indexes:
        return tuple(numpy.arange(n) for n in self.shape)

    def _evaluated(
        self, indexes: Indexes, evaluate: Callable[[Mapping[str, Any]], T]
    ) -> Iterator[tuple[Indexes, T | SpecError]]:
        """The results of ``evaluate`` for parts of a grid within which all decisions agree."""
        waiting = [indexes]
        for number, axis in enumerate(self.axes):
            if not axis.is_numeric or axis.name in self.document.sized_by:
                waiting = [
                    (*part[:number], one.reshape(1), *part[number + 1 :])
                    for part in waiting
                    for one in part[number]
                ]
        while waiting:
            part = waiting.pop()
            try:
                yield part, evaluate(self._numbers(part))
            except Split as split:
                cut = list(parts(part, split.answers))
                if len(cut) < 2:
                    raise AssertionError("a grid was cut where nothing differs") from split
                waiting += cut
            except SpecError as error:
                yield part, error

    def _numbers(self, indexes: Indexes) -> dict[str, Any]:
        """The settings of a part: grid numbers if they vary, plain values if not."""
        values = dict(self.settings)
        for number, (axis, chosen) in enumerate(zip(self.axes, indexes, strict=True)):
            if len(chosen) == 1:
                values[axis.name] = axis.values[int(chosen[0])]
                continue
            numbers = self.numerators[number]
            varying = numbers._replace(array=numbers.array[chosen])
            values[axis.name] = varying.along(number, len(self.axes))
        return values

    def _error(self, indexes: Indexes, evaluate: Callable[[Mapping[str, Any]], Any]) -> SpecError:
        """The error of a part's first setting, evaluated by itself."""
        first = self.at(tuple(int(index[0]) for index in indexes))
        try:
            evaluate(first)
        except SpecError as error:
            return error
        raise AssertionError("a setting fails in a grid but not alone")


def _placed(result: Array, where: Any, part: Array, is_all: bool) -> Array:
    """The cells of the result, with those of a part filled in."""
    if is_all:
        return part
    if part.dtype == object and result.dtype != object:
        result = result.astype(object)
    result[where] = part
    return result
