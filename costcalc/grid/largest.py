"""The largest of many sums that vary over a grid, setting by setting.

The bytes alive in each step of a network are a few products of a width and a map.  Most
steps can never be the largest: another one has, map by map, wider tensors throughout.  So
terms are sorted by all that varies along every axis but one, and compared along that one;
only what is left is computed cell by cell.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy

from costcalc.grid.bounded import Array, BoundedArray, bounded, fits, slabs

Term: TypeAlias = tuple[int, tuple[BoundedArray, ...]]
"""A coefficient, and factors no two of which vary along one axis."""

_Key: TypeAlias = tuple[bytes, ...]
"""The contents of the factors that do not vary along the chosen axis."""

_Sum: TypeAlias = "Mapping[_Key, Array]"
"""For the product of some factors, what it is multiplied by, along the chosen axis."""

CACHED = 2**15
"""Settings that are compared together, so that the arrays stay in cache."""


def largest(sums: Sequence[Sequence[Term]]) -> Sequence[Term] | BoundedArray | None:
    """The largest of some sums, setting by setting.

    Returns:
        One of the sums if it is the largest throughout, else an array; None if a sum has
        a factor below zero, or might not fit in 64 bits.
    """
    sums = [[_positive(*term) for term in terms] for terms in sums]
    factors = [factor for terms in sums for _, parts in terms for factor in parts]
    reach = max(sum(abs(count) * _product(parts) for count, parts in terms) for terms in sums)
    if not fits(-reach, reach) or any(
        factor.low < 0 or factor.array.dtype == object for factor in factors
    ):
        return None
    axis = _widest_axis(factors)
    rest: dict[_Key, tuple[BoundedArray, ...]] = {}
    split = [_split(terms, axis, rest) for terms in sums]
    kept = _undominated(split)
    if len(kept) == 1:
        return sums[kept[0]]
    return bounded(_cells(_joined([split[index] for index in kept]), rest))


def _positive(count: int, factors: tuple[BoundedArray, ...]) -> Term:
    """The same term, with the signs of factors below zero in its coefficient."""
    is_below = [factor.low < 0 and factor.high <= 0 for factor in factors]
    signs = [-1 if below else 1 for below in is_below]
    turned = tuple(factor.scaled(sign) for factor, sign in zip(factors, signs, strict=True))
    return count * (-1) ** sum(is_below), turned


def _product(factors: Sequence[BoundedArray]) -> int:
    result = 1
    for factor in factors:
        result *= max(1, factor.high)
    return result


def _widest_axis(factors: Sequence[BoundedArray]) -> int:
    """The axis along which the most different factors vary, as widths do."""
    distinct: dict[int, set[int]] = {}
    for factor in factors:
        if len(factor.axes) == 1:
            (axis,) = factor.axes
            distinct.setdefault(axis, set()).add(id(factor.array))
    return max(distinct, key=lambda axis: len(distinct[axis]), default=0)


def _split(
    terms: Sequence[Term], axis: int, rest: dict[_Key, tuple[BoundedArray, ...]]
) -> dict[_Key, Array]:
    """A sum by the factors that do not vary along an axis alone, which are noted in ``rest``."""
    parts: dict[_Key, Array] = {}
    for count, factors in terms:
        along = numpy.array(count)
        others = []
        for factor in factors:
            if factor.axes == {axis}:
                along = along * factor.array
            else:
                others.append(factor)
        key = tuple(factor.array.tobytes() for factor in others)
        rest.setdefault(key, tuple(others))
        parts[key] = parts[key] + along if key in parts else along
    return parts


def _undominated(sums: Sequence[_Sum]) -> list[int]:
    """The sums that no other one is as large as throughout, as indexes."""
    kept: list[int] = []
    # The largest come first, so that those they dominate are dropped at once.
    order = sorted(
        range(len(sums)), key=lambda index: -sum(int(part.max()) for part in sums[index].values())
    )
    for index in order:
        if not any(_dominates(sums[other], sums[index]) for other in kept):
            kept = [other for other in kept if not _dominates(sums[index], sums[other])]
            kept.append(index)
    return kept


def _dominates(a: _Sum, b: _Sum) -> bool:
    """Whether a sum is, part by part, as large as another throughout."""
    nothing = numpy.array(0)
    return all(
        bool((a.get(key, nothing) >= b.get(key, nothing)).all()) for key in a.keys() | b.keys()
    )


def _joined(sums: Sequence[_Sum]) -> list[_Sum]:
    """The sums, those of a single part with the same other factors as one."""
    single: dict[_Key, Array] = {}
    joined: list[_Sum] = []
    for parts in sums:
        if len(parts) == 1:
            ((key, along),) = parts.items()
            single[key] = numpy.maximum(single[key], along) if key in single else along
        else:
            joined.append(parts)
    return [*({key: along} for key, along in single.items()), *joined]


def _cells(sums: Sequence[_Sum], rest: Mapping[_Key, tuple[BoundedArray, ...]]) -> Array:
    """The largest of the sums, cell by cell."""
    shape = numpy.broadcast_shapes(
        *(along.shape for parts in sums for along in parts.values()),
        *(factor.array.shape for parts in sums for key in parts for factor in rest[key]),
    )
    result: Array = numpy.empty(shape, numpy.int64)
    for block in slabs(shape, CACHED):
        target = result[block]
        for number, parts in enumerate(sums):
            value: Any = 0
            for key, along in parts.items():
                product: Any = along[_within(block, along)] if along.ndim else along
                for factor in rest[key]:
                    product = product * factor.array[_within(block, factor.array)]
                value = value + product
            if number:
                numpy.maximum(target, value, out=target)
            else:
                target[...] = value
    return result


def _within(block: tuple[slice, ...], array: Array) -> tuple[slice, ...]:
    """The part of an array that a block needs: all of it along the axes it does not vary on."""
    return tuple(
        part if size > 1 else slice(None) for part, size in zip(block, array.shape, strict=True)
    )
