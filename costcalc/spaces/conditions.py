"""A condition over the networks of a space, as cases of what may be chosen and cost.

    condition --choices of the parameters that it names--> regions of costs

Parameters in the condition are tried out; settings that leave the same question about the costs
are answered together.  If a condition does more than bound sums of costs, a small space is
listed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import chain, product
from math import prod
from typing import Any, TypeAlias

import numpy

from costcalc.advice import advice, option
from costcalc.errors import refuse
from costcalc.grid.bounded import Array
from costcalc.grid.evaluate import Chunk
from costcalc.grid.regions import Form, Inseparable, Range, Region
from costcalc.grid.select import Condition
from costcalc.grid.tables import CostTables, Existence
from costcalc.spaces.distribution import LISTED, is_peak, reach
from costcalc.spaces.idle import distinct
from costcalc.spaces.stages import SpacePart

TRIED = 2**16
"""Settings of the parameters in a condition that are tried out."""

Choices: TypeAlias = "Mapping[int, tuple[int, ...]]"
"""Some values of each axis, by their indexes; of axes that are left out, all."""


def cases(
    tables: CostTables, condition: Condition | None, known: Mapping[str, Any]
) -> Iterator[tuple[Choices, Sequence[Region]]]:
    """A condition as disjoint cases: choices, and regions of costs.

    Args:
        tables: the space.
        condition: None for all networks.
        known: the values of parameters that do not vary.

    Raises:
        Inseparable: it does more than bound sums of costs.
        SpecError: a name has no meaning, or the condition compares what cannot be compared, or
            divides by zero.
    """
    if condition is None:
        yield {}, [{}]
        return
    first = {axis.name: axis.values[0] for axis in tables.axes}
    condition.check({**first, **known}, tables.metrics)
    names = condition.parsed.names - {*tables.metrics}
    axes = [axis for axis, one in enumerate(tables.axes) if one.name in names]
    shape = [len(tables.axes[axis].values) for axis in axes]
    if prod(shape) > TRIED:
        raise Inseparable(f"names parameters with {prod(shape):,} settings")

    @cache
    def reached(form: Form) -> tuple[int, int]:
        return reach(tables, form)

    labels = numpy.zeros(shape, numpy.int64)
    # Equal sets of regions are one question.  Its regions keep their order, as sets have none
    # that is the same in every process.
    numbers: dict[Any, int] = {}
    questions: dict[Any, list[Region]] = {}
    for index in product(*map(range, shape)):
        values = {
            tables.axes[axis].name: tables.axes[axis].values[at]
            for axis, at in zip(axes, index, strict=True)
        }
        regions = condition.regions({**known, **values}, tables.metrics, reached)
        key = frozenset(frozenset(region.items()) for region in regions)
        questions.setdefault(key, regions)
        labels[index] = numbers.setdefault(key, len(numbers))
    for key, regions in questions.items():
        if regions:
            for box in boxes(labels == numbers[key]):
                yield dict(zip(axes, box, strict=True)), regions


def boxes(wanted: Array) -> Iterator[tuple[tuple[int, ...], ...]]:
    """The cells of an array that are true as boxes: for each axis, some indexes."""
    if not wanted.any():
        return
    if not wanted.ndim:
        yield ()
        return
    rows = wanted.reshape(len(wanted), -1)
    kinds, labels = numpy.unique(rows, axis=0, return_inverse=True)
    labels = labels.reshape(-1)
    for kind, row in enumerate(kinds):
        own = tuple(numpy.flatnonzero(labels == kind).tolist())
        for inner in boxes(row.reshape(wanted.shape[1:])):
            yield (own, *inner)


def parts_of(
    tables: CostTables, condition: Condition | None, known: Mapping[str, Any] | None
) -> Iterator[SpacePart]:
    """A condition as disjoint parts of a space.

    Args and errors are those of :func:`cases`.
    """
    for choices, regions in cases(tables, condition, known or {}):
        for region in regions:
            sums = {form: ends for form, ends in region.items() if not is_peak(form)}
            peaks = [_within(tables, form, region[form]) for form in region if is_peak(form)]
            for allowed in product(*peaks):
                yield SpacePart(choices, sums, tuple(chain.from_iterable(allowed)))


def _within(tables: CostTables, form: Form, ends: Range) -> list[list[Existence]]:
    """Where a peak is in a range, as cases that exclude one another.

    All parts are at most the upper end.  At least one part reaches the lower end; the cases
    differ in which part is the first that does.
    """
    ((name, _),) = form
    (least, most), (low, high) = reach(tables, form), ends
    axes = [table.axes for table in tables.tables]
    peaks = [table.costs[name] for table in tables.tables]
    ceilings = [Existence(*one) for one in zip(axes, (peak <= high for peak in peaks), strict=True)]
    ceilings = ceilings if high < most else []
    if low <= least:
        return [ceilings]
    below = [Existence(*one) for one in zip(axes, (peak < low for peak in peaks), strict=True)]
    return [
        [*ceilings, *below[:at], Existence(axes[at], peak >= low)] for at, peak in enumerate(peaks)
    ]


def listed(
    tables: CostTables, condition: Condition | None, known: Mapping[str, Any], error: Exception
) -> Iterator[tuple[Chunk, Array]]:
    """All networks, a chunk at a time, and which of them satisfy a condition.

    Args:
        tables: the space.
        condition: which of them are wanted; None for all.
        known: the values of parameters that do not vary.
        error: why they have to be listed.

    Raises:
        SpecError: there are too many.
    """
    grid, settings = tables.grid, tables.size
    if settings > LISTED or grid is None:
        message = advice("the space {}", str(error))
        expected = f"{LISTED:,} settings at most, which are listed"
        if condition is not None and isinstance(error, Inseparable):
            message = advice("{} '{}' {}", option("where"), condition.text, str(error))
            expected = f"costs added, times numbers, and compared with numbers; or {expected}"
        refuse(
            None,
            message,
            expected=expected,
            found=f"{settings:,} settings",
        )
    for chunk in tables.chunks():
        holds = condition.holds(grid, chunk, known) if condition else chunk.is_valid.copy()
        shape = [part.stop - part.start for part in chunk.slices]
        for own in distinct(grid):
            exists = own.exists[tuple(chunk.slices[axis] for axis in own.axes)]
            wide = [n if axis in own.axes else 1 for axis, n in enumerate(shape)]
            holds &= numpy.broadcast_to(exists.reshape(wide), shape).ravel()
        yield chunk, holds
