"""Finds the structure of a network: similar groups of steps become calls of one block."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from types import MappingProxyType
from typing import Any, NamedTuple

from costcalc.blocks.alignment import AlignedStep, AlignedSteps, BlockUnion, same_shape, unions
from costcalc.blocks.block_parameters import BlockParameters
from costcalc.blocks.branches import nested
from costcalc.blocks.columns import ABSENT, Column, is_constant, present
from costcalc.blocks.groups import Groups, Instance, replaced
from costcalc.blocks.lines import FlatSteps, flat_steps
from costcalc.blocks.patterns import joins, rows
from costcalc.blocks.repeats import repeated
from costcalc.blocks.steps import Block, Formula, Part, Step, size
from costcalc.blocks.varying import squeezed, varying
from costcalc.graph.layer import NETWORK_INPUT, LayerGraph
from costcalc.kinds import KINDS
from costcalc.names import FreeNames
from costcalc.spec.arguments import STRUCTURES

_MOST_FLAGS = 1
"""The most parameters of a block that only tell whether a step is present."""

_MOST_PARAMETERS = 8
"""The most parameters of a readable block."""

_MOST_FAMILIES = 64
"""How many families of groups are tried as blocks."""


class Structure(NamedTuple):
    """A network as steps, and the blocks that they call."""

    steps: tuple[Step, ...]
    blocks: Mapping[str, Block] = MappingProxyType({})
    is_flat: bool = False
    """Whether only gated parts are nested."""


def structures(graph: LayerGraph, is_flat: bool = False) -> Iterator[Structure]:
    """A network with less and less structure, or with none if ``is_flat``; the best first."""
    if not is_flat:
        flat = flat_steps(graph)
        steps = nested(flat, graph.gated)
        finder = _Finder(flat, graph.blocks)
        yield Structure(finder.called(steps), finder.blocks)
        yield Structure(repeated(steps, {}))
    for is_folded in (True, False):
        steps = nested(flat_steps(graph, is_folded), graph.gated, is_flat=True)
        yield Structure(steps, is_flat=True)


class _Finder:
    """Finds the blocks of a network's steps, inner ones before those around them."""

    def __init__(self, flat: FlatSteps, classes: Mapping[str, str]) -> None:
        self.lines = flat.steps
        self.groups = Groups([line.step.path for line in flat.steps], classes)
        self.blocks: dict[str, Block] = {}

    def called(self, steps: tuple[Step, ...]) -> tuple[Step, ...]:
        """The steps, with calls of blocks in place of similar instances."""
        instances = self._outermost(steps)
        pending = _pending(instances)
        wrapped = [family for family in pending if _is_once_inside(instances, family, pending)]
        for family in sorted(pending, key=lambda family: family in wrapped):
            steps = self._with_calls(steps, self._outermost(steps).get(family, []))
        for word in ("add", "concat"):
            steps = self._with_calls(steps, joins(steps, word))
        steps = self._with_calls(steps, rows(steps))
        return repeated(steps, self.blocks)

    def _outermost(self, steps: tuple[Step, ...]) -> dict[str, list[Instance]]:
        """The groups of each family that are not inside another group of it."""
        outermost: dict[str, list[Instance]] = defaultdict(list)
        for group in self.groups.instances(steps):
            others = outermost[group.family]
            if not others or others[-1].last < group.last:
                others.append(group)
        return outermost

    def _with_calls(
        self, steps: tuple[Step, ...], instances: Sequence[Instance]
    ) -> tuple[Step, ...]:
        """The steps, with calls in place of instances of one family."""
        if len(instances) < 2:
            return steps
        shorter = [
            instance._replace(steps=repeated(instance.steps, self.blocks)) for instance in instances
        ]
        if 1 < len(same_shape(instances)) >= len(same_shape(shorter)):
            instances = shorter
        for union in unions(instances):
            for part, block in self._simple(union, instances):
                chosen = [instances[index] for index in part.indexes]
                if _is_worthwhile(block, chosen):
                    self.blocks[block.name] = block
                    calls = (_call(block, call, instance) for call, instance in enumerate(chosen))
                    steps = replaced(steps, calls)
        return steps

    def _simple(
        self, union: BlockUnion, instances: Sequence[Instance]
    ) -> Iterator[tuple[BlockUnion, Block]]:
        """A union and its block; if it needs many parameters, one block for each shape instead."""
        block, flags = self._block(union, instances)
        if flags <= _MOST_FLAGS and len(block.settable) <= _MOST_PARAMETERS:
            yield union, block
            return
        for part in same_shape([instances[index] for index in union.indexes]):
            indexes = tuple(union.indexes[at] for at in part.indexes)
            part_of_all = part._replace(indexes=indexes)
            yield part_of_all, self._block(part_of_all, instances)[0]

    def _block(self, union: BlockUnion, instances: Sequence[Instance]) -> tuple[Block, int]:
        """The block of a union, and how many of its parameters are flags."""
        chosen = [instances[index] for index in union.indexes]
        ins = tuple(instance.steps[0].reads for instance in chosen)
        outs = tuple(self.lines[instance.last].channels for instance in chosen)
        values = varying(union.steps, self.blocks)
        parameters = BlockParameters(values, ins, outs, squeezed(union.steps))
        steps = _steps(union.steps, parameters, (True,) * len(chosen))
        steps = repeated(steps, self.blocks)
        name = FreeNames(self.blocks).free(_name(chosen[0].family))
        return Block(name, parameters.parameters(), steps), len(parameters.flags)


