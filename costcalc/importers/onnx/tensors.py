"""What is known of a tensor before anything runs, and of an operation that reads some."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from costcalc.errors import Refusal
from costcalc.formulas.algebra import product
from costcalc.importers.builder import dims_text
from costcalc.importers.model import Shape
from costcalc.importers.onnx.numbers import Number
from costcalc.records import NamedTuple

SCALED = ("QuantizeLinear", "DequantizeLinear")
"""Operators whose inputs but the first are scales and zero points: stored, and no params."""


class TensorInfo(NamedTuple):
    """A tensor: its shape as ONNX has it, and its numbers where they are few."""

    shape: Shape
    batch: int | None = None
    """The axis along which the images of a batch lie, None where they are mixed into others."""
    values: tuple[Number, ...] | None = None
    """The numbers in order, the last axis fastest, where they do not depend on the input."""
    is_static: bool = False
    """Whether it is the same for every input."""
    roots: tuple[str, ...] = ()
    """The stored tensors that it was computed from, where it is static."""

    @property
    def dims(self) -> Shape:
        """The shape for one image; a single number is a vector of one."""
        if self.batch is None:
            return self.shape or (1,)
        return self.shape[: self.batch] + self.shape[self.batch + 1 :] or (1,)


class OnnxNode(NamedTuple):
    """A node of the graph, functions written out."""

    name: str
    operator: str
    """``Conv``; where its domain is not ONNX's own, ``com.microsoft.FusedConv``."""
    version: int
    """Of the operator set that it is an operator of."""
    inputs: tuple[str, ...]
    """Tensors by their names, empty for one that is left out."""
    outputs: tuple[str, ...]
    attributes: Mapping[str, Any]
    metadata: tuple[tuple[str, str], ...] = ()

    @property
    def origin(self) -> str:
        """What it is in the file, for messages."""
        return f"node '{self.name or self.outputs[0]}' ({self.operator})"


def positive_axis(axis: Number, rank: int) -> int:
    """An axis counted from the front.

    Raises:
        Refusal: there is no such axis.
    """
    if not -rank <= axis < max(rank, 1):
        raise Refusal(f"has no axis {axis}", expected=f"one of {rank} axes")
    return int(axis) + rank if axis < 0 else int(axis)


def positive_axes(axes: Sequence[Number], rank: int) -> Shape:
    """Axes counted from the front, in ascending order.

    Raises:
        Refusal: there is no such axis, or one stands twice.
    """
    found = sorted(positive_axis(axis, rank) for axis in axes)
    if len({*found}) < len(found):
        raise Refusal("names an axis twice", found=", ".join(map(str, axes)))
    return tuple(found)


def broadcast(shapes: Sequence[Shape]) -> Shape:
    """The shape in which tensors meet: the larger side along every axis, from the last one.

    Raises:
        Refusal: two sides differ and neither is 1.
    """
    rank = max(len(shape) for shape in shapes)
    result = [1] * rank
    for shape in shapes:
        for axis, side in enumerate(shape, rank - len(shape)):
            if result[axis] == 1:
                result[axis] = side
            elif side not in (1, result[axis]):
                raise Refusal(
                    "reads shapes that do not fit together",
                    expected="equal sides, or sides of 1",
                    found=" and ".join(dims_text(shape) for shape in shapes),
                )
    return tuple(result)


def broadcast_batch(inputs: Sequence[TensorInfo], shape: Shape, images: int) -> int | None:
    """The axis of the batch where tensors meet in a shape; None where they have none in common."""
    for known in inputs:
        if known.batch is not None:
            axis = known.batch + len(shape) - len(known.shape)
            if 0 <= axis < len(shape) and shape[axis] == images:
                return axis
    return None


def batch_after_reshape(known: TensorInfo, shape: Shape, images: int) -> int | None:
    """The axis of the batch once a tensor's elements are given another shape."""
    if known.batch is None:
        return None
    before = product(known.shape[: known.batch])
    ahead = 1
    for axis, side in enumerate(shape):
        if side == images and ahead == before:
            return axis
        ahead *= side
    return None


def elements(shape: Shape) -> int:
    """How many numbers a tensor has."""
    return math.prod(shape)
