"""Aligns the steps of several instances of a block, some of which may lack a step."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from typing import Any, NamedTuple, TypeVar

from costcalc.blocks.columns import ABSENT, Column, present
from costcalc.blocks.groups import Instance
from costcalc.blocks.steps import BORROWS, OFTEN, Step, size

_LONGEST = 4000
"""The most comparisons of steps to align two instances."""

_MOST_SHAPES = 32
"""The most shapes of instances that are aligned with each other."""

_ATTEMPTS = 2000
"""How many pairs are tried before the remaining instances stay separate."""

T = TypeVar("T")


def grouped(instances: Sequence[T], shape: Callable[[T], Hashable]) -> list[list[int]]:
    """The indexes of instances, grouped by shape, in the order of first occurrence.

    >>> grouped(["one", "three", "two"], len)
    [[0, 2], [1]]
    """
    by_shape: dict[Hashable, list[int]] = {}
    for index, instance in enumerate(instances):
        by_shape.setdefault(shape(instance), []).append(index)
    return list(by_shape.values())


def gathered(instances: Sequence[T], union: Callable[[T, T], T | None]) -> list[T]:
    """Merges instances greedily: each joins the first union that it fits in.

    >>> gathered([1, 8, 2, 6], lambda one, other: one + other if one + other < 10 else None)
    [9, 8]
    """
    unions: list[T] = []
    attempts = _ATTEMPTS
    for instance in instances:
        for at, other in enumerate(unions[:attempts]):
            attempts -= 1
            merged = union(other, instance)
            if merged is not None:
                unions[at] = merged
                break
        else:
            unions.append(instance)
    return unions


class AlignedStep(NamedTuple):
    """A step of several instances."""

    word: str
    steps: tuple[Step | None, ...]
    """The step in each instance; None if the instance lacks it."""
    reads: Column
    """The channels of its input; if the step is absent, those it would read."""
    joined: Column
    """Whether each instance joins the step's branches; false if it has only the last one."""
    parts: tuple[tuple[str, AlignedSteps], ...]
    sources: tuple[int, ...]
    """The lines that it reads, relative to the instance's first; -1 for the instance's input."""
    last: int
    path: str
    """Its name in the first instance."""

    @property
    def present(self) -> tuple[bool, ...]:
        """Whether each instance has the step, or a part of it."""
        return tuple(joined is not ABSENT for joined in self.joined)

    @property
    def names(self) -> tuple[str, ...]:
        """The attributes that it has in any instance."""
        return tuple(dict.fromkeys(name for step in self.steps if step for name in step.values))

    def column(self, name: str) -> Column:
        """The value of an attribute in each instance."""
        default = 0 if name.startswith(BORROWS) else OFTEN.get(name, ABSENT)
        return tuple(
            ABSENT if step is None else step.values.get(name, default) for step in self.steps
        )


AlignedSteps = tuple[AlignedStep, ...]


class BlockUnion(NamedTuple):
    """Several instances, aligned."""

    steps: AlignedSteps
    indexes: tuple[int, ...]
    """The indexes of the instances, in the order of the columns."""


def unions(instances: Sequence[Instance]) -> list[BlockUnion]:
    """Unions of the instances that have enough in common."""
    unions = same_shape(instances)
    if len(unions) <= _MOST_SHAPES:
        unions = gathered(unions, _united)
    return [_in_order(union) for union in unions]


def same_shape(instances: Sequence[Instance]) -> list[BlockUnion]:
    """Unions of the instances that differ only in values, the largest first."""
    by_shape = grouped(instances, lambda instance: tuple(map(shape, instance.steps)))
    by_shape.sort(key=lambda indexes: -size(instances[indexes[0]].steps))
    unions = []
    for indexes in by_shape:
        members = [instances[at] for at in indexes]
        steps = _side_by_side([instance.steps for instance in members], members[0])
        unions.append(BlockUnion(steps, tuple(indexes)))
    return unions


def _united(one: BlockUnion, other: BlockUnion) -> BlockUnion | None:
    steps = _merged(one.steps, other.steps)
    return None if steps is None else BlockUnion(steps, one.indexes + other.indexes)


def _in_order(union: BlockUnion) -> BlockUnion:
    """The union with its columns in the order of the instances."""
    order = sorted(range(len(union.indexes)), key=union.indexes.__getitem__)
    steps = tuple(_ordered(step, order) for step in union.steps)
    return BlockUnion(steps, tuple(sorted(union.indexes)))


def every(steps: AlignedSteps) -> Iterator[AlignedStep]:
    """The steps and all steps inside them."""
    for step in steps:
        yield step
        for _, part in step.parts:
            yield from every(part)


def shape(step: Step) -> Any:
    """Equal for steps that differ only in values."""
    parts = tuple((part.label, tuple(map(shape, part.steps))) for part in step.parts)
    fixed = tuple((name, value) for name, value in step.values.items() if _is_fixed(name, value))
    return step.word, len(step.sources), fixed, parts


def _is_fixed(name: str, value: Any) -> bool:
    """Whether a value cannot become a parameter: params of other layers, a list of pairs."""
    if name == "shares" or name.startswith(BORROWS):
        return True
    return isinstance(value, tuple) and any(isinstance(item, tuple) for item in value)


