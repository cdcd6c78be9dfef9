"""Shapes that a layer holds as numbers, as what they are of the shape that arrives."""

from __future__ import annotations

from typing import Any

from costcalc.kinds.base import Shape
from costcalc.writing.step import Formula

_MAP = 3
"""Axes of a map: channels, rows and columns."""


def relative(shape: Shape, input: Shape) -> tuple[Any, ...]:
    """The shape of a reshape in words that hold at every resolution, or in numbers.

    Channels in groups, groups as channels again, and a map as a list of its
    positions: what an architecture means where a traced model holds sizes.
    """
    channels, *sides = input
    if len(input) == _MAP and len(shape) > 1:
        groups, *rest = shape
        if [*rest[1:]] == sides and groups * rest[0] == channels:
            each = Formula(f"in / {groups}")
            return groups, each, Formula("in_height"), Formula("in_width")
        if len(rest) == 1 and groups == channels:
            return Formula("in"), -1
    if len(input) == _MAP + 1 and len(shape) == _MAP and [*shape[1:]] == sides[1:]:
        return Formula("in * in_height"), Formula("in_width"), -1
    return shape


def holds_sizes(values: Any) -> bool:
    """Whether a list is of several sizes that are numbers."""
    if isinstance(values, int):
        return True
    return isinstance(values, tuple) and (
        sum(isinstance(value, int) and value not in (1, -1) for value in values) > 1
    )
