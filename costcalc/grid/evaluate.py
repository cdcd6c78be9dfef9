"""The costs of every setting of a grid: the report's own stages, a grid at a time.

The grid is taken in chunks, in the order of its rows.  A chunk is unfolded with
grid numbers for its parameters.  If a decision differs within a chunk, the chunk is
cut, so that settings with the same structure are counted together.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from copy import copy
from functools import cached_property
from math import prod
from typing import Any, TypeVar

import numpy

from costcalc.errors import Problems, SpecError
from costcalc.graph.expand import expand
from costcalc.graph.parameters import resolve
from costcalc.grid.axes import Axis, of_values
from costcalc.grid.bounded import Array, Block, numbered
from costcalc.grid.number import cells
from costcalc.grid.parts import varied_by
from costcalc.grid.splitting import Indexes, Split, parts
from costcalc.metrics import COUNTED, Accounting, cost_of, has_bytes, measured
from costcalc.records import NamedTuple
from costcalc.spec.document import Document

CHUNK = 2**20
"""Settings that are unfolded together, which bounds the memory that a sweep needs."""

PLANNED = 2**10
"""The same where a planner gives addresses at each setting."""

UNFOLDED = 2**10
"""The same where each setting is unfolded by itself, which takes seconds."""

TRIED = 2**8
"""Settings that show how many are unfolded by themselves, in a grid of more than :data:`FEW`."""

FEW = 2**12
"""Settings few enough to be unfolded together without trying."""

PARTS = 2**14
"""Parts of a grid from which on they grow instead, as each is handed out by one process."""

CHECKED = 2**24
"""Settings of parameters that a default depends on are checked up to this one beforehand."""

T = TypeVar("T")


class Chunk(NamedTuple):
    """Costs of settings that follow one another in the order of the grid's rows."""

    start: int
    """The number of rows before the first of them."""
    slices: Block
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


class Tabulated(NamedTuple):
    """Results at all settings of a part of a grid, an axis each."""

    arrays: dict[Any, Array]
    is_valid: Array
    """False at settings where the network does not exist; results are 0 there."""
    refusals: tuple[RefusedSettings, ...]
    evaluations: int


