"""Merges instances of one block into one graph, in which some instances lack some steps.

A residual block without a projection is an example.  An instance belongs to the class if
its graph is the union, with each step that it lacks replaced by one of that step's inputs.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import chain, islice, product
from typing import NamedTuple

from costcalc.blocks.alignment import gathered, grouped
from costcalc.blocks.columns import ABSENT, Column
from costcalc.blocks.tree import without_number
from costcalc.exporters.torch.modules import ModuleStep, Path, TensorRef, shape, values
from costcalc.spec.numbers import exact

_TRIALS = 256
"""How many ways to replace missing steps are tried before instances become several classes."""


class ModuleInstance(NamedTuple):
    """One occurrence of a block in a network, as the steps of a module."""

    path: str
    tensors: tuple[int, ...]
    """The tensors that it reads; if two are the same, its steps may refer to either."""
    steps: tuple[ModuleStep, ...]
    outputs: tuple[TensorRef, ...]
    facts: Mapping[str, int]
    """Numbers that may become parameters of its class, by name."""
    inputs: tuple[str, ...] = ("x",)
    """The names of its inputs."""


class UnionStep(NamedTuple):
    """A step of a union."""

    key: str
    steps: tuple[ModuleStep | None, ...]
    """The step in each instance; None if the instance lacks it."""
    inputs: tuple[TensorRef, ...]
    passes: int = 0
    """The input that replaces it in an instance that lacks it."""

    @property
    def any(self) -> ModuleStep:
        """The step in the first instance that has it."""
        return next(step for step in self.steps if step is not None)

    @property
    def present(self) -> tuple[bool, ...]:
        """Whether each instance has the step."""
        return tuple(step is not None for step in self.steps)

    @property
    def columns(self) -> dict[Path, Column]:
        """A column of arguments for each path of a value."""
        in_each = [values(step) if step is not None else {} for step in self.steps]
        return {path: tuple(one.get(path, ABSENT) for one in in_each) for path in values(self.any)}


class UnionGraph(NamedTuple):
    """A graph that contains every instance."""

    steps: tuple[UnionStep, ...]
    outputs: tuple[TensorRef, ...]


class Variant(NamedTuple):
    """Instances that share a class."""

    numbers: tuple[int, ...]
    """The indexes of the instances."""
    members: tuple[ModuleInstance, ...]
    """The instances, their steps under the keys of the union."""
    union: UnionGraph
    suffix: str = ""
    """The suffix of its name."""


def variants(instances: Sequence[ModuleInstance]) -> list[Variant]:
    """The fewest classes that cover the instances."""
    fewest = _variants(instances)
    if len(fewest) > 1:
        backwards = _variants([_counted_back(instance) for instance in instances])
        fewest = min(fewest, backwards, key=len)
    suffixes = _suffixes([variant.members for variant in fewest])
    return [
        variant._replace(suffix=suffix) for variant, suffix in zip(fewest, suffixes, strict=True)
    ]


def _variants(instances: Sequence[ModuleInstance]) -> list[Variant]:
    """Instances grouped by the union that they fit in, those with most steps first."""
    same = grouped(instances, _signature)
    same.sort(key=lambda numbers: -len(instances[numbers[0]].steps))

    def united(one: list[list[int]], other: list[list[int]]) -> list[list[int]] | None:
        first = sorted(numbers[0] for numbers in (*one, *other))
        is_one = _union([instances[number] for number in first]) is not None
        return [*one, *other] if is_one else None

    result = []
    for groups in gathered([[numbers] for numbers in same], united):
        numbers = tuple(sorted(chain(*groups)))
        members = tuple(instances[number] for number in numbers)
        graph = _union(members)
        if graph is None:
            raise AssertionError("instances have a union if one of each signature do")
        result.append(Variant(numbers, members, graph))
    return result


def _union(instances: Sequence[ModuleInstance]) -> UnionGraph | None:
    """The union of the instances, if there is one."""
    if len({(len(instance.tensors), len(instance.outputs)) for instance in instances}) > 1:
        return None
    keys = _order(instances) or _order(sorted(instances, key=lambda instance: -len(instance.steps)))
    if keys is None:
        return None
    position = {key: index for index, key in enumerate(keys)}
    by_key = [{step.key: step for step in instance.steps} for instance in instances]
    steps = []
    for key in keys:
        in_each = tuple(own.get(key) for own in by_key)
        present = [step for step in in_each if step is not None]
        if len({(shape(step), len(step.inputs)) for step in present}) > 1:
            return None
        inputs = zip(*(step.inputs for step in present), strict=True)
        steps.append(UnionStep(key, in_each, tuple(_latest(refs, position) for refs in inputs)))
    ends = zip(*(instance.outputs for instance in instances), strict=True)
    outputs = tuple(_latest(refs, position) for refs in ends)
    optional = [index for index, step in enumerate(steps) if not all(step.present)]
    choices = product(*(range(len(steps[index].inputs)) for index in optional))
    for chosen in islice(choices, _TRIALS):
        for index, passes in zip(optional, chosen, strict=True):
            steps[index] = steps[index]._replace(passes=passes)
        graph = UnionGraph(tuple(steps), outputs)
        if all(_is_part(graph, number, instance) for number, instance in enumerate(instances)):
            return graph
    return None


def _signature(instance: ModuleInstance) -> tuple[object, ...]:
    """Equal for instances that differ only in numbers."""
    tensors = instance.tensors
    steps = tuple((step.key, shape(step), step.inputs) for step in instance.steps)
    return tuple(map(tensors.index, tensors)), steps, instance.outputs


def _order(instances: Sequence[ModuleInstance]) -> list[str] | None:
    """The keys of all instances, in an order that agrees with each of them."""
    order: list[str] = []
    for instance in instances:
        places = {key: place for place, key in enumerate(order)}
        merged: list[str] = []
        done = 0
        for step in instance.steps:
            place = places.get(step.key)
            if place is None:
                merged.append(step.key)
            elif place < done:
                return None
            else:
                merged += order[done : place + 1]
                done = place + 1
        order = merged + order[done:]
    return order


def _latest(refs: Sequence[TensorRef], position: Mapping[str, int]) -> TensorRef:
    return max(refs, key=lambda ref: (position.get(ref.step, -1), ref.number))


def _is_part(graph: UnionGraph, number: int, instance: ModuleInstance) -> bool:
    """Whether an instance is the union without the steps that it lacks."""
    absent = {step.key: step for step in graph.steps if step.steps[number] is None}

    def resolved(ref: TensorRef) -> TensorRef:
        while ref.step in absent:
            step = absent[ref.step]
            ref = step.inputs[step.passes]
        return ref if ref.step else ref._replace(number=instance.tensors[ref.number])

    pairs = [(instance.outputs, graph.outputs)]
    for step in graph.steps:
        own = step.steps[number]
        if own is not None:
            pairs.append((own.inputs, step.inputs))
    return all([*map(resolved, mine)] == [*map(resolved, union)] for mine, union in pairs)


def _counted_back(instance: ModuleInstance) -> ModuleInstance:
    """The instance with its unnamed steps numbered from the last one.

    Then an instance with two activations lacks the first of another's three.
    """
    counts: Counter[str] = Counter()
    keys = {}
    for step in reversed(instance.steps):
        word = without_number(step.key)
        counts[word] += 1
        keys[step.key] = step.key if step.is_named else f"{word}-{counts[word]}"

    def renamed(refs: tuple[TensorRef, ...]) -> tuple[TensorRef, ...]:
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


def _suffixes(variants: Sequence[Sequence[ModuleInstance]]) -> list[str]:
    """A parameter that distinguishes the variants, and its value in each: ``s1``, ``s2``."""
    if len(variants) > 1:
        for name, value in variants[0][0].facts.items():
            facts = [{instance.facts.get(name) for instance in members} for members in variants]
            is_one_each = all(len(values) == 1 for values in facts)
            if is_one_each and type(value) is int and len(set().union(*facts)) == len(variants):
                return [f"{name}{exact(*values)}" for values in facts]
    return [""] * len(variants)
