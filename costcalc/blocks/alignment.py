"""Several instances of a block as one: their steps side by side, and where some lack a step."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from typing import Any, NamedTuple, TypeVar

from costcalc.blocks.columns import ABSENT, Column, present
from costcalc.blocks.groups import Instance
from costcalc.blocks.steps import BORROWS, OFTEN, Step

_LONGEST = 4000
"""Comparisons of steps that are made to lay two instances side by side."""

_MOST_SHAPES = 32
"""Shapes of instances that are laid beside one another."""

_ATTEMPTS = 2000
"""Pairs that are tried, before the instances that are left stay apart."""

T = TypeVar("T")


def alike(instances: Sequence[T], shape: Callable[[T], Hashable]) -> list[list[int]]:
    """The indexes of instances, those of one shape together, in the order of the first ones.

    >>> alike(["one", "three", "two"], len)
    [[0, 2], [1]]
    """
    by_shape: dict[Hashable, list[int]] = {}
    for index, instance in enumerate(instances):
        by_shape.setdefault(shape(instance), []).append(index)
    return list(by_shape.values())


def gathered(instances: Sequence[T], union: Callable[[T, T], T | None]) -> list[T]:
    """As few unions as there can be: each instance joins the first that it has a union with.

    >>> gathered([1, 8, 2, 6], lambda one, other: one + other if one + other < 10 else None)
    [9, 8]
    """
    unions: list[T] = []
    attempts = _ATTEMPTS
    for instance in instances:
        for at, other in enumerate(unions[:attempts]):
            attempts -= 1
            together = union(other, instance)
            if together is not None:
                unions[at] = together
                break
        else:
            unions.append(instance)
    return unions


class AlignedStep(NamedTuple):
    """A step of several instances."""

    word: str
    steps: tuple[Step | None, ...]
    """The step in each instance; None where nothing is said of it, as it is not there."""
    reads: Column
    """The channels that arrive; where the step is absent, those that would."""
    joined: Column
    """Whether each instance joins its branches, or takes the last of them alone."""
    parts: tuple[tuple[str, AlignedSteps], ...]
    sources: tuple[int, ...]
    """The lines that it reads, counted from the instance's first; -1 for what arrives."""
    last: int
    path: str
    """What the first of the instances calls it."""

    @property
    def present(self) -> tuple[bool, ...]:
        """Whether each instance has the step, or a part of it."""
        return tuple(each is not ABSENT for each in self.joined)

    @property
    def names(self) -> tuple[str, ...]:
        """The attributes that it has in any instance."""
        return tuple(dict.fromkeys(name for each in self.steps if each for name in each.values))

    def column(self, name: str) -> Column:
        """The value of an attribute in each instance."""
        silent = 0 if name.startswith(BORROWS) else OFTEN.get(name, ABSENT)
        return tuple(
            ABSENT if each is None else each.values.get(name, silent) for each in self.steps
        )


AlignedSteps = tuple[AlignedStep, ...]


class BlockUnion(NamedTuple):
    """Instances as one."""

    steps: AlignedSteps
    indexes: tuple[int, ...]
    """Which of the instances they are, in the order of the columns."""


def unions(instances: Sequence[Instance]) -> list[BlockUnion]:
    """Instances as few, each as one with others that it has enough in common with."""
    unions = same_shape(instances)
    if len(unions) <= _MOST_SHAPES:
        unions = gathered(unions, _united)
    return [_in_order(each) for each in unions]


def same_shape(instances: Sequence[Instance]) -> list[BlockUnion]:
    """Instances as one with those that differ in values alone, the largest first."""
    by_shape = alike(instances, lambda each: tuple(map(shape, each.steps)))
    by_shape.sort(key=lambda indexes: -_size(instances[indexes[0]].steps))
    unions = []
    for indexes in by_shape:
        members = [instances[at] for at in indexes]
        steps = _side_by_side([each.steps for each in members], members[0])
        unions.append(BlockUnion(steps, tuple(indexes)))
    return unions


