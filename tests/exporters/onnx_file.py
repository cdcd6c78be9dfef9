"""Reads an ONNX file back, field by field, independently of the exporter."""

from __future__ import annotations

import struct
from collections import defaultdict


def fields(data: bytes) -> dict[int, list]:
    """The values of each field of a message: numbers, or bytes for the caller to read."""
    values, at = defaultdict(list), 0
    while at < len(data):
        key, at = varint(data, at)
        match key & 7:
            case 0:
                value, at = varint(data, at)
            case 2:
                length, at = varint(data, at)
                assert at + length <= len(data)
                value, at = data[at : at + length], at + length
            case 5:
                value, at = struct.unpack_from("<f", data, at)[0], at + 4
            case other:
                raise AssertionError(f"wire type {other}")
        values[key >> 3].append(value)
    return values


def varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return (value - (1 << 64) if value >> 63 else value), at


class Node:
    def __init__(self, data: bytes) -> None:
        read = fields(data)
        self.inputs = [text.decode() for text in read[1]]
        self.outputs = [text.decode() for text in read[2]]
        self.name = read[3][0].decode()
        self.operator = read[4][0].decode()
        self.attributes = dict(map(attribute, read[5]))


def attribute(data: bytes) -> tuple[str, object]:
    read = fields(data)
    name, kind = read[1][0].decode(), read[20][0]
    value = {1: read[2], 2: read[3], 3: read[4], 4: read[5], 7: [tuple(read[8])]}[kind][0]
    if kind == 4:
        return name, constant(value)
    return name, value.decode() if isinstance(value, bytes) else value


def constant(data: bytes) -> float | tuple[int, ...]:
    read = fields(data)
    raw = read[9][0]
    if read[2] == [1]:
        assert not read[1]
        return struct.unpack("<f", raw)[0]
    assert read[2] == [7]
    numbers = struct.unpack(f"<{len(raw) // 8}q", raw)
    assert read[1] == [len(numbers)]
    return numbers


def value_info(data: bytes) -> tuple[str, tuple[int, ...]]:
    read = fields(data)
    tensor = fields(fields(read[2][0])[1][0])
    assert tensor[1] == [1], "float"
    return read[1][0].decode(), tuple(fields(side)[1][0] for side in fields(tensor[2][0])[1])


class File:
    """A model file: its nodes, and the shapes of its tensors by name."""

    def __init__(self, data: bytes) -> None:
        model = fields(data)
        graph = fields(model[7][0])
        self.ir_version = model[1][0]
        self.opset = fields(model[8][0])[2][0]
        self.name = graph[2][0].decode()
        self.nodes = [Node(data) for data in graph[1]]
        self.inputs = dict(map(value_info, graph[11]))
        self.outputs = dict(map(value_info, graph[12]))
        self.values = dict(map(value_info, graph[13]))
        self.weights, self.data = {}, {}
        for initializer in graph[5]:
            tensor = fields(initializer)
            name = tensor[8][0].decode()
            self.weights[name] = tuple(tensor[1])
            self.data[name] = tensor[9][0]

    def node(self, name: str) -> Node:
        (found,) = (node for node in self.nodes if node.name == name)
        return found
