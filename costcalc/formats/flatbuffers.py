"""FlatBuffers, for reading and writing: the wire format, and tables by their fields.

The format is Google's, https://flatbuffers.dev/internals: a table is a list of values at
the places that its vtable gives for the ids of its fields; strings, vectors and other
tables stand elsewhere in the file, and the table holds the distance to them.

Large values do not pass through memory.  When reading, a vector may stay a :class:`Span`,
its place in the file; when writing, a vector of bytes may be a :class:`ByteStream`, whose
bytes are produced as the file is written.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Generic, NoReturn, TypeVar

from costcalc.errors import Mark, refuse
from costcalc.formats.file_bytes import ByteStream, FileBytes, Span
from costcalc.records import NamedTuple

VALUES = 5_000_000
"""The most values that are read from a file, of all tables and vectors together."""

TEXT_BYTES = 2**16
"""The most bytes of a string that is read."""

FILE_BYTES = 2**31
"""The most bytes that distances of 32 bits can span."""

BLOB_ALIGNMENT = 16
"""Vectors of bytes start at multiples of this, as runtimes expect of weights."""

_DISTANCE = struct.Struct("<I")
_VTABLE_DISTANCE = struct.Struct("<i")
_ENTRY = struct.Struct("<H")


class FlatReader:
    """Reads tables from a file's bytes; whatever it is told to read is inside the file."""

    __slots__ = ("data", "file", "left", "size", "what")

    def __init__(self, data: FileBytes, file: str, what: str) -> None:
        """Take a file's bytes, its name, and what it should be, for messages: ``.tflite file``."""
        self.data = data
        self.file = file
        self.what = what
        self.size = len(data)
        self.left = VALUES

    def unpacked(self, format_: struct.Struct, at: int) -> Any:
        """The number at a byte.

        Raises:
            SpecError: it is not inside the file.
        """
        if not 0 <= at <= self.size - format_.size:
            self.refuse(at, f"a number of {format_.size} bytes is outside the file")
        return format_.unpack_from(self.data, at)[0]

    def target(self, at: int) -> int:
        """The place that the distance at a byte points to.

        Raises:
            SpecError: it is not inside the file.
        """
        place: int = at + self.unpacked(_DISTANCE, at)
        if place >= self.size:
            self.refuse(at, f"a distance to byte {place:,}", f"at most {self.size:,}, the file's")
        return place

    def vector(self, at: int, width: int) -> tuple[int, Span]:
        """The number of values in the vector that a distance points to, and their bytes.

        Raises:
            SpecError: they are not inside the file.
        """
        place = self.target(at)
        count = self.unpacked(_DISTANCE, place)
        start = place + _DISTANCE.size
        if count * width > self.size - start:
            self.refuse(
                place,
                f"a vector of {count:,} values of {width} bytes reaches past the end of the file",
                f"at most the {self.size - start:,} bytes that are left",
            )
        return count, Span(start, start + count * width)

    def spend(self, values: int, at: int) -> None:
        """Count values that are read.

        Raises:
            SpecError: the file has too many.
        """
        self.left -= values
        if self.left < 0:
            self.refuse(at, f"has more than {VALUES:,} values", f"a smaller {self.what}")

    def refuse(self, at: int, message: str, expected: str = "") -> NoReturn:
        """Report a problem at a byte.

        Raises:
            SpecError: always.
        """
        hint = f"a complete {self.what}: the file is cut off or damaged, or is something else"
        refuse(Mark(self.file), f"byte {at:,}: {message}", expected, hint=hint)


class FlatWriter:
    """A file being written: tables first, and vectors of bytes after them."""

    __slots__ = ("_blobs", "_vtables", "head")

    def __init__(self) -> None:
        self.head = bytearray()
        self._blobs: list[tuple[int, bytes | ByteStream]] = []
        self._vtables: dict[bytes, int] = {}

    def align(self, alignment: int, ahead: int = 0) -> None:
        """Pad the file so that the byte ``ahead`` of its end is a multiple of ``alignment``."""
        self.head += bytes(-(len(self.head) + ahead) % alignment)

    def point(self, at: int) -> None:
        """Make a reserved distance point to the end of the file so far."""
        _DISTANCE.pack_into(self.head, at, len(self.head) - at)

    def vtable(self, entries: list[int], size: int) -> int:
        """The place of a vtable with these entries, for tables of ``size`` bytes."""
        while entries and not entries[-1]:
            entries.pop()
        data = struct.pack(f"<{len(entries) + 2}H", 4 + 2 * len(entries), size, *entries)
        place = self._vtables.get(data)
        if place is None:
            self.align(2)
            place = self._vtables[data] = len(self.head)
            self.head += data
        return place

    def blob(self, at: int, data: bytes | ByteStream) -> None:
        """Let a reserved distance point to a vector of bytes, which is written last."""
        self._blobs.append((at, data))

    def chunks(self) -> Iterator[bytes]:
        """The file's bytes.

        Raises:
            SpecError: they are too many.
        """
        end, places = len(self.head), []
        for at, data in self._blobs:
            size = data.size if isinstance(data, ByteStream) else len(data)
            place = end + -(end + _DISTANCE.size) % BLOB_ALIGNMENT
            if place + size > FILE_BYTES:
                refuse(None, "the file is too large", f"at most {FILE_BYTES:,} bytes")
            _DISTANCE.pack_into(self.head, at, place - at)
            places.append((place - end, size, data))
            end = place + _DISTANCE.size + size
        yield bytes(self.head)
        for padding, size, data in places:
            yield bytes(padding) + _DISTANCE.pack(size)
            if isinstance(data, ByteStream):
                yield from data.chunks()
            else:
                yield data


