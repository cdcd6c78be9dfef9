"""Protocol buffers, for reading and writing: the wire format, and messages by their fields.

The format is Google's, https://protobuf.dev/programming-guides/encoding: a
message is a sequence of fields, each a tag and a value.

Large values do not pass through memory.  When reading, a field of bytes may stay a
:class:`Span`, its place in the file; when writing, it may be a :class:`ByteStream`,
whose bytes are produced as the file is written.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Generic, NoReturn, TypeVar

from costcalc.errors import Mark, refuse
from costcalc.formats.file_bytes import ByteStream, FileBytes, Span
from costcalc.records import NamedTuple

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
"""Wire types.  3 and 4 are groups, which newer messages do not have."""

FIELDS = 5_000_000
"""The most fields in a file; a graph of 50,000 nodes has some two million."""

TEXT_BYTES = 2**16
"""The most bytes of a string that is read."""

PACKED = 2**16
"""The most numbers that are read from one packed field."""

_VARINT_BYTES = 10


class WireReader:
    """Reads messages from a file's bytes."""

    __slots__ = ("data", "file", "left", "what")

    def __init__(self, data: FileBytes, file: str, what: str) -> None:
        """Take a file's bytes, its name, and what it should be, for messages: ``ONNX model``."""
        self.data = data
        self.file = file
        self.what = what
        self.left = FIELDS

    def message(self, fields: FieldReaders, start: int, end: int) -> dict[str, Any]:
        """The fields of the message in a range of bytes, by name; unlisted fields are skipped.

        Raises:
            SpecError: it is not a message, or the file has too many fields.
        """
        values: dict[str, Any] = {}
        lists: dict[str, list[Any]] = {}
        data, at = self.data, start
        while at < end:
            self.left -= 1
            if self.left < 0:
                self.refuse(at, f"has more than {FIELDS:,} fields", f"a smaller {self.what}")
            place, tag = at, data[at]
            at += 1
            if tag > 127:
                tag, at = self.varint(place, end)
            wire_type = tag & 7
            if wire_type == BYTES:
                size = data[at] if at < end else 128
                if size < 128:
                    at += 1
                else:
                    size, at = self.varint(at, end)
                if size > end - at:
                    self.refuse(
                        place,
                        f"a length of {size:,} bytes reaches past the end of its message",
                        f"at most the {end - at:,} bytes that are left",
                    )
                first, at = at, at + size
            elif wire_type == VARINT:
                first = data[at] if at < end else 128
                if first < 128:
                    at += 1
                else:
                    first, at = self.varint(at, end)
            elif wire_type in (FIXED32, FIXED64):
                size = 4 if wire_type == FIXED32 else 8
                if size > end - at:
                    self.refuse(place, f"a number of {size} bytes is cut off")
                first, at = at, at + size
            else:
                self.refuse(
                    place,
                    f"a field of wire type {wire_type}, which no {self.what} has",
                    "wire type 0, 1, 2 or 5",
                )
            field = fields.get(tag)
            if field is None:
                continue
            name, read, repeated, packed = field
            value = read(self, first, at)
            if packed:
                lists.setdefault(name, []).extend(value)
            elif repeated:
                lists.setdefault(name, []).append(value)
            else:
                values[name] = value
        for name, items in lists.items():
            values[name] = tuple(items)
        return values

    def varint(self, at: int, end: int) -> tuple[int, int]:
        """The unsigned number at a byte, and the byte after it.

        Raises:
            SpecError: it does not end, or takes more than ten bytes.
        """
        data, value, shift = self.data, 0, 0
        for place in range(at, min(end, at + _VARINT_BYTES)):
            byte = data[place]
            value |= (byte & 127) << shift
            if byte < 128:
                return value & (2**64 - 1), place + 1
            shift += 7
        self.refuse(at, "a number does not end", f"at most {_VARINT_BYTES} bytes of it")

    def varints(self, start: int, end: int) -> Iterator[int]:
        """Packed signed numbers.

        Raises:
            SpecError: one does not end.
        """
        while start < end:
            value, start = self.varint(start, end)
            yield signed(value)

    def text(self, start: int, end: int) -> str:
        """A string; bytes that are not UTF-8 become escapes.

        Raises:
            SpecError: it is too long.
        """
        return self.short(start, end).decode("utf-8", "backslashreplace")

    def short(self, start: int, end: int) -> bytes:
        """Bytes, copied out of the file.

        Raises:
            SpecError: they are too many.
        """
        if end - start > TEXT_BYTES:
            self.refuse(start, f"a name of {end - start:,} bytes", f"at most {TEXT_BYTES:,} bytes")
        return self.data[start:end]

    def refuse(self, at: int, message: str, expected: str = "") -> NoReturn:
        """Report a problem at a byte.

        Raises:
            SpecError: always.
        """
        hint = f"a complete {self.what}: the file is cut off or damaged, or is something else"
        refuse(Mark(self.file), f"byte {at:,}: {message}", expected, hint=hint)


