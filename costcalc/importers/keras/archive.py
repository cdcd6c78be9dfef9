"""Loads the architecture in a file: JSON text, or the config.json of a ``.keras`` archive."""

from __future__ import annotations

import io
import json
import os
import zipfile
import zlib
from typing import Any

from costcalc.errors import Mark, refuse
from costcalc.spec import library, limits

CONFIG = "config.json"
"""The archive member with the architecture; the others hold weights."""

_AT_ONCE = 2**20
"""The most bytes to read from an archive at once, its list of members included."""

_BEFORE_VALUES = (b",", b"[", b"{")
"""Every value but the first follows one of these, so their count bounds the values."""

_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


def architecture(path: str) -> Any:
    """The JSON value of the architecture in a file.

    Raises:
        SpecError: the file cannot be read, is damaged, too large, or not JSON.
    """
    is_archive = path.endswith(".keras") and os.path.isfile(path) and zipfile.is_zipfile(path)
    text = _config(path) if is_archive else _plain(path)
    if sum(map(text.count, _BEFORE_VALUES)) > limits.NODES:
        refuse(
            Mark(path),
            "the architecture has too many values",
            expected=f"at most {limits.NODES:,} values",
        )
    try:
        return json.loads(text)
    except UnicodeDecodeError as error:
        refuse(Mark(path), f"not JSON: byte {error.start + 1} is not UTF-8")
    except json.JSONDecodeError as error:
        refuse(Mark(path, error.lineno, error.colno), f"not JSON: {error.msg}")
    except ValueError:
        refuse(Mark(path), "not JSON: a number has too many digits")


def _plain(path: str) -> bytes:
    text = library.read_bytes(path, path)
    _check_size(len(text), path)
    if path.endswith(".keras"):
        refuse(
            Mark(path),
            "not a Keras archive",
            expected="the zip file that model.save('model.keras') writes",
            found="HDF5, an older format" if text.startswith(b"\x89HDF") else "another format",
            hint="the text of model.to_json() in a file whose name ends in .json",
        )
    return text


def _config(path: str) -> bytes:
    """The archive's config; decompression stops at the size limit."""
    try:
        with _Bounded(path) as file, zipfile.ZipFile(file) as archive:
            member = archive.getinfo(CONFIG)
            if member.flag_bits & 1 or member.compress_type not in _METHODS:
                refuse(
                    Mark(path),
                    f"its {CONFIG} cannot be read",
                    expected="a member that is stored, or compressed with deflate",
                    found="an encrypted one" if member.flag_bits & 1 else "another compression",
                )
            text = bytearray()
            with archive.open(member) as unpacked:
                while piece := unpacked.read(_AT_ONCE):
                    text += piece
                    _check_size(len(text), path)
            return bytes(text)
    except KeyError:
        refuse(
            Mark(path), f"the archive has no {CONFIG}", expected="a file written by model.save()"
        )
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        refuse(Mark(path), f"the archive is damaged: {error}")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        refuse(Mark(path), f"cannot be read: {reason}")


class _Bounded(io.FileIO):
    """A file that reads at most ``_AT_ONCE`` bytes at a time, as a sane archive needs."""

    def read(self, size: int | None = -1, /) -> bytes:
        """The next bytes.

        Raises:
            BadZipFile: more were asked for, as a huge list of members would be.
        """
        if size is not None and size > _AT_ONCE:
            raise zipfile.BadZipFile("its list of members is too long")
        return super().read(_AT_ONCE if size is None or size < 0 else size) or b""


def _check_size(size: int, path: str) -> None:
    if size > limits.FILE_BYTES:
        refuse(
            Mark(path),
            "the architecture is too long",
            expected=f"at most {limits.FILE_BYTES:,} bytes of JSON",
        )
