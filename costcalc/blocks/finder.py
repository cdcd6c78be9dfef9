"""Groups of steps that are alike as calls of one block."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from costcalc.blocks.alignment import (
    ABSENT,
    Column,
    Group,
    Merged,
    Template,
    Templates,
    alike,
    merged,
)
from costcalc.blocks.block import Block
from costcalc.blocks.conditions import condition, wanted
from costcalc.blocks.groups import Groups, Unit, replaced
from costcalc.blocks.lines import Lines
from costcalc.blocks.patterns import joins, rows
from costcalc.blocks.repeats import repeated
from costcalc.blocks.solution import Solution
from costcalc.blocks.steps import NETWORK, Formula, Part, Step, walk
from costcalc.blocks.varying import differing, squeezed
from costcalc.kinds import KINDS
from costcalc.spec.steps import STRUCTURES

_MOST_FLAGS = 1
"""Parameters that say no more than whether a step is there."""

_MOST_PARAMETERS = 8
"""Parameters of a block that a reader still sees through."""

_MOST_CLASSES = 64
"""Classes of groups that are tried as blocks."""


class Blocks:
    """Finds the blocks of a network's steps, inner ones before those around them."""

    def __init__(self, found: Lines, kinds: Mapping[str, str]) -> None:
        self.lines = found
        self.groups = Groups(tuple(line.step.path for line in found.lines), kinds)
        self.blocks: dict[str, Block] = {}

    def called(self, steps: tuple[Step, ...]) -> tuple[Step, ...]:
        """The steps, with calls of blocks for groups that are alike."""
        units = self._units(steps)
        pending = _pending(units)
        skipped = [kind for kind in pending if _is_once_inside(units, kind, pending)]
        for kind in (*(each for each in pending if each not in skipped), *skipped):
            steps = self._replaced(steps, self._units(steps).get(kind, []))
        for word in ("add", "concat"):
            steps = self._replaced(steps, joins(steps, word))
        steps = self._replaced(steps, rows(steps))
        return repeated(steps, self.blocks)

    def _units(self, steps: tuple[Step, ...]) -> dict[str, list[Unit]]:
        """The outermost groups of each class."""
        found: dict[str, list[Unit]] = defaultdict(list)
        for unit in self.groups.units(steps):
            if found[unit.kind] and found[unit.kind][-1].last >= unit.last:
                continue
            found[unit.kind].append(unit)
        return found

    def _replaced(self, steps: tuple[Step, ...], units: Sequence[Unit]) -> tuple[Step, ...]:
        """The steps, with calls for groups of one class."""
        if len(units) < 2:
            return steps
        groups = [Group(unit.steps, unit.first, unit.here, unit.path) for unit in units]
        shorter = [each._replace(steps=repeated(each.steps, self.blocks)) for each in groups]
        if 1 < len(alike(groups)) >= len(alike(shorter)):
            groups = shorter
        for each in self._solved(groups, units):
            block, indexes, arguments = each
            calls = {}
            for index, values in zip(indexes, arguments, strict=True):
                unit = units[index]
                reads = unit.steps[0].reads
                call = Step(block.name, values, reads, unit.first, unit.last, unit.path)
                calls[unit.first, unit.last] = call
            steps = replaced(steps, calls)
        return steps

    def _solved(
        self, groups: Sequence[Group], units: Sequence[Unit]
    ) -> Iterable[tuple[Block, tuple[int, ...], list[dict[str, Any]]]]:
        """The blocks that are worth having, the groups that each is, and their arguments."""
        for together in merged(groups):
            for each in self._simple(together, groups, units):
                found, solution = self._block(each, units)
                runs = 1 + sum(
                    a + 1 != b or units[a].last + 1 != units[b].first
                    for a, b in zip(each.indexes, each.indexes[1:], strict=False)
                )
                size = sum(1 for _ in walk(found.steps))
                if len(each.indexes) < 2 or size < 2 or (runs == 1 and not solution.columns):
                    continue
                if len(solution.columns) > _MOST_PARAMETERS:
                    continue
                self.blocks[found.name] = found
                columns = solution.columns
                arguments = [
                    {name: columns[name][at] for name in found.given}
                    for at in range(len(each.indexes))
                ]
                yield found, each.indexes, arguments

    def _simple(
        self, together: Merged, groups: Sequence[Group], units: Sequence[Unit]
    ) -> list[Merged]:
        """Groups as one, or those of one shape each where as one they need many parameters."""
        solution = self._block(together, units)[1]
        if solution.flags <= _MOST_FLAGS and len(solution.columns) <= _MOST_PARAMETERS:
            return [together]
        apart = alike([groups[index] for index in together.indexes])
        return [
            each._replace(indexes=tuple(together.indexes[at] for at in each.indexes))
            for each in apart
        ]

    def _block(self, together: Merged, units: Sequence[Unit]) -> tuple[Block, Solution]:
        chosen = [units[index] for index in together.indexes]
        ins = tuple(unit.steps[0].reads for unit in chosen)
        outs = tuple(self.lines.lines[unit.last].gives for unit in chosen)
        found = differing(together.templates, self.blocks)
        solution = Solution(found, ins, outs, squeezed(together.templates))
        steps = _said(together.templates, solution, (True,) * len(chosen))
        steps = repeated(steps, self.blocks)
        return Block(self._name(chosen[0].kind), solution.parameters(), steps), solution

    def _name(self, kind: str) -> str:
        """A block's name, from that of its class."""
        if "#" in kind:
            parts = kind.split("/")
            named = [part.strip("#_") for part in parts if part.strip("#_")]
            kind = f"{named[-1] if named else ''}{'_block' if parts[-1] == '#' else ''}"
        word = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", kind)
        word = re.sub(r"\W+", "_", word, flags=re.ASCII).strip("_").lower()
        if not word or word[0].isdigit() or word in (*KINDS, *STRUCTURES):
            word = f"block_{word}".rstrip("_")
        name, number = word, 1
        while name in self.blocks:
            number += 1
            name = f"{word}_{number}"
        return name


