"""Protocol buffers on the wire: the fields of a message, without their payloads.

The format is Google's, https://protobuf.dev/programming-guides/encoding: a
message is fields one after another, each a tag and a value.  A field of bytes is
handed on as the place where they stand, so that what nobody asks for is never
read: with a memory map, weights stay on the disk.
"""

from __future__ import annotations

import mmap
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

from costcalc.errors import Mark, Problem, SpecError

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
"""Wire types.  3 and 4 are groups, which no message of ONNX has."""

FIELDS = 5_000_000
"""Fields of a file that are looked at; a graph of 50,000 nodes has some two million."""

TEXT_BYTES = 2**16
"""Length of a name."""

_VARINT_BYTES = 10

Field = tuple[int, int, int]
"""A tag, and where its value starts and ends; a varint's value instead, and 0."""


class Wire:
    """A file's bytes, read as messages."""

    __slots__ = ("data", "file", "left")

    def __init__(self, data: bytes | mmap.mmap, file: str) -> None:
        self.data = data
        self.file = file
        self.left = FIELDS

    def fields(self, start: int, end: int) -> Iterator[Field]:
        """The fields of the message between two places.

        Raises:
            SpecError: it is no message, or the file has too many fields.
        """
        data, at = self.data, start
        while at < end:
            self.left -= 1
            if self.left < 0:
                self.refuse(at, f"has more than {FIELDS:,} fields", "a graph of a network")
            place, tag = at, data[at]
            at += 1
            if tag > 127:
                tag, at = self.varint(place, end)
            kind = tag & 7
            if kind == BYTES:
                size, at = self.varint(at, end)
                if size > end - at:
                    self.refuse(
                        place,
                        f"a length of {size:,} bytes reaches past the end of what holds it",
                        f"at most the {end - at:,} bytes that are left",
                    )
                yield tag, at, at + size
                at += size
            elif kind == VARINT:
                value, at = self.varint(at, end)
                yield tag, value, 0
            elif kind in (FIXED32, FIXED64):
                size = 4 if kind == FIXED32 else 8
                if size > end - at:
                    self.refuse(place, f"a number of {size} bytes is cut off")
                yield tag, at, at + size
                at += size
            else:
                self.refuse(
                    place,
                    f"a field of wire type {kind}, which no ONNX file has",
                    "wire type 0, 1, 2 or 5",
                )

    def varint(self, at: int, end: int) -> tuple[int, int]:
        """The unsigned number that starts at a place, and the place behind it.

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
        """Packed numbers, with their signs.

        Raises:
            SpecError: one does not end.
        """
        while start < end:
            value, start = self.varint(start, end)
            yield signed(value)

    def text(self, start: int, end: int) -> str:
        """A string; bytes that are no UTF-8 are written out.

        Raises:
            SpecError: no name is that long.
        """
        if end - start > TEXT_BYTES:
            self.refuse(start, f"a name of {end - start:,} bytes", f"at most {TEXT_BYTES:,} bytes")
        return self.data[start:end].decode("utf-8", "backslashreplace")

    def refuse(self, at: int, message: str, expected: str = "") -> NoReturn:
        """Say what is wrong at a byte.

        Raises:
            SpecError: always.
        """
        raise SpecError(
            [
                Problem(
                    Mark(self.file),
                    f"byte {at:,}: {message}",
                    expected,
                    hint="the file is cut off or damaged, or no ONNX model",
                )
            ]
        )


def signed(value: int) -> int:
    """A 64-bit number of the wire with its sign.

    >>> signed(5), signed(2**64 - 1)
    (5, -1)
    """
    return value - 2**64 if value >= 2**63 else value


@contextmanager
def opened(path: str) -> Iterator[Wire]:
    """A file as a wire, mapped and not read.

    Raises:
        SpecError: it cannot be read.
    """
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            raise SpecError([Problem(Mark(path), "is not a file to read", "a regular file")])
        with open(path, "rb") as file:
            data: bytes | mmap.mmap = b""
            if os.fstat(file.fileno()).st_size:
                data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise SpecError([Problem(Mark(path), f"cannot be read: {reason}")]) from None
    try:
        yield Wire(data, path)
    finally:
        if isinstance(data, mmap.mmap):
            data.close()
