"""One call of one layer, as the functions see it that lower layers to kinds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from costcalc.graph.frame import Tensor
from costcalc.importers.building import Builder, LayerError, UnknownLayer, known
from costcalc.importers.keras.config import Config, whole, wholes
from costcalc.importers.keras.layout import Layout
from costcalc.importers.keras.structure import Layer

Result = Tensor | tuple[Tensor, ...]
Lower = Callable[["Site"], Result]
"""Adds the nodes of a call, and gives what it gives."""


class Place(NamedTuple):
    """How the nodes of a call are called."""

    path: str
    """Its name, which no other call has."""
    shares: str
    """The layer's own name, where several calls use its params; else empty."""


class Site:
    """A call: what it reads, and a way to add its nodes."""

    def __init__(
        self,
        layer: Layer,
        args: tuple[Any, ...],
        kwargs: Mapping[str, Any],
        layout: Layout,
        place: Place,
        builder: Builder,
        blocks: dict[str, str],
    ) -> None:
        self.layer = layer
        self.config: Config = layer.config
        self.args = args
        self.kwargs = kwargs
        self.layout = layout
        self.place = place
        self.builder = builder
        self.blocks = blocks
        self.inputs = tuple(tensors((args, kwargs)))
        self._is_unnamed = True

    @property
    def input(self) -> Tensor:
        """The tensor that it reads, the first of several."""
        return self.inputs[0]

    @property
    def rank(self) -> int:
        """The axes of its input, without the batch."""
        return len(known(self.input))

    def sides(self, tensor: Tensor) -> tuple[int, ...]:
        """A tensor's shape in Keras' order, without the batch."""
        return self.layout.back(known(tensor))

    def option(self, name: str, place: int | None = None) -> Any:
        """An argument of the call, by name or by place, or else of the layer's making."""
        if name in self.kwargs:
            return self.kwargs[name]
        if place is not None and place < len(self.args):
            return self.args[place]
        return self.config.raw(name)

    def axes(self, value: Any, tensor: Tensor | None = None) -> tuple[int, ...]:
        """Keras' axes as costcalc's; all of them where there are none.

        Raises:
            LayerError: one is no axis.
        """
        rank = len(known(tensor or self.input))
        if value is None:
            return tuple(range(rank))
        axes = [self.layout.axis(each, rank) for each in wholes(value, "'axis'", -rank - 1)]
        return tuple(sorted(axes))

    def axis(self, value: Any, tensor: Tensor | None = None) -> int:
        """One axis of Keras as costcalc's.

        Raises:
            LayerError: it is none.
        """
        rank = len(known(tensor or self.input))
        return self.layout.axis(whole(value, "'axis'", -rank - 1), rank)

    def add(
        self,
        kind: str,
        inputs: Sequence[Tensor],
        arguments: Mapping[str, Any] | None = None,
        part: str = "",
        functional: str | None = None,
    ) -> Tensor:
        """Adds a node; ``part`` goes behind the call's name, ``/query`` or ``.relu``."""
        path, shares = self.place
        if part.startswith("/"):
            self.blocks.setdefault(path, self.layer.class_name)
        name = path if not part and self._is_unnamed else self.builder.name(path + part)
        self._is_unnamed = self._is_unnamed and bool(part)
        return self.builder.add(
            name,
            kind,
            arguments or {},
            inputs,
            origin=self.layer.origin,
            shares=shares and shares + part,
            functional=functional,
        )

    def reshape(self, tensor: Tensor, sides: Sequence[int], part: str = ".reshape") -> Tensor:
        """The tensor in a shape of Keras' order; itself where it has that shape."""
        if self.sides(tensor) == tuple(sides):
            return tensor
        return self.add("reshape", (tensor,), {"shape": self.layout.turned(sides)}, part)

    def transpose(self, tensor: Tensor, axes: Sequence[int], part: str = ".transpose") -> Tensor:
        """The tensor with costcalc's axes in another order; itself where they keep theirs."""
        if tuple(axes) == tuple(range(len(axes))):
            return tensor
        return self.add("transpose", (tensor,), {"axes": tuple(axes)}, part)

    def lowered(self, lower: Lower) -> Result:
        """What the call gives; a layer of another data format stands between two views.

        Raises:
            ShapeError: the layer, or what it reads, is wrong.
            UnknownLayer: no kind says what it computes.
        """
        if not self.inputs:
            raise LayerError("it reads nothing", "a tensor")
        for setting in ("lora_rank", "renorm"):
            if self.config.raw(setting):
                raise self.unknown(f"no layer kind has the params of '{setting}'")
        formats = ("channels_last", "channels_first")
        model = formats[not self.layout.is_channels_last]
        if self.config.raw("data_format") is None:
            return lower(self)
        if self.config.word("data_format", model, formats) == model:
            return lower(self)
        own = Layout(not self.layout.is_channels_last)
        views = [
            self.transpose(tensor, self.layout.to(own, len(known(tensor))), ".view")
            for tensor in self.inputs
        ]
        inside = Site(self.layer, tuple(views), {}, own, self.place, self.builder, self.blocks)
        result = lower(inside)
        if not isinstance(result, Tensor):
            raise self.unknown()
        return self.transpose(result, own.to(self.layout, len(known(result))), ".view")

    def unknown(self, what: str = "") -> UnknownLayer:
        """For a use of the layer that no kind says."""
        return UnknownLayer(what)

    def uncounted(self, tensor: Tensor, word: str, part: str) -> Tensor:
        """The tensor after a function of every element that no kind is.

        Raises:
            UnknownLayer: such functions are not allowed.
        """
        if not self.builder.allow_unknown:
            raise self.unknown(f"no layer kind is the activation '{word}'")
        return self.add("uncounted", (tensor,), {"op": word, "shape": known(tensor)}, part)


def tensors(value: Any) -> Iterator[Tensor]:
    """The tensors inside resolved arguments, as :func:`.structure.refs` finds references."""
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, tuple | list):
        for item in value:
            yield from tensors(item)
    elif isinstance(value, Mapping):
        for key in sorted(value):
            yield from tensors(value[key])