Read = Callable[[FlatReader, int], Any]
"""Reads a value whose field or distance is at a byte."""

Write = Callable[[FlatWriter, int, Any], None]
"""Writes a value whose field or distance is at a byte."""


class FieldType(NamedTuple):
    """How the values of a field are read and written."""

    size: int
    """Bytes that a value takes in its table: its own, or those of the distance to it."""
    read: Read
    write: Write
    default: Any
    """The value of a field that is absent, unless the field has a default of its own."""
    letter: str = ""
    """Of a number, its letter in :mod:`struct`."""


def _number(letter: str, zero: Any) -> FieldType:
    format_ = struct.Struct(f"<{letter}")

    def read(reader: FlatReader, at: int) -> Any:
        return reader.unpacked(format_, at)

    def write(writer: FlatWriter, at: int, value: Any) -> None:
        format_.pack_into(writer.head, at, value)

    return FieldType(format_.size, read, write, zero, letter)


BOOL = _number("?", False)
INT8, UINT8 = _number("b", 0), _number("B", 0)
INT32, UINT32 = _number("i", 0), _number("I", 0)
INT64, UINT64 = _number("q", 0), _number("Q", 0)
FLOAT32 = _number("f", 0.0)


def _read_text(reader: FlatReader, at: int) -> str:
    """A string; bytes that are not UTF-8 become escapes."""
    count, (start, end) = reader.vector(at, 1)
    if count > TEXT_BYTES:
        reader.refuse(start, f"a name of {count:,} bytes", f"at most {TEXT_BYTES:,} bytes")
    reader.spend(1 + count // 16, start)
    return reader.data[start:end].decode("utf-8", "backslashreplace")


def _write_text(writer: FlatWriter, at: int, value: str) -> None:
    """A string; lone surrogates, which UTF-8 does not have, become escapes."""
    data = value.encode(errors="backslashreplace")
    writer.align(_DISTANCE.size)
    writer.point(at)
    writer.head += _DISTANCE.pack(len(data)) + data + b"\0"


TEXT = FieldType(_DISTANCE.size, _read_text, _write_text, "")


def _read_span(reader: FlatReader, at: int) -> Span:
    return reader.vector(at, 1)[1]


STORED_BYTES = FieldType(_DISTANCE.size, _read_span, FlatWriter.blob, None)
"""A vector of bytes that stays in the file, read as a :class:`Span`; None if it is absent."""


def vector(element: FieldType) -> FieldType:
    """A vector of values, read as a tuple."""

    def read(reader: FlatReader, at: int) -> tuple[Any, ...]:
        count, (start, end) = reader.vector(at, element.size)
        reader.spend(count, start)
        if element.letter:
            return struct.unpack_from(f"<{count}{element.letter}", reader.data, start)
        return tuple(element.read(reader, place) for place in range(start, end, element.size))

    return FieldType(_DISTANCE.size, read, _vector_writer(element), ())


def stored(element: FieldType) -> FieldType:
    """A vector of numbers that stays in the file, read as a :class:`Span`; None if absent."""

    def read(reader: FlatReader, at: int) -> Span:
        return reader.vector(at, element.size)[1]

    return FieldType(_DISTANCE.size, read, _vector_writer(element), None)


def _vector_writer(element: FieldType) -> Write:
    def write(writer: FlatWriter, at: int, values: Iterable[Any]) -> None:
        items = tuple(values)
        writer.align(_DISTANCE.size)
        writer.align(element.size, _DISTANCE.size)
        writer.point(at)
        writer.head += _DISTANCE.pack(len(items))
        start = len(writer.head)
        if element.letter:
            writer.head += struct.pack(f"<{len(items)}{element.letter}", *items)
            return
        writer.head += bytes(element.size * len(items))
        for index, item in enumerate(items):
            element.write(writer, start + index * element.size, item)

    return write


class TableField(NamedTuple):
    """A field of a table: its name in the named tuple or dict, its type and its default."""

    name: str
    type: FieldType
    default: Any = None
    """None for the default of the type."""

    @property
    def absent(self) -> Any:
        """The value if it is absent."""
        return self.type.default if self.default is None else self.default


class Union(NamedTuple):
    """A table of one of several types: two fields, of which the first is the type's number."""

    name: str
    tables: Mapping[int, Table[Any]]


T = TypeVar("T")


class Table(Generic[T]):
    """A table as a named tuple or a dict, with its fields by id.

    Fields of other ids are skipped, and absent ones have their defaults; so have all fields
    of a table that is absent itself.  A union is a pair of its type's number and its table,
    which is None if costcalc does not have the type.  A value that equals its default is
    not written.
    """

    def __init__(
        self, name: str, make: Callable[..., T], fields: Mapping[int, TableField | Union]
    ) -> None:
        """Take the table's name, what makes a value from fields by name, and the fields by id."""
        self.name = name
        self._make = make
        self._fields = {
            id_: field for id_, field in fields.items() if isinstance(field, TableField)
        }
        self._unions = {id_: field for id_, field in fields.items() if isinstance(field, Union)}

    @property
    def type(self) -> FieldType:
        """The type of a field that holds such a table."""
        return FieldType(_DISTANCE.size, self.read, self.write, None)

    def absent(self) -> T:
        """The table without any field."""
        values = {field.name: field.absent for field in self._fields.values()}
        return self._make(**values, **{union.name: (0, None) for union in self._unions.values()})

    def read(self, reader: FlatReader, at: int) -> T:
        """Read the table that the distance at a byte points to.

        Raises:
            SpecError: it is not such a table, or not inside the file.
        """
        place = reader.target(at)
        reader.spend(1 + len(self._fields), place)
        vtable: int = place - reader.unpacked(_VTABLE_DISTANCE, place)
        size = own = 0
        if 0 <= vtable <= reader.size - 2 * _ENTRY.size:
            size, own = (reader.unpacked(_ENTRY, at) for at in (vtable, vtable + _ENTRY.size))
        if size < 4 or size % 2 or vtable + size > reader.size or place + own > reader.size:
            reader.refuse(place, f"{self.name}: not a table", "a vtable and values in the file")
        entries = struct.unpack_from(f"<{size // 2}H", reader.data, vtable)[2:]
        values: dict[str, Any] = {}
        for id_, field in self._fields.items():
            entry = entries[id_] if id_ < len(entries) else 0
            if not entry:
                values[field.name] = field.absent
                continue
            if entry + field.type.size > own:
                reader.refuse(place, f"{self.name}: its field '{field.name}' is outside the table")
            values[field.name] = field.type.read(reader, place + entry)
        for id_, union in self._unions.items():
            type_, entry = (*entries[id_ : id_ + 2], 0, 0)[:2]
            number = reader.unpacked(_UNION, place + type_) if type_ else 0
            table = union.tables.get(number)
            inner = table.read(reader, place + entry) if table is not None and entry else None
            values[union.name] = number, inner
        return self._make(**values)

    def write(self, writer: FlatWriter, at: int, value: T) -> None:
        """Write the table, and let a reserved distance point to it."""
        fields = self._written(value)
        # The widest first, so that each is aligned if the first one is.
        widest = sorted(fields, key=lambda field: -field[1].size)
        ahead, places = 4, [0] * (1 + max((field[0] for field in fields), default=-1))
        for id_, type_, _ in widest:
            places[id_] = ahead
            ahead += type_.size
        vtable = writer.vtable(places[:], ahead)
        writer.align(4)
        if widest and widest[0][1].size == 8:
            writer.align(8, 4)
        writer.point(at)
        place = len(writer.head)
        writer.head += bytes(ahead)
        _VTABLE_DISTANCE.pack_into(writer.head, place, place - vtable)
        for id_, type_, item in fields:
            type_.write(writer, place + places[id_], item)

    def _written(self, value: T) -> list[tuple[int, FieldType, Any]]:
        """The fields that are written: id, type and value."""
        # T is a named tuple if it is no dict, which a type variable cannot say.
        items = value if isinstance(value, dict) else value._asdict()  # type: ignore[attr-defined]
        fields = [
            (id_, field.type, items[field.name])
            for id_, field in self._fields.items()
            if items.get(field.name, field.absent) != field.absent
        ]
        for id_, union in self._unions.items():
            number, inner = items.get(union.name, (0, None))
            if number:
                table = union.tables[number]
                fields += [(id_, UINT8, number), (id_ + 1, table.type, inner or table.absent())]
        return sorted(fields, key=lambda field: field[0])


_UNION = struct.Struct("<B")


def root(reader: FlatReader, table: Table[T], identifier: bytes) -> T:
    """The table that a file consists of.

    Raises:
        SpecError: the file has another identifier, or is not such a table.
    """
    found = reader.data[4:8]
    if found != identifier:
        reader.refuse(4, f"is not a {reader.what}", f"the identifier {identifier.decode()}")
    return table.read(reader, 0)


def file_chunks(table: Table[T], value: T, identifier: bytes) -> Iterator[bytes]:
    """The bytes of a file that consists of a table.

    Raises:
        SpecError: they are too many.
    """
    writer = FlatWriter()
    writer.head += bytes(_DISTANCE.size) + identifier
    table.write(writer, 0, value)
    return writer.chunks()
