"""The messages of ONNX: the tuple of each, and its fields by their numbers.

The numbers are those of ``onnx/onnx.proto`` (https://github.com/onnx/onnx, IR
version 13); fields that do not affect costs are left out.  A tensor keeps its
dimensions, its type and where its values are; the values are not read.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from typing import Any, TypeAlias

from costcalc.formats.file_bytes import ByteStream, Span
from costcalc.formats.protobuf import (
    BYTES,
    FLOAT32,
    INTEGER,
    SHORT_BYTES,
    STORED_BYTES,
    STORED_DOUBLES,
    STORED_FLOATS,
    STORED_INTEGERS,
    STORED_TEXT,
    TEXT,
    Field,
    FieldType,
    MessageWriter,
    Schema,
    WireReader,
    wrapped,
)
from costcalc.records import NamedTuple

Dim: TypeAlias = int | str
"""A dimension: its size, or its name if the size is open, or an empty string."""


class DataType(IntEnum):
    """Element types of tensors."""

    FLOAT = 1
    UINT8 = 2
    INT8 = 3
    UINT16 = 4
    INT16 = 5
    INT32 = 6
    INT64 = 7
    BOOL = 9
    FLOAT16 = 10
    DOUBLE = 11
    UINT32 = 12
    UINT64 = 13
    BFLOAT16 = 16
    FLOAT8E4M3FN = 17
    FLOAT8E4M3FNUZ = 18
    FLOAT8E5M2 = 19
    FLOAT8E5M2FNUZ = 20
    FLOAT4E2M1 = 23


class AttributeType(IntEnum):
    """Types of attributes."""

    FLOAT = 1
    INT = 2
    STRING = 3
    TENSOR = 4
    GRAPH = 5
    FLOATS = 6
    INTS = 7
    STRINGS = 8


class TensorProto(NamedTuple):
    """A tensor: its shape and type, and where its values are."""

    name: str = ""
    dims: tuple[int, ...] = ()
    data_type: int = 0
    raw_data: Span | bytes | ByteStream | None = None
    """The values, in little-endian order."""
    float_data: tuple[Span, ...] = ()
    int32_data: tuple[Span | int, ...] = ()
    int64_data: tuple[Span | int, ...] = ()
    double_data: tuple[Span, ...] = ()
    uint64_data: tuple[Span | int, ...] = ()
    location: int = 0
    """1 if the values are in another file."""


class AttributeProto(NamedTuple):
    """An attribute of a node."""

    name: str
    type: int
    value: Any
    """A string is bytes, a graph its place in the file; None for a type that is not read."""
    refers: str = ""
    """The attribute of the enclosing function whose value it takes."""


class NodeProto(NamedTuple):
    """An operation."""

    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    name: str = ""
    operator: str = ""
    domain: str = ""
    overload: str = ""
    attributes: tuple[AttributeProto, ...] = ()
    metadata: tuple[tuple[str, str], ...] = ()


class TensorType(NamedTuple):
    """The type of a computed tensor."""

    data_type: int = 0
    dims: tuple[Dim, ...] | None = None
    """None if the file does not state the shape."""


class ValueInfoProto(NamedTuple):
    """What the file states about a computed tensor."""

    name: str = ""
    type: TensorType | None = None
    """None if it is not a tensor."""

    @property
    def dims(self) -> tuple[Dim, ...] | None:
        """Its shape; None if the file does not state it."""
        return self.type.dims if self.type else None


class GraphProto(NamedTuple):
    """A graph of nodes."""

    name: str = ""
    nodes: tuple[NodeProto, ...] = ()
    initializers: tuple[TensorProto, ...] = ()
    sparse: tuple[TensorProto | None, ...] = ()
    inputs: tuple[ValueInfoProto, ...] = ()
    outputs: tuple[ValueInfoProto, ...] = ()
    values: tuple[ValueInfoProto, ...] = ()


class OperatorSet(NamedTuple):
    """A domain of operators and the version that a model uses."""

    domain: str = ""
    version: int = 0


class FunctionProto(NamedTuple):
    """An operator that the model itself defines."""

    name: str = ""
    domain: str = ""
    overload: str = ""
    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    required: tuple[str, ...] = ()
    defaults: tuple[AttributeProto, ...] = ()
    nodes: tuple[NodeProto, ...] = ()
    opsets: tuple[OperatorSet, ...] = ()


class ModelProto(NamedTuple):
    """A whole file."""

    ir_version: int = 0
    producer: str = ""
    graph: GraphProto | None = None
    opsets: tuple[OperatorSet, ...] = ()
    functions: tuple[FunctionProto, ...] = ()
    metadata: tuple[tuple[str, str], ...] = ()


SCOPES = ("pkg.torch.onnx.name_scopes", "pkg.torch.onnx.class_hierarchy")
"""The metadata in which PyTorch's exporter names the modules that contain an operation."""

