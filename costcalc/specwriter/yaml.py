"""Lists and mappings as YAML text, on one line if they are short."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any, TypeAlias

from costcalc.blocks.steps import Formula
from costcalc.spec.numbers import exact

WIDTH = 100
"""The longest line."""

Node: TypeAlias = Any
"""A scalar, a mapping of nodes or a list of them."""

_PLAIN = re.compile(r"[A-Za-z0-9_.(/-][\w .()/+*<>=!'-]*", re.ASCII)
_AMBIGUOUS = re.compile(r"-|---.*|\.\.\..*|- .*|null|Null|NULL", re.ASCII)

_READ_OTHERWISE = re.compile(r"[\d.]+|true|false|yes|no|on|off", re.ASCII | re.IGNORECASE)
"""Text that a YAML reader might take for a number or a Boolean."""


class Below(list[Node]):
    """A list with one item per line, as for layers."""


class Aligned(Below):
    """Rows of cells in aligned columns."""


class Rows(dict[str, Node]):
    """A mapping with one entry per line, as for parameters."""


def lines(node: Mapping[str, Node]) -> list[str]:
    """The lines of a mapping."""
    return _mapping(node, 0)


def scalar(value: Any) -> str:
    """A value in YAML, in quotes if it would be read as something else."""
    if value is None:
        return "~"
    if isinstance(value, Formula):
        value = value.text
    elif isinstance(value, bool | int | Fraction):
        return exact(value)
    word = str(value)
    if isinstance(value, str) and _READ_OTHERWISE.fullmatch(word):
        return json.dumps(word)
    if _PLAIN.fullmatch(word) and not _AMBIGUOUS.fullmatch(word) and word == word.strip():
        return word
    return json.dumps(word, ensure_ascii=False)


def flow(node: Node) -> str:
    """A node on one line."""
    if _is_scalar(node):
        return scalar(node)
    if isinstance(node, Mapping):
        return "{" + ", ".join(_pair(name, value) for name, value in node.items()) + "}"
    return "[" + ", ".join(_item(item) for item in node) + "]"


def _is_scalar(node: Node) -> bool:
    return isinstance(node, Formula) or not isinstance(node, Mapping | list | tuple)


def _pair(name: str, value: Node) -> str:
    return f"{scalar(name)}: {flow(value)}"


def _item(node: Node) -> str:
    """An item of a list on one line; a mapping of one entry needs no braces there."""
    if isinstance(node, Mapping) and len(node) == 1:
        return _pair(*next(iter(node.items())))
    return flow(node)


def _is_short(node: Node, room: int) -> bool:
    """Whether a node fits on one line."""
    return not _is_below(node) and len(flow(node)) <= room


def _is_below(node: Node) -> bool:
    if isinstance(node, Mapping):
        return isinstance(node, Rows) or any(map(_is_below, node.values()))
    if _is_scalar(node):
        return False
    return bool(node) and (isinstance(node, Below) or any(map(_is_below, node)))


def _mapping(node: Mapping[str, Node], indent: int) -> list[str]:
    lines = []
    for name, value in node.items():
        key = f"{scalar(name)}:"
        if _is_scalar(value) or _is_short(value, WIDTH - indent - len(key) - 1):
            lines.append(f"{key} {flow(value)}".rstrip())
        else:
            lines.append(key)
            lines += [f"  {line}" for line in _block(value, indent + 2)]
    return lines


def _list(node: Sequence[Node], indent: int) -> list[str]:
    if isinstance(node, Aligned):
        return _aligned(node)
    lines = []
    for item in node:
        if not _is_below(item) and (
            _is_scalar(item)
            or (not isinstance(item, Mapping) and _is_short(item, WIDTH - indent - 2))
        ):
            lines.append(f"- {flow(item)}")
            continue
        first, *rest = _block(item, indent + 2)
        lines += [f"- {first}", *(f"  {line}" for line in rest)]
    return lines


def _block(node: Node, indent: int) -> list[str]:
    return _mapping(node, indent) if isinstance(node, Mapping) else _list(node, indent)


def _aligned(rows: Aligned) -> list[str]:
    cells = [[_item(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = []
    for row in cells:
        padded = [f"{cell}," for cell in row[:-1]]
        shown = [cell.ljust(width + 1) for cell, width in zip(padded, widths, strict=False)]
        lines.append("- [" + " ".join([*shown, row[-1]]) + "]")
    return lines
