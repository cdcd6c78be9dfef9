"""Decisions that differ across a grid, and the parts within which they agree.

The code that unfolds a network asks plain questions of its sizes: is this width
above zero, does this block have a shortcut, how often does it repeat?  Where
the answer differs from one setting to the next, asking raises :class:`Split`;
the sweep then cuts the grid where the answer changes and unfolds each part.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy

from costcalc.grid.bounded import Array

Indexes = tuple[Array, ...]
"""A part of a grid: its indexes along each axis."""


class Split(Exception):
    """A decision that differs across the grid.

    Attributes:
        answers: a number for each answer, along the axes on which they vary.
    """

    def __init__(self, answers: Array) -> None:
        super().__init__("the settings of this grid differ here")
        _, labels = numpy.unique(answers, return_inverse=True)
        self.answers = labels.reshape(answers.shape)


class Mask:
    """A condition that holds in some settings and not in others."""

    __slots__ = ("array",)

    def __init__(self, array: Array) -> None:
        self.array = array

    def __bool__(self) -> bool:
        raise Split(self.array)


def decided(array: Array) -> Any:
    """A condition as a boolean if all settings agree, else as a mask."""
    if array.all():
        return True
    return Mask(array) if array.any() else False


def parts(indexes: Indexes, answers: Array) -> Iterator[Indexes]:
    """Cuts a part of a grid into parts within which all answers agree.

    Values along an axis with the same answers throughout stay together, so that a
    question about one axis cuts the grid into as many parts as it has answers.
    """
    axis = next((axis for axis, size in enumerate(answers.shape) if size > 1), None)
    if axis is None:
        yield indexes
        return
    rows = numpy.moveaxis(answers, axis, 0).reshape(answers.shape[axis], -1)
    _, labels = numpy.unique(rows, axis=0, return_inverse=True)
    labels = labels.reshape(-1)
    for label in range(int(labels.max()) + 1):
        (chosen,) = numpy.nonzero(labels == label)
        inner = (*indexes[:axis], indexes[axis][chosen], *indexes[axis + 1 :])
        yield from parts(inner, numpy.take(answers, chosen[:1], axis=axis))
