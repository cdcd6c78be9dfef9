"""One layer of a network, as the functions see it that lower layers to kinds."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from costcalc.graph.frame import Tensor
from costcalc.importers.building import Builder, LayerError, UnknownLayer, known
from costcalc.importers.caffe.fields import Fields
from costcalc.importers.caffe.network import Layer

Result = Tensor | tuple[Tensor, ...]
Lower = Callable[["Site"], Result]
"""Adds the nodes of a layer, and gives its tops."""


class Site:
    """A layer: what it reads, and a way to add its nodes."""

    def __init__(
        self,
        layer: Layer,
        name: str,
        inputs: tuple[Tensor, ...],
        builder: Builder,
        blocks: dict[str, str],
    ) -> None:
        self.layer = layer
        self.name = name
        self.inputs = inputs
        self.builder = builder
        self.blocks = blocks
        self._is_unnamed = True

    def param(self, name: str, known: Collection[str] = ()) -> Fields:
        """The message of the layer's parameters; ``known`` are the fields that it may have."""
        return self.layer.fields.message(name, known)

    @property
    def input(self) -> Tensor:
        """The tensor that it reads, the first of several.

        Raises:
            LayerError: it reads none.
        """
        return self.reads(1)[0]

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of its input."""
        return known(self.input)

    def reads(self, least: int, most: int | None = None) -> tuple[Tensor, ...]:
        """The tensors that it reads, as many as it must.

        Raises:
            LayerError: they are too few or too many.
        """
        count = len(self.inputs)
        if count < least or (most is not None and count > most):
            expected = f"{least}" if most in (None, least) else f"{least} to {most}"
            raise LayerError(f"it reads {count} blobs", expected)
        return self.inputs

    def axis(self, value: int, tensor: Tensor | None = None) -> int:
        """Caffe's axis, which counts the batch, as costcalc's.

        Raises:
            LayerError: it is the batch, or there is none such.
        """
        rank = len(known(tensor or self.input))
        axis = value + rank if value < 0 else value - 1
        if not 0 <= axis < rank:
            raise LayerError(
                f"axis {value} is {'the batch' if value in (0, -rank - 1) else 'not there'}",
                f"1 to {rank}, or -{rank} to -1",
            )
        return axis

    def add(
        self,
        kind: str,
        inputs: Sequence[Tensor],
        arguments: Mapping[str, Any] | None = None,
        part: str = "",
    ) -> Tensor:
        """Adds a node; ``part`` goes behind the layer's name, ``/gamma``."""
        if part.startswith("/"):
            self.blocks.setdefault(self.name, self.layer.type)
        is_own = not part and self._is_unnamed
        name = self.name if is_own else self.builder.name(self.name + part)
        self._is_unnamed = self._is_unnamed and bool(part)
        return self.builder.add(name, kind, arguments or {}, inputs, origin=self.layer.origin)

    def unknown(self, what: str = "") -> UnknownLayer:
        """For a use of the layer that no kind says."""
        return UnknownLayer(what)