def _pending(units: Mapping[str, Sequence[Unit]]) -> list[str]:
    """Classes of groups of which there are several, those inside others first."""
    several = {kind: each for kind, each in units.items() if len(each) > 1}
    most = sorted(several, key=lambda kind: -sum(len(unit.steps) for unit in several[kind]))
    spans = {kind: max(unit.last - unit.first for unit in several[kind]) for kind in most}
    return sorted(most[:_MOST_CLASSES], key=lambda kind: (spans[kind], kind))


def _is_once_inside(units: Mapping[str, Sequence[Unit]], kind: str, others: Iterable[str]) -> bool:
    """Whether each group of a class is the only one inside a group of some other class."""
    for other in others:
        starts = [unit.first for unit in units[other]]
        around = [bisect_right(starts, unit.first) - 1 for unit in units[kind]]
        if (
            other != kind
            and len({*around}) == len(around)
            and all(
                at >= 0 and unit.last <= units[other][at].last
                for at, unit in zip(around, units[kind], strict=True)
            )
        ):
            return True
    return False


def _said(templates: Templates, solution: Solution, around: Column) -> tuple[Step, ...]:
    """The steps of a block, with formulas where its groups differ."""
    return tuple(_step(each, solution, around) for each in templates)


def _step(template: Template, solution: Solution, around: Column) -> Step:
    values: dict[str, Any] = {}
    for name, column in template.values.items():
        formula = solution.said.get((id(template), name))
        known = [value for value in column if value is not ABSENT]
        if formula is not None:
            values[name] = formula
        elif known and all(value == known[0] for value in known):
            values[name] = known[0]
    if "first_only" in values and not isinstance(values["first_only"], tuple):
        del values["first_only"]
    when = wanted(template, around)
    if False in when:
        values["when"] = Formula(_decided(when, template, solution, template.word))
    joined = tuple(
        None if each is ABSENT or not here else bool(each)
        for each, here in zip(template.joined, template.present, strict=True)
    )
    if False in joined:
        values["only_if"] = Formula(_decided(joined, template, solution, "shortcut"))
    parts = tuple(
        Part(_said(part, solution, template.present), label) for label, part in template.parts
    )
    return Step(
        template.word,
        values,
        0,
        template.last,
        template.last,
        template.path,
        parts,
        tuple(NETWORK if each < 0 else each for each in template.sources),
    )


def _decided(column: Column, template: Template, solution: Solution, word: str) -> str:
    """A condition, or a new parameter where there is none."""
    found = condition(column, template.reads, solution, template.word != "multiply")
    if found:
        return found
    common = next(each for each in column if each is not None)
    filled = tuple(common if each is None else each for each in column)
    return solution.flag({"multiply": "se"}.get(word, f"has_{word}"), filled)
