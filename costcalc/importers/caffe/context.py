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
    """A layer: its inputs and parameters, and methods to add its nodes.

    Caffe's first axis is the batch, which operands do not have; but those of a list of
    boxes, or of what is computed of each, have the list in its place.
    """

    def __init__(
        self,
        layer: CaffeLayer,
        path: str,
        inputs: tuple[Operand, ...],
        builder: ModelBuilder,
        lists: set[int],
    ) -> None:
        super().__init__(builder, path, layer.origin, class_name=layer.type)
        self.layer = layer
        self.inputs = inputs
        self.lists = lists
        """The nodes whose first axis is a list of boxes."""

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

    def as_list(self, tensor: Operand) -> Operand:
        """The tensor, whose first axis is a list of boxes."""
        self.lists.add(tensor.node)
        return tensor

    def is_list(self, tensor: Operand) -> bool:
        """Whether its first axis is a list of boxes."""
        return tensor.node in self.lists

    @property
    def channel_axis(self) -> int:
        """The axis of the first input's channels."""
        return 1 if self.is_list(self.input) else 0

    @property
    def spatial_rank(self) -> int | None:
        """The number of spatial axes of a list of maps; None for a single map."""
        return self.input.rank - 2 if self.is_list(self.input) else None

    def axis(self, value: int, tensor: Operand | None = None) -> int:
        """An axis of Caffe, where 0 is the batch, as costcalc's.

        Raises:
            Refusal: it is the batch, or out of range.
        """
        tensor = tensor or self.input
        if not self.is_list(tensor):
            return axis_without_batch(value, tensor.rank)
        place = value + tensor.rank if value < 0 else value
        if not 0 <= place < tensor.rank:
            raise Refusal(f"axis {value} is not an axis of its input", f"0 to {tensor.rank - 1}")
        return place

    def param_axis(self, param: Fields, default: int = 1, name: str = "axis") -> int:
        """The axis of the first input that a parameter names, as costcalc's.

        Raises:
            Refusal: it is the batch, or out of range.
        """
        return self.axis(raw_axis(param, default, name))


def raw_axis(param: Fields, default: int = 1, name: str = "axis") -> int:
    """A parameter that names an axis, as Caffe counts it: negative numbers from the end."""
    return param.whole(name, default, -limits.AXES - 1)