PRODUCER = "costcalc"
"""The producer in files that costcalc writes."""

WEIGHTS_ARE_INPUTS = ("costcalc.weights", "inputs")
"""The metadata of costcalc's files in which all inputs but the first are weights.

If the network has several inputs, the value has their number behind it: ``inputs 2``.
"""

_METADATA_KEYS = frozenset({*SCOPES, WEIGHTS_ARE_INPUTS[0]})
"""The keys of metadata that are read."""

_KEY_BYTES = 64
_METADATA_BYTES = 2**14


def attribute(
    name: str, value: int | float | str | tuple[int, ...] | TensorProto
) -> AttributeProto:
    """An attribute, its type that of the value."""
    if isinstance(value, TensorProto):
        return AttributeProto(name, AttributeType.TENSOR, value)
    if isinstance(value, tuple):
        return AttributeProto(name, AttributeType.INTS, value)
    if isinstance(value, str):
        return AttributeProto(name, AttributeType.STRING, value.encode())
    type_ = AttributeType.FLOAT if isinstance(value, float) else AttributeType.INT
    return AttributeProto(name, type_, value)


TENSOR = Schema(
    TensorProto,
    {
        1: Field("dims", INTEGER, repeated=True),
        2: Field("data_type", INTEGER),
        4: Field("float_data", STORED_FLOATS, repeated=True),
        5: Field("int32_data", STORED_INTEGERS, repeated=True),
        7: Field("int64_data", STORED_INTEGERS, repeated=True),
        8: Field("name", TEXT),
        9: Field("raw_data", STORED_BYTES),
        10: Field("double_data", STORED_DOUBLES, repeated=True),
        11: Field("uint64_data", STORED_INTEGERS, repeated=True),
        14: Field("location", INTEGER),
    },
)


_ATTRIBUTE = Schema(
    dict[str, Any],
    {
        1: Field("name", TEXT),
        2: Field("f", FLOAT32),
        3: Field("i", INTEGER),
        4: Field("s", SHORT_BYTES),
        5: Field("t", TENSOR.type),
        6: Field("g", STORED_BYTES),
        7: Field("floats", FLOAT32, repeated=True),
        8: Field("ints", INTEGER, repeated=True),
        9: Field("strings", SHORT_BYTES, repeated=True),
        20: Field("type", INTEGER),
        21: Field("refers", TEXT),
    },
)

_VALUES: Mapping[int, tuple[str, Any]] = {
    AttributeType.TENSOR: ("t", None),
    AttributeType.GRAPH: ("g", None),
    AttributeType.STRING: ("s", b""),
    AttributeType.INTS: ("ints", ()),
    AttributeType.STRINGS: ("strings", ()),
    AttributeType.FLOATS: ("floats", ()),
    AttributeType.FLOAT: ("f", 0.0),
    AttributeType.INT: ("i", 0),
}
"""The field of each type, and its value if the field is absent."""


def _read_attribute(wire: WireReader, start: int, end: int) -> AttributeProto:
    """An attribute; files of the first version have no type but the field that is present."""
    fields = _ATTRIBUTE.read(wire, start, end)
    filled = (type_ for type_, (name, _) in _VALUES.items() if fields.get(name))
    type_ = fields.get("type") or next(filled, AttributeType.INT)
    name, zero = _VALUES.get(type_, ("", None))
    return AttributeProto(
        fields.get("name", ""), type_, fields.get(name, zero), fields.get("refers", "")
    )


