"""Small ONNX models, written field by field as onnx.proto numbers them."""

import struct

from tests.importers.onnx.protobuf import message

FLOAT, UINT8, INT64, BOOL = 1, 2, 7, 9


def tensor(name, dims, numbers=(), data_type=None):
    """A TensorProto; integers are int64, other numbers and an empty tensor are float."""
    if data_type is None:
        is_whole = bool(numbers) and all(isinstance(number, int) for number in numbers)
        data_type = INT64 if is_whole else FLOAT
    letter = {FLOAT: "f", UINT8: "B", INT64: "q", BOOL: "?"}[data_type]
    raw = struct.pack(f"<{len(numbers)}{letter}", *numbers)
    return message((1, list(dims)), (2, data_type), (8, name), (9, raw))


def attribute(name, value):
    """An AttributeProto of the value's own type."""
    if isinstance(value, tuple) and value and isinstance(value[0], str):
        return message((1, name), (9, list(value)), (20, 8))
    if isinstance(value, tuple):
        singles = value and isinstance(value[0], float)
        return message((1, name), (7 if singles else 8, list(value)), (20, 6 if singles else 7))
    number, type_ = {int: (3, 2), float: (2, 1), str: (4, 3)}.get(type(value), (5, 4))
    return message((1, name), (number, value), (20, type_))


def node(operator, inputs, outputs, name="", domain="", **attributes):
    """A NodeProto; attributes by their names."""
    return message(
        (1, inputs.split()),
        (2, outputs.split()),
        (3, name or f"the_{operator.lower()}"),
        (4, operator),
        (5, [attribute(key, value) for key, value in attributes.items()]),
        (7, domain),
    )


UNRANKED = "..."
"""In place of all dims: a tensor of a type, whose shape is not stated."""


def value(name, *dims, of=FLOAT):
    """A ValueInfoProto; a dim is a number, a name, or None for an open one.

    Without dims, not even its type is stated.
    """
    if not dims:
        return message((1, name))
    if dims == (UNRANKED,):
        return message((1, name), (2, message((1, message((1, of))))))
    dimensions = [
        message() if dim is None else message((2 if isinstance(dim, str) else 1, dim))
        for dim in dims
    ]
    return message((1, name), (2, message((1, message((1, of), (2, message((1, dimensions))))))))


def scalar(name, of=FLOAT):
    """A ValueInfoProto of a tensor without axes."""
    return message((1, name), (2, message((1, message((1, of), (2, message()))))))


def graph(nodes, inputs, outputs, initializers=(), values=(), name="graph"):
    """A GraphProto."""
    return message(
        (1, list(nodes)),
        (2, name),
        (5, list(initializers)),
        (11, list(inputs)),
        (12, list(outputs)),
        (13, list(values)),
    )


def model(graph_, opset=20, functions=()):
    """A ModelProto."""
    return message(
        (1, 10),
        (2, "by hand"),
        (7, graph_),
        (8, [message((1, ""), (2, opset)), message((1, "own"), (2, 1))]),
        (25, list(functions)),
    )


def function(name, inputs, outputs, nodes, attributes=()):
    """A FunctionProto of the domain ``own``."""
    return message(
        (1, name),
        (4, inputs.split()),
        (5, outputs.split()),
        (6, list(attributes)),
        (7, list(nodes)),
        (9, [message((1, ""), (2, 20)), message((1, "own"), (2, 1))]),
        (10, "own"),
    )


def subgraph(nodes, output):
    """The graph of a branch, which reads tensors of the enclosing graph."""
    return graph(nodes, [], [value(output)])
