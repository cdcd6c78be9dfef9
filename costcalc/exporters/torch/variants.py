"""Variants of a block that no one class can be, and what tells them apart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from costcalc.exporters.torch.merging import Instance, Whole, groups
from costcalc.exporters.torch.steps import Ref
from costcalc.exporters.torch.tree import base
from costcalc.spec.numbers import exact


class Variant(NamedTuple):
    """Instances that are one class."""

    numbers: tuple[int, ...]
    """Which of the instances."""
    members: tuple[Instance, ...]
    whole: Whole
    suffix: str
    """What its name ends in."""


def variants(instances: Sequence[Instance]) -> list[Variant]:
    """As few classes as the instances can be."""
    found = list(groups(instances))
    if len(found) > 1:
        backwards = [_counted_back(each) for each in instances]
        others = list(groups(backwards))
        if len(others) < len(found):
            instances, found = backwards, others
    numbers = {id(instance): number for number, instance in enumerate(instances)}
    suffixes = _suffixes([members for members, _ in found])
    return [
        Variant(tuple(numbers[id(each)] for each in members), tuple(members), whole, suffix)
        for (members, whole), suffix in zip(found, suffixes, strict=True)
    ]


def _counted_back(instance: Instance) -> Instance:
    """The instance with its nameless steps numbered from the last one.

    So it is the first of three activations that another, which has two, lacks.
    """
    counts: Counter[str] = Counter()
    keys = {}
    for step in reversed(instance.steps):
        word = base(step.key)
        counts[word] += 1
        keys[step.key] = step.key if step.is_named else f"{word}-{counts[word]}"

    def renamed(refs: tuple[Ref, ...]) -> tuple[Ref, ...]:
        return tuple(ref._replace(step=keys.get(ref.step, ref.step)) for ref in refs)

    steps = tuple(
        step._replace(
            key=keys[step.key],
            inputs=renamed(step.inputs),
            calls=keys.get(step.calls, step.calls),
        )
        for step in instance.steps
    )
    return instance._replace(steps=steps, outputs=renamed(instance.outputs))


def _suffixes(found: Sequence[Sequence[Instance]]) -> list[str]:
    """A parameter that tells variants apart, and its value in each: ``s1``, ``s2``."""
    if len(found) > 1:
        for name, value in found[0][0].facts.items():
            values = [{each.facts.get(name) for each in members} for members in found]
            is_told = all(len(each) == 1 for each in values)
            if is_told and type(value) is int and len(set().union(*values)) == len(found):
                return [f"{name}{exact(*each)}" for each in values]
    return [""] * len(found)
