"""Nodes that stand for several: an operator written as operators of ONNX's own.

A fused operator of a runtime, or a control structure, becomes nodes whose rules are known;
each is inferred at once, so that the next one knows its shape.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import Any

from costcalc.errors import Refusal
from costcalc.formats.onnx_schema import DataType, TensorProto
from costcalc.importers.model import Shape
from costcalc.importers.onnx.context import OpView
from costcalc.importers.onnx.matching import ABSORBED
from costcalc.importers.onnx.numbers import Number
from costcalc.importers.onnx.tensors import OnnxNode, TensorInfo, Tensors


class Expansion:
    """A node while the nodes that it stands for are added.

    Attributes:
        op: the node, with its attributes and inputs.
    """

    def __init__(
        self,
        op: OpView,
        tensors: Tensors,
        initializers: dict[str, TensorProto],
        add: Callable[[OnnxNode], None],
        stated: Callable[[str], Shape | None],
    ) -> None:
        self.op = op
        self._tensors = tensors
        self._initializers = initializers
        self._add = add
        self._stated = stated
        self._count = 0
        self._absorbed: tuple[str, ...] = ()

    def name(self, index: int) -> str:
        """The tensor of an input; empty if the node does not have it."""
        return self.op.node.inputs[index] if self.op.has(index) else ""

    def names(self, *indexes: int) -> tuple[str, ...]:
        """The tensors of several inputs."""
        return tuple(self.name(index) for index in indexes)

    def wants(self, index: int) -> bool:
        """Whether the node names an output of that index."""
        outputs = self.op.node.outputs
        return index < len(outputs) and outputs[index] != ""

    def stated(self, index: int) -> Shape | None:
        """The shape of an output in the file; None if the file leaves some of it open."""
        return self._stated(self.op.node.outputs[index]) if self.wants(index) else None

    def shape(self, name: str) -> Shape:
        """The shape of a tensor, of an input or of a node that was added."""
        return self._tensors[name].shape

    def configuration(self, *indexes: int) -> None:
        """Mark inputs as configuration, such as the scales of quantised numbers."""
        self._absorbed += tuple(filter(None, self.names(*indexes)))

    def others(self, *names: str) -> dict[str, Any]:
        """The node's attributes without some of them."""
        attributes = self.op.node.attributes
        return {name: value for name, value in attributes.items() if name not in names}

    def number(self, value: Number) -> str:
        """A single constant as a tensor."""
        name = self._new_name()
        self._tensors[name] = TensorInfo((), values=(value,), is_static=True)
        return name

    def table(self, shape: Shape) -> str:
        """A tensor of numbers that the operator has inside, none of which are params."""
        name = self._new_name()
        self._tensors[name] = TensorInfo(shape, is_static=True)
        return name

    def unpacked(self, index: int, shape: Shape) -> str:
        """An initializer as it is once its numbers are unpacked, several from each byte.

        Raises:
            Refusal: it is computed from the network's input.
        """
        info = self.op.input(index)
        if not info.is_static:
            raise Refusal(f"reads '{self.name(index)}' as packed weights", "a stored tensor")
        new = self._new_name()
        self._tensors[new] = info._replace(shape=shape, values=None)
        for root in info.roots:
            tensor = self._initializers[root]
            if prod(tensor.dims) == prod(info.shape):
                self._initializers[root] = tensor._replace(dims=shape)
        return new

    def are_bytes(self, index: int) -> bool:
        """Whether an input is stored as bytes."""
        roots = self.op.input(index).roots
        return any(self._initializers[root].data_type == DataType.UINT8 for root in roots)

    def apply(self, operator: str, *inputs: str, **attributes: Any) -> str:
        """Add a node of one output; return its tensor."""
        return self.apply_many(1, operator, inputs, attributes)[0]

    def apply_many(
        self, count: int, operator: str, inputs: Sequence[str], attributes: dict[str, Any]
    ) -> tuple[str, ...]:
        """Add a node of several outputs; return their tensors."""
        outputs = tuple(self._new_name() for _ in range(count))
        self._add_node(operator, tuple(inputs), outputs, attributes)
        return outputs

    def output(self, name: str, index: int = 0) -> None:
        """Make a tensor an output of the node, if the node names that."""
        if self.wants(index):
            self._add_node("Identity", (name,), (self.op.node.outputs[index],), {})

    def _add_node(
        self,
        operator: str,
        inputs: tuple[str, ...],
        outputs: tuple[str, ...],
        attributes: dict[str, Any],
    ) -> None:
        if self._absorbed:
            attributes = {**attributes, ABSORBED: self._absorbed}
            self._absorbed = ()
        node = self.op.node._replace(
            operator=operator, inputs=inputs, outputs=outputs, attributes=attributes
        )
        self._add(node)

    def _new_name(self) -> str:
        self._count += 1
        first = next(filter(None, self.op.node.outputs), "")
        return f"{first}#{self._count}"


Expander = Callable[[Expansion], None]
"""Adds the nodes that a node stands for."""
