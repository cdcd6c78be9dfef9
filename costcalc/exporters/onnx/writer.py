"""An ONNX model in the making: its nodes, its names, its learned tensors."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Any, NamedTuple

from costcalc.exporters.layers import Splits
from costcalc.exporters.onnx.weights import BIAS, Spread
from costcalc.formats.onnx_schema import DataType, NodeProto, TensorProto, attribute
from costcalc.graph.layer import NETWORK_INPUT, Layer, LayerGraph
from costcalc.kinds.base import Shape
from costcalc.names import FreeNames

Attribute = int | float | str | tuple[int, ...] | TensorProto
"""The value of a node's attribute."""


class LearnedTensor(NamedTuple):
    """A tensor of learned numbers, or of numbers that training leaves behind."""

    name: str
    shape: Shape
    spread: Spread


class OperatorStep(NamedTuple):
    """An operator that reads the step before it, and other tensors."""

    operator: str
    others: tuple[str, ...] = ()
    attributes: Mapping[str, Attribute] = {}


class ModelBuilder:
    """A model in the making, one layer after another."""

    def __init__(self, graph: LayerGraph) -> None:
        self.layers = graph.layers
        self.readers = graph.readers
        self.nodes: list[NodeProto] = []
        self.learned: dict[tuple[str, str], LearnedTensor] = {}
        """By the layer that owns each, and its role in it."""
        self.opset = 21
        self.splits = Splits(graph.layers)
        self.names = FreeNames(layer.name for layer in graph.layers)
        self.input = self.names.free("input")
        self._constants: dict[float | tuple[int, ...], str] = {}

    def constant(self, value: float | tuple[int, ...]) -> str:
        """A number, or a vector of whole numbers, that nothing learns; equal ones are one node."""
        if value not in self._constants:
            words = map(str, value) if isinstance(value, tuple) else (str(value),)
            name = self.names.free("_".join(("constant", *words)))
            self.add("Constant", name, (), (name,), {"value": _constant(value)})
            self._constants[value] = name
        return self._constants[value]

    def add(
        self,
        operator: str,
        name: str,
        inputs: tuple[str, ...],
        outputs: tuple[str, ...],
        attributes: Mapping[str, Attribute],
    ) -> None:
        """Adds a node."""
        written = tuple(attribute(key, value) for key, value in attributes.items())
        self.nodes.append(NodeProto(inputs, outputs, name, operator, attributes=written))


class NodeWriter:
    """Writes the nodes of one layer: the output of the last one has the layer's name."""

    def __init__(self, builder: ModelBuilder, index: int) -> None:
        self.builder = builder
        self.index = index
        self.layer: Layer = builder.layers[index]
        self.operation: Any = self.layer.operation
        self.shape: Shape = self.layer.output
        self.input_shape: Shape = self.layer.input_shapes[0] if self.layer.input_shapes else ()
        self.inputs = tuple(
            builder.input if source == NETWORK_INPUT else builder.layers[source].name
            for source in self.layer.inputs
        )

    def before(self, operator: str, *inputs: str, **attributes: Attribute) -> str:
        """Adds a node in front of the layer's own; gives its output's name."""
        name = self._free_name(operator)
        self.builder.add(operator, name, inputs, (name,), attributes)
        return name

    def main(self, operator: str, *inputs: str, **attributes: Attribute) -> str:
        """Adds the layer's own node where others follow; gives its output's name."""
        output = self._free_name(operator)
        self.builder.add(operator, self.layer.name, inputs, (output,), attributes)
        return output

    def after(self, operator: str, *inputs: str, **attributes: Attribute) -> None:
        """Adds the last node, behind the layer's own."""
        name = self._free_name(operator)
        self.builder.add(operator, name, inputs, (self.layer.name,), attributes)

    def last(self, operator: str, *inputs: str, **attributes: Attribute) -> None:
        """Adds the layer's own node, which is also the last."""
        self.builder.add(operator, self.layer.name, inputs, (self.layer.name,), attributes)

    def trailing(self, axes: tuple[int, ...], *steps: OperatorStep) -> None:
        """Adds steps, one after another, that work on trailing axes.

        Others are moved there, and back.
        """
        rank = len(self.shape)
        order = (*(axis for axis in range(rank) if axis not in axes), *axes)
        (name,), (*firsts, last) = self.inputs, steps
        is_there = order == tuple(range(rank))
        if not is_there:
            name = self.before("Transpose", name, perm=batched_order(order))
        for step in firsts:
            name = self.before(step.operator, name, *step.others, **step.attributes)
        if is_there:
            self.last(last.operator, name, *last.others, **last.attributes)
            return
        name = self.main(last.operator, name, *last.others, **last.attributes)
        back = tuple(order.index(axis) for axis in range(rank))
        self.after("Transpose", name, perm=batched_order(back))

    def number(self, value: float) -> str:
        """A constant number."""
        return self.builder.constant(value)

    def integers(self, *values: int) -> str:
        """A constant vector of whole numbers."""
        return self.builder.constant(values)

    def learned(self, role: str, shape: Shape, spread: Spread) -> str:
        """A learned tensor of this layer, or of the layer whose params it shares."""
        owner = self.layer if self.layer.shares is None else self.builder.layers[self.layer.shares]
        key = (owner.name, role)
        if key not in self.builder.learned:
            name = self.builder.names.free(f"{owner.name}.{role}")
            self.builder.learned[key] = LearnedTensor(name, shape, spread)
        return self.builder.learned[key].name

    def bias(self) -> tuple[str, ...]:
        """The learned bias, where the layer has one."""
        operation = self.operation
        return (self.learned("bias", (operation.out,), BIAS),) if operation.bias else ()

    def _free_name(self, operator: str) -> str:
        return self.builder.names.free(f"{self.layer.name}.{operator.lower()}")


def _constant(value: float | tuple[int, ...]) -> TensorProto:
    """A number, or a vector of whole numbers, as a tensor."""
    if isinstance(value, tuple):
        data = struct.pack(f"<{len(value)}q", *value)
        return TensorProto(dims=(len(value),), data_type=DataType.INT64, raw_data=data)
    return TensorProto(data_type=DataType.FLOAT, raw_data=struct.pack("<f", value))


def batched(shape: Shape) -> Shape:
    """A shape with the batch, which is one image."""
    return (1, *shape)


def batched_axis(axis: int) -> int:
    """An axis of a shape without the batch, counted with it."""
    return axis + 1 if axis >= 0 else axis


def batched_order(axes: tuple[int, ...]) -> tuple[int, ...]:
    """An order of axes, counted from the first, with the batch ahead."""
    return (0, *(axis + 1 for axis in axes))
