"""Prototxt, the text format of protocol buffers, as a tree of marked nodes.

Fields are ``name: value`` or ``name { ... }``; a repeated field stands several
times, or once with a list.  Nothing is looked up in a schema here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from costcalc.errors import Mark, Problem, SpecError
from costcalc.spec import limits
from costcalc.spec.tree import MapNode, Scalar

_TOKEN = re.compile(
    r"""(?P<space>[\s\ufeff]+|\#.*)
      | (?P<string>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
      | (?P<word>[-+.\w]+)
      | (?P<mark>[{}<>\[\]:,;])
      | (?P<other>.)""",
    re.VERBOSE,
)
_ESCAPE = re.compile(r"\\(x[0-9a-fA-F]{1,2}|[0-7]{1,3}|.)")
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}
_CLOSES = {"{": "}", "<": ">"}


class Token(NamedTuple):
    """A word, a string or a mark of punctuation."""

    kind: str
    text: str
    mark: Mark


class _Open:
    """A message whose end has not come."""

    def __init__(self, name: Scalar, closes: str) -> None:
        self.name = name
        self.closes = closes
        self.entries: list[tuple[Scalar, MapNode | Scalar]] = []


def parse(data: bytes, file: str) -> MapNode:
    """The message that the text is.

    Raises:
        SpecError: it is not prototxt, or beyond a limit.
    """
    if len(data) > limits.FILE_BYTES:
        raise _wrong(Mark(file), "the file is too long", f"at most {limits.FILE_BYTES:,} bytes")
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise _wrong(Mark(file, line, 1), "its text is not UTF-8") from None
    return _Parser(_tokens(text, file), Mark(file)).message()


def _tokens(text: str, file: str) -> Iterator[Token]:
    for number, line in enumerate(text.split("\n"), 1):
        for match in _TOKEN.finditer(line):
            kind = match.lastgroup or ""
            if kind == "space":
                continue
            mark = Mark(file, number, match.start() + 1)
            if kind == "other":
                is_quote = match[0] in "\"'"
                raise _wrong(
                    mark,
                    "a string has no end on its line" if is_quote else f"'{match[0]}' has no place",
                    "a field: name: value, or name { ... }",
                )
            yield Token(kind, match[0], mark)


class _Parser:
    """Reads fields; what is open stands on a list, so that depth costs no recursion."""

    def __init__(self, tokens: Iterator[Token], start: Mark) -> None:
        self.tokens = tokens
        self.start = start
        self.fields = 0
        self.ahead: Token | None = None

    def next(self) -> Token | None:
        """The next token; None at the end."""
        token = self.ahead or next(self.tokens, None)
        self.ahead = None
        return token

    def message(self) -> MapNode:
        """The whole text's message."""
        nothing = Scalar("", False, self.start)
        open_ = [_Open(nothing, "")]
        while (token := self.next()) is not None:
            if token.text in (",", ";") and token.kind == "mark":
                continue
            if token.kind == "mark" and token.text == open_[-1].closes:
                done = open_.pop()
                whole = MapNode(tuple(done.entries), done.name.mark)
                open_[-1].entries.append((done.name, whole))
                continue
            self.field(token, open_)
        if len(open_) > 1:
            name = open_[-1].name
            raise _wrong(
                name.mark, f"'{name.text}' is not closed", f"'{open_[-1].closes}' where it ends"
            )
        return MapNode(tuple(open_[0].entries), self.start)

    def field(self, token: Token, open_: list[_Open]) -> None:
        """One field from its name on; a message is left open."""
        if token.kind != "word" or not (token.text[0].isalpha() or token.text[0] == "_"):
            expected = f"a field's name, or '{open_[-1].closes}'" if open_[-1].closes else ""
            raise _wrong(
                token.mark, f"{_shown(token)} has no place here", expected or "a field's name"
            )
        self.count(token.mark)
        name = Scalar(token.text, False, token.mark)
        value = self.next()
        has_colon = value is not None and value.kind == "mark" and value.text == ":"
        if has_colon:
            value = self.next()
        if value is None:
            raise _wrong(token.mark, f"'{name.text}' has no value", "name: value, or name { ... }")
        if value.kind == "mark":
            self.opened(name, value, open_)
        elif not has_colon:
            raise _wrong(value.mark, f"{_shown(value)} has no place here", f"'{name.text}: ...'")
        else:
            open_[-1].entries.append((name, self.scalar(value)))

    def opened(self, name: Scalar, value: Token, open_: list[_Open]) -> None:
        """A message that begins, or a list of values."""
        if value.text in _CLOSES:
            if len(open_) >= limits.DEPTH:
                raise _wrong(
                    value.mark, "messages are nested too deeply", f"at most {limits.DEPTH} levels"
                )
            open_.append(_Open(name, _CLOSES[value.text]))
            return
        if value.text != "[":
            raise _wrong(value.mark, f"{_shown(value)} is no value", f"'{name.text}: ...'")
        while (item := self.next()) is not None and item.text != "]":
            if item.kind == "mark" and item.text == ",":
                continue
            if item.kind == "mark":
                raise _wrong(item.mark, f"{_shown(item)} has no place in a list", "numbers, words")
            self.count(item.mark)
            open_[-1].entries.append((name, self.scalar(item)))
        if item is None:
            raise _wrong(value.mark, f"the list of '{name.text}' is not closed", "']'")

    def scalar(self, token: Token) -> Scalar:
        """A word, or strings that stand one behind another."""
        if token.kind == "word":
            return Scalar(token.text, False, token.mark)
        parts = [_unescaped(token.text)]
        while (token_ := self.next()) is not None and token_.kind == "string":
            parts.append(_unescaped(token_.text))
        self.ahead = token_
        return Scalar("".join(parts), True, token.mark)

    def count(self, mark: Mark) -> None:
        """Bounds the work."""
        self.fields += 1
        if self.fields > limits.NODES:
            raise _wrong(mark, "the file holds too much", f"at most {limits.NODES:,} values")


def _unescaped(text: str) -> str:
    def character(match: re.Match[str]) -> str:
        code = match[1]
        if code[0] == "x" and len(code) > 1:
            return chr(int(code[1:], 16))
        if code[0] in "01234567":
            return chr(int(code, 8))
        return _ESCAPES.get(code, code)

    return _ESCAPE.sub(character, text[1:-1])


def _shown(token: Token) -> str:
    return token.text if token.kind == "string" else f"'{token.text}'"


def _wrong(mark: Mark, message: str, expected: str = "") -> SpecError:
    return SpecError([Problem(mark, f"not prototxt: {message}", expected)])
