"""The largest of many sums of sizes that vary over a grid, setting by setting.

The bytes alive in each step of a network are a few products of a width and a map.  Most
steps can never be the largest: another one has wider tensors on larger maps.  So terms are
sorted by all that varies along every axis but one, and compared along that one; only what
is left is computed cell by cell.

A size that is rounded up to a multiple is a product, and what that lacks to the multiple.
The latter depends on remainders alone, which fit in a byte, and is added cell by cell; sums
are compared by the most that they can lack.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy

from costcalc.formulas.algebra import product
from costcalc.grid.bounded import (
    CACHED,
    Array,
    Block,
    BoundedArray,
    bounded,
    fits,
    slabs,
    within,
)
from costcalc.records import NamedTuple

Term: TypeAlias = tuple[int, tuple[BoundedArray, ...]]
"""A coefficient, and factors no two of which vary along one axis."""

Terms: TypeAlias = Sequence[Term]
"""A size, which is their sum."""

_Key: TypeAlias = tuple[bytes, ...]
"""The contents of the factors that do not vary along the chosen axis: a map."""

_Parts: TypeAlias = "Mapping[_Key, Array]"
"""For each map, what it is multiplied by, along the chosen axis."""

_RATIO = 16
"""Ratios of maps are rounded down to multiples of ``1 / _RATIO``."""


def largest(sums: Sequence[Sequence[Terms]], multiple: int = 1) -> Terms | BoundedArray | None:
    """The largest of some sums of sizes, setting by setting.

    Args:
        sums: the sizes of each sum.
        multiple: each size is rounded up to a multiple of it before it is added.

    Returns:
        The terms of one of the sums if it is the largest throughout and nothing is rounded,
        else an array; None if a size has a factor below zero, or 64 bits might not suffice.
    """
    sums = [[[_positive(*term) for term in terms] for terms in sizes] for sizes in sums]
    factors = [factor for sizes in sums for terms in sizes for _, part in terms for factor in part]
    reach = _RATIO * max(sum(_reach(terms, multiple) for terms in sizes) for sizes in sums)
    if not fits(-reach, reach) or any(
        factor.low < 0 or factor.array.dtype == object for factor in factors
    ):
        return None
    rounding = _Rounding(_widest_axis(factors), factors[0].array.ndim, multiple)
    added = [rounding.sum_of(sizes) for sizes in sums]
    kept = _undominated(added, rounding)
    if len(kept) == 1 and not added[kept[0]].rounded:
        return [term for terms in sums[kept[0]] for term in terms]
    return bounded(_cells(_joined([added[index] for index in kept]), rounding))


def _positive(count: int, factors: tuple[BoundedArray, ...]) -> Term:
    """The same term, with the signs of factors below zero in its coefficient."""
    # Bounds of a difference are wider than its values.
    factors = tuple(bounded(one.array) if one.low < 0 else one for one in factors)
    is_below = [factor.low < 0 and factor.high <= 0 for factor in factors]
    signs = [-1 if below else 1 for below in is_below]
    turned = tuple(factor.scaled(sign) for factor, sign in zip(factors, signs, strict=True))
    return count * (-1) ** sum(is_below), turned


def _reach(terms: Terms, multiple: int) -> int:
    """A bound of a size rounded up, and of the products of its remainders."""
    most: int = multiple + sum(
        max(abs(count), multiple) * product(max(1, factor.high) for factor in factors)
        for count, factors in terms
    )
    return most


def _widest_axis(factors: Iterable[BoundedArray]) -> int:
    """The axis along which the most different factors vary, as widths do."""
    distinct: dict[int, set[bytes]] = {}
    for factor in factors:
        if len(factor.axes) == 1:
            (axis,) = factor.axes
            distinct.setdefault(axis, set()).add(factor.array.tobytes())
    return max(distinct, key=lambda axis: len(distinct[axis]), default=0)


class _Sum(NamedTuple):
    """Sizes added up."""

    parts: _Parts
    rounded: Mapping[int, int]
    """How often it has each size that lacks something to a multiple, by the size's number."""


