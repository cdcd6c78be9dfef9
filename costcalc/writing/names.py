"""Names for the steps that others read."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from costcalc.writing.step import NETWORK, Step, walk

_UNFIT = re.compile(r"[^A-Za-z0-9_.-]+", re.ASCII)


def named(steps: tuple[Step, ...], is_flat: bool = False) -> tuple[Step, ...]:
    """Steps, those that others read with names, and the readers with those names.

    In a flat list every step has its full name.
    """
    read = {source for step in walk(steps) for source in step.sources}
    # The innermost step of a result: what stands in a sequence without a name is known around it.
    ends = {
        step.last: step.path
        for step in walk(steps)
        if step.last in read or (is_flat and step.path.rstrip("0123456789") != step.word)
    }
    names = unique((line, _flat(path) if is_flat else local(path)) for line, path in ends.items())
    names[NETWORK] = "input"
    return tuple(_named(step, names) for step in steps)


def _named(step: Step, names: Mapping[int, str]) -> Step:
    parts = tuple(
        part._replace(steps=tuple(_named(each, names) for each in part.steps))
        for part in step.parts
    )
    inner = {each.last for part in parts for each in part.steps[-1:]}
    return step._replace(
        parts=parts,
        name=names.get(step.last, step.name) if step.last not in inner else step.name,
        sources=tuple(names[each] for each in step.sources if isinstance(each, int)),
    )


def unique(wanted: Iterable[tuple[int, str]]) -> dict[int, str]:
    """A name of its own for each line: the wanted one, or that with a number."""
    found: dict[int, str] = {}
    taken = {"input"}
    for line, word in wanted:
        name, number = word, 1
        while name in taken:
            number += 1
            name = f"{word}_{number}"
        taken.add(name)
        found[line] = name
    return found


def local(path: str) -> str:
    """The last part of a path that says something."""
    parts = [part for part in path.split("/") if not part.isdigit()]
    return fit(parts[-1]) if parts else "layer"


def fit(word: str) -> str:
    """A word with nothing in it that a name may not have."""
    name = _UNFIT.sub("_", word).lstrip("-.")
    return name or "layer"


def _flat(path: str) -> str:
    return fit(path.replace("/", "."))
