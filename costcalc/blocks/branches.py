"""Nests steps: branches in their joins, and gated parts.

A join contains its branches if they start at one fork and each is a run of lines.  Any
other connection is expressed by the name of the line that is read, so that every graph
can be written.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from costcalc.blocks.lines import FlatSteps
from costcalc.blocks.steps import Formula, Part, Step
from costcalc.graph.layer import NETWORK_INPUT, Gated
from costcalc.kinds import KINDS
from costcalc.spec.numbers import exact

_DEEPEST = 10
"""The deepest nesting of joins; YAML limits it, and names do the rest."""

_COMMUTATIVE = ("add", "multiply")

_UNFIT = re.compile(r"[^A-Za-z0-9_.-]+", re.ASCII)


class _Gated(NamedTuple):
    """A gated part in lines: its gate from ``gate``, its layers from ``first`` to ``last``."""

    gate: int
    first: int
    last: int
    execute: str

    def cuts(self, start: int, end: int, join: int) -> bool:
        """Whether a branch contains only some of it."""
        if self.last < start or end < self.gate:
            return False
        return not (start <= self.gate and self.last <= end) and not (
            self.gate <= start and join <= self.last
        )


class _Branches(NamedTuple):
    """The branches of a join as ranges of lines; an empty range is a shortcut."""

    start: int
    ranges: tuple[tuple[int, int], ...]


def nested(flat: FlatSteps, gated: tuple[Gated, ...], is_flat: bool = False) -> tuple[Step, ...]:
    """The steps of a network; only what is gated is nested if flat."""
    return _Nesting(flat, gated, is_flat).between(0, len(flat.steps), NETWORK_INPUT, 0, None)


class _Nesting:
    def __init__(self, flat: FlatSteps, gated: tuple[Gated, ...], is_flat: bool) -> None:
        self.lines = flat.steps
        self.network = flat.channels
        self.is_flat = is_flat
        self.readers: list[list[int]] = [[] for _ in flat.steps]
        """The lines that read each line."""
        for index, line in enumerate(flat.steps):
            for source in line.inputs:
                if source != NETWORK_INPUT:
                    self.readers[source].append(index)
        self.gated = [_in_lines(part, flat.of_layer) for part in gated if part.layers]
        self.ending: dict[int, list[_Gated]] = {}
        for part in self.gated:
            self.ending.setdefault(part.last, []).append(part)

    def between(
        self, start: int, stop: int, here: int, depth: int, inside: _Gated | None
    ) -> tuple[Step, ...]:
        """The steps of lines from ``start`` up to ``stop``, the first of which reads ``here``."""
        steps: list[Step] = []
        at = stop - 1
        while at >= start:
            part = self._gated_at(at, start, inside)
            branches = None if part is not None else self._branches(at, start, here, depth)
            first = branches.start if branches else part.gate if part is not None else at
            before = first - 1 if first > start else here
            if part is not None:
                steps.append(self._gated_step(part, before, depth))
            elif branches is not None:
                steps.append(self._join(at, branches, before, depth))
            else:
                steps.append(self._line(at, before))
            at = first - 1
        return tuple(reversed(steps))

    def _line(self, at: int, here: int) -> Step:
        step, inputs, _ = self.lines[at]
        if not inputs:
            return step._replace(reads=self._channels(here))
        return step if inputs == (here,) else step._replace(sources=inputs)

    def _channels(self, line: int) -> Any:
        return self.network if line == NETWORK_INPUT else self.lines[line].channels

    def _gated_at(self, last: int, start: int, inside: _Gated | None) -> _Gated | None:
        """The widest gated part that ends with a line, apart from the one around it."""
        first = start if inside is None else max(start, inside.gate)
        parts = (part for part in self.ending.get(last, ()) if part.gate >= first)
        others = (part for part in parts if part != inside)
        return min(others, default=None, key=lambda part: part.gate)

    def _gated_step(self, part: _Gated, here: int, depth: int) -> Step:
        parts = [Part(self.between(part.first, part.last + 1, here, depth + 1, part))]
        if part.gate < part.first:
            gate = self.between(part.gate, part.first, here, depth + 1, part)
            parts.append(Part(gate, "gate"))
        reads = self._channels(here)
        path = self.lines[part.gate].step.path
        values = (
            {"execute": Formula(part.execute)} if len(parts) == 1 or part.execute != "1" else {}
        )
        return Step("sequence", values, reads, part.gate, part.last, path, tuple(parts))

    def _join(self, at: int, branches: _Branches, here: int, depth: int) -> Step:
        labels = self._labels(at, branches)
        parts = tuple(
            Part(self.between(start, stop, here, depth + 1, None), label)
            for (start, stop), label in zip(branches.ranges, labels, strict=True)
        )
        if self.lines[at].step.word == "add" and len(parts) == 2 and not parts[1].steps:
            parts = parts[::-1]
        reads = self._channels(here)
        return self.lines[at].step._replace(first=branches.start, parts=parts, reads=reads)

    def _labels(self, at: int, branches: _Branches) -> tuple[str, ...]:
        """The network's names for the branches; none unless all have one."""
        around = self.lines[at].step.path.rpartition("/")[0]
        labels = []
        for start, stop in branches.ranges:
            words = {
                self.lines[line].step.path.removeprefix(f"{around}/").partition("/")[0]
                for line in range(start, stop)
            }
            word = words.pop() if len(words) == 1 else ""
            labels.append("" if _is_usual(word) else fit(word))
        is_complete = all(labels) and len(set(labels)) == len(labels)
        return tuple(labels) if is_complete else ("",) * len(labels)

    def _branches(self, at: int, start: int, here: int, depth: int) -> _Branches | None:
        """The branches that a line joins, if they are runs of lines from one fork."""
        step, inputs, _ = self.lines[at]
        if self.is_flat or depth >= _DEEPEST or len(inputs) < 2 or not _is_join(step):
            return None
        if step.word in _COMMUTATIVE:
            inputs = tuple(sorted(inputs))
        forks = [min(inputs)]
        ends = sorted(set(inputs))
        if len(ends) > 1 and ends[0] + 1 < at:
            forks += [line for line in self.lines[ends[0] + 1].inputs[:1] if line < ends[0]]
        for fork in forks:
            if (fork != here and fork < start) or ends[-1] not in (at - 1, fork):
                continue
            first = start if fork == here else fork + 1
            ranges = self._ranges(at, inputs, fork, first)
            if ranges is not None:
                return _Branches(first, ranges)
        return None

    def _ranges(
        self, at: int, inputs: tuple[int, ...], fork: int, first: int
    ) -> tuple[tuple[int, int], ...] | None:
        """The branches from a fork to a join, if all lines between are in one of them."""
        ranges = []
        start = first
        for end in inputs:
            if end == fork:
                ranges.append((start, start))
                continue
            if end < start or not self._is_branch(start, end, fork, at):
                return None
            ranges.append((start, end + 1))
            start = end + 1
        return tuple(ranges) if start == at else None

    def _is_branch(self, start: int, end: int, fork: int, join: int) -> bool:
        """Whether the first line reads the fork, and only the join reads from outside."""
        inputs = self.lines[start].inputs
        if inputs and fork not in inputs:
            return False
        if any(reader != join and reader > end for reader in self.readers[end]):
            return False
        if any(part.cuts(start, end, join) for part in self.gated):
            return False
        return all(self.readers[line][-1:] <= [end] for line in range(start, end))


def fit(word: str) -> str:
    """A word without characters that names must not contain."""
    name = _UNFIT.sub("_", word).lstrip("-.")
    return name or "layer"


def _is_join(step: Step) -> bool:
    """Whether a join may contain its branches."""
    return KINDS[step.word].joins and not {"shares", "norm"} & {*step.values}


def _is_usual(word: str) -> bool:
    """Whether a word is only a kind or a number."""
    return word.rstrip("0123456789").rstrip("_") in ("", *KINDS)


def _in_lines(part: Gated, of_layer: tuple[int, ...]) -> _Gated:
    first, last = of_layer[part.layers[0]], of_layer[part.layers[-1]]
    gate = of_layer[part.gate[0]] if part.gate else first
    return _Gated(gate, first, last, exact(part.execute))
