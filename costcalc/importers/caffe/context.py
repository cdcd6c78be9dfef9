"""One layer of a network, as the rules that add its layers see it."""

from __future__ import annotations

from collections.abc import Callable, Collection

from costcalc.errors import Refusal
from costcalc.importers.builder import ModelBuilder, OpContext, Operand, axis_without_batch
from costcalc.importers.caffe.fields import Fields
from costcalc.importers.caffe.network import CaffeLayer
from costcalc.importers.model import Shape
from costcalc.spec import limits

Result = Operand | tuple[Operand, ...]
Rule = Callable[["CaffeContext"], Result]
"""Adds the nodes of a layer and returns its tops."""


class CaffeContext(OpContext):
    """A layer: its inputs and parameters, and methods to add its nodes."""

    def __init__(
        self, layer: CaffeLayer, path: str, inputs: tuple[Operand, ...], builder: ModelBuilder
    ) -> None:
        super().__init__(builder, path, layer.origin, class_name=layer.type)
        self.layer = layer
        self.inputs = inputs

    def param(self, name: str, allowed: Collection[str] = ()) -> Fields:
        """The message of parameters of that name; it may have any field if ``allowed`` is empty."""
        return self.layer.fields.message(name, allowed)

    @property
    def input(self) -> Operand:
        """The first input.

        Raises:
            Refusal: there is none.
        """
        return self.reads(1)[0]

    @property
    def shape(self) -> Shape:
        """The shape of the first input."""
        return self.input.shape

    def reads(self, least: int, most: int | None = None) -> tuple[Operand, ...]:
        """The inputs.

        Raises:
            Refusal: they are fewer than ``least`` or more than ``most``.
        """
        count = len(self.inputs)
        if count < least or (most is not None and count > most):
            expected = f"{least}" if most in (None, least) else f"{least} to {most}"
            raise Refusal(f"it reads {count} blobs", expected)
        return self.inputs

    def axis(self, value: int, tensor: Operand | None = None) -> int:
        """An axis of Caffe, where 0 is the batch, as costcalc's.

        Raises:
            Refusal: it is the batch, or out of range.
        """
        return axis_without_batch(value, (tensor or self.input).rank)

    def param_axis(self, param: Fields, default: int = 1, name: str = "axis") -> int:
        """The axis of the first input that a parameter names, as costcalc's.

        Raises:
            Refusal: it is the batch, or out of range.
        """
        return self.axis(raw_axis(param, default, name))


def raw_axis(param: Fields, default: int = 1, name: str = "axis") -> int:
    """A parameter that names an axis, as Caffe counts it: negative numbers from the end."""
    return param.whole(name, default, -limits.AXES - 1)