def _write_attribute(writer: MessageWriter, number: int, value: AttributeProto) -> None:
    name, _ = _VALUES[value.type]
    _ATTRIBUTE.write(writer, number, {"name": value.name, "type": value.type, name: value.value})


_DIMENSION = Schema(dict[str, Any], {1: Field("size", INTEGER), 2: Field("name", TEXT)})


def _read_dim(wire: WireReader, start: int, end: int) -> Dim:
    fields = _DIMENSION.read(wire, start, end)
    dim: Dim = fields.get("size", fields.get("name", ""))
    return dim


def _write_dim(writer: MessageWriter, number: int, dim: Dim) -> None:
    _DIMENSION.write(writer, number, {"name" if isinstance(dim, str) else "size": dim})


_ENTRY = Schema(dict[str, Any], {1: Field("key", STORED_TEXT), 2: Field("value", STORED_TEXT)})


def _read_entry(wire: WireReader, start: int, end: int) -> tuple[str, str]:
    """A pair of metadata; empty strings unless the key is one that costcalc reads."""
    fields = _ENTRY.read(wire, start, end)
    key, value = (fields.get(name, Span(0, 0)) for name in ("key", "value"))
    if key.end - key.start > _KEY_BYTES or value.end - value.start > _METADATA_BYTES:
        return "", ""
    name = wire.text(*key)
    return (name, wire.text(*value)) if name in _METADATA_KEYS else ("", "")


def _write_entry(writer: MessageWriter, number: int, entry: tuple[str, str]) -> None:
    key, value = entry
    _ENTRY.write(writer, number, {"key": key, "value": value})


_ATTRIBUTES = Field(
    "attributes", FieldType(BYTES, _read_attribute, _write_attribute), repeated=True
)
_METADATA = Field("metadata", FieldType(BYTES, _read_entry, _write_entry), repeated=True)

_NODE = Schema(
    NodeProto,
    {
        1: Field("inputs", TEXT, repeated=True),
        2: Field("outputs", TEXT, repeated=True),
        3: Field("name", TEXT),
        4: Field("operator", TEXT),
        5: _ATTRIBUTES,
        7: Field("domain", TEXT),
        8: Field("overload", TEXT),
        9: _METADATA,
    },
)

_SHAPE = wrapped(1, FieldType(BYTES, _read_dim, _write_dim), repeated=True)

_TENSOR_TYPE = Schema(TensorType, {1: Field("data_type", INTEGER), 2: Field("dims", _SHAPE)})

_VALUE = Schema(
    ValueInfoProto, {1: Field("name", TEXT), 2: Field("type", wrapped(1, _TENSOR_TYPE.type))}
)

GRAPH = Schema(
    GraphProto,
    {
        1: Field("nodes", _NODE.type, repeated=True),
        2: Field("name", TEXT),
        5: Field("initializers", TENSOR.type, repeated=True),
        11: Field("inputs", _VALUE.type, repeated=True),
        12: Field("outputs", _VALUE.type, repeated=True),
        13: Field("values", _VALUE.type, repeated=True),
        15: Field("sparse", wrapped(1, TENSOR.type), repeated=True),
    },
)

_OPERATOR_SET = Schema(OperatorSet, {1: Field("domain", TEXT), 2: Field("version", INTEGER)})

_FUNCTION = Schema(
    FunctionProto,
    {
        1: Field("name", TEXT),
        4: Field("inputs", TEXT, repeated=True),
        5: Field("outputs", TEXT, repeated=True),
        6: Field("required", TEXT, repeated=True),
        7: Field("nodes", _NODE.type, repeated=True),
        9: Field("opsets", _OPERATOR_SET.type, repeated=True),
        10: Field("domain", TEXT),
        11: _ATTRIBUTES._replace(name="defaults"),
        13: Field("overload", TEXT),
    },
)

MODEL = Schema(
    ModelProto,
    {
        1: Field("ir_version", INTEGER),
        2: Field("producer", TEXT),
        7: Field("graph", GRAPH.type),
        8: Field("opsets", _OPERATOR_SET.type, repeated=True),
        14: _METADATA,
        25: Field("functions", _FUNCTION.type, repeated=True),
    },
)
