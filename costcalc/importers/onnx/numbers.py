"""The numbers of small constants: shapes, axes, scales, which graphs compute with.

Weights are larger than :data:`MOST` and stay where they are.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from typing import NoReturn

from costcalc.formats.onnx_schema import DataType, TensorProto
from costcalc.formats.protobuf import Span, WireReader
from costcalc.formulas.algebra import product
from costcalc.records import NamedTuple

MOST = 8192
"""Elements of a constant whose numbers are read: 64 KiB of the widest type."""

Number = int | float


class Type(NamedTuple):
    """An element type of ONNX's TensorProto."""

    format: str = ""
    """Its letter in :mod:`struct`; empty where no shape is ever of that type."""
    is_learned: bool = False
    """Whether what training finds is kept in it."""


TYPES: Mapping[int, Type] = {
    DataType.FLOAT: Type("f", is_learned=True),
    DataType.UINT8: Type("B"),
    DataType.INT8: Type("b"),
    DataType.UINT16: Type("H"),
    DataType.INT16: Type("h"),
    DataType.INT32: Type("i"),
    DataType.INT64: Type("q"),
    DataType.BOOL: Type("?"),
    DataType.FLOAT16: Type("e", is_learned=True),
    DataType.DOUBLE: Type("d", is_learned=True),
    DataType.UINT32: Type("I"),
    DataType.UINT64: Type("Q"),
    DataType.BFLOAT16: Type(is_learned=True),
    DataType.FLOAT8E4M3FN: Type(is_learned=True),
    DataType.FLOAT8E4M3FNUZ: Type(is_learned=True),
    DataType.FLOAT8E5M2: Type(is_learned=True),
    DataType.FLOAT8E5M2FNUZ: Type(is_learned=True),
    DataType.FLOAT4E2M1: Type(is_learned=True),
}

WHOLE = frozenset(type_ for type_, row in TYPES.items() if row.format and row.format in "BbHhiqIQ")
"""Types of whole numbers."""


def is_learned(data_type: int) -> bool:
    """Whether tensors of a type may hold what training found: floating point, of any width."""
    return TYPES.get(data_type, Type()).is_learned


def stored(wire: WireReader, tensor: TensorProto) -> tuple[Number, ...] | None:
    """The numbers of a stored tensor, None where they are many, not there or of no use.

    Raises:
        SpecError: there are more or fewer of them than its dims say.
    """
    count = product(tensor.dims)
    format_ = TYPES.get(tensor.data_type, Type()).format
    if count > MOST or tensor.location or not format_:
        return None
    raw = (tensor.raw_data,) if isinstance(tensor.raw_data, Span) else ()
    integers = (*tensor.int32_data, *tensor.int64_data, *tensor.uint64_data)
    places = (*raw, *integers, *tensor.float_data, *tensor.double_data)
    if count and all(isinstance(each, Span) and each.start == each.end for each in places):
        return None
    for spans, letter in ((raw, format_), (tensor.float_data, "f"), (tensor.double_data, "d")):
        if spans:
            return _unpacked(wire, spans, letter, count, tensor)
    found = _integers(wire, tensor, integers, count)
    if format_ == "e":
        halves = struct.pack(f"<{count}H", *(bits & 0xFFFF for bits in found))
        return struct.unpack(f"<{count}e", halves)
    return tuple(bool(value) for value in found) if format_ == "?" else tuple(found)


def _integers(
    wire: WireReader, tensor: TensorProto, stored: Sequence[Span | int], count: int
) -> list[int]:
    """Numbers that stand one by one or packed.

    Raises:
        SpecError: there are more or fewer of them than a count.
    """
    found: list[int] = []
    start = 0
    for each in stored:
        if isinstance(each, int):
            found.append(each)
        else:
            start = start or each.start
            if each.end - each.start > 10 * MOST:
                _wrong(wire, start, tensor, each.end - each.start)
            found += wire.varints(*each)
        if len(found) > count:
            break
    if len(found) != count:
        _wrong(wire, start, tensor, len(found))
    return found


def _unpacked(
    wire: WireReader, spans: Sequence[Span], format_: str, count: int, tensor: TensorProto
) -> tuple[Number, ...] | None:
    size = sum(end - start for start, end in spans)
    if size != count * struct.calcsize(f"<{format_}"):
        _wrong(wire, spans[0][0], tensor, size // struct.calcsize(f"<{format_}"))
    data = b"".join(wire.data[start:end] for start, end in spans)
    return struct.unpack(f"<{count}{format_}", data)


def _wrong(wire: WireReader, at: int, tensor: TensorProto, found: int) -> NoReturn:
    dims = " x ".join(str(side) for side in tensor.dims) or "one number"
    wire.refuse(at, f"tensor '{tensor.name}' holds {found:,} numbers", f"{dims}, as its dims say")
