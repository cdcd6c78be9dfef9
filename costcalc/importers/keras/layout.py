"""Keras' order of axes and costcalc's: channels last, or first as everywhere in costcalc.

A model whose layers are ``channels_last`` has its tensors turned by one: Keras'
(H, W, C) is (C, H, W) here, and (T, C) is (C, T).  The order within a reshape
or a flattening differs then, which no count depends on.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from costcalc.importers.builder import axis_without_batch
from costcalc.records import NamedTuple

Side = TypeVar("Side")


class Layout(NamedTuple):
    """Where a tensor's axes stand; shapes are without the batch."""

    is_channels_last: bool

    def turned(self, sides: Sequence[Side]) -> tuple[Side, ...]:
        """Keras' order to costcalc's."""
        return (*sides[-1:], *sides[:-1]) if self.is_channels_last else tuple(sides)

    def back(self, sides: Sequence[Side]) -> tuple[Side, ...]:
        """Costcalc's order to Keras'."""
        return (*sides[1:], *sides[:1]) if self.is_channels_last else tuple(sides)

    def axis(self, axis: int, rank: int) -> int:
        """The axis that Keras counts from the batch at 0, or from the end below zero.

        Raises:
            Refusal: it is the batch, or there is none such.
        """
        place = axis_without_batch(axis, rank)
        return (place + 1) % rank if self.is_channels_last else place

    def channels(self, rank: int) -> int:
        """The axis of the channels of a layer of this data format."""
        return 0 if self.is_channels_last else self.axis(1, rank)

    def last(self, rank: int) -> int:
        """The axis that Keras has last."""
        return self.axis(-1, rank)

    def permutation(self, places: Sequence[int]) -> tuple[int, ...]:
        """The axes of a transpose, from the places of Keras' axes counted from 0."""
        rank = len(places)
        return self.turned([self.axis(place + 1, rank) for place in places])

    def to(self, other: Layout, rank: int) -> tuple[int, ...]:
        """The axes of the transpose to another layout."""
        return other.turned(self.back(tuple(range(rank))))


PLAIN = Layout(is_channels_last=False)
"""The layout in which costcalc's axes are Keras'."""
