"""The order of axes in Keras and in costcalc, which is always channels first.

A tensor of a ``channels_last`` model has its last axis moved to the front: Keras'
(H, W, C) is (C, H, W) here, and (T, C) is (C, T).  Elements within a reshape or a
flatten are then in another order, which affects no count.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from costcalc.importers.builder import axis_without_batch
from costcalc.records import NamedTuple

T = TypeVar("T")


class Layout(NamedTuple):
    """A data format; shapes are without the batch."""

    is_channels_last: bool

    def from_keras(self, values: Sequence[T]) -> tuple[T, ...]:
        """One value per axis, from Keras' order to costcalc's."""
        return (*values[-1:], *values[:-1]) if self.is_channels_last else tuple(values)

    def to_keras(self, values: Sequence[T]) -> tuple[T, ...]:
        """One value per axis, from costcalc's order to Keras'."""
        return (*values[1:], *values[:1]) if self.is_channels_last else tuple(values)

    def axis(self, axis: int, rank: int) -> int:
        """An axis of Keras, where 0 is the batch and negative numbers count from the end.

        Raises:
            Refusal: it is the batch, or out of range.
        """
        place = axis_without_batch(axis, rank)
        return (place + 1) % rank if self.is_channels_last else place

    def last(self, rank: int) -> int:
        """The axis that is last in Keras."""
        return self.axis(-1, rank)

    def permutation(self, places: Sequence[int]) -> tuple[int, ...]:
        """The axes of a transpose, given in Keras' order and counted from 0."""
        rank = len(places)
        return self.from_keras([self.axis(place + 1, rank) for place in places])

    def permutation_to(self, other: Layout, rank: int) -> tuple[int, ...]:
        """The axes of the transpose to another layout."""
        return other.from_keras(self.to_keras(tuple(range(rank))))


KERAS_ORDER = Layout(is_channels_last=False)
"""The layout in which costcalc's axes are in Keras' order."""
