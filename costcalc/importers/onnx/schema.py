"""The messages of ONNX, as far as costs depend on them: field numbers, and what they become.

The numbers are those of ``onnx/onnx.proto`` (https://github.com/onnx/onnx, IR
version 13).  Tensors keep their dims, their type and the place of their
numbers; nothing here reads them, nor opens the file that external ones are in.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from costcalc.importers.onnx.wire import BYTES, FIXED32, FIXED64, VARINT, Wire, signed

NUMBERS = 2**16
"""Numbers in one list of an attribute."""

Span = tuple[int, int]
"""Where bytes stand in the file."""

Dim = int | str
"""A side, or the name of one that is open; empty where it has none."""


class Tensor(NamedTuple):
    """A stored tensor: its shape and type, and where its numbers are."""

    name: str
    dims: tuple[int, ...]
    data_type: int
    raw: tuple[Span, ...]
    """Bytes of the numbers, in the order of the machine that ONNX prescribes."""
    packed: tuple[Span, ...]
    """Varints of small types, where they are not in ``raw``."""
    singles: tuple[Span, ...]
    doubles: tuple[Span, ...]
    unpacked: tuple[int, ...]
    """Varints that stand one by one, as older files may have them."""
    location: int
    """1 where the numbers are in another file."""


class Attribute(NamedTuple):
    """A named constant of a node, in one of the types."""

    name: str
    type: int
    single: float
    number: int
    text: bytes
    tensor: Tensor | None
    graph: Span | None
    """Where a graph inside stands; read when it is needed."""
    singles: tuple[float, ...]
    numbers: tuple[int, ...]
    refers: str
    """The attribute of the function around it that it stands for."""


class Node(NamedTuple):
    """An operation, its tensors by name."""

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    name: str
    operator: str
    domain: str
    overload: str
    attributes: tuple[Attribute, ...]
    metadata: tuple[tuple[str, str], ...]


class Value(NamedTuple):
    """What the file says of a tensor that is computed."""

    name: str
    dims: tuple[Dim, ...] | None
    """None where it is no tensor, or its shape is not said."""


class Graph(NamedTuple):
    """Nodes, and the tensors that they start from and end with."""

    name: str
    nodes: tuple[Node, ...]
    initializers: tuple[Tensor, ...]
    sparse: tuple[Tensor | None, ...]
    inputs: tuple[Value, ...]
    outputs: tuple[Value, ...]
    values: tuple[Value, ...]


class Function(NamedTuple):
    """An operator that the model defines itself."""

    name: str
    domain: str
    overload: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    required: tuple[str, ...]
    defaults: tuple[Attribute, ...]
    nodes: tuple[Node, ...]
    opsets: tuple[tuple[str, int], ...]


class Model(NamedTuple):
    """A file."""

    producer: str
    graph: Graph | None
    opsets: tuple[tuple[str, int], ...]
    functions: tuple[Function, ...]
    metadata: tuple[tuple[str, str], ...]


class Field(NamedTuple):
    """What a field of a message becomes."""

    name: str
    read: Callable[[Wire, int, int], Any]
    repeats: bool = False
    """Whether every occurrence counts, and not the last alone."""
    extends: bool = False
    """Whether one occurrence may hold several."""


Message = Mapping[int, Field]
"""The fields of a message by their tags."""


def read(wire: Wire, start: int, end: int, kind: Callable[..., Any], message: Message) -> Any:
    """The message between two places, as a named tuple of some kind.

    Raises:
        SpecError: it is no such message.
    """
    found: dict[str, Any] = {}
    for tag, first, last in wire.fields(start, end):
        field = message.get(tag)
        if field is None:
            continue
        value = field.read(wire, first, last)
        if field.extends:
            found.setdefault(field.name, []).extend(value)
        elif field.repeats:
            found.setdefault(field.name, []).append(value)
        else:
            found[field.name] = value
    for name, value in found.items():
        if isinstance(value, list):
            found[name] = tuple(value)
    return kind(**{**_EMPTY[kind], **found})


def graph(wire: Wire, span: Span) -> Graph:
    """The graph that stands at a place.

    Raises:
        SpecError: it is none.
    """
    result: Graph = _graph(wire, *span)
    return result


def model(wire: Wire) -> Model:
    """The file's model.

    Raises:
        SpecError: it is none.
    """
    result: Model = read(wire, 0, len(wire.data), Model, _MODEL)
    return result


def _text(wire: Wire, start: int, end: int) -> str:
    return wire.text(start, end)


def _word(wire: Wire, start: int, end: int) -> bytes:
    wire.text(start, end)
    return wire.data[start:end]


def _span(_: Wire, start: int, end: int) -> Span:
    return start, end


def _number(_: Wire, value: int, __: int) -> int:
    return signed(value)


def _numbers(wire: Wire, start: int, end: int) -> tuple[int, ...]:
    if end - start > NUMBERS * 10:
        wire.refuse(start, f"a list of {end - start:,} bytes", f"at most {NUMBERS:,} numbers")
    return tuple(wire.varints(start, end))


def _single(wire: Wire, start: int, end: int) -> float:
    return float(struct.unpack("<f", wire.data[start:end])[0])


def _singles(wire: Wire, start: int, end: int) -> tuple[float, ...]:
    if end - start > NUMBERS * 4 or (end - start) % 4:
        wire.refuse(start, f"a list of {end - start:,} bytes", f"at most {NUMBERS:,} numbers")
    return struct.unpack(f"<{(end - start) // 4}f", wire.data[start:end])


def tensor(wire: Wire, start: int, end: int) -> Tensor:
    """The tensor that stands between two places, its numbers unread.

    Raises:
        SpecError: it is none.
    """
    result: Tensor = read(wire, start, end, Tensor, _TENSOR)
    return result


def _sparse(wire: Wire, start: int, end: int) -> Tensor | None:
    for tag, first, last in wire.fields(start, end):
        if tag == _in(1):
            return tensor(wire, first, last)
    return None


def _attribute(wire: Wire, start: int, end: int) -> Attribute:
    result: Attribute = read(wire, start, end, Attribute, _ATTRIBUTE)
    return result


def _node(wire: Wire, start: int, end: int) -> Node:
    result: Node = read(wire, start, end, Node, _NODE)
    return result


def _graph(wire: Wire, start: int, end: int) -> Any:
    return read(wire, start, end, Graph, _GRAPH)


def _function(wire: Wire, start: int, end: int) -> Any:
    return read(wire, start, end, Function, _FUNCTION)


def _opset(wire: Wire, start: int, end: int) -> tuple[str, int]:
    domain, version = "", 1
    for tag, first, last in wire.fields(start, end):
        if tag == _in(1):
            domain = wire.text(first, last)
        elif tag == _in(2, VARINT):
            version = signed(first)
    return domain, version


def _entry(wire: Wire, start: int, end: int) -> tuple[str, str]:
    """A pair of metadata; empty unless it is one of :data:`KEYS`."""
    key, value = b"", (0, 0)
    for tag, first, last in wire.fields(start, end):
        if tag == _in(1):
            key = wire.data[first : min(last, first + TAG_BYTES)]
        elif tag == _in(2):
            value = first, last
    if key not in KEYS or value[1] - value[0] > TEXT_LIMIT:
        return "", ""
    return key.decode(), wire.text(*value)


SCOPES = (b"pkg.torch.onnx.name_scopes", b"pkg.torch.onnx.class_hierarchy")
"""The metadata in which PyTorch's exporter says which modules an operation stands in."""