class Grid:
    """A network over a grid of settings.

    Attributes:
        axes: the parameters that vary.
        places: for each of them the dimension of arrays that it varies along, one of its own
            unless several vary together.
    """

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
        self.places = tuple(range(len(axes)))
        self.numerators = [of_values(axis.values if axis.is_numeric else ()) for axis in axes]
        first = self.at((0,) * len(axes))
        for together in self._derived():
            part = self.over(together, first)
            for start, slices in numbered(part.shape, CHUNK):
                if start > CHECKED:
                    break  # those that are wrong from here on are settings without a row
                for refusal in part.tabulated(self._resolved, slices).refusals:
                    raise refusal.error
        self._check_printed()
        is_file = document.schedule is not None or document.is_file_resized
        if is_file and accounting.storage is None and has_bytes(metrics):
            # Imported here: most sweeps are of counts.
            from costcalc.storing.network import refuse_other_settings

            refuse_other_settings(document.titled({}))

    @property
    def shape(self) -> tuple[int, ...]:
        """How many settings there are along each dimension."""
        sizes = [1] * (max(self.places, default=-1) + 1)
        for axis, place in zip(self.axes, self.places, strict=True):
            sizes[place] = max(sizes[place], len(axis.values))
        return tuple(sizes)

    @property
    def is_planned(self) -> bool:
        """Whether a planner gives addresses, which it does one setting after another."""
        return "peak_bytes" in self.metrics and self.accounting.has_addresses

    def blocks(self) -> Iterator[tuple[int, Block]]:
        """The parts that are unfolded together, each with the number of rows before it."""
        return numbered(self.shape, self.together)

    @cached_property
    def together(self) -> int:
        """Settings that are unfolded together: the fewer, the more often the grid is cut."""
        settings = prod(self.shape)
        if self.is_planned:
            cells = PLANNED
        elif settings <= FEW:
            cells = CHUNK
        else:
            start, slices = next(numbered(self.shape, TRIED))
            tried = self.chunk(start, slices)
            cells = max(1, UNFOLDED * len(tried.is_valid) // tried.evaluations)
        return min(CHUNK, max(cells, settings // PARTS))

    def chunks(self) -> Iterator[Chunk]:
        """The costs of all settings, a chunk at a time.

        Raises:
            ConventionError: the convention does not define some layer.
        """
        for start, slices in self.blocks():
            yield self.chunk(start, slices)

    def chunk(self, start: int, slices: Block) -> Chunk:
        """The costs of one of :meth:`blocks`; raises as :meth:`chunks` does."""
        done = self.tabulated(self._costs, slices, self.metrics)
        flat = {name: done.arrays[name].ravel() for name in self.metrics}
        return Chunk(start, slices, flat, done.is_valid.ravel(), done.refusals, done.evaluations)

    def at(self, indexes: Sequence[int]) -> dict[str, Any]:
        """The settings at an index along each axis."""
        values = {
            axis.name: axis.values[min(indexes[place], len(axis.values) - 1)]
            for axis, place in zip(self.axes, self.places, strict=True)
        }
        return {**self.settings, **values}

    def over(
        self,
        axes: tuple[int, ...],
        others: Mapping[str, Any],
        places: tuple[int, ...] | None = None,
    ) -> Grid:
        """The grid of some of its axes, with fixed values of the others.

        Args:
            axes: which they are.
            others: the values of the others.
            places: the dimension of each axis, if some vary together; the one with fewer
                values stays at its last.
        """
        part = copy(self)
        vars(part).pop("together", None)
        part.places = places if places is not None else tuple(range(len(axes)))
        part.axes = tuple(self.axes[axis] for axis in axes)
        part.numerators = [self.numerators[axis] for axis in axes]
        part.settings = {**self.settings, **others}
        return part

    def tabulated(
        self,
        evaluate: Callable[[Mapping[str, Any]], Mapping[Any, Any]],
        slices: tuple[slice, ...] | None = None,
        keys: Iterable[Hashable] = (),
    ) -> Tabulated:
        """What ``evaluate`` gives at all settings of a part of the grid, as arrays.

        Args:
            evaluate: takes settings, some of them numbers of a grid.
            slices: the part of each axis; None for all of them.
            keys: of the results, if no setting may exist; a result that lacks at some
                settings is 0 there.
        """
        slices = slices if slices is not None else tuple(slice(0, n) for n in self.shape)
        shape = tuple(part.stop - part.start for part in slices)
        arrays: dict[Any, Array] = {key: numpy.zeros(shape, numpy.int64) for key in keys}
        is_valid = numpy.ones(shape, bool)
        refusals, evaluations = [], 0
        offsets = tuple(numpy.arange(part.start, part.stop) for part in slices)
        for indexes, result in self._evaluated(offsets, evaluate):
            evaluations += 1
            inside = tuple(index - part.start for index, part in zip(indexes, slices, strict=True))
            where = numpy.ix_(*inside) if shape else ()
            size = tuple(len(index) for index in inside)
            if isinstance(result, SpecError):
                is_valid[where] = False
                first = [int(index[0]) for index in indexes]
                refusals.append(self.refusal(first, int(numpy.prod(size)), evaluate))
                continue
            for key, value in result.items():
                array = arrays.get(key)
                if array is None:
                    array = numpy.zeros(shape, numpy.int64)
                arrays[key] = _placed(array, where, cells(value, size), size == shape)
        return Tabulated(arrays, is_valid, tuple(refusals), evaluations)

    def _costs(self, settings: Mapping[str, Any]) -> Mapping[str, Any]:
        return measured(expand(self.document, settings), self.accounting, self.metrics)

    def _derived(self) -> list[tuple[int, ...]]:
        """Axes whose values are valid or not together, as a default depends on several."""
        groups = [{number} for number in range(len(self.axes))]
        known = {*self.settings, *(axis.name for axis in self.axes)}
        for parameter in self.document.parameters.values():
            default = parameter.default if parameter.name not in known else None
            names = default.names if default is not None else frozenset()
            read = self.axes_of(names | {parameter.name})
            joined = set(read).union(*(group for group in groups if not group.isdisjoint(read)))
            groups = [group for group in groups if group.isdisjoint(read)] + [joined]
        return [tuple(sorted(group)) for group in groups]

    def axes_of(self, names: Iterable[str]) -> frozenset[int]:
        """The axes of the parameters that some names depend on."""
        numbers = {axis.name: number for number, axis in enumerate(self.axes)}
        return frozenset(numbers[name] for name in varied_by(self.document, names, numbers))

    def defaults(self) -> tuple[int, ...]:
        """For each axis the index of the parameter's default, or 0 if it is not a value."""
        values = resolve(self.document, self.settings, Problems()).values
        return tuple(
            axis.values.index(values[axis.name]) if values.get(axis.name) in axis.values else 0
            for axis in self.axes
        )

    def lengths(self, axes: Iterable[int]) -> dict[int, int]:
        """How many values some axes have, in their order."""
        return {axis: len(self.axes[axis].values) for axis in sorted(axes)}

    def cells(self, axes: Iterable[int]) -> int:
        """The combinations of the values of some axes."""
        return prod(self.lengths(axes).values())

    def is_cut(self, axis: int) -> bool:
        """Whether a network is unfolded for each value of an axis by itself."""
        one = self.axes[axis]
        return not one.is_numeric or one.name in self.document.sized_by

    def _resolved(self, settings: Mapping[str, Any]) -> Mapping[Hashable, Any]:
        problems = Problems()
        resolve(self.document, settings, problems)
        problems.raise_any()
        return {}

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

    def _evaluated(
        self, indexes: Indexes, evaluate: Callable[[Mapping[str, Any]], T]
    ) -> Iterator[tuple[Indexes, T | SpecError]]:
        """The results of ``evaluate`` for parts of a grid within which all decisions agree."""
        waiting = [indexes]
        for place in sorted({self.places[at] for at in range(len(self.axes)) if self.is_cut(at)}):
            waiting = [
                (*part[:place], one.reshape(1), *part[place + 1 :])
                for part in waiting
                for one in part[place]
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
        rows = zip(self.axes, self.places, self.numerators, strict=True)
        for axis, place, numbers in rows:
            chosen = numpy.minimum(indexes[place], len(axis.values) - 1)
            if chosen[0] == chosen[-1]:
                values[axis.name] = axis.values[int(chosen[0])]
                continue
            varying = numbers._replace(array=numbers.array[chosen])
            values[axis.name] = varying.along(place, len(indexes))
        return values

    def refusal(
        self,
        first: Sequence[int],
        settings: int,
        evaluate: Callable[[Mapping[str, Any]], Any] | None = None,
    ) -> RefusedSettings:
        """Settings at which the network does not exist.

        Args:
            first: the index of the first of them along each axis.
            settings: how many they are.
            evaluate: what fails there, by default the costs.
        """
        values = self.at(first)
        try:
            (evaluate or self._costs)(values)
        except SpecError as error:
            # Its traceback would keep the whole network, once for each part of the grid.
            return RefusedSettings(settings, values, type(error)(error.problems))
        raise AssertionError("a setting fails in a grid but not alone")


def _placed(result: Array, where: Any, part: Array, is_all: bool) -> Array:
    """The cells of the result, with those of a part filled in."""
    if is_all:
        return part
    if part.dtype == object and result.dtype != object:
        result = result.astype(object)
    result[where] = part
    return result
