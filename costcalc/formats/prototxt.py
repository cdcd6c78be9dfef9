"""Prototxt, the text format of protocol buffers: its syntax, for reading and writing.

Fields are ``name: value`` or ``name { ... }``; a repeated field occurs several
times, or once with a list.  Reading gives a :class:`Message` of :class:`Scalar`
values with their places in the file; writing takes :class:`Field` tuples.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, TypeAlias

from costcalc.errors import Mark, refuse
from costcalc.records import NamedTuple

FILE_BYTES = 16 * 2**20
"""The most bytes of a file."""

VALUES = 1_000_000
"""The most fields in a file, list items included."""

DEPTH = 64
"""The most levels of nested messages."""

_TOKEN = re.compile(
    r"""(?P<space>[\s\ufeff]+|\#.*)
      | (?P<string>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
      | (?P<word>[-+.\w]+)
      | (?P<mark>[{}<>\[\]:,;])
      | (?P<other>.)""",
    re.VERBOSE,
)
_ESCAPE = re.compile(rb"\\(x[0-9a-fA-F]{1,2}|[0-7]{1,3}|.)")
_ESCAPES = {
    b"n": b"\n",
    b"r": b"\r",
    b"t": b"\t",
    b"a": b"\a",
    b"b": b"\b",
    b"f": b"\f",
    b"v": b"\v",
}
_CLOSES = {"{": "}", "<": ">"}


class Scalar(NamedTuple):
    """A word, a number or a string, as written in the file."""

    text: str
    quoted: bool
    mark: Mark


class Message(NamedTuple):
    """Names with values, in the order of the file; names may repeat."""

    entries: tuple[tuple[Scalar, Value], ...]
    mark: Mark


Value: TypeAlias = Scalar | Message


class _Token(NamedTuple):
    """A word, a string or a punctuation mark."""

    kind: str
    text: str
    mark: Mark

    @property
    def shown(self) -> str:
        return self.text if self.kind == "string" else f"'{self.text}'"


class _OpenMessage:
    """A message whose end is not yet read."""

    def __init__(self, name: Scalar, end: str) -> None:
        self.name = name
        self.end = end
        self.entries: list[tuple[Scalar, Value]] = []


def parse(data: bytes, file: str) -> Message:
    """Parse a file's text as one message.

    Raises:
        SpecError: it is not prototxt, or exceeds a limit.
    """
    if len(data) > FILE_BYTES:
        refuse(Mark(file), "not prototxt: the file is too long", f"at most {FILE_BYTES:,} bytes")
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        refuse(Mark(file, line, 1), "not prototxt: its text is not UTF-8")
    return _Parser(_tokens(text, file), Mark(file)).message()


def _tokens(text: str, file: str) -> Iterator[_Token]:
    for number, line in enumerate(text.split("\n"), 1):
        for match in _TOKEN.finditer(line):
            kind = match.lastgroup or ""
            if kind == "space":
                continue
            mark = Mark(file, number, match.start() + 1)
            if kind == "other":
                is_quote = match[0] in "\"'"
                what = (
                    "a string does not end on its line" if is_quote else f"unexpected '{match[0]}'"
                )
                refuse(mark, f"not prototxt: {what}", "a field: name: value, or name { ... }")
            yield _Token(kind, match[0], mark)


class _Parser:
    """Reads fields; open messages are on a stack, so that nesting needs no recursion."""

    def __init__(self, tokens: Iterator[_Token], start: Mark) -> None:
        self.tokens = tokens
        self.start = start
        self.values = 0
        self.lookahead: _Token | None = None

    def next(self) -> _Token | None:
        """The next token; None at the end."""
        token = self.lookahead or next(self.tokens, None)
        self.lookahead = None
        return token

    def message(self) -> Message:
        """Parse the whole text."""
        stack = [_OpenMessage(Scalar("", False, self.start), "")]
        while (token := self.next()) is not None:
            if token.text in (",", ";") and token.kind == "mark":
                continue
            if token.kind == "mark" and token.text == stack[-1].end:
                closed = stack.pop()
                message = Message(tuple(closed.entries), closed.name.mark)
                stack[-1].entries.append((closed.name, message))
                continue
            self.field(token, stack)
        if len(stack) > 1:
            name, end = stack[-1].name, stack[-1].end
            refuse(name.mark, f"not prototxt: '{name.text}' is not closed", f"'{end}' at its end")
        return Message(tuple(stack[0].entries), self.start)

    def field(self, token: _Token, stack: list[_OpenMessage]) -> None:
        """Parse a field, given the token of its name; a message is left open on the stack."""
        if token.kind != "word" or not (token.text[0].isalpha() or token.text[0] == "_"):
            end = stack[-1].end
            expected = f"a field's name, or '{end}'" if end else "a field's name"
            refuse(token.mark, f"not prototxt: unexpected {token.shown}", expected)
        self.count(token.mark)
        name = Scalar(token.text, False, token.mark)
        value = self.next()
        has_colon = value is not None and value.kind == "mark" and value.text == ":"
        if has_colon:
            value = self.next()
        if value is None:
            expected = "name: value, or name { ... }"
            refuse(token.mark, f"not prototxt: '{name.text}' has no value", expected)
        if value.kind == "mark":
            self.open(name, value, stack)
        elif not has_colon:
            refuse(value.mark, f"not prototxt: unexpected {value.shown}", f"'{name.text}: ...'")
        else:
            stack[-1].entries.append((name, self.scalar(value)))

    def open(self, name: Scalar, value: _Token, stack: list[_OpenMessage]) -> None:
        """Parse the start of a message, or a whole list."""
        if value.text in _CLOSES:
            if len(stack) >= DEPTH:
                message = "not prototxt: messages are nested too deeply"
                refuse(value.mark, message, f"at most {DEPTH} levels")
            stack.append(_OpenMessage(name, _CLOSES[value.text]))
            return
        if value.text != "[":
            refuse(value.mark, f"not prototxt: {value.shown} is not a value", f"'{name.text}: ...'")
        while (item := self.next()) is not None and item.text != "]":
            if item.kind == "mark" and item.text == ",":
                continue
            if item.kind == "mark":
                message = f"not prototxt: unexpected {item.shown} in a list"
                refuse(item.mark, message, "numbers, words")
            self.count(item.mark)
            stack[-1].entries.append((name, self.scalar(item)))
        if item is None:
            refuse(value.mark, f"not prototxt: the list of '{name.text}' is not closed", "']'")

    def scalar(self, token: _Token) -> Scalar:
        """Parse a word, or adjacent strings, which are concatenated."""
        if token.kind == "word":
            return Scalar(token.text, False, token.mark)
        parts = [_unescaped(token.text)]
        while (token_ := self.next()) is not None and token_.kind == "string":
            parts.append(_unescaped(token_.text))
        self.lookahead = token_
        return Scalar("".join(parts), True, token.mark)

    def count(self, mark: Mark) -> None:
        """Limit the number of values."""
        self.values += 1
        if self.values > VALUES:
            refuse(mark, "not prototxt: the file is too large", f"at most {VALUES:,} values")


def _unescaped(text: str) -> str:
    """A string's text; escapes are bytes, and those that are not UTF-8 are kept as escapes."""

    def byte(match: re.Match[bytes]) -> bytes:
        code = match[1]
        if code[:1] == b"x" and len(code) > 1:
            return bytes([int(code[1:], 16)])
        if code[:1] in b"01234567":
            return bytes([int(code, 8) & 255])
        return _ESCAPES.get(code, code)

    inside = text[1:-1]
    if "\\" not in inside:
        return inside
    return _ESCAPE.sub(byte, inside.encode()).decode(errors="backslashreplace")


class Unquoted(str):
    """A value that is written without quotes: a name from an enumeration, or a number."""

    __slots__ = ()


class Field(NamedTuple):
    """A name with a number, a boolean, a string, an :class:`Unquoted` or a message's fields."""

    name: str
    value: Any
    remark: str = ""
    """A comment after it."""


def lines(fields: Iterable[Field], indent: str = "") -> Iterator[str]:
    """The lines of a message, one field each."""
    for name, value, remark in fields:
        if isinstance(value, tuple):
            if not value:
                yield f"{indent}{name} {{}}"
                continue
            yield f"{indent}{name} {{"
            yield from lines(value, f"{indent}  ")
            yield f"{indent}}}"
        else:
            yield f"{indent}{name}: {_written(value)}" + (f"  # {remark}" if remark else "")


def _written(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str) and not isinstance(value, Unquoted):
        return quoted(value)
    return str(value)


def quoted(text: str) -> str:
    r"""A quoted string; bytes other than printable ASCII become octal escapes.

    >>> print(quoted('a "b" \\ \n é'))
    "a \"b\" \\ \012 \303\251"
    """
    data = text.encode(errors="backslashreplace")
    return '"' + "".join(map(_character, data)) + '"'


def _character(byte: int) -> str:
    if byte in b'"\\':
        return f"\\{byte:c}"
    return chr(byte) if 0x20 <= byte < 0x7F else f"\\{byte:03o}"
