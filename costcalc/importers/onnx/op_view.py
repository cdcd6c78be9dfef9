"""The attributes and inputs of a node, each read as what it must be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from costcalc.errors import Refusal
from costcalc.importers.model import Shape
from costcalc.importers.onnx.numbers import Number
from costcalc.importers.onnx.tensors import OnnxNode, TensorInfo, positive_axis
from costcalc.kinds.windows import slide
from costcalc.records import NamedTuple
from costcalc.spec import limits

Pads = tuple[tuple[int, int], ...]
"""Places before and after each axis."""


class Window(NamedTuple):
    """A window over the axes behind the channels."""

    kernel: Shape
    strides: Shape
    pads: Pads | None
    """None where they keep one position for every stride begun."""
    dilations: Shape
    is_ceil: bool = False

    def over(self, axes: Shape) -> Shape:
        """How many positions there are.

        Raises:
            Refusal: along some axis there are none.
        """
        pads = "same" if self.pads is None else self.pads
        return slide(axes, self.kernel, self.strides, pads, self.dilations, self.is_ceil)

    def sizes(self) -> dict[str, Any]:
        """The window as operations of :mod:`costcalc.importers.emit` take it."""
        return {
            "kernel": self.kernel,
            "stride": self.strides,
            "padding": "same" if self.pads is None else self.pads,
            "dilation": self.dilations,
        }


class OpView:
    """A node of the graph, its attributes and inputs read as what they must be."""

    def __init__(self, node: OnnxNode, tensors: Mapping[str, TensorInfo], images: int) -> None:
        self.node = node
        self.tensors = tensors
        self.images = images
        """Images in a batch."""

    def has(self, index: int) -> bool:
        """Whether there is such an input."""
        inputs = self.node.inputs
        return index < len(inputs) and inputs[index] != ""

    def input(self, index: int) -> TensorInfo:
        """What is known of an input.

        Raises:
            Refusal: there is none.
        """
        if not self.has(index):
            raise Refusal(
                "reads too few tensors",
                expected=f"at least {index + 1}",
                found=f"{len(self.node.inputs)}",
            )
        return self.tensors[self.node.inputs[index]]

    def inputs(self) -> list[TensorInfo]:
        """All inputs that are there.

        Raises:
            Refusal: there are none.
        """
        found = [self.tensors[name] for name in self.node.inputs if name]
        return found or [self.input(0)]

    def shape(self, index: int = 0) -> Shape:
        """The shape of an input."""
        return self.input(index).shape

    def attribute(self, name: str, default: Any = None) -> Any:
        """An attribute's value."""
        return self.node.attributes.get(name, default)

    def whole(self, name: str, default: int) -> int:
        """A whole number that an attribute gives.

        Raises:
            Refusal: it is none, or beyond any size.
        """
        value = self.attribute(name, default)
        if not isinstance(value, int) or not -limits.SIZE <= value <= limits.SIZE:
            raise _wrong_attribute(name, "a whole number", value)
        return value

    def word(self, name: str, default: str) -> str:
        """A word that an attribute gives.

        Raises:
            Refusal: it is none.
        """
        value = self.attribute(name, default.encode())
        if not isinstance(value, bytes):
            raise _wrong_attribute(name, "a word", value)
        return value.decode("utf-8", "backslashreplace")

    def sizes(self, name: str, rank: int, default: int | None, lowest: int = 1) -> Shape:
        """As many sizes as there are axes, from an attribute.

        Raises:
            Refusal: it gives others, or none and has no default.
        """
        value = self.attribute(name)
        if default is not None and value in (None, ()):
            return (default,) * rank
        if not isinstance(value, tuple) or len(value) != rank:
            raise _wrong_attribute(name, f"{rank} whole numbers", value)
        for size in value:
            if not isinstance(size, int) or not lowest <= size <= limits.SIZE:
                raise _wrong_attribute(name, f"sizes from {lowest} to {limits.SIZE:,}", value)
        return value

    def listed(self, name: str) -> tuple[Number, ...] | None:
        """Numbers that an attribute gives, None where there is none.

        Raises:
            Refusal: it gives something else.
        """
        value = self.attribute(name)
        if value is None or isinstance(value, tuple):
            return value
        raise _wrong_attribute(name, "a list of numbers", value)

    def numbers(self, index: int) -> tuple[Number, ...] | None:
        """The numbers of an input, None where there is no such input.

        Raises:
            Refusal: they depend on what the network reads.
        """
        if not self.has(index):
            return None
        known = self.input(index)
        if known.values is None:
            raise Refusal(
                f"its input '{self.node.inputs[index]}' decides a shape, "
                "and cannot be computed without running the network",
                expected="a constant, or arithmetic on shapes",
            )
        return known.values

    def wholes(self, name: str, index: int) -> Shape | None:
        """Whole numbers that an attribute gives, or an input as newer versions have it.

        Raises:
            Refusal: they are others, or depend on what the network reads.
        """
        value = self.attribute(name)
        if isinstance(value, int):
            value = (value,)
        if value is None:
            value = self.numbers(index)
        if value is None:
            return None
        if not isinstance(value, tuple) or not all(isinstance(each, int) for each in value):
            raise _wrong_attribute(name, "whole numbers", value)
        return tuple(int(each) for each in value)

    def image_batch(self, known: TensorInfo) -> int | None:
        """The batch's axis in what comes of a tensor whose first axis is one of images."""
        is_first = known.batch == 0 or (self.images == 1 and known.shape[0] == 1)
        return 0 if is_first else None

    def axis(self, default: int, rank: int | None = None) -> int:
        """The axis that the operation speaks of, counted from the front.

        Raises:
            Refusal: there is no such axis.
        """
        count = len(self.shape()) if rank is None else rank
        return positive_axis(self.whole("axis", default), count)

    def window(self, kernel: Shape) -> Window:
        """The window of a node, its kernel known.

        Raises:
            Refusal: its attributes do not fit the kernel.
        """
        rank = len(kernel)
        return Window(
            kernel,
            self.sizes("strides", rank, 1),
            self.pads(rank),
            self.sizes("dilations", rank, 1),
            bool(self.whole("ceil_mode", 0)),
        )

    def pads(self, rank: int) -> Pads | None:
        """The pads of so many axes, None where they are chosen by the strides.

        Raises:
            Refusal: they are others.
        """
        auto = self.word("auto_pad", "NOTSET")
        if auto in ("SAME_UPPER", "SAME_LOWER"):
            return None
        if auto not in ("NOTSET", "VALID"):
            raise Refusal(
                "has an 'auto_pad' that ONNX does not have",
                expected="NOTSET, VALID, SAME_UPPER or SAME_LOWER",
                found=auto,
            )
        both = 2 * rank
        pads = self.sizes("pads", both, 0, lowest=0) if auto == "NOTSET" else (0,) * both
        return tuple(zip(pads[:rank], pads[rank:], strict=True))


def _wrong_attribute(name: str, expected: str, value: Any) -> Refusal:
    shown = str(value)
    return Refusal(
        f"has an attribute '{name}' that it cannot have",
        expected,
        shown if len(shown) < 100 else f"{shown[:100]}...",
    )
