"""Where an operation becomes layers: what it reads as they are made, and what it gives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from costcalc.importers.model import Sides
from costcalc.importers.onnx.call import Call
from costcalc.importers.onnx.known import Known, NodeProblem, Operation, elements, text
from costcalc.records import NamedTuple

if TYPE_CHECKING:
    from costcalc.importers.onnx.lowering import Lowering

Owned = Sequence[tuple[str, int, int]]
"""Params of a layer: the event that counts them, the input that holds them, how many."""


class Image(NamedTuple):
    """What a layer of maps reads: channels first."""

    layer: int
    several: bool
    """Whether an axis behind the channels is one of images, which no batch holds any more."""


class Site(Call):
    """An operation with its inputs known, and the layers that are being made."""

    __slots__ = ("lowering",)

    def __init__(self, operation: Operation, lowering: Lowering) -> None:
        super().__init__(operation, lowering.tensors, lowering.images)
        self.lowering = lowering

    def output(self, index: int = 0) -> Known:
        """What is known of an output."""
        return self.tensors[self.operation.outputs[index]]

    def source(self, index: int, dims: Sides | None = None) -> int:
        """The layer that gives an input, in its own shape or another of as many elements."""
        self.input(index)
        return self.lowering.source(self.operation.inputs[index], dims, self.operation)

    def is_learned(self, index: int) -> bool:
        """Whether an input is the same for every input of the network, and was learned."""
        return self.has(index) and self.lowering.is_learned(self.operation.inputs[index])

    def is_stored(self, index: int) -> bool:
        """Whether an input comes of a stored tensor of several numbers that may be learned."""
        return self.has(index) and self.lowering.is_stored(self.operation.inputs[index])

    def number(self, index: int) -> int | float | None:
        """The one number that an input is, None where it is more, or learned."""
        if not self.has(index):
            return None
        known = self.input(index)
        if elements(known.shape) != 1 or known.values is None or self.is_learned(index):
            return None
        return known.values[0]

    def configuration(self, *indexes: int) -> None:
        """Inputs that are stored with the model and are no params of it."""
        for index in indexes:
            if self.has(index):
                self.lowering.ignored.update(self.input(index).roots)

    def unread(self, index: int) -> None:
        """An output that nothing can be made of.

        Raises:
            NodeProblem: something reads it.
        """
        if index < len(self.operation.outputs) and self.lowering.is_read(
            self.operation.outputs[index]
        ):
            raise NodeProblem(f"gives more than costcalc has a layer for: output {index + 1}")

    def layer(
        self,
        kind: str,
        arguments: Mapping[str, Any],
        sources: Sequence[int],
        dims: Sides,
        owned: Owned = (),
    ) -> int:
        """A layer of the operation, which gives a shape."""
        for _, index, _ in owned:
            self.input(index)
        tensors = [(event, self.operation.inputs[index], count) for event, index, count in owned]
        return self.lowering.layer(self.operation, kind, arguments, sources, dims, tensors)

    def give(self, layer: int, index: int = 0) -> None:
        """The layer gives an output.

        Raises:
            NodeProblem: their elements are not as many.
        """
        dims = self.output(index).dims
        self.lowering.made[self.operation.outputs[index]] = self.shaped(layer, dims)

    def shaped(self, layer: int, dims: Sides) -> int:
        """A layer's output in another shape of as many elements."""
        return self.lowering.shaped(layer, dims, self.operation)

    def alias(self, index: int = 0, output: int = 0) -> None:
        """An output that is an input, in its own shape."""
        self.give(self.source(index), output)

    def simple(
        self,
        kind: str,
        arguments: Mapping[str, Any] | None = None,
        owned: Owned = (),
        sources: Sequence[int] | None = None,
    ) -> None:
        """One layer that gives the first output."""
        read = (self.source(0),) if sources is None else sources
        self.give(self.layer(kind, arguments or {}, read, self.output().dims, owned))

    def image(self, index: int) -> Image:
        """An input as a map of channels, its images outside of it or behind the channels."""
        known = self.input(index)
        if self.image_batch(known) == 0:
            return Image(self.source(index, known.shape[1:]), False)
        count, channels, *axes = known.shape
        source = self.source(index, known.shape)
        order = (1, 0, *range(2, len(known.shape)))
        dims = (channels, count, *axes)
        return Image(self.layer("transpose", {"axes": order}, (source,), dims), True)

    def give_image(
        self, kind: str, arguments: Mapping[str, Any], image: Image, owned: Owned = ()
    ) -> None:
        """A layer of maps that gives the first output."""
        shape = self.output().shape
        if not image.several:
            self.give(self.layer(kind, arguments, (image.layer,), shape[1:], owned))
            return
        count, channels, *axes = shape
        dims = (channels, count, *axes)
        layer = self.layer(kind, arguments, (image.layer,), dims, owned)
        order = (1, 0, *range(2, len(shape)))
        self.give(self.layer("transpose", {"axes": order}, (layer,), shape))

    def meeting(self, indexes: Sequence[int] | None = None) -> list[int]:
        """Inputs in as many axes as the first output has, so that they meet there."""
        out = self.output()
        chosen = range(len(self.operation.inputs)) if indexes is None else indexes
        return [self.source(index, self.met(index, out)) for index in chosen if self.has(index)]

    def met(self, index: int, out: Known) -> Sides:
        """An input's shape among the axes of an output."""
        known = self.input(index)
        shape = (1,) * (len(out.shape) - len(known.shape)) + known.shape
        if out.batch is None:
            return shape or (1,)
        if shape[out.batch] not in (1, self.images):
            raise NodeProblem("mixes the images of a batch", found=text(known.shape))
        return shape[: out.batch] + shape[out.batch + 1 :] or (1,)

    def along(self, index: int, axes: Sequence[int]) -> tuple[int, Sides, list[int]]:
        """An input to work on along some axes: the layer, its shape, and the axes in it."""
        known = self.input(index)
        if known.batch is None or known.batch in axes:
            return self.source(index, known.shape or (1,)), known.shape or (1,), list(axes)
        return (
            self.source(index),
            known.dims,
            [axis - (axis > known.batch) for axis in axes],
        )