class _Rounding:
    """Sizes split along an axis, and those of them that are rounded.

    Attributes:
        factors: the factors of each map.
        sizes: the sizes that are not multiples throughout, each once.
        multiple: what they are rounded up to.
    """

    def __init__(self, axis: int, axes: int, multiple: int) -> None:
        self.factors: dict[_Key, tuple[BoundedArray, ...]] = {}
        self.sizes: list[_Parts] = []
        self.multiple = multiple
        self._axis = axis
        self._one = numpy.ones((1,) * axes, numpy.int64)
        self._numbers: dict[Any, int] = {}

    def sum_of(self, sizes: Iterable[Terms]) -> _Sum:
        """A sum of sizes."""
        parts: dict[_Key, Array] = {}
        rounded = Counter[int]()
        for terms in sizes:
            size = self._split(terms)
            for key, along in size.items():
                parts[key] = parts[key] + along if key in parts else along
            if not self._is_multiple(size):
                rounded[self._number(size)] += 1
        return _Sum(parts, rounded)

    def maps(self) -> Mapping[_Key, Array]:
        """The product of each map's factors."""
        return {key: self._one * _product(factors) for key, factors in self.factors.items()}

    def _split(self, terms: Terms) -> _Parts:
        parts: dict[_Key, Array] = {}
        for count, factors in terms:
            along = self._one * count
            others = []
            for factor in factors:
                if factor.axes == {self._axis}:
                    along = along * factor.array
                else:
                    others.append(factor)
            key = tuple(factor.array.tobytes() for factor in others)
            self.factors.setdefault(key, tuple(others))
            parts[key] = parts[key] + along if key in parts else along
        return parts

    def _is_multiple(self, size: _Parts) -> bool:
        """Whether a size is a multiple throughout, by the common divisors of its factors."""
        return all(
            _divisor(along)
            * product(_divisor(factor.array) for factor in self.factors[key])
            % self.multiple
            == 0
            for key, along in size.items()
        )

    def _number(self, size: _Parts) -> int:
        """The number of a rounded size; equal ones have the same."""
        content = frozenset((key, along.tobytes()) for key, along in size.items())
        if content not in self._numbers:
            self._numbers[content] = len(self.sizes)
            self.sizes.append(size)
        return self._numbers[content]


def _divisor(array: Array) -> int:
    return int(numpy.gcd.reduce(array, axis=None))


def _product(factors: Sequence[BoundedArray]) -> Any:
    return product(factor.array for factor in factors)


def _undominated(sums: Sequence[_Sum], rounding: _Rounding) -> list[int]:
    """The sums that no other one is as large as throughout, as indexes."""
    kept: list[int] = []
    order = _Order(rounding)
    # The largest come first, so that those they dominate are dropped at once.
    for index in sorted(range(len(sums)), key=lambda index: -order.size(sums[index])):
        if not any(order.dominates(sums[other], sums[index]) for other in kept):
            kept = [other for other in kept if not order.dominates(sums[index], sums[other])]
            kept.append(index)
    return kept


