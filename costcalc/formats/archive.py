"""Zip archives of unknown origin, read within bounds."""

from __future__ import annotations

import io
import zipfile

AT_ONCE = 2**20
"""The most bytes to read from an archive at once, its list of members included."""


class BoundedFile(io.FileIO):
    """A file that reads at most ``AT_ONCE`` bytes at a time, as a sane archive needs."""

    def read(self, size: int | None = -1, /) -> bytes:
        """The next bytes.

        Raises:
            BadZipFile: more were asked for, as a huge list of members would be.
        """
        if size is not None and size > AT_ONCE:
            raise zipfile.BadZipFile("its list of members is too long")
        return super().read(AT_ONCE if size is None or size < 0 else size) or b""


def member_names(path: str) -> list[str]:
    """The names of an archive's members; empty if it is damaged or too large to list."""
    try:
        with BoundedFile(path) as file, zipfile.ZipFile(file) as archive:
            return archive.namelist()
    except (zipfile.BadZipFile, NotImplementedError, OSError, ValueError, EOFError):
        return []