def _is_worthwhile(block: Block, instances: Sequence[Instance]) -> bool:
    """Whether a block makes the network easier to read."""
    are_adjacent = all(one.last + 1 == other.first for one, other in pairwise(instances))
    return (
        len(instances) > 1
        and size(block.steps) > 1
        and (bool(block.settable) or not are_adjacent)
        and len(block.settable) <= _MOST_PARAMETERS
    )


def _call(block: Block, call: int, instance: Instance) -> Step:
    reads, path = instance.steps[0].reads, instance.path
    return Step(block.name, block.arguments(call), reads, instance.first, instance.last, path)


def _name(family: str) -> str:
    """A block's name, from the family of its instances."""
    if "#" in family:
        parts = family.split("/")
        named = [part.strip("#_") for part in parts if part.strip("#_")]
        family = f"{named[-1] if named else ''}{'_block' if parts[-1] == '#' else ''}"
    word = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", family)
    word = re.sub(r"\W+", "_", word, flags=re.ASCII).strip("_").lower()
    if not word or word[0].isdigit() or word in (*KINDS, *STRUCTURES):
        word = f"block_{word}".rstrip("_")
    return word


def _pending(instances: Mapping[str, Sequence[Instance]]) -> list[str]:
    """The families of more than one group, inner ones first."""
    several = {family: groups for family, groups in instances.items() if len(groups) > 1}
    most = sorted(several, key=lambda family: -sum(len(group.steps) for group in several[family]))
    spans = {family: max(group.last - group.first for group in several[family]) for family in most}
    return sorted(most[:_MOST_FAMILIES], key=lambda family: (spans[family], family))


def _is_once_inside(
    instances: Mapping[str, Sequence[Instance]], family: str, others: Iterable[str]
) -> bool:
    """Whether each group of a family is alone inside a group of some other family."""
    for other in others:
        starts = [group.first for group in instances[other]]
        around = [bisect_right(starts, group.first) - 1 for group in instances[family]]
        if (
            other != family
            and len({*around}) == len(around)
            and all(
                at >= 0 and group.last <= instances[other][at].last
                for at, group in zip(around, instances[family], strict=True)
            )
        ):
            return True
    return False


def _steps(
    steps: AlignedSteps, parameters: BlockParameters, around: tuple[bool, ...]
) -> tuple[Step, ...]:
    """The steps of a block, with formulas where its instances differ."""
    return tuple(_step(step, parameters, around) for step in steps)


def _step(step: AlignedStep, parameters: BlockParameters, around: tuple[bool, ...]) -> Step:
    values: dict[str, Any] = {}
    for name in step.names:
        column = step.column(name)
        formula = parameters.formulas.get((id(step), name))
        if formula is not None:
            values[name] = formula
        elif is_constant(column):
            values[name] = present(column)[0]
    if "first_only" in values and not isinstance(values["first_only"], tuple):
        del values["first_only"]
    when = tuple(
        is_here if is_around else ABSENT
        for is_here, is_around in zip(step.present, around, strict=True)
    )
    if False in when:
        values["when"] = Formula(_condition(when, step, parameters, step.word))
    if False in step.joined:
        values["only_if"] = Formula(_condition(step.joined, step, parameters, "shortcut"))
    parts = tuple(Part(_steps(part, parameters, step.present), label) for label, part in step.parts)
    sources = tuple(NETWORK_INPUT if line < 0 else line for line in step.sources)
    return Step(step.word, values, 0, step.last, step.last, step.path, parts, sources)


def _condition(holds: Column, step: AlignedStep, parameters: BlockParameters, word: str) -> str:
    """A known condition, or a new parameter."""
    condition = parameters.condition(holds, step.reads, is_about_shapes=step.word != "multiply")
    if condition:
        return condition
    # If an instance lacks what is around the step, too, any value will do.
    column = tuple(present(holds)[0] if held is ABSENT else held for held in holds)
    return parameters.flag({"multiply": "se"}.get(word, f"has_{word}"), column).text
