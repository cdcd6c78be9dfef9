"""Where in memory a tensor's elements are, so that writes into others are told apart."""

from __future__ import annotations

from math import gcd
from typing import Any, NamedTuple

import torch


class Extent(NamedTuple):
    """Elements in a storage: from the first to the last, in multiples of a step; in bytes."""

    first: int
    last: int
    step: int
    """The greatest common divisor of the strides; 0 for a single element."""
    size: int
    """The size of an element."""

    def may_overlap(self, other: Extent) -> bool:
        """Whether two tensors of a storage may have an element in common.

        >>> Extent(0, 80, 8, 4).may_overlap(Extent(4, 84, 8, 4))
        False
        >>> Extent(0, 16, 4, 4).may_overlap(Extent(16, 32, 4, 4))
        True
        """
        if self.first >= other.last + other.size or other.first >= self.last + self.size:
            return False
        step = gcd(self.step, other.step)
        return self.size != other.size or not step or (self.first - other.first) % step == 0


def extent(tensor: torch.Tensor) -> Extent:
    """The places of a tensor's elements; everything if it is not strided."""
    size = tensor.element_size()
    if tensor.layout is not torch.strided:
        return Extent(0, 1 << 62, 1, size)
    axes = [axis for axis, side in enumerate(tensor.shape) if side > 1]
    strides = [tensor.stride(axis) for axis in axes]
    last = sum((tensor.shape[axis] - 1) * tensor.stride(axis) for axis in axes)
    first = tensor.storage_offset()
    return Extent(first * size, (first + last) * size, gcd(*strides) * size, size)


def storage_of(tensor: torch.Tensor) -> int:
    """Which memory a tensor is in."""
    try:
        return int(tensor.untyped_storage()._cdata)
    except NotImplementedError:
        return -id(tensor)


def place_of(tensor: torch.Tensor) -> tuple[Any, ...]:
    """Which elements of which storage a tensor has; tensors of one place have the same."""
    if tensor.layout is not torch.strided:
        return (id(tensor),)
    layout = tensor.storage_offset(), tuple(tensor.shape), tensor.stride(), tensor.dtype
    return (storage_of(tensor), *layout)


def version_of(tensor: torch.Tensor) -> int:
    """The number of times a tensor, or the one it is a view of, was written into."""
    return 0 if tensor.is_inference() else tensor._version
