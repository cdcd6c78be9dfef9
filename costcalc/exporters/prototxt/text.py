"""Prototxt, the text format of protocol buffers, as far as writing a network needs it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple


class Word(str):
    """A value that is written without quotes: a name of an enumeration."""

    __slots__ = ()


class Field(NamedTuple):
    """A name, and a number, a truth value, a text, a :class:`Word` or a message's fields."""

    name: str
    value: Any
    remark: str = ""
    """What stands behind it for the reader."""


def lines(fields: Iterable[Field], indent: str = "") -> Iterator[str]:
    """The fields of a message, one in each line."""
    for name, value, remark in fields:
        if isinstance(value, tuple):
            if not value:
                yield f"{indent}{name} {{}}"
                continue
            yield f"{indent}{name} {{"
            yield from lines(value, f"{indent}  ")
            yield f"{indent}}}"
        else:
            yield f"{indent}{name}: {_value(value)}" + (f"  # {remark}" if remark else "")


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str) and not isinstance(value, Word):
        return quoted(value)
    return str(value)


def quoted(text: str) -> str:
    r"""A string; whatever is no printable ASCII stands there as the octal digits of its bytes.

    >>> print(quoted('a "b" \\ \n é'))
    "a \"b\" \\ \012 \303\251"
    """
    data = text.encode(errors="backslashreplace")
    return '"' + "".join(map(_character, data)) + '"'


def _character(byte: int) -> str:
    if byte in b'"\\':
        return f"\\{byte:c}"
    return chr(byte) if 0x20 <= byte < 0x7F else f"\\{byte:03o}"