class MessageWriter:
    """A message being written, field by field."""

    __slots__ = ("pieces", "size")

    def __init__(self) -> None:
        self.pieces: list[bytearray | ByteStream] = []
        self.size = 0

    def integer(self, number: int, value: int) -> None:
        """Add a 64-bit integer or a boolean."""
        self._add(_tag(number, VARINT) + varint(value))

    def float32(self, number: int, value: float) -> None:
        """Add a 32-bit float."""
        self._add(_tag(number, FIXED32) + struct.pack("<f", value))

    def text(self, number: int, value: str) -> None:
        """Add a string; lone surrogates, which UTF-8 does not have, become escapes."""
        self.data(number, value.encode(errors="backslashreplace"))

    def data(self, number: int, value: bytes | ByteStream) -> None:
        """Add bytes."""
        if isinstance(value, ByteStream):
            self._add(_tag(number, BYTES) + varint(value.size))
            self._stream(value)
        else:
            self._add(_tag(number, BYTES) + varint(len(value)) + value)

    def message(self, number: int, value: MessageWriter) -> None:
        """Add a message, with its fields so far."""
        self._add(_tag(number, BYTES) + varint(value.size))
        for piece in value.pieces:
            if isinstance(piece, bytearray):
                self._add(piece)
            else:
                self._stream(piece)

    def chunks(self) -> Iterator[bytes]:
        """The message's bytes, ``size`` in all."""
        for piece in self.pieces:
            if isinstance(piece, bytearray):
                yield bytes(piece)
            else:
                yield from piece.chunks()

    def _add(self, piece: bytes | bytearray) -> None:
        last = self.pieces[-1] if self.pieces else None
        if not isinstance(last, bytearray):
            last = bytearray()
            self.pieces.append(last)
        last += piece
        self.size += len(piece)

    def _stream(self, piece: ByteStream) -> None:
        self.pieces.append(piece)
        self.size += piece.size


def varint(value: int) -> bytes:
    """A whole number in groups of seven bits, the least significant first.

    >>> varint(300).hex()
    'ac02'
    >>> len(varint(-1))  # two's complement of 64 bits
    10
    """
    value %= 2**64
    groups = bytearray()
    while value > 127:
        groups.append(value & 127 | 128)
        value >>= 7
    groups.append(value)
    return bytes(groups)


def signed(value: int) -> int:
    """A 64-bit number as a signed one.

    >>> signed(5), signed(2**64 - 1)
    (5, -1)
    """
    return value - 2**64 if value >= 2**63 else value


def _tag(number: int, wire_type: int) -> bytes:
    return varint(number << 3 | wire_type)


Read = Callable[[WireReader, int, int], Any]
"""Reads a value from its range of bytes; for a varint, the second argument is the number."""

FieldReaders = Mapping[int, tuple[str, Read, bool, bool]]
"""By tag: a field's name, its reader, whether it repeats and whether it is packed."""

Write = Callable[[MessageWriter, int, Any], None]
"""Adds a value to a message, as the field of a number."""


class FieldType(NamedTuple):
    """How the values of a field are read and written."""

    wire_type: int
    read: Read
    write: Write
    read_packed: Read | None = None
    """Reads packed numbers, several in one field of bytes."""


def _span(_: WireReader, start: int, end: int) -> Span:
    return Span(start, end)


def _spans(_: WireReader, start: int, end: int) -> tuple[Span]:
    return (Span(start, end),)


def _integer(_: WireReader, value: int, __: int) -> int:
    return signed(value)


