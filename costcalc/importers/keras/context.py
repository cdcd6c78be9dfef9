"""One call of one layer, as the functions see it that lower layers to kinds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from costcalc.errors import Refusal
from costcalc.importers import emit
from costcalc.importers.builder import ModelBuilder, OpContext, Operand, UnknownOp
from costcalc.importers.keras.config import Config, whole, wholes
from costcalc.importers.keras.layout import Layout
from costcalc.importers.keras.structure import KerasLayer

Result = Operand | tuple[Operand, ...]
Lower = Callable[["KerasContext"], Result]
"""Adds the nodes of a call, and gives what it gives."""


class KerasContext(OpContext):
    """A call: what it reads, and a way to add its nodes."""

    def __init__(
        self,
        layer: KerasLayer,
        args: tuple[Any, ...],
        kwargs: Mapping[str, Any],
        layout: Layout,
        builder: ModelBuilder,
        path: str,
        shares: str,
    ) -> None:
        super().__init__(builder, path, layer.origin, class_name=layer.class_name, shares=shares)
        self.layer = layer
        self.config: Config = layer.config
        self.args = args
        self.kwargs = kwargs
        self.layout = layout
        self.inputs = tuple(tensors((args, kwargs)))

    @property
    def input(self) -> Operand:
        """The tensor that it reads, the first of several."""
        return self.inputs[0]

    @property
    def rank(self) -> int:
        """The axes of its input, without the batch."""
        return self.input.rank

    def sides(self, tensor: Operand) -> tuple[int, ...]:
        """A tensor's shape in Keras' order, without the batch."""
        return self.layout.back(tensor.shape)

    def option(self, name: str, place: int | None = None) -> Any:
        """An argument of the call, by name or by place, or else of the layer's making."""
        if name in self.kwargs:
            return self.kwargs[name]
        if place is not None and place < len(self.args):
            return self.args[place]
        return self.config.raw(name)

    def axes(self, value: Any, tensor: Operand | None = None) -> tuple[int, ...]:
        """Keras' axes as costcalc's; all of them where there are none.

        Raises:
            Refusal: one is no axis.
        """
        rank = (tensor or self.input).rank
        if value is None:
            return tuple(range(rank))
        axes = [self.layout.axis(each, rank) for each in wholes(value, "'axis'", -rank - 1)]
        return tuple(sorted(axes))

    def axis(self, value: Any, tensor: Operand | None = None) -> int:
        """One axis of Keras as costcalc's.

        Raises:
            Refusal: it is none.
        """
        rank = (tensor or self.input).rank
        return self.layout.axis(whole(value, "'axis'", -rank - 1), rank)

    def reshape(self, tensor: Operand, sides: Sequence[int], part: str = ".reshape") -> Operand:
        """The tensor in a shape of Keras' order; itself where it has that shape."""
        if self.sides(tensor) == tuple(sides):
            return tensor
        return self.add("reshape", (tensor,), {"shape": self.layout.turned(sides)}, part)

    def to_layout(self, tensor: Operand, other: Layout, part: str = ".transpose") -> Operand:
        """The tensor with its axes where another layout has them."""
        return emit.transpose(self, tensor, self.layout.to(other, tensor.rank), part=part)

    def from_layout(self, tensor: Operand, other: Layout, part: str = ".transpose") -> Operand:
        """The tensor of another layout with its axes where this one has them."""
        return emit.transpose(self, tensor, other.to(self.layout, tensor.rank), part=part)

    def lowered(self, lower: Lower) -> Result:
        """What the call gives; a layer of another data format stands between two views.

        Raises:
            Refusal: the layer, or what it reads, is wrong.
            UnknownOp: no kind says what it computes.
        """
        if not self.inputs:
            raise Refusal("it reads no tensor", "a tensor")
        for setting in ("lora_rank", "renorm"):
            if self.config.raw(setting):
                raise UnknownOp(f"costcalc has no layer kind with the parameters of '{setting}'")
        formats = ("channels_last", "channels_first")
        model = formats[not self.layout.is_channels_last]
        if self.config.raw("data_format") is None:
            return lower(self)
        if self.config.word("data_format", model, formats) == model:
            return lower(self)
        own = Layout(not self.layout.is_channels_last)
        views = tuple(self.to_layout(tensor, own, ".view") for tensor in self.inputs)
        inside = KerasContext(self.layer, views, {}, own, self.builder, self.path, self.shares)
        result = lower(inside)
        if not isinstance(result, Operand):
            raise UnknownOp
        return self.from_layout(result, own, ".view")


def tensors(value: Any) -> Iterator[Operand]:
    """The tensors inside resolved arguments, as :func:`.structure.refs` finds references."""
    if isinstance(value, Operand):
        yield value
    elif isinstance(value, tuple | list):
        for item in value:
            yield from tensors(item)
    elif isinstance(value, Mapping):
        for key in sorted(value):
            yield from tensors(value[key])
