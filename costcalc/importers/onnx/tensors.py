"""The nodes of a graph, and what is known of its tensors before anything runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from typing import Any

from costcalc.errors import Refusal
from costcalc.importers.builder import dims_text
from costcalc.importers.model import Shape
from costcalc.importers.onnx.numbers import Number
from costcalc.records import NamedTuple

SCALED = ("QuantizeLinear", "DequantizeLinear")
"""Operators whose inputs after the first are scales and zero points, which are not params."""


STATE = "State#"
"""An operator that no file has: its input as what a graph that runs several times starts from."""


def read_names(operator: str, inputs: Sequence[str]) -> Sequence[str]:
    """The inputs of a node of which more matters than their type: all but CastLike's second."""
    return inputs[:1] if operator == "CastLike" else inputs


class TensorInfo(NamedTuple):
    """A tensor: its shape as ONNX has it, and its values if they are few."""

    shape: Shape
    batch: int | None = None
    """The axis of the batch; None if there is none, or the images are mixed into other axes."""
    values: tuple[Number, ...] | None = None
    """The values in row-major order, if known and independent of the network's input."""
    is_static: bool = False
    """Whether it does not depend on the network's input."""
    roots: tuple[str, ...] = ()
    """The initializers it was computed from, if it is static."""
    is_input: bool = False
    """Whether it is an input of the network."""

    @property
    def image_shape(self) -> Shape:
        """The shape for one image; a scalar becomes a vector of one element."""
        if self.batch is None:
            return self.shape or (1,)
        return self.shape[: self.batch] + self.shape[self.batch + 1 :] or (1,)


class Tensors(dict[str, TensorInfo]):
    """What is known of each tensor, by name."""

    def __missing__(self, name: str) -> TensorInfo:
        """Refuse a name that is no tensor's, such as a sequence's.

        Raises:
            Refusal: always.
        """
        raise Refusal(f"reads '{name}', which is not a tensor", expected="a tensor")


class OnnxNode(NamedTuple):
    """A node of the graph, functions inlined."""

    name: str
    operator: str
    """``Conv``; with its domain if that is not ONNX's own, ``com.microsoft.FusedConv``."""
    version: int
    """The version of the operator's set."""
    inputs: tuple[str, ...]
    """The names of tensors; empty for an input that is left out."""
    outputs: tuple[str, ...]
    attributes: Mapping[str, Any]
    metadata: tuple[tuple[str, str], ...] = ()

    @property
    def shown_name(self) -> str:
        """Its name; that of its first output if it has none."""
        return self.name or self.outputs[0]

    @property
    def origin(self) -> str:
        """The node for messages: ``node 'Conv_3' (Conv)``."""
        return f"node '{self.shown_name}' ({self.operator})"


def positive_axis(axis: Number, rank: int) -> int:
    """An axis counted from the front.

    Raises:
        Refusal: there is no such axis.
    """
    if not -rank <= axis < rank:
        raise Refusal(f"has no axis {axis}", expected=f"one of {rank} axes")
    return int(axis) + rank if axis < 0 else int(axis)


def positive_axes(axes: Sequence[Number], rank: int) -> Shape:
    """Axes counted from the front, in ascending order.

    Raises:
        Refusal: there is no such axis, or one is repeated.
    """
    positive = sorted(positive_axis(axis, rank) for axis in axes)
    if len({*positive}) < len(positive):
        raise Refusal("names an axis twice", found=", ".join(map(str, axes)))
    return tuple(positive)


def broadcast(shapes: Sequence[Shape]) -> Shape:
    """The shape that tensors broadcast to: the larger dimension along each axis, from the last.

    Raises:
        Refusal: two dimensions differ and neither is 1.
    """
    rank = max(len(shape) for shape in shapes)
    result = [1] * rank
    for shape in shapes:
        for axis, size in enumerate(shape, rank - len(shape)):
            if result[axis] == 1:
                result[axis] = size
            elif size not in (1, result[axis]):
                raise Refusal(
                    "reads shapes that do not fit together",
                    expected="equal dimensions, or dimensions of 1",
                    found=" and ".join(dims_text(shape) for shape in shapes),
                )
    return tuple(result)


def broadcast_batch(inputs: Sequence[TensorInfo], shape: Shape, images: int) -> int | None:
    """The batch axis of tensors broadcast to a shape; None if none of them has one there."""
    for info in inputs:
        if info.batch is not None:
            axis = info.batch + len(shape) - len(info.shape)
            if 0 <= axis < len(shape) and shape[axis] == images:
                return axis
    return None


def batch_after_reshape(info: TensorInfo, shape: Shape, images: int) -> int | None:
    """The batch axis of a reshaped tensor; None if the shape mixes images."""
    if info.batch is None:
        return None
    before = prod(info.shape[: info.batch])
    ahead = 1
    for axis, size in enumerate(shape):
        if size == images and ahead == before:
            return axis
        ahead *= size
    return None
