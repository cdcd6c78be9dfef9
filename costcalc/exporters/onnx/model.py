"""What an ONNX file holds, as values, and its encoding.

The numbers of the fields are those of onnx.proto3, a published standard:
https://github.com/onnx/onnx/blob/main/onnx/onnx.proto3
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import NamedTuple

from costcalc.exporters.onnx.wire import Message, Stream
from costcalc.importers.onnx.numbers import FLOAT, INT64


class Constant(NamedTuple):
    """A number, or a vector of whole numbers, as a tensor."""

    value: float | tuple[int, ...]


Attribute = int | float | str | tuple[int, ...] | Constant

_ATTRIBUTE_TYPES = {int: 2, float: 1, str: 3, tuple: 7, Constant: 4}


class Node(NamedTuple):
    """An operator at work."""

    operator: str
    name: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: Mapping[str, Attribute]


class Tensor(NamedTuple):
    """A tensor's name and shape, the batch included."""

    name: str
    shape: tuple[int, ...]
    type: int = FLOAT


class Model(NamedTuple):
    """A network as ONNX says it."""

    name: str
    opset: int
    ir_version: int
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    nodes: tuple[Node, ...]
    values: tuple[Tensor, ...]
    """What flows between nodes, as far as its shapes are stated."""
    initializers: tuple[tuple[Tensor, Stream], ...]
    """Learned numbers and their bytes."""
    metadata: tuple[tuple[str, str], ...]


def encoded(model: Model) -> Message:
    """The model's message, a ModelProto."""
    opset = Message()
    opset.text(1, "")
    opset.whole(2, model.opset)
    message = Message()
    message.whole(1, model.ir_version)
    message.message(8, opset)
    message.text(2, "costcalc")
    message.message(7, _graph(model))
    for key, value in model.metadata:
        entry = Message()
        entry.text(1, key)
        entry.text(2, value)
        message.message(14, entry)
    return message


def _graph(model: Model) -> Message:
    message = Message()
    for node in model.nodes:
        message.message(1, _node(node))
    message.text(2, model.name)
    for tensor, data in model.initializers:
        message.message(5, _initializer(tensor, data))
    for number, tensors in ((11, model.inputs), (12, model.outputs), (13, model.values)):
        for tensor in tensors:
            message.message(number, _value(tensor))
    return message


def _node(node: Node) -> Message:
    message = Message()
    for name in node.inputs:
        message.text(1, name)
    for name in node.outputs:
        message.text(2, name)
    message.text(3, node.name)
    message.text(4, node.operator)
    for name, value in node.attributes.items():
        message.message(5, _attribute(name, value))
    return message


def _attribute(name: str, value: Attribute) -> Message:
    message = Message()
    message.text(1, name)
    if isinstance(value, int):
        message.whole(3, value)
    elif isinstance(value, float):
        message.real(2, value)
    elif isinstance(value, str):
        message.text(4, value)
    elif isinstance(value, Constant):
        message.message(5, _constant(value))
    else:
        for each in value:
            message.whole(8, each)
    message.whole(20, _ATTRIBUTE_TYPES[type(value)])
    return message


def _constant(constant: Constant) -> Message:
    value = constant.value
    message = Message()
    if isinstance(value, tuple):
        message.whole(1, len(value))
        message.whole(2, INT64)
        message.data(9, struct.pack(f"<{len(value)}q", *value))
    else:
        message.whole(2, FLOAT)
        message.data(9, struct.pack("<f", value))
    return message


def _initializer(tensor: Tensor, data: Stream) -> Message:
    message = Message()
    for side in tensor.shape:
        message.whole(1, side)
    message.whole(2, tensor.type)
    message.text(8, tensor.name)
    message.stream(9, data)
    return message


def _value(tensor: Tensor) -> Message:
    shape = Message()
    for side in tensor.shape:
        dimension = Message()
        dimension.whole(1, side)
        shape.message(1, dimension)
    tensor_type = Message()
    tensor_type.whole(1, tensor.type)
    tensor_type.message(2, shape)
    kind = Message()
    kind.message(1, tensor_type)
    message = Message()
    message.text(1, tensor.name)
    message.message(2, kind)
    return message
