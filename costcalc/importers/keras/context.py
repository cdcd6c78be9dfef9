"""One call of a layer, as the rules that add its layers see it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from costcalc.errors import Refusal
from costcalc.importers import emit
from costcalc.importers.builder import ModelBuilder, OpContext, Operand, UnknownOp
from costcalc.importers.keras.config import Config, whole, wholes
from costcalc.importers.keras.layout import Layout
from costcalc.importers.keras.structure import MASK, KerasLayer

Result = Operand | tuple[Operand, ...]
Rule = Callable[["KerasContext"], Result]
"""Adds the nodes of a call and returns its outputs."""


class KerasContext(OpContext):
    """A call of a layer: its inputs and arguments, and methods to add its nodes."""

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
        self.inputs = tuple(tensors((args, layer.without_mask(kwargs))))

    @property
    def input(self) -> Operand:
        """The first input."""
        return self.inputs[0]

    @property
    def pair(self) -> tuple[Operand, Operand]:
        """The two inputs.

        Raises:
            Refusal: there are more or fewer.
        """
        if len(self.inputs) != 2:
            raise Refusal("it needs two tensors", found=f"{len(self.inputs)}")
        return self.inputs[0], self.inputs[1]

    @property
    def rank(self) -> int:
        """The number of axes of its first input, without the batch."""
        return self.input.rank

    def keras_shape(self, tensor: Operand) -> tuple[int, ...]:
        """A tensor's shape in Keras' order, without the batch."""
        return self.layout.to_keras(tensor.shape)

    def option(self, name: str, place: int | None = None) -> Any:
        """An argument of the call, by name or by position, or else the layer's own setting."""
        if name in self.kwargs:
            return self.kwargs[name]
        if place is not None and place < len(self.args):
            return self.args[place]
        return self.config.raw(name)

    def masks(self) -> tuple[Operand, ...]:
        """The masks that the call of a layer gets."""
        return tuple(tensors(self.kwargs.get(MASK)))

    def masked(self, x: Operand, mask: Operand, *, part: str) -> Operand:
        """A tensor where a mask is true, and a constant elsewhere."""
        other = self.add("constant", (), {"shape": (1,) * x.rank}, f"{part}.other")
        return emit.join(self, "where", (mask, x, other), part=part)

    def axes(self, value: Any) -> tuple[int, ...]:
        """Keras' axes of the first input as costcalc's, sorted; all of them for None.

        Raises:
            Refusal: one is out of range.
        """
        if value is None:
            return tuple(range(self.rank))
        places = wholes(value, "'axis'", -self.rank - 1)
        return tuple(sorted(self.layout.axis(place, self.rank) for place in places))

    def config_axes(self) -> tuple[int, ...]:
        """The axes of the layer's setting ``axis``, the last by default.

        Raises:
            Refusal: one is out of range.
        """
        value = self.config.raw("axis")
        return self.axes(-1 if value is None else value)

    def axis(self, value: Any, tensor: Operand | None = None, *, default: int = -1) -> int:
        """An axis of Keras, of the first input or of ``tensor``, as costcalc's.

        Raises:
            Refusal: it is out of range.
        """
        rank = (tensor or self.input).rank
        place = whole(default if value is None else value, "'axis'", -rank - 1)
        return self.layout.axis(place, rank)

    def reshape(
        self, tensor: Operand, dims: Sequence[int], part: str = "", *, is_sized: bool = False
    ) -> Operand:
        """The tensor reshaped to dimensions in Keras' order.

        ``is_sized`` says that they hold at this size of the network's input only.
        """
        self.builder.is_sized |= is_sized
        return self.add("reshape", (tensor,), {"shape": self.layout.from_keras(dims)}, part)

    def to_layout(self, tensor: Operand, other: Layout, part: str = ".transpose") -> Operand:
        """The tensor transposed from this layout to another."""
        order = self.layout.permutation_to(other, tensor.rank)
        return emit.transpose(self, tensor, order, part=part)

    def from_layout(self, tensor: Operand, other: Layout, part: str = ".transpose") -> Operand:
        """The tensor transposed from another layout to this one."""
        order = other.permutation_to(self.layout, tensor.rank)
        return emit.transpose(self, tensor, order, part=part)

    def apply(self, rule: Rule) -> Result:
        """Applies the rule; a layer of the other data format gets transposes around it.

        Raises:
            Refusal: the layer or its inputs are wrong.
            UnknownOp: costcalc has no layer kind for it.
        """
        if not self.inputs:
            raise Refusal("it reads no tensor", "a tensor")
        for setting in ("lora_rank", "renorm"):
            if self.config.raw(setting):
                raise UnknownOp(f"costcalc has no layer kind with the parameters of '{setting}'")
        formats = ("channels_last", "channels_first")
        model = formats[not self.layout.is_channels_last]
        if self.config.raw("data_format") is None:
            return rule(self)
        if self.config.word("data_format", model, formats) == model:
            return rule(self)
        own = Layout(not self.layout.is_channels_last)
        views = tuple(self.to_layout(tensor, own, ".view") for tensor in self.inputs)
        inside = KerasContext(self.layer, views, {}, own, self.builder, self.path, self.shares)
        result = rule(inside)
        if not isinstance(result, Operand):
            raise UnknownOp
        return self.from_layout(result, own, ".view")


def tensors(value: Any) -> Iterator[Operand]:
    """The tensors inside resolved arguments, in the order of :func:`.structure.refs`."""
    if isinstance(value, Operand):
        yield value
    elif isinstance(value, tuple | list):
        for item in value:
            yield from tensors(item)
    elif isinstance(value, Mapping):
        for key in sorted(value):
            yield from tensors(value[key])