def _united(one: BlockUnion, other: BlockUnion) -> BlockUnion | None:
    steps = _beside(one.steps, other.steps)
    return None if steps is None else BlockUnion(steps, one.indexes + other.indexes)


def _in_order(union: BlockUnion) -> BlockUnion:
    back = sorted(range(len(union.indexes)), key=union.indexes.__getitem__)
    steps = tuple(_ordered(each, back) for each in union.steps)
    return BlockUnion(steps, tuple(sorted(union.indexes)))


def every(steps: AlignedSteps) -> Iterator[AlignedStep]:
    """Steps and all that they hold."""
    for each in steps:
        yield each
        for _, part in each.parts:
            yield from every(part)


def _size(steps: tuple[Step, ...]) -> int:
    return sum(1 + sum(_size(part.steps) for part in step.parts) for step in steps)


def shape(step: Step) -> Any:
    """What steps have in common that differ in values alone."""
    parts = tuple((part.label, tuple(map(shape, part.steps))) for part in step.parts)
    fixed = tuple((name, value) for name, value in step.values.items() if _is_fixed(name, value))
    return step.word, len(step.sources), fixed, parts


def _is_fixed(name: str, value: Any) -> bool:
    """Whether a value cannot be a parameter: params of other layers, a list of pairs."""
    if name == "shares" or name.startswith(BORROWS):
        return True
    return isinstance(value, tuple) and any(isinstance(item, tuple) for item in value)


def _side_by_side(lists: Sequence[tuple[Step, ...]], first: Instance) -> AlignedSteps:
    """The steps of instances that have the same shape."""
    return tuple(_aligned(steps, first) for steps in zip(*lists, strict=True))


def _aligned(steps: Sequence[Step], first: Instance) -> AlignedStep:
    """One step of instances, named and counted as the first of them does."""
    step = steps[0]
    return AlignedStep(
        step.word,
        tuple(steps),
        tuple(each.reads for each in steps),
        (True,) * len(steps),
        tuple(
            (part.label, _side_by_side([each.parts[at].steps for each in steps], first))
            for at, part in enumerate(step.parts)
        ),
        tuple(
            -1 if line == first.here else line - first.first
            for line in step.sources
            if isinstance(line, int)
        ),
        step.last - first.first,
        step.path.removeprefix(f"{first.path}/"),
    )


def _ordered(step: AlignedStep, back: Sequence[int]) -> AlignedStep:
    return step._replace(
        steps=tuple(step.steps[at] for at in back),
        reads=tuple(step.reads[at] for at in back),
        joined=tuple(step.joined[at] for at in back),
        parts=tuple(
            (label, tuple(_ordered(each, back) for each in part)) for label, part in step.parts
        ),
    )


def _beside(
    one: AlignedSteps, other: AlignedSteps, here: tuple[Column, Column] | None = None
) -> AlignedSteps | None:
    """Two lists of steps as one, in which some steps are absent from one of the two.

    ``here`` are the channels that arrive at either; without it, the lists must
    have half of their steps in common.
    """
    if any(each.sources for each in (*every(one), *every(other))):
        return None
    one, other = _with_residual(one, other), _with_residual(other, one)
    if len(one) * len(other) > _LONGEST:
        return None
    pairs = _common(one, other)
    if here is None and 2 * len(pairs) < max(len(one), len(other)):
        return None
    arrive = here or (one[0].reads, other[0].reads)
    steps: list[AlignedStep] = []
    i = j = 0
    for a, b in [*pairs, (len(one), len(other))]:
        while i < a:
            steps.append(_widened(one[i], (), _reads(other, j, arrive[1])))
            i += 1
        while j < b:
            steps.append(_widened(other[j], _reads(one, i, arrive[0]), ()))
            j += 1
        if a < len(one):
            pair = _both(one[a], other[b])
            if pair is None:
                return None
            steps.append(pair)
        i, j = a + 1, b + 1
    return tuple(steps)


def _reads(steps: AlignedSteps, at: int, here: Column) -> Column:
    """What would arrive at a step that is absent before another."""
    if at < len(steps):
        return steps[at].reads
    return (ABSENT,) * len(here) if steps else here