WEIGHTS_ARE_INPUTS = ("costcalc.weights", "inputs")
"""The metadata by which costcalc's own exporter says so of every input but the first."""

KEYS = (*SCOPES, WEIGHTS_ARE_INPUTS[0].encode())
"""Metadata that are read."""

TAG_BYTES = 64
TEXT_LIMIT = 2**14


def _value(wire: Wire, start: int, end: int) -> Value:
    name, dims = "", None
    for tag, first, last in wire.fields(start, end):
        if tag == _in(1):
            name = wire.text(first, last)
        elif tag == _in(2):
            dims = _type(wire, first, last)
    return Value(name, dims)


def _type(wire: Wire, start: int, end: int) -> tuple[Dim, ...] | None:
    """The shape of a TypeProto: its tensor type's shape's dims."""
    for tag, first, last in wire.fields(start, end):
        if tag == _in(1):
            for inner, begin, stop in wire.fields(first, last):
                if inner == _in(2):
                    sides = wire.fields(begin, stop)
                    return tuple(_side(wire, a, b) for each, a, b in sides if each == _in(1))
    return None


def _side(wire: Wire, start: int, end: int) -> Dim:
    side: Dim = ""
    for tag, first, last in wire.fields(start, end):
        if tag == _in(1, VARINT):
            side = signed(first)
        elif tag == _in(2):
            side = wire.text(first, last)
    return side


