"""The numbers of small constants: shapes, axes, scales, which graphs compute with.

Weights are larger than :data:`MOST` and stay where they are.
"""

from __future__ import annotations

import struct
from typing import NamedTuple, NoReturn

from costcalc.formulas.algebra import product
from costcalc.importers.onnx.schema import Span, Tensor
from costcalc.importers.onnx.wire import Wire

MOST = 8192
"""Elements of a constant whose numbers are read: 64 KiB of the widest type."""

Number = int | float


class Type(NamedTuple):
    """An element type of ONNX's TensorProto."""

    format: str = ""
    """Its letter in :mod:`struct`; empty where no shape is ever of that type."""
    is_learned: bool = False
    """Whether what training finds is kept in it."""


TYPES = {
    1: Type("f", is_learned=True),
    2: Type("B"),
    3: Type("b"),
    4: Type("H"),
    5: Type("h"),
    6: Type("i"),
    7: Type("q"),
    9: Type("?"),
    10: Type("e", is_learned=True),
    11: Type("d", is_learned=True),
    12: Type("I"),
    13: Type("Q"),
    16: Type(is_learned=True),
    17: Type(is_learned=True),
    18: Type(is_learned=True),
    19: Type(is_learned=True),
    20: Type(is_learned=True),
    23: Type(is_learned=True),
}
"""Types by their number: bfloat16 is 16, the floats of eight and four bits are above."""

WHOLE = frozenset({2, 3, 4, 5, 6, 7, 12, 13})
FLOAT, INT64, BOOL = 1, 7, 9


def is_learned(data_type: int) -> bool:
    """Whether tensors of a type may hold what training found: floating point, of any width."""
    return TYPES.get(data_type, Type()).is_learned


def stored(wire: Wire, tensor: Tensor) -> tuple[Number, ...] | None:
    """The numbers of a stored tensor, None where they are many, not there or of no use.

    Raises:
        SpecError: there are more or fewer of them than its dims say.
    """
    count = product(tensor.dims)
    format_ = TYPES.get(tensor.data_type, Type()).format
    if count > MOST or tensor.location or not format_:
        return None
    spans = (*tensor.raw, *tensor.packed, *tensor.singles, *tensor.doubles)
    if count and not tensor.unpacked and all(start == end for start, end in spans):
        return None
    if tensor.raw:
        return _unpacked(wire, tensor.raw[-1:], format_, count, tensor)
    if tensor.singles:
        return _unpacked(wire, tensor.singles, "f", count, tensor)
    if tensor.doubles:
        return _unpacked(wire, tensor.doubles, "d", count, tensor)
    found = [*tensor.unpacked[: count + 1]]
    for start, end in tensor.packed:
        if end - start > 10 * MOST:
            _wrong(wire, start, tensor, end - start)
        found += wire.varints(start, end)
    if len(found) != count:
        _wrong(wire, tensor.packed[0][0] if tensor.packed else 0, tensor, len(found))
    if format_ == "e":
        halves = struct.pack(f"<{count}H", *(bits & 0xFFFF for bits in found))
        return struct.unpack(f"<{count}e", halves)
    return tuple(bool(value) for value in found) if format_ == "?" else tuple(found)


def _unpacked(
    wire: Wire, spans: tuple[Span, ...], format_: str, count: int, tensor: Tensor
) -> tuple[Number, ...] | None:
    size = sum(end - start for start, end in spans)
    if size != count * struct.calcsize(f"<{format_}"):
        _wrong(wire, spans[0][0], tensor, size // struct.calcsize(f"<{format_}"))
    data = b"".join(wire.data[start:end] for start, end in spans)
    return struct.unpack(f"<{count}{format_}", data)


def _wrong(wire: Wire, at: int, tensor: Tensor, found: int) -> NoReturn:
    dims = " x ".join(str(side) for side in tensor.dims) or "one number"
    wire.refuse(at, f"tensor '{tensor.name}' holds {found:,} numbers", f"{dims}, as its dims say")
