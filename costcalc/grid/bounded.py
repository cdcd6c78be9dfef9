"""Arrays of whole numbers with their bounds, so that nothing overflows silently.

An array varies along some axes of a grid and has length 1 along the others, so
that NumPy broadcasts it.  Its bounds are Python integers.  If a result might not
fit in 64 bits, the array becomes one of Python integers: slower, but just as exact.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import product
from math import prod
from typing import Any, TypeAlias

import numpy

from costcalc.records import NamedTuple

Array: TypeAlias = "numpy.ndarray[Any, numpy.dtype[Any]]"

Block: TypeAlias = tuple[slice, ...]
"""A part of a grid: its indexes along each axis."""

CACHED = 2**15
"""Settings that are computed together: 256 KiB an array, which stays in cache."""

_LIMIT = 2**63


class BoundedArray(NamedTuple):
    """Whole numbers along some axes of a grid, none below ``low`` or above ``high``."""

    array: Array
    low: int
    high: int

    @property
    def axes(self) -> frozenset[int]:
        """The axes that the numbers vary along."""
        return _axes(self.array.shape)

    def times(self, other: BoundedArray) -> BoundedArray:
        """The product, along the axes of either."""
        low, high = product_bounds((self.low, self.high), (other.low, other.high))
        a, b = _wide_enough(low, high, self.array, other.array)
        return BoundedArray(a * b, low, high)

    def plus(self, times: int, other: BoundedArray, other_times: int) -> BoundedArray:
        """``times * self + other_times * other``."""
        a, b = self.scaled(times), other.scaled(other_times)
        low, high = a.low + b.low, a.high + b.high
        left, right = _wide_enough(low, high, a.array, b.array)
        return BoundedArray(left + right, low, high)

    def scaled(self, times: int) -> BoundedArray:
        """``times * self``."""
        if times == 1:
            return self
        low, high = sorted((times * self.low, times * self.high))
        (array,) = _wide_enough(min(low, times), max(high, times), self.array)
        return BoundedArray(array * times, low, high)

    def shifted(self, by: int) -> BoundedArray:
        """``self + by``."""
        low, high = self.low + by, self.high + by
        (array,) = _wide_enough(min(low, by), max(high, by), self.array)
        return BoundedArray(array + by, low, high)


@lru_cache
def _axes(shape: tuple[int, ...]) -> frozenset[int]:
    return frozenset(axis for axis, size in enumerate(shape) if size > 1)


def bounded(array: Array) -> BoundedArray:
    """An array with its actual bounds, in 64 bits if they suffice."""
    low, high = (int(array.min()), int(array.max())) if array.size else (0, 0)
    if array.dtype == object and fits(low, high):
        array = array.astype(numpy.int64)
    return BoundedArray(array, low, high)


def fits(low: int, high: int) -> bool:
    """Whether numbers within these bounds fit in 64 bits."""
    return low > -_LIMIT and high < _LIMIT


def slabs(shape: tuple[int, ...], cells: int) -> Iterator[Block]:
    """Cuts a grid into pieces of about ``cells`` settings, in the order of its rows."""
    inner, whole = 1, len(shape)
    while whole and inner * shape[whole - 1] <= cells:
        whole -= 1
        inner *= shape[whole]
    rest = tuple(slice(0, n) for n in shape[whole:])
    if not whole:
        yield rest
        return
    length, step = shape[whole - 1], max(1, cells // inner)
    for lead in product(*(range(n) for n in shape[: whole - 1])):
        before = tuple(slice(i, i + 1) for i in lead)
        for start in range(0, length, step):
            yield (*before, slice(start, min(start + step, length)), *rest)


def numbered(shape: tuple[int, ...], cells: int) -> Iterator[tuple[int, Block]]:
    """The pieces of :func:`slabs`, each with the number of rows before it."""
    start = 0
    for block in slabs(shape, cells):
        yield start, block
        start += prod(part.stop - part.start for part in block)


def within(block: Block, array: Array) -> Block:
    """The part of an array that a block needs: all of it along the axes it does not vary on."""
    return tuple(
        part if size > 1 else slice(None) for part, size in zip(block, array.shape, strict=True)
    )


def product_bounds(a: tuple[int, int], b: tuple[int, int]) -> tuple[int, int]:
    """The bounds of a product whose factors have bounds ``a`` and ``b``."""
    corners = [x * y for x in a for y in b]
    return min(corners), max(corners)


def _wide_enough(low: int, high: int, *arrays: Array) -> tuple[Array, ...]:
    """The arrays, as Python integers if results within the bounds need more than 64 bits."""
    if fits(low, high):
        return arrays
    return tuple(array.astype(object) for array in arrays)


def along(array: Array, axes: Sequence[int], order: Sequence[int]) -> Array:
    """An array of some axes with a dimension for each of more, of length 1 for the others.

    Args:
        array: its last dimensions are those of the axes.
        axes: which they are.
        order: all axes, in the order of the result's last dimensions.
    """
    first = array.ndim - len(axes)
    places = sorted(range(len(axes)), key=lambda at: order.index(axes[at]))
    sizes = {axes[at]: array.shape[first + at] for at in places}
    turned = array.transpose(*range(first), *(first + at for at in places))
    return turned.reshape((*array.shape[:first], *(sizes.get(axis, 1) for axis in order)))
