"""Merges equal consecutive steps into one step with a repeat count."""

from __future__ import annotations

import os.path
from collections.abc import Hashable, Mapping, Sequence
from itertools import groupby
from typing import Any

from costcalc.blocks.columns import is_same
from costcalc.blocks.steps import Block, Part, Step, walk
from costcalc.kinds import KINDS

_LONGEST = 12
"""The longest recurring sequence of steps that is looked for."""

_SAVED = 3
"""Lines that a repeated sequence must save: it needs some itself."""

_ONCE = {"shares", "when", "only_if"}
"""Values of steps that cannot be repeated."""


class Keys:
    """A number for each step; equal steps have the same number."""

    def __init__(self, steps: tuple[Step, ...]) -> None:
        self.numbers: dict[Hashable, int] = {}
        self.read = {source for step in walk(steps) for source in step.sources}
        self.unlike = 0

    def of(self, step: Step) -> int:
        """The step's number; unique for steps that others read by name, and for their readers."""
        if step.sources or step.last in self.read:
            self.unlike -= 1
            return self.unlike
        values = tuple(sorted((name, _fixed(value)) for name, value in step.values.items()))
        parts = tuple((part.label, tuple(map(self.of, part.steps))) for part in step.parts)
        return self.numbers.setdefault((step.word, values, parts), len(self.numbers))


def _fixed(value: Any) -> Hashable:
    """A value that equals only values of its own type."""
    return type(value).__name__, str(value)


def repeated(steps: tuple[Step, ...], blocks: Mapping[str, Block]) -> tuple[Step, ...]:
    """The steps with repeats, at every depth."""
    return _Repeats(blocks, Keys(steps)).of(steps)


class _Repeats:
    def __init__(self, blocks: Mapping[str, Block], keys: Keys) -> None:
        self.blocks = blocks
        self.keys = keys

    def of(self, steps: tuple[Step, ...]) -> tuple[Step, ...]:
        return self._runs(self._singles(tuple(step.map_parts(self.of) for step in steps)))

    def _singles(self, steps: tuple[Step, ...]) -> tuple[Step, ...]:
        """The steps, each run of a single repeated step as one step."""
        shorter: list[Step] = []
        for _, same in groupby(steps, self.keys.of):
            run = tuple(same)
            first_only = self._first_only(shorter[-1], run[0]) if shorter else ()
            if first_only:
                first = shorter.pop()
                shorter.append(_times((first, *run), first_only))
            elif len(run) > 1 and self._can_repeat(run[0]):
                shorter.append(_times(run))
            else:
                shorter += run
        return tuple(shorter)

    def _first_only(self, first: Step, later: Step) -> tuple[str, ...]:
        """The arguments in which a step differs from those that follow it, which have none."""
        if first.word != later.word or first.parts or later.parts:
            return ()
        if not self._can_repeat(first) or not self._can_repeat(later):
            return ()
        differ = [
            name
            for name in dict.fromkeys([*first.values, *later.values])
            if _fixed(first.value(name)) != _fixed(later.value(name))
        ]
        if all(self._is_default(later, name) for name in differ):
            return tuple(differ)
        return ()

    def _can_repeat(self, step: Step) -> bool:
        """Whether the step may have a repeat count."""
        if step.sources or step.last in self.keys.read:
            return False
        return step.value("repeat") == 1 and not _ONCE & {*step.values}

    def _is_default(self, step: Step, name: str) -> bool:
        if step.word in self.blocks:
            parameter = self.blocks[step.word].parameters.get(name)
            return parameter is not None and is_same(parameter.default, step.value(name))
        kind = KINDS.get(step.word)
        if kind is None or name not in kind.attributes or name in (*kind.required, "bias"):
            return False
        return _fixed(kind.default(name)) == _fixed(step.value(name))

    def _runs(self, steps: tuple[Step, ...]) -> tuple[Step, ...]:
        """The steps, each repeated run of several steps as a sequence."""
        keys = [self.keys.of(step) for step in steps]
        shorter: list[Step] = []
        at = 0
        while at < len(steps):
            length, times = _longest(keys, at)
            run = steps[at : at + length * times]
            shorter.append(_sequence(run, length, times) if times > 1 else run[0])
            at += len(run)
        return tuple(shorter)


def recurring(keys: Sequence[Hashable], at: int, length: int) -> int:
    """How many keys, from a position on, equal the key ``length`` positions later.

    >>> recurring("ababac", 0, 2)
    3
    """
    count = 0
    while at + count + length < len(keys) and keys[at + count] == keys[at + count + length]:
        count += 1
    return count


def _longest(keys: Sequence[Hashable], at: int) -> tuple[int, int]:
    """The length and the repeat count of the best run at a position."""
    best = (1, 1)
    for length in range(2, min(_LONGEST, (len(keys) - at) // 2) + 1):
        times = recurring(keys, at, length) // length + 1
        if times > 1 and length * (times - 1) > max(_SAVED, best[0] * (best[1] - 1)):
            best = (length, times)
    return best


def _sequence(run: tuple[Step, ...], length: int, times: int) -> Step:
    first, last = run[0], run[-1]
    parts = (Part(run[:length]),)
    values = {"repeat": times}
    return Step("sequence", values, first.reads, first.first, last.last, _common(run), parts)


def _times(run: tuple[Step, ...], first_only: tuple[str, ...] = ()) -> Step:
    """The first of several equal steps, with a repeat count."""
    values: dict[str, Any] = {"first_only": first_only} if first_only else {}
    step = run[0].with_values(repeat=len(run), **values)
    return step._replace(last=run[-1].last, path=_common(run))


def _common(steps: tuple[Step, ...]) -> str:
    """The common path of several steps."""
    common = []
    for parts in zip(*(step.path.split("/") for step in steps), strict=False):
        if len(set(parts)) > 1:
            stem = os.path.commonprefix(parts).rstrip("0123456789")
            common += [stem] if len(stem) > 1 else []
            break
        common.append(parts[0])
    return "/".join(common)
