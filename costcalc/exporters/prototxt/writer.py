"""Builds a Caffe network: its layers, its blobs, and the names of shared params."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from costcalc.exporters.layers import Splits
from costcalc.formats.prototxt import Field
from costcalc.graph.layer import NETWORK_INPUT, Layer, LayerGraph
from costcalc.kinds.base import Shape
from costcalc.names import FreeNames


class NetBuilder:
    """Collects the layers of a network."""

    def __init__(self, graph: LayerGraph) -> None:
        self.layers = graph.layers
        self.written: list[Field] = []
        self.splits = Splits(graph.layers)
        self.names = FreeNames(layer.name for layer in graph.layers)
        self.input = self.names.free("data")
        self.owners = {layer.shares for layer in graph.layers if layer.shares is not None}
        """The indexes of layers whose params are shared."""
        self._blobs: dict[int, str] = {NETWORK_INPUT: self.input}
        self.rest: list[str] = []
        """Blobs that are not the output of any layer of the graph."""
        self._read: set[str] = set()

    def blob(self, index: int) -> str:
        """The blob of a layer's output, which has the layer's name unless it passes through."""
        return self._blobs.get(index) or self.layers[index].name

    def pass_through(self, index: int, blob: str) -> None:
        """Makes an existing blob the output of a layer."""
        self._blobs[index] = blob

    def add(
        self,
        type_: str,
        name: str,
        bottoms: Sequence[str],
        tops: Sequence[str],
        fields: Sequence[Field] = (),
    ) -> None:
        """Adds a layer."""
        self._read.update(set(bottoms) - set(tops))
        layer = (
            Field("name", name),
            Field("type", type_),
            *(Field("bottom", blob) for blob in bottoms),
            *(Field("top", blob) for blob in tops),
            *fields,
        )
        self.written.append(Field("layer", layer))

    def close(self, outputs: Iterable[int]) -> None:
        """Silences unread blobs, which Caffe would otherwise treat as outputs."""
        kept = self._read.union(map(self.blob, outputs))
        blobs = dict.fromkeys((*self.rest, *map(self.blob, range(len(self.layers)))))
        unread = tuple(blob for blob in blobs if blob not in kept)
        if unread:
            self.add("Silence", self.names.free("silence"), unread, ())


class LayerWriter:
    """Writes the Caffe layers of one layer of the graph."""

    def __init__(self, builder: NetBuilder, index: int) -> None:
        self.builder = builder
        self.index = index
        self.layer: Layer = builder.layers[index]
        self.operation: Any = self.layer.operation
        self.shape: Shape = self.layer.output
        self.input_shapes = self.layer.input_shapes
        self.inputs = tuple(map(builder.blob, self.layer.inputs))

    def before(self, type_: str, bottoms: Sequence[str], *fields: Field) -> str:
        """Writes an auxiliary layer; returns its name, which is also that of its top."""
        name = self.builder.names.free(f"{self.layer.name}.{type_.lower()}")
        self.builder.add(type_, name, bottoms, (name,), fields)
        return name

    def last(self, type_: str, bottoms: Sequence[str], *fields: Field) -> str:
        """Writes the layer with this layer's name and output; returns the name."""
        name = self.layer.name
        self.builder.add(type_, name, bottoms, (name,), fields)
        return name

    def params(self, *names: str) -> tuple[Field, ...]:
        """The names of params that are shared; empty if this layer shares none."""
        owner = self.index if self.layer.shares is None else self.layer.shares
        if owner not in self.builder.owners:
            return ()
        prefix = self.builder.layers[owner].name
        return tuple(Field("param", (Field("name", f"{prefix}.{name}"),)) for name in names)

    def weight_and_bias(self) -> tuple[Field, ...]:
        """The names of a shared weight, and of a bias if the layer has one."""
        return self.params("weight", *(("bias",) if self.operation.bias else ()))


def optional(name: str, fields: tuple[Field, ...]) -> tuple[Field, ...]:
    """A message of some fields; nothing if there are none."""
    return (Field(name, fields),) if fields else ()


def shape_field(shape: Shape) -> Field:
    """The shape of a blob, with a batch of one."""
    return Field("shape", tuple(Field("dim", side) for side in (1, *shape)))
