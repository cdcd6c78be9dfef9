"""Groups of steps by the names of their layers: the candidates for blocks."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from costcalc.blocks.steps import Step, walk
from costcalc.graph.layer import NETWORK_INPUT
from costcalc.names import paths

_TRANSPARENT = frozenset(
    ("sequence", "Sequential", "ModuleList", "ModuleDict", "Module", "Functional", "Identity", "")
)
"""Classes of groups that are only sequences of steps."""


class Instance(NamedTuple):
    """Consecutive steps that may become a call of a block."""

    path: str
    """The path of its layers; empty if it was found without names."""
    family: str
    """The same for similar instances: their class, for example."""
    steps: tuple[Step, ...]
    here: int
    """The line that the first step reads."""

    @property
    def first(self) -> int:
        """Its first line."""
        return self.steps[0].first

    @property
    def last(self) -> int:
        """Its last line."""
        return self.steps[-1].last


def spans(names: Iterable[str]) -> dict[str, range]:
    """The positions of the names under each path, if they are consecutive.

    >>> spans(["stem", "body/a", "body/b", "head/c", "body/d", "head/e/f"])
    {'head/e': range(5, 6)}
    """
    under: dict[str, list[int]] = {}
    for position, name in enumerate(names):
        for path in paths(name):
            under.setdefault(path, []).append(position)
    return {
        path: range(positions[0], positions[-1] + 1)
        for path, positions in under.items()
        if positions[-1] - positions[0] + 1 == len(positions)
    }


class Groups:
    """The groups of a network's lines whose lines are consecutive."""

    def __init__(self, names: Sequence[str], classes: Mapping[str, str]) -> None:
        """``classes`` are the blocks or modules of paths, if known."""
        of_family = {_family(path): name for path, name in classes.items() if name}
        self.starting: dict[int, list[tuple[int, str, str]]] = defaultdict(list)
        """The last line, the path and the family of the groups that start with a line."""
        for path, lines in spans(names).items():
            numberless = _family(path)
            family = classes.get(path) or of_family.get(numberless) or numberless
            is_transparent = classes.get(path, "unknown") in _TRANSPARENT
            if family and not is_transparent and len(lines) > 1:
                self.starting[lines[0]].append((lines[-1], path, family))

    def instances(self, steps: tuple[Step, ...]) -> Iterator[Instance]:
        """All groups whose steps are in one list, in the order of their first lines."""
        return self._instances(steps, NETWORK_INPUT, References(steps))

    def _instances(
        self, steps: tuple[Step, ...], here: int, references: References
    ) -> Iterator[Instance]:
        ends = {step.last: at for at, step in enumerate(steps)}
        before = here
        for at, step in enumerate(steps):
            for last, path, family in self.starting.get(step.first, ()):
                end = ends.get(last)
                if end is not None and references.are_inside(step.first, last, before):
                    yield Instance(path, family, steps[at : end + 1], before)
            for part in step.parts:
                yield from self._instances(part.steps, before, references)
            before = step.last


def _family(path: str) -> str:
    """The family of a group without a class: its path without numbers.

    ``layer1/0`` and ``layer2/3`` are of one family, and so are ``mixed_3a`` and
    ``mixed_4b``; a group without a number has none.
    """
    family = re.sub(r"\d+[a-z]?(?=/|$)|\d+", "#", path)
    last = family.rpartition("/")[2]
    return family if "#" in last and len(last.strip("#_")) != 1 else ""


class References:
    """The lines that are read by name, and their readers."""

    def __init__(self, steps: tuple[Step, ...]) -> None:
        self.sources: dict[int, list[int]] = defaultdict(list)
        readers: dict[int, int] = {}
        for step in walk(steps):
            reader = step.last
            for source in step.sources:
                if isinstance(source, int):
                    self.sources[reader].append(source)
                    readers[source] = max(readers.get(source, NETWORK_INPUT), reader)
        self.readers = readers
        self.named = sorted(readers)
        self.reading = sorted(self.sources)

    def are_inside(self, first: int, last: int, here: int) -> bool:
        """Whether lines read only themselves and ``here`` by name, and others only the last."""
        named = self.named[bisect_left(self.named, first) : bisect_left(self.named, last)]
        reading = self.reading[bisect_left(self.reading, first) : bisect_right(self.reading, last)]
        return all(self.readers[line] <= last for line in named) and all(
            source >= first or source == here for line in reading for source in self.sources[line]
        )


def replaced(steps: tuple[Step, ...], calls: Iterable[Step]) -> tuple[Step, ...]:
    """The steps, with each call in place of the run of steps with its first and last lines."""
    by_first: dict[int, list[Step]] = defaultdict(list)
    for call in calls:
        by_first[call.first].append(call)
    return _replaced(steps, by_first)


def _replaced(steps: tuple[Step, ...], by_first: Mapping[int, list[Step]]) -> tuple[Step, ...]:
    lasts = {step.last: at for at, step in enumerate(steps)}
    result: list[Step] = []
    at = 0
    while at < len(steps):
        step = steps[at]
        calls = [call for call in by_first.get(step.first, ()) if call.last in lasts]
        if calls:
            widest = max(calls, key=lambda call: call.last)
            result.append(widest)
            at = lasts[widest.last] + 1
        else:
            result.append(step.map_parts(lambda inner: _replaced(inner, by_first)))
            at += 1
    return tuple(result)