def _integers(wire: WireReader, start: int, end: int) -> Iterable[int]:
    if end - start > PACKED * _VARINT_BYTES:
        wire.refuse(start, f"a list of {end - start:,} bytes", f"at most {PACKED:,} numbers")
    return wire.varints(start, end)


def _float32(wire: WireReader, start: int, end: int) -> float:
    return float(struct.unpack("<f", wire.data[start:end])[0])


def _float32s(wire: WireReader, start: int, end: int) -> Iterable[float]:
    if end - start > PACKED * 4 or (end - start) % 4:
        wire.refuse(start, f"a list of {end - start:,} bytes", f"at most {PACKED:,} numbers")
    return struct.unpack(f"<{(end - start) // 4}f", wire.data[start:end])


INTEGER = FieldType(VARINT, _integer, MessageWriter.integer, _integers)
FLOAT32 = FieldType(FIXED32, _float32, MessageWriter.float32, _float32s)
TEXT = FieldType(BYTES, WireReader.text, MessageWriter.text)
SHORT_BYTES = FieldType(BYTES, WireReader.short, MessageWriter.data)
"""Bytes that are copied out of the file."""

STORED_BYTES = FieldType(BYTES, _span, MessageWriter.data)
"""Bytes that stay in the file, read as a :class:`Span`."""

STORED_TEXT = FieldType(BYTES, _span, MessageWriter.text)

STORED_INTEGERS = FieldType(VARINT, _integer, MessageWriter.integer, _spans)
"""Numbers that stay in the file if they are packed; single ones are read."""

STORED_FLOATS = FieldType(FIXED32, _span, MessageWriter.float32, _spans)
STORED_DOUBLES = FieldType(FIXED64, _span, MessageWriter.data, _spans)

T = TypeVar("T")


class Field(NamedTuple):
    """A field of a message: its name in the named tuple or dict, and its type."""

    name: str
    type: FieldType
    repeated: bool = False
    """Whether all occurrences count, not only the last one."""


class Schema(Generic[T]):
    """A message as a named tuple with defaults, or as a dict, with its fields by number.

    Fields of other numbers are skipped.  A dict holds the fields that are present; a
    value of a tuple that equals its default is not written.
    """

    def __init__(self, make: Callable[..., T], fields: Mapping[int, Field]) -> None:
        """Take what makes the tuple or dict from fields by name, and the fields by number."""
        self._make = make
        self._fields = fields
        readers = {}
        for number, (name, type_, repeated) in fields.items():
            readers[number << 3 | type_.wire_type] = name, type_.read, repeated, False
            if repeated and type_.read_packed is not None:
                readers[number << 3 | BYTES] = name, type_.read_packed, repeated, True
        self._readers: FieldReaders = readers

    @property
    def type(self) -> FieldType:
        """The type of a field that contains such a message."""
        return FieldType(BYTES, self.read, self.write)

    def read(self, wire: WireReader, start: int, end: int) -> T:
        """Read the message in a range of bytes.

        Raises:
            SpecError: it is not such a message.
        """
        return self._make(**wire.message(self._readers, start, end))

    def write(self, writer: MessageWriter, number: int, value: T) -> None:
        """Add a message as a field of another."""
        writer.message(number, self.encoded(value))

    def encoded(self, value: T) -> MessageWriter:
        """Encode a message."""
        writer, present = MessageWriter(), _present_fields(value)
        for number, (name, type_, repeated) in self._fields.items():
            if name in present:
                for item in present[name] if repeated else (present[name],):
                    type_.write(writer, number, item)
        return writer


def _present_fields(message: Any) -> dict[str, Any]:
    if isinstance(message, dict):
        return message
    defaults = message._field_defaults
    return {name: item for name, item in message._asdict().items() if item != defaults.get(name)}


def wrapped(number: int, type_: FieldType, repeated: bool = False) -> FieldType:
    """A message with one field that matters, as that field's value; None if it is absent."""
    schema = Schema(dict[str, Any], {number: Field("value", type_, repeated)})

    def read(wire: WireReader, start: int, end: int) -> Any:
        return schema.read(wire, start, end).get("value", () if repeated else None)

    def write(writer: MessageWriter, outer: int, value: Any) -> None:
        schema.write(writer, outer, {"value": value})

    return FieldType(BYTES, read, write)
