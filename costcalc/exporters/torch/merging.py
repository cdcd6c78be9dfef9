"""Instances of one block as one: each step with those instances that have it.

An instance may lack a step, as a residual block without a projection does.  It
is one of the same class if its graph is what is left of the whole one when such
a step passes on what it reads.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, islice, product
from typing import NamedTuple

from costcalc.exporters.torch.steps import Ref, Step, form

_TRIALS = 256
"""Ways to leave out steps that are tried, before instances are no more one class."""


class Instance(NamedTuple):
    """One place of a network where a block stands."""

    path: str
    tensors: tuple[int, ...]
    """What it reads; where two are one, its steps may name either."""
    steps: tuple[Step, ...]
    outputs: tuple[Ref, ...]
    facts: Mapping[str, int]
    """Numbers that its class may have for parameters, by name."""
    inputs: tuple[str, ...] = ("x",)
    """The names of what it reads."""


class Merged(NamedTuple):
    """A step of all instances."""

    key: str
    steps: tuple[Step | None, ...]
    """In each instance; None where it has none."""
    inputs: tuple[Ref, ...]
    passes: int = 0
    """The input that it passes on in an instance that lacks it."""

    @property
    def any(self) -> Step:
        """The step in some instance."""
        return next(step for step in self.steps if step is not None)


class Whole(NamedTuple):
    """The graph of which every instance is a part."""

    steps: tuple[Merged, ...]
    outputs: tuple[Ref, ...]


def groups(instances: Sequence[Instance]) -> Iterator[tuple[list[Instance], Whole]]:
    """Instances that can be one class, with what they are together."""
    variants: dict[tuple[object, ...], list[int]] = {}
    for index, instance in enumerate(instances):
        variants.setdefault(_signature(instance), []).append(index)
    pending = sorted(variants.values(), key=lambda each: -len(instances[each[0]].steps))
    while pending:
        together = [pending[0]]
        left: list[list[int]] = []
        for variant in pending[1:]:
            trial = [instances[each[0]] for each in (*together, variant)]
            (left if whole(trial) is None else together).append(variant)
        joined = [instances[index] for index in sorted(chain(*together))]
        merged = whole(joined)
        if merged is None:
            raise AssertionError("instances whose forms go together are one class")
        yield joined, merged
        pending = left


def whole(instances: Sequence[Instance]) -> Whole | None:
    """What the instances are together; None where they are not one class."""
    first = instances[0]
    if any(
        len(each.tensors) != len(first.tensors) or len(each.outputs) != len(first.outputs)
        for each in instances
    ):
        return None
    keys = _order(instances)
    if keys is None:
        return None
    position = {key: index for index, key in enumerate(keys)}
    by_key = [{step.key: step for step in each.steps} for each in instances]
    merged = []
    for key in keys:
        steps = tuple(each.get(key) for each in by_key)
        present = [step for step in steps if step is not None]
        if len({form(step) for step in present}) > 1 or len({len(s.inputs) for s in present}) > 1:
            return None
        inputs = zip(*(step.inputs for step in present), strict=True)
        merged.append(Merged(key, steps, tuple(_latest(each, position) for each in inputs)))
    ends = zip(*(each.outputs for each in instances), strict=True)
    outputs = tuple(_latest(each, position) for each in ends)
    optional = [index for index, each in enumerate(merged) if None in each.steps]
    choices = product(*(range(len(merged[index].inputs)) for index in optional))
    for chosen in islice(choices, _TRIALS):
        for index, passes in zip(optional, chosen, strict=True):
            merged[index] = merged[index]._replace(passes=passes)
        result = Whole(tuple(merged), outputs)
        if all(_is_part(result, index, each) for index, each in enumerate(instances)):
            return result
    return None


def _signature(instance: Instance) -> tuple[object, ...]:
    """What instances that differ in numbers alone have in common."""
    tensors = instance.tensors
    steps = tuple((step.key, form(step), step.inputs) for step in instance.steps)
    return tuple(map(tensors.index, tensors)), steps, instance.outputs


def _order(instances: Sequence[Instance]) -> list[str] | None:
    """The keys of all instances in an order that each of them keeps."""
    order = [step.key for step in instances[0].steps]
    known = set(order)
    for instance in instances[1:]:
        place = 0
        for step in instance.steps:
            if step.key in known:
                here = order.index(step.key)
                if here < place:
                    return None
                place = here + 1
            else:
                order.insert(place, step.key)
                known.add(step.key)
                place += 1
    return order


def _latest(refs: Sequence[Ref], position: Mapping[str, int]) -> Ref:
    return max(refs, key=lambda ref: (position.get(ref.step, -1), ref.number))


def _is_part(merged: Whole, number: int, instance: Instance) -> bool:
    """Whether the instance is the whole without the steps that it lacks."""
    absent = {each.key: each for each in merged.steps if each.steps[number] is None}

    def left(ref: Ref) -> Ref:
        while ref.step in absent:
            step = absent[ref.step]
            ref = step.inputs[step.passes]
        return ref if ref.step else ref._replace(number=instance.tensors[ref.number])

    def own(ref: Ref) -> Ref:
        return ref if ref.step else ref._replace(number=instance.tensors[ref.number])

    reads = (
        (step.inputs, each.inputs)
        for each in merged.steps
        for step in each.steps[number : number + 1]
        if step is not None
    )
    return all(
        [own(ref) for ref in mine] == [left(ref) for ref in theirs]
        for mine, theirs in [*reads, (instance.outputs, merged.outputs)]
    )
