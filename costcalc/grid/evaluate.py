"""The costs of every setting of a grid: the report's own stages, a grid at a time.

The grid is taken in chunks, in the order of its rows.  A chunk is unfolded with
grid numbers for its parameters.  If a decision differs within a chunk, the chunk is
cut, so that settings with the same structure are counted together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

import numpy

from costcalc.costs.convention import Convention
from costcalc.costs.count import count
from costcalc.errors import Problems, SpecError
from costcalc.graph.expand import expand
from costcalc.graph.parameters import resolve
from costcalc.grid.axes import Axis, of_values
from costcalc.grid.bounded import Array, slabs
from costcalc.grid.number import cells
from costcalc.grid.splitting import Indexes, Split, parts
from costcalc.records import NamedTuple
from costcalc.spec.document import Document

CHUNK = 2**20
"""Settings that are unfolded together, which bounds the memory that a sweep needs."""

T = TypeVar("T")


class Chunk(NamedTuple):
    """Costs of settings that follow one another in the order of the grid's rows."""

    start: int
    """The number of rows before the first of them."""
    slices: tuple[slice, ...]
    """The part of each axis that they cover."""
    params: Array
    mult_adds: Array
    is_valid: Array
    """False at settings where the network does not exist; their costs are 0."""
    refusals: tuple[RefusedSettings, ...]
    evaluations: int
    """How often the network was unfolded for them."""


class RefusedSettings(NamedTuple):
    """Settings at which the network does not exist, and why the first of them fails."""

    settings: int
    first: Mapping[str, Any]
    error: SpecError


class Totals(NamedTuple):
    """A network's total costs, at every setting of a part of a grid."""

    params: Any
    mult_adds: Any


class Grid:
    """A network over a grid of settings."""

    def __init__(
        self,
        document: Document,
        convention: Convention,
        settings: Mapping[str, Any],
        axes: tuple[Axis, ...],
    ) -> None:
        """Checks every value that a parameter takes.

        Args:
            document: the network.
            convention: how its costs are counted.
            settings: parameters with a fixed value.
            axes: parameters that vary; the last one fastest.

        Raises:
            SpecError: the network has no such parameter, or it cannot take a value.
        """
        self.document = document
        self.convention = convention
        self.settings = settings
        self.axes = axes
        self.numerators = [of_values(axis.values if axis.is_numeric else ()) for axis in axes]
        for indexes, result in self._evaluated(self._whole(), self._resolved):
            if isinstance(result, SpecError):
                raise self._error(indexes, self._resolved)
        self._check_printed()

    @property
    def shape(self) -> tuple[int, ...]:
        """How many values each axis takes."""
        return tuple(len(axis.values) for axis in self.axes)

    def chunks(self) -> Iterator[Chunk]:
        """The costs of all settings, a chunk at a time.

        Raises:
            ConventionError: the convention does not define some layer.
        """
        start = 0
        for slices in slabs(self.shape, CHUNK):
            chunk = self._chunk(start, slices)
            start += len(chunk.is_valid)
            yield chunk

    def at(self, indexes: tuple[int, ...]) -> dict[str, Any]:
        """The settings at an index along each axis."""
        values = zip(self.axes, indexes, strict=True)
        return {**self.settings, **{axis.name: axis.values[index] for axis, index in values}}

    def _chunk(self, start: int, slices: tuple[slice, ...]) -> Chunk:
        shape = tuple(part.stop - part.start for part in slices)
        params, mult_adds = numpy.zeros(shape, numpy.int64), numpy.zeros(shape, numpy.int64)
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
            params = _placed(params, where, cells(result.params, size), size == shape)
            mult_adds = _placed(mult_adds, where, cells(result.mult_adds, size), size == shape)
        costs = params.ravel(), mult_adds.ravel(), is_valid.ravel()
        return Chunk(start, slices, *costs, tuple(refusals), evaluations)

    def _costs(self, settings: Mapping[str, Any]) -> Totals:
        costs = count(expand(self.document, settings), self.convention)
        return Totals(
            params=sum(cost.params for cost in costs),
            mult_adds=sum(cost.mult_adds for cost in costs),
        )

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
