"""Builds an ONNX model: its nodes, its names and its learnable tensors."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Any, NamedTuple

from costcalc.exporters.layers import Splits
from costcalc.exporters.weights import BIAS, Spread
from costcalc.formats.onnx_schema import DataType, NodeProto, TensorProto, attribute
from costcalc.graph.layer import NETWORK_INPUT, Layer, LayerGraph
from costcalc.kinds.base import Shape
from costcalc.names import FreeNames

Attribute = int | float | str | tuple[int, ...] | TensorProto
"""The value of a node's attribute."""


class LearnedTensor(NamedTuple):
    """A learnable tensor, or one of running statistics."""

    name: str
    shape: Shape
    spread: Spread


class OperatorStep(NamedTuple):
    """An operator that reads the output of the step before it, and other tensors."""

    operator: str
    others: tuple[str, ...] = ()
    attributes: Mapping[str, Attribute] = {}


class ModelBuilder:
    """Collects the nodes of a model, layer by layer."""

    def __init__(self, graph: LayerGraph) -> None:
        self.layers = graph.layers
        self.readers = graph.readers
        self.nodes: list[NodeProto] = []
        self.others: list[tuple[str, Shape]] = []
        """The graph's inputs but the first: their names and shapes."""
        self.learned: dict[tuple[str, str], LearnedTensor] = {}
        """By the name of the layer that owns a tensor, and the tensor's role in it."""
        self.opset = 21
        self.splits = Splits(graph.layers)
        self.names = FreeNames(layer.name for layer in graph.layers)
        self.input = self.names.free("input")
        self._constants: dict[float | tuple[int, ...], str] = {}

    def constant(self, value: float | tuple[int, ...]) -> str:
        """The name of a constant, a number or a vector of integers; equal ones share a node."""
        if value not in self._constants:
            parts = map(str, value) if isinstance(value, tuple) else (str(value),)
            name = self.names.free("_".join(("constant", *parts)))
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
        """Add a node."""
        written = tuple(attribute(key, value) for key, value in attributes.items())
        self.nodes.append(NodeProto(inputs, outputs, name, operator, attributes=written))


class NodeWriter:
    """Writes the nodes of one layer; the output of the last node is named after the layer.

    The node that computes the layer is ``main`` if others follow it, or else ``last``.
    """

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
        """Add a node before the main one; return the name of its output."""
        name = self._free_name(operator)
        self.builder.add(operator, name, inputs, (name,), attributes)
        return name

    def main(self, operator: str, *inputs: str, **attributes: Attribute) -> str:
        """Add the main node, before a last one; return the name of its output."""
        output = self._free_name(operator)
        self.builder.add(operator, self.layer.name, inputs, (output,), attributes)
        return output

    def after(self, operator: str, *inputs: str, **attributes: Attribute) -> None:
        """Add the last node, after the main one."""
        name = self._free_name(operator)
        self.builder.add(operator, name, inputs, (self.layer.name,), attributes)

    def last(self, operator: str, *inputs: str, **attributes: Attribute) -> None:
        """Add the main node, which is also the last."""
        self.builder.add(operator, self.layer.name, inputs, (self.layer.name,), attributes)

    def trailing(self, axes: tuple[int, ...], *steps: OperatorStep) -> None:
        """Add a chain of operators that work on the last axes, with transposes if necessary."""
        rank = len(self.shape)
        order = (*(axis for axis in range(rank) if axis not in axes), *axes)
        (name,), (*firsts, last) = self.inputs, steps
        is_in_place = order == tuple(range(rank))
        if not is_in_place:
            name = self.before("Transpose", name, perm=batched_order(order))
        for step in firsts:
            name = self.before(step.operator, name, *step.others, **step.attributes)
        if is_in_place:
            self.last(last.operator, name, *last.others, **last.attributes)
            return
        name = self.main(last.operator, name, *last.others, **last.attributes)
        back = tuple(order.index(axis) for axis in range(rank))
        self.after("Transpose", name, perm=batched_order(back))

    def number(self, value: float) -> str:
        """The name of a constant number."""
        return self.builder.constant(value)

    def integers(self, *values: int) -> str:
        """The name of a constant vector of integers."""
        return self.builder.constant(values)

    @property
    def owner(self) -> Layer:
        """The layer whose params this one uses."""
        shares = self.layer.shares
        return self.layer if shares is None else self.builder.layers[shares]

    def learned(self, role: str, shape: Shape, spread: Spread) -> str:
        """The name of a learnable tensor of this layer, or of the layer whose params it shares."""
        key = (self.owner.name, role)
        if key not in self.builder.learned:
            name = self.builder.names.free(f"{self.owner.name}.{role}")
            self.builder.learned[key] = LearnedTensor(name, shape, spread)
        return self.builder.learned[key].name

    def bias(self) -> tuple[str, ...]:
        """The name of the bias, if the layer has one."""
        operation = self.operation
        return (self.learned("bias", (operation.out,), BIAS),) if operation.bias else ()

    def _free_name(self, operator: str) -> str:
        return self.builder.names.free(f"{self.layer.name}.{operator.lower()}")


def _constant(value: float | tuple[int, ...]) -> TensorProto:
    """A number, or a vector of integers, as a tensor."""
    if isinstance(value, tuple):
        data = struct.pack(f"<{len(value)}q", *value)
        return TensorProto(dims=(len(value),), data_type=DataType.INT64, raw_data=data)
    return TensorProto(data_type=DataType.FLOAT, raw_data=struct.pack("<f", value))


def batched(shape: Shape) -> Shape:
    """A shape with a batch of one image."""
    return (1, *shape)


def batched_axis(axis: int) -> int:
    """An axis of the shape with the batch, from one of the shape without it."""
    return axis + 1 if axis >= 0 else axis


def batched_order(axes: tuple[int, ...]) -> tuple[int, ...]:
    """An order of axes with the batch first."""
    return (0, *(axis + 1 for axis in axes))
