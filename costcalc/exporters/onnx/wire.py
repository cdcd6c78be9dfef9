"""The wire format of protocol buffers, as far as writing a model needs it.

A message is its fields one after another, each a key and a value; a text, a
message or a run of bytes stands behind its length.  What is large is not held:
it is a size now, and bytes when the file is written.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

_VARINT, _DELIMITED, _FIXED32 = 0, 2, 5
_INT64 = 1 << 64


class Stream(NamedTuple):
    """Bytes that are made when they are written."""

    size: int
    chunks: Callable[[], Iterable[bytes]]
    """Gives them, ``size`` in all."""


class Message:
    """The fields of a message, in the order in which they were added."""

    __slots__ = ("pieces", "size")

    def __init__(self) -> None:
        self.pieces: list[bytearray | Stream] = []
        self.size = 0

    def whole(self, number: int, value: int) -> None:
        """Adds a whole number of 64 bits, or a truth value."""
        self._add(_key(number, _VARINT) + varint(value))

    def real(self, number: int, value: float) -> None:
        """Adds a number of 32 bits with a point."""
        self._add(_key(number, _FIXED32) + struct.pack("<f", value))

    def text(self, number: int, value: str) -> None:
        """Adds a text; half of a surrogate pair, which UTF-8 cannot say, is spelled out."""
        self.data(number, value.encode(errors="backslashreplace"))

    def data(self, number: int, value: bytes) -> None:
        """Adds bytes."""
        self._add(_key(number, _DELIMITED) + varint(len(value)) + value)

    def message(self, number: int, value: Message) -> None:
        """Adds a message, with what it holds by now."""
        self._add(_key(number, _DELIMITED) + varint(value.size))
        for piece in value.pieces:
            if isinstance(piece, bytearray):
                self._add(piece)
            else:
                self._stream(piece)

    def stream(self, number: int, value: Stream) -> None:
        """Adds bytes that are made when they are written."""
        self._add(_key(number, _DELIMITED) + varint(value.size))
        self._stream(value)

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

    def _stream(self, piece: Stream) -> None:
        self.pieces.append(piece)
        self.size += piece.size


def varint(value: int) -> bytes:
    """A whole number in groups of seven bits, the lowest first.

    >>> varint(300).hex()
    'ac02'
    >>> len(varint(-1))  # two's complement of 64 bits
    10
    """
    value %= _INT64
    groups = bytearray()
    while value > 0x7F:
        groups.append(value & 0x7F | 0x80)
        value >>= 7
    groups.append(value)
    return bytes(groups)


def _key(number: int, wire_type: int) -> bytes:
    return varint(number << 3 | wire_type)
