"""Reads the values of small constants, such as the shapes, axes and scales in a graph.

Tensors of more than :data:`MOST` elements are weights and are not read.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from math import prod
from typing import NoReturn

from costcalc.formats.file_bytes import Span
from costcalc.formats.onnx_schema import DataType, TensorProto
from costcalc.formats.protobuf import WireReader
from costcalc.records import NamedTuple

MOST = 8192
"""The most elements of a constant whose values are read: 64 KiB of the widest type."""

Number = int | float


class Type(NamedTuple):
    """An element type of ONNX's TensorProto."""

    format: str = ""
    """Its letter in :mod:`struct`; empty if shapes never have that type."""
    is_learnable: bool = False
    """Whether learnable params may have it."""


TYPES: Mapping[int, Type] = {
    DataType.FLOAT: Type("f", is_learnable=True),
    DataType.UINT8: Type("B"),
    DataType.INT8: Type("b"),
    DataType.UINT16: Type("H"),
    DataType.INT16: Type("h"),
    DataType.INT32: Type("i"),
    DataType.INT64: Type("q"),
    DataType.BOOL: Type("?"),
    DataType.FLOAT16: Type("e", is_learnable=True),
    DataType.DOUBLE: Type("d", is_learnable=True),
    DataType.UINT32: Type("I"),
    DataType.UINT64: Type("Q"),
    DataType.BFLOAT16: Type(is_learnable=True),
    DataType.FLOAT8E4M3FN: Type(is_learnable=True),
    DataType.FLOAT8E4M3FNUZ: Type(is_learnable=True),
    DataType.FLOAT8E5M2: Type(is_learnable=True),
    DataType.FLOAT8E5M2FNUZ: Type(is_learnable=True),
    DataType.FLOAT4E2M1: Type(is_learnable=True),
}

WHOLE = frozenset(type_ for type_, row in TYPES.items() if row.format and row.format in "BbHhiqIQ")
"""Integer types."""


def is_learnable(data_type: int) -> bool:
    """Whether tensors of a type may be learnable: floating point, of any width."""
    return TYPES.get(data_type, Type()).is_learnable


def read_values(wire: WireReader, tensor: TensorProto) -> tuple[Number, ...] | None:
    """The values of a tensor; None if they are many, missing, or of a type without sizes.

    Raises:
        SpecError: there are more or fewer of them than its dimensions say.
    """
    count = prod(tensor.dims)
    format_ = TYPES.get(tensor.data_type, Type()).format
    if count > MOST or tensor.location or not format_:
        return None
    raw = (tensor.raw_data,) if isinstance(tensor.raw_data, Span) else ()
    integers = (*tensor.int32_data, *tensor.int64_data, *tensor.uint64_data)
    fields = (*raw, *integers, *tensor.float_data, *tensor.double_data)
    if count and all(isinstance(field, Span) and field.start == field.end for field in fields):
        return None
    for spans, letter in ((raw, format_), (tensor.float_data, "f"), (tensor.double_data, "d")):
        if spans:
            return _unpacked(wire, spans, letter, count, tensor)
    values = _integers(wire, tensor, integers, count)
    if format_ == "e":
        halves = struct.pack(f"<{count}H", *(bits & 0xFFFF for bits in values))
        return struct.unpack(f"<{count}e", halves)
    return tuple(bool(value) for value in values) if format_ == "?" else tuple(values)


def _integers(
    wire: WireReader, tensor: TensorProto, fields: Sequence[Span | int], count: int
) -> list[int]:
    """Integers in fields of one each, or packed.

    Raises:
        SpecError: there are more or fewer than ``count``.
    """
    values: list[int] = []
    start = 0
    for field in fields:
        if isinstance(field, int):
            values.append(field)
        else:
            start = start or field.start
            if field.end - field.start > 10 * MOST:
                _refuse_count(wire, start, tensor, field.end - field.start)
            values += wire.varints(*field)
        if len(values) > count:
            break
    if len(values) != count:
        _refuse_count(wire, start, tensor, len(values))
    return values


def _unpacked(
    wire: WireReader, spans: Sequence[Span], format_: str, count: int, tensor: TensorProto
) -> tuple[Number, ...] | None:
    size = sum(end - start for start, end in spans)
    if size != count * struct.calcsize(f"<{format_}"):
        _refuse_count(wire, spans[0][0], tensor, size // struct.calcsize(f"<{format_}"))
    data = b"".join(wire.data[start:end] for start, end in spans)
    return struct.unpack(f"<{count}{format_}", data)


def _refuse_count(wire: WireReader, at: int, tensor: TensorProto, found: int) -> NoReturn:
    dims = " x ".join(map(str, tensor.dims)) or "one number"
    wire.refuse(at, f"tensor '{tensor.name}' holds {found:,} numbers", f"{dims}, as its dims say")
