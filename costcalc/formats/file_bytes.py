"""Maps a binary file into memory, so that bytes which are not needed are never read."""

from __future__ import annotations

import mmap
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeAlias

from costcalc.errors import Mark, refuse

FileBytes: TypeAlias = bytes | mmap.mmap


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
