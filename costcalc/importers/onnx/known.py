"""What is known of a tensor before anything runs, and of an operation that reads some."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from costcalc.formulas.algebra import product
from costcalc.importers.model import Sides
from costcalc.importers.onnx.numbers import Number
from costcalc.spec import limits


class Known(NamedTuple):
    """A tensor: its shape as ONNX has it, and its numbers where they are few."""

    shape: Sides
    batch: int | None = None
    """The axis along which the images of a batch lie, None where they are mixed into others."""
    values: tuple[Number, ...] | None = None
    """The numbers in order, the last axis fastest, where they do not depend on the input."""
    is_static: bool = False
    """Whether it is the same for every input."""
    is_sized: bool = False
    """Whether it was computed from the shape of another tensor."""

    @property
    def dims(self) -> Sides:
        """The shape for one image; a single number is a vector of one."""
        if self.batch is None:
            return self.shape or (1,)
        return self.shape[: self.batch] + self.shape[self.batch + 1 :] or (1,)


class Operation(NamedTuple):
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


class NodeProblem(Exception):
    """An operation that is wrong; the caller knows which."""

    def __init__(self, message: str, expected: str = "", found: str = "", hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.expected = expected
        self.found = found
        self.hint = hint


class Call:
    """An operation together with what is known of the tensors that it reads."""

    __slots__ = ("images", "operation", "tensors")

    def __init__(self, operation: Operation, tensors: Mapping[str, Known], images: int) -> None:
        self.operation = operation
        self.tensors = tensors
        self.images = images
        """Images in a batch."""

    def has(self, index: int) -> bool:
        """Whether there is such an input."""
        inputs = self.operation.inputs
        return index < len(inputs) and inputs[index] != ""

    def input(self, index: int) -> Known:
        """What is known of an input.

        Raises:
            NodeProblem: there is none.
        """
        if not self.has(index):
            raise NodeProblem(
                "reads too few tensors",
                expected=f"at least {index + 1}",
                found=f"{len(self.operation.inputs)}",
            )
        return self.tensors[self.operation.inputs[index]]

    def inputs(self) -> list[Known]:
        """All inputs that are there.

        Raises:
            NodeProblem: there are none.
        """
        found = [self.tensors[name] for name in self.operation.inputs if name]
        return found or [self.input(0)]

    def shape(self, index: int = 0) -> Sides:
        """The shape of an input."""
        return self.input(index).shape

    def attribute(self, name: str, default: Any = None) -> Any:
        """An attribute's value."""
        return self.operation.attributes.get(name, default)

    def whole(self, name: str, default: int) -> int:
        """A whole number that an attribute gives.

        Raises:
            NodeProblem: it is none, or beyond any size.
        """
        value = self.attribute(name, default)
        if not isinstance(value, int) or not -limits.SIZE <= value <= limits.SIZE:
            raise _no(name, "a whole number", value)
        return value

    def word(self, name: str, default: str) -> str:
        """A word that an attribute gives.

        Raises:
            NodeProblem: it is none.
        """
        value = self.attribute(name, default.encode())
        if not isinstance(value, bytes):
            raise _no(name, "a word", value)
        return value.decode("utf-8", "backslashreplace")

    def sizes(self, name: str, rank: int, default: int, lowest: int = 1) -> Sides:
        """As many sizes as there are axes, from an attribute.

        Raises:
            NodeProblem: it gives others.
        """
        value = self.attribute(name)
        if value is None or value == ():
            return (default,) * rank
        if not isinstance(value, tuple) or len(value) != rank:
            raise _no(name, f"{rank} whole numbers", value)
        for size in value:
            if not isinstance(size, int) or not lowest <= size <= limits.SIZE:
                raise _no(name, f"sizes from {lowest} to {limits.SIZE:,}", value)
        return value

    def numbers(self, index: int) -> tuple[Number, ...] | None:
        """The numbers of an input, None where there is no such input.

        Raises:
            NodeProblem: they depend on what the network reads.
        """
        if not self.has(index):
            return None
        known = self.input(index)
        if known.values is None:
            raise NodeProblem(
                f"its input '{self.operation.inputs[index]}' decides a shape, "
                "and cannot be computed without running the network",
                expected="a constant, or arithmetic on shapes",
            )
        return known.values

    def wholes(self, name: str, index: int) -> Sides | None:
        """Whole numbers that an attribute gives, or an input as newer versions have it.

        Raises:
            NodeProblem: they are others, or depend on what the network reads.
        """
        value = self.attribute(name)
        if isinstance(value, int):
            value = (value,)
        if value is None:
            value = self.numbers(index)
        if value is None:
            return None
        if not isinstance(value, tuple) or not all(isinstance(each, int) for each in value):
            raise _no(name, "whole numbers", value)
        return tuple(int(each) for each in value)

    def axis(self, default: int, rank: int | None = None) -> int:
        """The axis that the operation speaks of, counted from the front.

        Raises:
            NodeProblem: there is no such axis.
        """
        count = len(self.shape()) if rank is None else rank
        return front(self.whole("axis", default), count)


def front(axis: Number, rank: int) -> int:
    """An axis counted from the front.

    Raises:
        NodeProblem: there is no such axis.
    """
    if not -rank <= axis < max(rank, 1):
        raise NodeProblem(f"has no axis {axis}", expected=f"one of {rank} axes")
    return int(axis) + rank if axis < 0 else int(axis)


def fronts(axes: Sequence[Number], rank: int) -> Sides:
    """Axes counted from the front, in ascending order.

    Raises:
        NodeProblem: there is no such axis, or one stands twice.
    """
    found = sorted(front(axis, rank) for axis in axes)
    if len({*found}) < len(found):
        raise NodeProblem("names an axis twice", found=", ".join(map(str, axes)))
    return tuple(found)


def broadcast(shapes: Sequence[Sides]) -> Sides:
    """The shape in which tensors meet: the larger side along every axis, from the last one.

    Raises:
        NodeProblem: two sides differ and neither is 1.
    """
    rank = max(len(shape) for shape in shapes)
    result = [1] * rank
    for shape in shapes:
        for axis, side in enumerate(shape, rank - len(shape)):
            if result[axis] == 1:
                result[axis] = side
            elif side not in (1, result[axis]):
                raise NodeProblem(
                    "reads shapes that do not fit together",
                    expected="equal sides, or sides of 1",
                    found=" and ".join(text(shape) for shape in shapes),
                )
    return tuple(result)


def meeting_batch(inputs: Sequence[Known], shape: Sides, images: int) -> int | None:
    """The axis of the batch where tensors meet in a shape; None where they have none in common."""
    for known in inputs:
        if known.batch is not None:
            axis = known.batch + len(shape) - len(known.shape)
            if 0 <= axis < len(shape) and shape[axis] == images:
                return axis
    return None


def regrouped(known: Known, shape: Sides, images: int) -> int | None:
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


def elements(shape: Sides) -> int:
    """How many numbers a tensor has."""
    return math.prod(shape)


def text(shape: Sides) -> str:
    """A shape for messages.

    >>> text((1, 3, 224, 224))
    '(1, 3, 224, 224)'
    """
    return f"({', '.join(str(side) for side in shape)})"


def _no(name: str, expected: str, value: Any) -> NodeProblem:
    shown = str(value)
    return NodeProblem(
        f"has an attribute '{name}' that it cannot have",
        expected,
        shown if len(shown) < 100 else f"{shown[:100]}...",
    )
