"""Instances of one block as one graph: each step with those instances that have it.

An instance may lack a step, as a residual block without a projection does.  It
is one of the same class if its graph is what is left of the union when such a step
passes on what it reads.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import chain, islice, product
from typing import NamedTuple

from costcalc.blocks.alignment import alike, gathered
from costcalc.blocks.columns import ABSENT, Column
from costcalc.blocks.tree import without_number
from costcalc.exporters.torch.modules import ModuleStep, Path, TensorRef, shape, values
from costcalc.spec.numbers import exact

_TRIALS = 256
"""Ways to leave out steps that are tried, before instances are no more one class."""


class Instance(NamedTuple):
    """One place of a network where a block stands."""

    path: str
    tensors: tuple[int, ...]
    """What it reads; where two are one, its steps may name either."""
    steps: tuple[ModuleStep, ...]
    outputs: tuple[TensorRef, ...]
    facts: Mapping[str, int]
    """Numbers that its class may have for parameters, by name."""
    inputs: tuple[str, ...] = ("x",)
    """The names of what it reads."""


class UnionStep(NamedTuple):
    """A step of all instances."""

    key: str
    steps: tuple[ModuleStep | None, ...]
    """In each instance; None where it has none."""
    inputs: tuple[TensorRef, ...]
    passes: int = 0
    """The input that it passes on in an instance that lacks it."""

    @property
    def any(self) -> ModuleStep:
        """The step in some instance."""
        return next(step for step in self.steps if step is not None)

    @property
    def present(self) -> tuple[bool, ...]:
        """Whether each instance has the step."""
        return tuple(step is not None for step in self.steps)

    @property
    def columns(self) -> dict[Path, Column]:
        """Its values by their places, a column of arguments for each."""
        in_each = [values(step) if step is not None else {} for step in self.steps]
        return {path: tuple(one.get(path, ABSENT) for one in in_each) for path in values(self.any)}


class UnionGraph(NamedTuple):
    """The graph of which every instance is a part."""

    steps: tuple[UnionStep, ...]
    outputs: tuple[TensorRef, ...]


class Variant(NamedTuple):
    """Instances that are one class."""

    numbers: tuple[int, ...]
    """Which of the instances."""
    members: tuple[Instance, ...]
    """Those instances, their steps under the keys of the union."""
    union: UnionGraph
    suffix: str = ""
    """What its name ends in."""


def variants(instances: Sequence[Instance]) -> list[Variant]:
    """As few classes as the instances can be."""
    fewest = _variants(instances)
    if len(fewest) > 1:
        backwards = _variants([_counted_back(each) for each in instances])
        fewest = min(fewest, backwards, key=len)
    suffixes = _suffixes([each.members for each in fewest])
    return [each._replace(suffix=suffix) for each, suffix in zip(fewest, suffixes, strict=True)]


def _variants(instances: Sequence[Instance]) -> list[Variant]:
    """Instances together that one graph holds, those of most steps first."""
    same = alike(instances, _signature)
    same.sort(key=lambda each: -len(instances[each[0]].steps))

    def united(one: list[list[int]], other: list[list[int]]) -> list[list[int]] | None:
        first = sorted(each[0] for each in (*one, *other))
        is_one = union([instances[number] for number in first]) is not None
        return [*one, *other] if is_one else None

    together = []
    for each in gathered([[numbers] for numbers in same], united):
        numbers = tuple(sorted(chain(*each)))
        members = tuple(instances[number] for number in numbers)
        graph = union(members)
        if graph is None:
            raise AssertionError("instances are one class if one of each form are")
        together.append(Variant(numbers, members, graph))
    return together


def union(instances: Sequence[Instance]) -> UnionGraph | None:
    """What the instances are together; None where they are not one class."""
    first = instances[0]
    if any(
        len(each.tensors) != len(first.tensors) or len(each.outputs) != len(first.outputs)
        for each in instances
    ):
        return None
    keys = _order(instances) or _order(sorted(instances, key=lambda each: -len(each.steps)))
    if keys is None:
        return None
    position = {key: index for index, key in enumerate(keys)}
    by_key = [{step.key: step for step in each.steps} for each in instances]
    steps = []
    for key in keys:
        in_each = tuple(each.get(key) for each in by_key)
        present = [step for step in in_each if step is not None]
        if len({(shape(step), len(step.inputs)) for step in present}) > 1:
            return None
        inputs = zip(*(step.inputs for step in present), strict=True)
        steps.append(UnionStep(key, in_each, tuple(_latest(each, position) for each in inputs)))
    ends = zip(*(each.outputs for each in instances), strict=True)
    outputs = tuple(_latest(each, position) for each in ends)
    optional = [index for index, step in enumerate(steps) if not all(step.present)]
    choices = product(*(range(len(steps[index].inputs)) for index in optional))
    for chosen in islice(choices, _TRIALS):
        for index, passes in zip(optional, chosen, strict=True):
            steps[index] = steps[index]._replace(passes=passes)
        graph = UnionGraph(tuple(steps), outputs)
        if all(_is_part(graph, number, each) for number, each in enumerate(instances)):
            return graph
    return None


def _signature(instance: Instance) -> tuple[object, ...]:
    """What instances that differ in numbers alone have in common."""
    tensors = instance.tensors
    steps = tuple((step.key, shape(step), step.inputs) for step in instance.steps)
    return tuple(map(tensors.index, tensors)), steps, instance.outputs


def _order(instances: Sequence[Instance]) -> list[str] | None:
    """The keys of all instances in an order that each of them keeps."""
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


def _is_part(graph: UnionGraph, number: int, instance: Instance) -> bool:
    """Whether an instance is the union without the steps that it lacks."""
    absent = {each.key: each for each in graph.steps if each.steps[number] is None}

    def left(ref: TensorRef) -> TensorRef:
        while ref.step in absent:
            step = absent[ref.step]
            ref = step.inputs[step.passes]
        return ref if ref.step else ref._replace(number=instance.tensors[ref.number])

    def own(ref: TensorRef) -> TensorRef:
        return ref if ref.step else ref._replace(number=instance.tensors[ref.number])

    pairs = [(instance.outputs, graph.outputs)]
    for each in graph.steps:
        step = each.steps[number]
        if step is not None:
            pairs.append((step.inputs, each.inputs))
    return all([own(ref) for ref in mine] == [left(ref) for ref in all_] for mine, all_ in pairs)


def _counted_back(instance: Instance) -> Instance:
    """The instance with its nameless steps numbered from the last one.

    So it is the first of three activations that another, which has two, lacks.
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


def _suffixes(variants: Sequence[Sequence[Instance]]) -> list[str]:
    """A parameter that tells variants apart, and its value in each: ``s1``, ``s2``."""
    if len(variants) > 1:
        for name, value in variants[0][0].facts.items():
            facts = [{each.facts.get(name) for each in members} for members in variants]
            is_told = all(len(each) == 1 for each in facts)
            if is_told and type(value) is int and len(set().union(*facts)) == len(variants):
                return [f"{name}{exact(*each)}" for each in facts]
    return [""] * len(variants)
