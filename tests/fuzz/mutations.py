"""Changes to inputs: to the words of a text, to a tree of values, to bytes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from tests.drawing.draws import Draws
from tests.fuzz import hostile


def few(draws: Draws) -> int:
    """How many changes to make: mostly one, as what is changed often is refused early."""
    return draws.of(0, 1, 1, 1, 1, 1, 2, 2, 3, 5)


_TOKEN = re.compile(r"\s+|[\w.\-]+|.", re.DOTALL)


def of_words(draws: Draws, text: str) -> str:
    """A text with a few words and marks left out, doubled, exchanged or replaced."""
    tokens = _TOKEN.findall(text)
    for _ in range(few(draws)):
        if not tokens:
            break
        at = draws.whole(0, len(tokens) - 1)
        change = draws.upto(5)
        if change == 1:
            del tokens[at]
        elif change == 2:
            tokens.insert(at, tokens[at])
        elif change == 3:
            tokens[at] = tokens[draws.whole(0, len(tokens) - 1)]
        elif change == 4:
            tokens[at] = hostile.text(draws)
        else:
            other = draws.whole(0, len(tokens) - 1)
            tokens[at], tokens[other] = tokens[other], tokens[at]
    return "".join(tokens)


def of_bytes(draws: Draws, data: bytes) -> bytes:
    """Data with a few bytes left out, added, replaced or cut off."""
    changed = bytearray(data)
    for _ in range(few(draws)):
        at = draws.whole(0, max(len(changed) - 1, 0))
        change = draws.upto(6)
        if change == 1:
            del changed[at : at + draws.upto(8)]
        elif change == 2:
            changed[at:at] = bytes(draws.whole(0, 255) for _ in range(draws.upto(4)))
        elif change == 3 and changed:
            changed[at] ^= 1 << draws.whole(0, 7)
        elif change == 4 and changed:
            changed[at] = draws.of(0, 1, 127, 128, 255)
        elif change == 5:
            changed[at:at] = changed[at : at + draws.upto(40)]
        elif draws.chance(4):
            del changed[at:]
    return bytes(changed)


def encoded(text: str) -> bytes:
    """A text as the bytes of a file, whatever characters it has."""
    return text.encode("utf-8", "surrogateescape" if "\udcff" in text else "surrogatepass")


Place = tuple[Any, Any]
"""A list or a mapping, and the index or key in it."""


def of_tree(draws: Draws, tree: Any, others: Sequence[Any] = ()) -> Any:
    """A tree of lists and mappings, changed in place.

    Args:
        draws: the random choices.
        tree: what is read from YAML or JSON.
        others: further trees, parts of which may be put in its place.
    """
    for _ in range(few(draws)):
        places = _places(tree)
        if not places:
            return hostile.value(draws)
        holder, key = draws.of(*places)
        change = draws.upto(8)
        if change <= 3:
            holder[key] = hostile.value(draws)
        elif change == 4:
            del holder[key]
        elif change == 5:
            other, there = draws.of(*places)
            holder[key] = _copied(other[there])
        elif change == 6 and others:
            other, there = draws.of(*_places(draws.of(*others)))
            holder[key] = _copied(other[there])
        elif change == 7 and isinstance(holder, list):
            holder.insert(key, _copied(holder[key]))
        elif change == 7:
            holder[draws.of(*hostile.WORDS)] = _copied(holder[key])
        elif isinstance(holder, dict):
            other, there = draws.of(*places)
            name = there if isinstance(other, dict) else draws.of(*hostile.WORDS)
            holder[name] = holder.pop(key)
        else:
            at = draws.whole(0, len(holder) - 1)
            holder[key], holder[at] = holder[at], holder[key]
    return tree


def _places(tree: Any) -> list[Place]:
    places: list[Place] = []
    waiting = [tree]
    while waiting:
        holder = waiting.pop()
        inside = list(holder.items()) if isinstance(holder, dict) else list(enumerate(holder))
        for key, item in inside:
            places.append((holder, key))
            if isinstance(item, dict | list):
                waiting.append(item)
    return places


def _copied(tree: Any) -> Any:
    if isinstance(tree, dict):
        return {key: _copied(item) for key, item in tree.items()}
    return [_copied(item) for item in tree] if isinstance(tree, list) else tree