def _side_by_side(lists: Sequence[tuple[Step, ...]], first: Instance) -> AlignedSteps:
    """The steps of instances of the same shape."""
    return tuple(_aligned(steps, first) for steps in zip(*lists, strict=True))


def _aligned(steps: Sequence[Step], first: Instance) -> AlignedStep:
    """A step of instances of the same shape, with the names and lines of the first."""
    step = steps[0]
    return AlignedStep(
        step.word,
        tuple(steps),
        tuple(step.reads for step in steps),
        (True,) * len(steps),
        tuple(
            (part.label, _side_by_side([step.parts[at].steps for step in steps], first))
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


def _ordered(step: AlignedStep, order: Sequence[int]) -> AlignedStep:
    return step._replace(
        steps=tuple(step.steps[at] for at in order),
        reads=tuple(step.reads[at] for at in order),
        joined=tuple(step.joined[at] for at in order),
        parts=tuple(
            (label, tuple(_ordered(inner, order) for inner in part)) for label, part in step.parts
        ),
    )


def _merged(
    one: AlignedSteps, other: AlignedSteps, here: tuple[Column, Column] | None = None
) -> AlignedSteps | None:
    """Two lists of steps as one, in which some steps are absent from one of the two.

    ``here`` are the channels of their inputs; without it, the lists must have half
    of their steps in common.
    """
    if any(step.sources for step in (*every(one), *every(other))):
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
    """The channels that a step would read if it were inserted before another."""
    if at < len(steps):
        return steps[at].reads
    return (ABSENT,) * len(here) if steps else here


def _common(one: AlignedSteps, other: AlignedSteps) -> list[tuple[int, int]]:
    """The longest common subsequence of steps: their positions in both lists."""
    longest = [[0] * (len(other) + 1) for _ in range(len(one) + 1)]
    for i in range(len(one) - 1, -1, -1):
        for j in range(len(other) - 1, -1, -1):
            longest[i][j] = (
                longest[i + 1][j + 1] + 1
                if _match(one[i], other[j])
                else max(longest[i + 1][j], longest[i][j + 1])
            )
    pairs = []
    i = j = 0
    while i < len(one) and j < len(other):
        if _match(one[i], other[j]):
            pairs.append((i, j))
            i, j = i + 1, j + 1
        elif longest[i + 1][j] >= longest[i][j + 1]:
            i += 1
        else:
            j += 1
    return pairs


def _match(one: AlignedStep, other: AlignedStep) -> bool:
    return (one.word, len(one.parts)) == (other.word, len(other.parts))


def _both(one: AlignedStep, other: AlignedStep) -> AlignedStep | None:
    """Two steps as one."""
    parts = []
    one, other = _facing(one, other), _facing(other, one)
    for (label, a), (_, b) in zip(one.parts, other.parts, strict=True):
        part = _merged(a, b, (one.reads, other.reads))
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
    """A residual, with its two parts in the order of another sum's."""
    if one.word != "add" or len(one.parts) != 2 or all(part for _, part in one.parts):
        return one
    first, second = one.parts
    swapped = one._replace(parts=(second, first))
    if not all(part for _, part in other.parts):
        return one
    return max((one, swapped), key=lambda order: _closeness(order, other))


def _closeness(one: AlignedStep, other: AlignedStep) -> int:
    return sum(len(_common(a, b)) for (_, a), (_, b) in zip(one.parts, other.parts, strict=True))


def _widened(step: AlignedStep, before: Column, after: Column) -> AlignedStep:
    """The step, with columns for instances that lack it: the channels it would read there."""
    unknown = (ABSENT,) * len(before), (ABSENT,) * len(after)
    return step._replace(
        steps=(None,) * len(before) + step.steps + (None,) * len(after),
        reads=before + step.reads + after,
        joined=unknown[0] + step.joined + unknown[1],
        parts=tuple(
            (label, tuple(_widened(inner, *unknown) for inner in part))
            for label, part in step.parts
        ),
    )


def _with_residual(one: AlignedSteps, other: AlignedSteps) -> AlignedSteps:
    """Steps as a residual without a shortcut, if they are a residual in the other list."""
    places = [at for at, step in enumerate(other) if _is_residual(step)]
    if len(places) != 1 or any(step.word == "add" for step in one):
        return one
    before, after = places[0], len(other) - places[0] - 1
    inside = one[before : len(one) - after]
    if not inside or len(one) < before + after + 1:
        return one
    residual = other[before]
    count = len(one[0].steps)
    alone = residual._replace(
        steps=(None,) * count,
        reads=inside[0].reads,
        joined=(False,) * count,
        parts=(residual.parts[0], (residual.parts[1][0], inside)),
    )
    return (*one[:before], alone, *one[len(one) - after :])


def _is_residual(step: AlignedStep) -> bool:
    """Whether it only adds the output of steps to their input."""
    if step.word != "add" or len(step.parts) != 2 or step.parts[0][1]:
        return False
    return not {"act", "norm", "repeat"} & {*step.names}