def _in(number: int, kind: int = BYTES) -> int:
    """The tag of a field of some wire type."""
    return number << 3 | kind


def _several(number: int, name: str, one: Any, many: Any, kind: int) -> dict[int, Field]:
    """A field of numbers, which may be packed or stand one by one."""
    return {
        _in(number, kind): Field(name, one, repeats=True),
        _in(number): Field(name, many, extends=True),
    }


_TENSOR: Message = {
    **_several(1, "dims", _number, _numbers, VARINT),
    _in(2, VARINT): Field("data_type", _number),
    _in(4): Field("singles", _span, repeats=True),
    _in(4, FIXED32): Field("singles", _span, repeats=True),
    _in(5): Field("packed", _span, repeats=True),
    _in(5, VARINT): Field("unpacked", _number, repeats=True),
    _in(7): Field("packed", _span, repeats=True),
    _in(7, VARINT): Field("unpacked", _number, repeats=True),
    _in(8): Field("name", _text),
    _in(9): Field("raw", _span, repeats=True),
    _in(10): Field("doubles", _span, repeats=True),
    _in(10, FIXED64): Field("doubles", _span, repeats=True),
    _in(11): Field("packed", _span, repeats=True),
    _in(11, VARINT): Field("unpacked", _number, repeats=True),
    _in(14, VARINT): Field("location", _number),
}

_ATTRIBUTE: Message = {
    _in(1): Field("name", _text),
    _in(2, FIXED32): Field("single", _single),
    _in(3, VARINT): Field("number", _number),
    _in(4): Field("text", _word),
    _in(5): Field("tensor", tensor),
    _in(6): Field("graph", _span),
    **_several(7, "singles", _single, _singles, FIXED32),
    **_several(8, "numbers", _number, _numbers, VARINT),
    _in(20, VARINT): Field("type", _number),
    _in(21): Field("refers", _text),
}

_NODE: Message = {
    _in(1): Field("inputs", _text, repeats=True),
    _in(2): Field("outputs", _text, repeats=True),
    _in(3): Field("name", _text),
    _in(4): Field("operator", _text),
    _in(5): Field("attributes", _attribute, repeats=True),
    _in(7): Field("domain", _text),
    _in(8): Field("overload", _text),
    _in(9): Field("metadata", _entry, repeats=True),
}

_GRAPH: Message = {
    _in(1): Field("nodes", _node, repeats=True),
    _in(2): Field("name", _text),
    _in(5): Field("initializers", tensor, repeats=True),
    _in(11): Field("inputs", _value, repeats=True),
    _in(12): Field("outputs", _value, repeats=True),
    _in(13): Field("values", _value, repeats=True),
    _in(15): Field("sparse", _sparse, repeats=True),
}

_FUNCTION: Message = {
    _in(1): Field("name", _text),
    _in(4): Field("inputs", _text, repeats=True),
    _in(5): Field("outputs", _text, repeats=True),
    _in(6): Field("required", _text, repeats=True),
    _in(7): Field("nodes", _node, repeats=True),
    _in(9): Field("opsets", _opset, repeats=True),
    _in(10): Field("domain", _text),
    _in(11): Field("defaults", _attribute, repeats=True),
    _in(13): Field("overload", _text),
}

_MODEL: Message = {
    _in(2): Field("producer", _text),
    _in(7): Field("graph", _graph),
    _in(8): Field("opsets", _opset, repeats=True),
    _in(14): Field("metadata", _entry, repeats=True),
    _in(25): Field("functions", _function, repeats=True),
}


def _empty(kind: Any, message: Message, **others: Any) -> dict[str, Any]:
    """What a message that says nothing says: no items, and the format's defaults."""
    lists = {each.name for each in message.values() if each.repeats or each.extends}
    return {name: () if name in lists else others.get(name, "") for name in kind._fields}


_EMPTY: Mapping[Any, Mapping[str, Any]] = {
    Tensor: _empty(Tensor, _TENSOR, data_type=0, location=0),
    Attribute: _empty(
        Attribute, _ATTRIBUTE, type=0, single=0.0, number=0, text=b"", tensor=None, graph=None
    ),
    Node: _empty(Node, _NODE),
    Graph: _empty(Graph, _GRAPH),
    Function: _empty(Function, _FUNCTION),
    Model: _empty(Model, _MODEL, graph=None),
}
