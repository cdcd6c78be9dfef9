"""One layer of a network, as the functions see it that add its nodes."""

from __future__ import annotations

from collections.abc import Callable, Collection

from costcalc.errors import Refusal
from costcalc.importers.builder import ModelBuilder, OpContext, Operand, axis_without_batch
from costcalc.importers.caffe.fields import Fields
from costcalc.importers.caffe.network import CaffeLayer
from costcalc.importers.model import Shape

Result = Operand | tuple[Operand, ...]
Rule = Callable[["CaffeContext"], Result]
"""Adds the nodes of a layer, and gives its tops."""


class CaffeContext(OpContext):
    """A layer: what it reads, and a way to add its nodes."""

    def __init__(
        self, layer: CaffeLayer, path: str, inputs: tuple[Operand, ...], builder: ModelBuilder
    ) -> None:
        super().__init__(builder, path, layer.origin, class_name=layer.type)
        self.layer = layer
        self.inputs = inputs

    def param(self, name: str, known: Collection[str] = ()) -> Fields:
        """The message of the layer's parameters; ``known`` are the fields that it may have."""
        return self.layer.fields.message(name, known)

    @property
    def input(self) -> Operand:
        """The tensor that it reads, the first of several.

        Raises:
            Refusal: it reads none.
        """
        return self.reads(1)[0]

    @property
    def shape(self) -> Shape:
        """The shape of its input."""
        return self.input.shape

    def reads(self, least: int, most: int | None = None) -> tuple[Operand, ...]:
        """The tensors that it reads, as many as it must.

        Raises:
            Refusal: they are too few or too many.
        """
        count = len(self.inputs)
        if count < least or (most is not None and count > most):
            expected = f"{least}" if most in (None, least) else f"{least} to {most}"
            raise Refusal(f"it reads {count} blobs", expected)
        return self.inputs

    def axis(self, value: int, tensor: Operand | None = None) -> int:
        """Caffe's axis, which counts the batch, as costcalc's.

        Raises:
            Refusal: it is the batch, or there is none such.
        """
        return axis_without_batch(value, (tensor or self.input).rank)
