"""The nodes of a YAML document, each with its place."""

from __future__ import annotations

from typing import TypeAlias

from costcalc.errors import Mark
from costcalc.records import NamedTuple


class Scalar(NamedTuple):
    """A word, a number or an expression, as it was written."""

    text: str
    quoted: bool
    mark: Mark

    def __str__(self) -> str:
        return f"'{self.text}'" if self.text else "nothing"


class ListNode(NamedTuple):
    """A list."""

    items: tuple[Node, ...]
    mark: Mark

    def __str__(self) -> str:
        return "a list"


class MapNode(NamedTuple):
    """Keys with values, in the order of the file."""

    entries: tuple[tuple[Scalar, Node], ...]
    mark: Mark

    @property
    def keys(self) -> tuple[Scalar, ...]:
        """The keys alone."""
        return tuple(key for key, _ in self.entries)

    def get(self, key: str) -> Node | None:
        """The value of ``key``."""
        return next((value for name, value in self.entries if name.text == key), None)

    def __str__(self) -> str:
        return "a mapping"


class Choice(NamedTuple):
    """Values, one of which a parameter picks.

    Written ``{parameter: {value: cell, ...}}``, or as cells side by side in a table.
    """

    parameter: Scalar
    cases: tuple[tuple[Scalar, Scalar], ...]
    """Pairs of a parameter's value and the cell that it picks."""
    mark: Mark

    def __str__(self) -> str:
        return f"a choice by {self.parameter}"


Node: TypeAlias = Scalar | ListNode | MapNode | Choice


def given(node: Node | None) -> Node | None:
    """The node, or None if it was left out or written as ``~`` or ``null``."""
    if isinstance(node, Scalar) and not node.quoted and node.text in ("", "~", "null"):
        return None
    return node
