"""Loads the architecture in a file: JSON text, or the config.json of a ``.keras`` archive.

The JSON may be a string that holds the text of ``model.to_json()``, as a second
``json.dump`` writes it, or TensorFlow.js' ``model.json``.
"""

from __future__ import annotations

import json
import os
import zipfile
import zlib
from typing import Any

from costcalc.errors import Mark, refuse
from costcalc.formats.archive import AT_ONCE, BoundedFile
from costcalc.spec import library, limits

CONFIG = "config.json"
"""The archive member with the architecture; the others hold weights."""

_BEFORE_VALUES = (b",", b"[", b"{")
"""Every value but the first follows one of these, so their count bounds the values."""

WRAPPERS = ("modelTopology", "model_config")
"""Keys of an architecture inside another value: TensorFlow.js', and those of HDF5 files."""

_WRAPPED = 4
"""The most values around an architecture: a string in TensorFlow.js' two mappings, and one more."""

_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


def architecture(path: str) -> Any:
    """The JSON value of the architecture in a file.

    Raises:
        SpecError: the file cannot be read, is damaged, too large, or not JSON.
    """
    is_archive = (
        path.lower().endswith(".keras") and os.path.isfile(path) and zipfile.is_zipfile(path)
    )
    text = _config(path) if is_archive else _plain(path)
    try:
        return _unwrapped(_parsed(text, path), path)
    except UnicodeDecodeError as error:
        refuse(Mark(path), f"not JSON: byte {error.start + 1} is not UTF-8")
    except json.JSONDecodeError as error:
        refuse(Mark(path, error.lineno, error.colno), f"not JSON: {error.msg}")
    except ValueError:
        refuse(Mark(path), "not JSON: a number has too many digits")


def _parsed(text: bytes, path: str) -> Any:
    """The value of a JSON text.

    Raises:
        SpecError: it has too many values.
        ValueError: it is not JSON.
    """
    if sum(map(text.count, _BEFORE_VALUES)) > limits.NODES:
        refuse(
            Mark(path),
            "the architecture has too many values",
            expected=f"at most {limits.NODES:,} values",
        )
    return json.loads(text)


def _unwrapped(value: Any, path: str) -> Any:
    """The architecture inside a JSON string or one of :data:`WRAPPERS`; else the value itself."""
    for _ in range(_WRAPPED):
        if isinstance(value, str):
            try:
                value = _parsed(value.encode("utf-8", "surrogatepass"), path)
            except ValueError:
                return value
        elif isinstance(value, dict) and "class_name" not in value:
            inner = [value[key] for key in WRAPPERS if key in value]
            if not inner:
                break
            value = inner[0]
        else:
            break
    return value


def _plain(path: str) -> bytes:
    text = library.read_bytes(path, path)
    _check_size(len(text), path)
    if path.lower().endswith(".keras"):
        refuse(
            Mark(path),
            "not a Keras archive",
            expected="the zip file that model.save('model.keras') writes",
            hint="the text of model.to_json() in a file whose name ends in .json",
        )
    return text


def _config(path: str) -> bytes:
    """The archive's config; decompression stops at the size limit."""
    try:
        with BoundedFile(path) as file, zipfile.ZipFile(file) as archive:
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
                while piece := unpacked.read(AT_ONCE):
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


def _check_size(size: int, path: str) -> None:
    if size > limits.FILE_BYTES:
        refuse(
            Mark(path),
            "the architecture is too long",
            expected=f"at most {limits.FILE_BYTES:,} bytes of JSON",
        )