def _common(one: AlignedSteps, other: AlignedSteps) -> list[tuple[int, int]]:
    """The longest common run of steps, gaps allowed: their places in either list."""
    longest = [[0] * (len(other) + 1) for _ in range(len(one) + 1)]
    for i in range(len(one) - 1, -1, -1):
        for j in range(len(other) - 1, -1, -1):
            longest[i][j] = (
                longest[i + 1][j + 1] + 1
                if _alike(one[i], other[j])
                else max(longest[i + 1][j], longest[i][j + 1])
            )
    pairs = []
    i = j = 0
    while i < len(one) and j < len(other):
        if _alike(one[i], other[j]):
            pairs.append((i, j))
            i, j = i + 1, j + 1
        elif longest[i + 1][j] >= longest[i][j + 1]:
            i += 1
        else:
            j += 1
    return pairs


def _alike(one: AlignedStep, other: AlignedStep) -> bool:
    return (one.word, len(one.parts)) == (other.word, len(other.parts))


def _both(one: AlignedStep, other: AlignedStep) -> AlignedStep | None:
    """One step of two lists."""
    parts = []
    one, other = _facing(one, other), _facing(other, one)
    for (label, a), (_, b) in zip(one.parts, other.parts, strict=True):
        part = _beside(a, b, (one.reads, other.reads))
        if part is None:
            return None
        parts.append((label, part))
    both = one._replace(
        steps=one.steps + other.steps,
        reads=one.reads + other.reads,
        joined=one.joined + other.joined,
        parts=tuple(parts),
    )
    for name in both.names:
        values = set(present(both.column(name)))
        if len(values) > 1 and any(_is_fixed(name, value) for value in values):
            return None
    return both


def _facing(one: AlignedStep, other: AlignedStep) -> AlignedStep:
    """A sum of a step and nothing, its two parts in the order of another sum's."""
    if one.word != "add" or len(one.parts) != 2 or all(part for _, part in one.parts):
        return one
    ahead, behind = one.parts
    swapped = one._replace(parts=(behind, ahead))
    if not all(part for _, part in other.parts):
        return one
    return max((one, swapped), key=lambda each: _closeness(each, other))


def _closeness(one: AlignedStep, other: AlignedStep) -> int:
    return sum(len(_common(a, b)) for (_, a), (_, b) in zip(one.parts, other.parts, strict=True))


def _widened(step: AlignedStep, before: Column, behind: Column) -> AlignedStep:
    """The step beside instances that lack it; the columns are what would arrive in those."""
    unknown = (ABSENT,) * len(before), (ABSENT,) * len(behind)
    return step._replace(
        steps=(None,) * len(before) + step.steps + (None,) * len(behind),
        reads=before + step.reads + behind,
        joined=unknown[0] + step.joined + unknown[1],
        parts=tuple(
            (label, tuple(_widened(each, *unknown) for each in part)) for label, part in step.parts
        ),
    )


def _with_residual(one: AlignedSteps, other: AlignedSteps) -> AlignedSteps:
    """Steps that stand alone in one list, as the residual that they are in the other."""
    places = [at for at, each in enumerate(other) if _is_residual(each)]
    if len(places) != 1 or any(each.word == "add" for each in one):
        return one
    before, behind = places[0], len(other) - places[0] - 1
    inside = one[before : len(one) - behind]
    if not inside or len(one) < before + behind + 1:
        return one
    residual = other[before]
    count = len(one[0].steps)
    alone = residual._replace(
        steps=(None,) * count,
        reads=inside[0].reads,
        joined=(False,) * count,
        parts=(residual.parts[0], (residual.parts[1][0], inside)),
    )
    return (*one[:before], alone, *one[len(one) - behind :])


def _is_residual(step: AlignedStep) -> bool:
    """Whether it adds steps to what they read, and does no more."""
    if step.word != "add" or len(step.parts) != 2 or step.parts[0][1]:
        return False
    return not {"act", "norm", "repeat"} & {*step.names}