class _Order:
    """Compares sums by the widths on each map."""

    def __init__(self, rounding: _Rounding) -> None:
        self._maps = rounding.maps()
        self._largest_first = sorted(self._maps, key=lambda key: -int(self._maps[key].max()))
        self._most_lacking = rounding.multiple - 1
        self._ratios: dict[tuple[_Key, _Key], int] = {}

    def size(self, one: _Sum) -> int:
        """A rough measure of a sum."""
        return sum(
            int(along.max()) * int(self._maps[key].max()) for key, along in one.parts.items()
        )

    def dominates(self, a: _Sum, b: _Sum) -> bool:
        """Whether a sum is surely as large as another throughout.

        What it has more of on a larger map makes up for what it has less of on a smaller one.
        """
        more: Any = numpy.zeros((), numpy.int64)
        before: _Key | None = None
        for key in self._largest_first:
            if key not in a.parts and key not in b.parts:
                continue
            if before is not None:
                more = more * self._ratio(before, key) // _RATIO
            more = more + a.parts.get(key, 0) - b.parts.get(key, 0)
            if more.min() < 0:
                return False
            before = key
        extra = sum(max(0, times - a.rounded.get(size, 0)) for size, times in b.rounded.items())
        least = int(self._maps[before].min()) if before is not None else 0
        return int(more.min()) * least >= extra * self._most_lacking

    def _ratio(self, a: _Key, b: _Key) -> int:
        """The least ratio of two maps, in units of ``1 / _RATIO``."""
        if (a, b) not in self._ratios:
            below = numpy.maximum(self._maps[b], 1)
            self._ratios[a, b] = int((_RATIO * self._maps[a] // below).min())
        return self._ratios[a, b]


def _joined(sums: Sequence[_Sum]) -> list[_Sum]:
    """The sums, those on a single map, and with nothing rounded, as one for each map."""
    single: dict[_Key, Array] = {}
    joined: list[_Sum] = []
    for one in sums:
        if len(one.parts) == 1 and not one.rounded:
            ((key, along),) = one.parts.items()
            single[key] = numpy.maximum(single[key], along) if key in single else along
        else:
            joined.append(one)
    return [*(_Sum({key: along}, {}) for key, along in single.items()), *joined]


def _cells(sums: Sequence[_Sum], rounding: _Rounding) -> Array:
    """The largest of the sums, cell by cell."""
    factors = rounding.factors
    shape = numpy.broadcast_shapes(
        *(along.shape for one in sums for along in one.parts.values()),
        *(factor.array.shape for one in sums for key in one.parts for factor in factors[key]),
    )
    result: Array = numpy.empty(shape, numpy.int64)
    lack = {
        number: _lack(rounding.sizes[number], rounding)
        for number in {number for one in sums for number in one.rounded}
    }
    for block in slabs(shape, CACHED):
        target = result[block]
        lacking = {number: function(block) for number, function in lack.items()}
        for number, one in enumerate(sums):
            value = _added(one.parts, factors, block)
            if one.rounded:
                value = value + _total(lacking, one.rounded, rounding.multiple)
            if number:
                numpy.maximum(target, value, out=target)
            else:
                target[...] = value
    return result


def _added(parts: _Parts, factors: Mapping[_Key, Sequence[BoundedArray]], block: Block) -> Any:
    """A size, or a sum, in a block."""
    value: Any = 0
    for key, along in parts.items():
        part = along[within(block, along)]
        for factor in factors[key]:
            part = part * factor.array[within(block, factor.array)]
        value = value + part
    return value


def _lack(size: _Parts, rounding: _Rounding) -> Callable[[Block], Array]:
    """What a size lacks to a multiple in a block, from the remainders of its factors."""
    multiple = rounding.multiple
    # Bytes wrap at 256, a multiple of every smaller power of two.
    wraps = multiple <= 256 and multiple & (multiple - 1) == 0
    kind = numpy.uint8 if wraps else numpy.int64

    def remainder(array: Array) -> Array:
        return (array % multiple).astype(kind)

    parts = {key: remainder(along) for key, along in size.items()}
    factors = {
        key: [one._replace(array=remainder(one.array)) for one in rounding.factors[key]]
        for key in size
    }

    def lack(block: Block) -> Array:
        value = numpy.negative(_added(parts, factors, block))
        result: Array = value & kind(multiple - 1) if wraps else value % multiple
        return result

    return lack


def _total(lacking: Mapping[int, Array], times: Mapping[int, int], multiple: int) -> Array:
    """What some sizes lack together, in the narrowest integers that hold it."""
    kind = numpy.min_scalar_type((multiple - 1) * sum(times.values()))
    total: Array = numpy.zeros((1,), kind)
    for number, count in times.items():
        total = total + lacking[number].astype(kind, copy=False) * kind.type(count)
    return total
