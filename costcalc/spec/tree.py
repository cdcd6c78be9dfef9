"""The nodes of a YAML document, each with its place."""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

from costcalc.errors import Mark


class Scalar(NamedTuple):
    """A word, a number or an expression, as it was written."""

    text: str
    quoted: bool
    mark: Mark

    @property
    def is_null(self) -> bool:
        """Whether the value was left out or written ``~`` or ``null``."""
        return not self.quoted and self.text in ("", "~", "null")

    def __str__(self) -> str:
        return f"'{self.text}'" if self.text else "nothing"


class Sequence(NamedTuple):
    """A list."""

    items: tuple[Node, ...]
    mark: Mark

    def __str__(self) -> str:
        return "a list"


class Mapping(NamedTuple):
    """Keys with values, in the order of the file."""

    entries: tuple[tuple[Scalar, Node], ...]
    mark: Mark

    def get(self, key: str) -> Node | None:
        """The value of ``key``."""
        return next((value for name, value in self.entries if name.text == key), None)

    def __str__(self) -> str:
        return "a mapping"


class Choice(NamedTuple):
    """Values of which a parameter's value picks one.

    Written ``{parameter: {value: cell, ...}}``, or as cells side by side in a table.
    """

    parameter: Scalar
    cases: tuple[tuple[Scalar, Scalar], ...]
    """A value of the parameter, and what is meant there."""
    mark: Mark

    def __str__(self) -> str:
        return f"a choice by {self.parameter}"


Node: TypeAlias = Scalar | Sequence | Mapping | Choice
