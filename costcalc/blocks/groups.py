"""Steps that belong together, as the names of the layers say: the blocks of a network."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from costcalc.blocks.steps import Step, walk
from costcalc.graph.layer import NETWORK_INPUT
from costcalc.names import paths

_TRANSPARENT = frozenset(
    ("sequence", "Sequential", "ModuleList", "ModuleDict", "Module", "Functional", "Identity", "")
)
"""Groups that are no more than their steps one after another."""


class Instance(NamedTuple):
    """Steps one after another that may be one call of a block."""

    path: str
    """The path that the names of its layers begin with; empty where no path tells of it."""
    family: str
    """What it has in common with instances like it: the class of the group, say."""
    steps: tuple[Step, ...]
    here: int
    """The line that the first of them reads."""

    @property
    def first(self) -> int:
        """Its first line."""
        return self.steps[0].first

    @property
    def last(self) -> int:
        """Its last line."""
        return self.steps[-1].last


def spans(names: Iterable[str]) -> dict[str, range]:
    """Where the names under each path stand; paths whose names are torn apart have no span.

    >>> spans(["stem", "body/a", "body/b", "head/c", "body/d", "head/e/f"])
    {'head/e': range(5, 6)}
    """
    found: dict[str, list[int]] = {}
    for place, name in enumerate(names):
        for path in paths(name):
            found.setdefault(path, []).append(place)
    return {
        path: range(places[0], places[-1] + 1)
        for path, places in found.items()
        if places[-1] - places[0] + 1 == len(places)
    }


class Groups:
    """The groups of a network's lines: those whose lines stand one after another."""

    def __init__(self, names: Sequence[str], classes: Mapping[str, str]) -> None:
        """``classes`` are the blocks or modules that paths are, as far as anybody says."""
        of_family = {_family(path): name for path, name in classes.items() if name}
        self.families: dict[str, str] = {}
        self.starting: dict[int, list[tuple[int, str]]] = defaultdict(list)
        for path, lines in spans(names).items():
            likeness = _family(path)
            family = classes.get(path) or of_family.get(likeness) or likeness
            is_transparent = classes.get(path, "unknown") in _TRANSPARENT
            if family and not is_transparent and len(lines) > 1:
                self.families[path] = family
                self.starting[lines[0]].append((lines[-1], path))

    def instances(self, steps: tuple[Step, ...], here: int = NETWORK_INPUT) -> Iterator[Instance]:
        """All groups that are steps of one list, in the order of their first lines."""
        references = References(steps)
        yield from self._instances(steps, here, references)

    def _instances(
        self, steps: tuple[Step, ...], here: int, references: References
    ) -> Iterator[Instance]:
        ends = {step.last: at for at, step in enumerate(steps)}
        before = here
        for at, step in enumerate(steps):
            for last, path in self.starting.get(step.first, ()):
                end = ends.get(last)
                if end is None or not references.are_inside(step.first, last, before):
                    continue
                yield Instance(path, self.families[path], steps[at : end + 1], before)
            for part in step.parts:
                yield from self._instances(part.steps, before, references)
            before = step.last


def _family(path: str) -> str:
    """What a group has in common with those that are like it, where nobody says its class.

    ``layer1/0`` and ``layer2/3`` are of one family, and so are ``mixed_3a`` and
    ``mixed_4b``; a group without a number is like no other.
    """
    found = re.sub(r"\d+[a-z]?(?=/|$)|\d+", "#", path)
    last = found.rpartition("/")[2]
    return found if "#" in last and len(last.strip("#_")) != 1 else ""


class References:
    """Which lines are read by their names, and from where."""

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
        """Whether lines read by name but themselves and what arrives, and are not read."""
        at = bisect_left(self.named, first)
        while at < len(self.named) and self.named[at] < last:
            if self.readers[self.named[at]] > last:
                return False
            at += 1
        at = bisect_left(self.reading, first)
        while at < len(self.reading) and self.reading[at] <= last:
            sources = self.sources[self.reading[at]]
            if any(source < first and source != here for source in sources):
                return False
            at += 1
        return True


def replaced(steps: tuple[Step, ...], calls: Iterable[Step]) -> tuple[Step, ...]:
    """Steps with calls in the place of the runs of steps that have their first and last lines."""
    starts: dict[int, list[Step]] = defaultdict(list)
    for call in calls:
        starts[call.first].append(call)
    return _replaced(steps, starts)


def _replaced(steps: tuple[Step, ...], starts: Mapping[int, list[Step]]) -> tuple[Step, ...]:
    lasts = {step.last: at for at, step in enumerate(steps)}
    result: list[Step] = []
    at = 0
    while at < len(steps):
        step = steps[at]
        calls = [call for call in starts.get(step.first, ()) if call.last in lasts]
        if calls:
            widest = max(calls, key=lambda call: call.last)
            result.append(widest)
            at = lasts[widest.last] + 1
        else:
            parts = (part._replace(steps=_replaced(part.steps, starts)) for part in step.parts)
            result.append(step._replace(parts=tuple(parts)))
            at += 1
    return tuple(result)
