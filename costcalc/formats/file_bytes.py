"""The bytes of binary files, which pass through memory only where they are needed."""

from __future__ import annotations

import mmap
import os
import stat
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TypeAlias

from costcalc.errors import Mark, refuse
from costcalc.records import NamedTuple

FileBytes: TypeAlias = bytes | mmap.mmap


class Span(NamedTuple):
    """A range of bytes in a file."""

    start: int
    end: int


class ByteStream(NamedTuple):
    """Bytes that are produced as they are written."""

    size: int
    chunks: Callable[[], Iterable[bytes]]
    """Produces ``size`` bytes in all."""


@contextmanager
def map_file(path: str) -> Iterator[FileBytes]:
    """Map a file's bytes into memory.

    Raises:
        SpecError: the file cannot be read.
    """
    data: FileBytes = b""
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            refuse(Mark(path), "is not a file to read", "a regular file")
        with open(path, "rb") as file:
            if os.fstat(file.fileno()).st_size:
                data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        refuse(Mark(path), f"cannot be read: {reason}")
    try:
        yield data
    finally:
        if isinstance(data, mmap.mmap):
            data.close()
