"""Several groups of steps as one: where they differ, a value for each of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from costcalc.blocks.steps import BORROWS, OFTEN, Step

ABSENT = object()
"""The value of a step that a group does not have."""

_LONGEST = 4000
"""Comparisons of steps that are made to lay two groups side by side."""

_MOST_SHAPES = 32
"""Shapes of groups that are laid beside one another."""

Column = tuple[Any, ...]
"""A value for each group."""


class Template(NamedTuple):
    """A step of several groups."""

    word: str
    values: dict[str, Column]
    reads: Column
    """The channels that arrive; where the step is absent, those that would."""
    present: Column
    """Whether each group has the step."""
    parts: tuple[tuple[str, tuple[Template, ...]], ...]
    joined: Column
    """Whether each group joins its branches, or goes the last of them alone."""
    sources: tuple[int, ...]
    """The lines that it reads, counted from the group's first; -1 for what arrives."""
    last: int
    path: str
    """What the first of the groups calls it."""


Templates = tuple[Template, ...]


class Group(NamedTuple):
    """Steps to be laid beside those of other groups."""

    steps: tuple[Step, ...]
    first: int
    here: int
    path: str


class Merged(NamedTuple):
    """Groups as one."""

    templates: Templates
    indexes: tuple[int, ...]
    """Which of the groups they are, in the order of the columns."""


def merged(groups: Sequence[Group]) -> list[Merged]:
    """Groups as few, each as one with others that it has enough in common with."""
    found: list[Merged] = []
    apart = alike(groups)
    if len(apart) > _MOST_SHAPES:
        return [_in_order(each) for each in apart]
    for each in apart:
        for at, other in enumerate(found):
            together = _beside(other.templates, each.templates)
            if together is not None:
                found[at] = Merged(together, other.indexes + each.indexes)
                break
        else:
            found.append(each)
    return [_in_order(each) for each in found]


def alike(groups: Sequence[Group]) -> list[Merged]:
    """Groups as one with those that differ in values alone, the largest first."""
    shapes: dict[Any, list[int]] = defaultdict(list)
    for index, group in enumerate(groups):
        shapes[tuple(map(shape, group.steps))].append(index)
    found = []
    for indexes in sorted(shapes.values(), key=lambda each: (-_size(groups[each[0]].steps), each)):
        lifted = [_lifted(groups[index].steps, groups[index]) for index in indexes]
        found.append(Merged(tuple(map(_zipped, zip(*lifted, strict=True))), tuple(indexes)))
    return found


def _in_order(merged: Merged) -> Merged:
    back = sorted(range(len(merged.indexes)), key=merged.indexes.__getitem__)
    templates = tuple(_ordered(each, back) for each in merged.templates)
    return Merged(templates, tuple(sorted(merged.indexes)))


def every(templates: Templates) -> Iterator[Template]:
    """Templates and all that they hold."""
    for each in templates:
        yield each
        for _, part in each.parts:
            yield from every(part)


def _size(steps: tuple[Step, ...]) -> int:
    return sum(1 + sum(_size(part.steps) for part in step.parts) for step in steps)


def shape(step: Step) -> Any:
    """What steps have in common that are zipped value by value."""
    parts = tuple((part.label, tuple(map(shape, part.steps))) for part in step.parts)
    fixed = tuple((name, value) for name, value in step.values.items() if _is_fixed(name, value))
    return step.word, len(step.sources), fixed, parts


def _is_fixed(name: str, value: Any) -> bool:
    """Whether a value cannot be a parameter: params of other layers, a list of pairs."""
    if name == "shares" or name.startswith(BORROWS):
        return True
    return isinstance(value, tuple) and any(isinstance(item, tuple) for item in value)


def _lifted(steps: tuple[Step, ...], group: Group) -> Templates:
    """The steps of one group."""
    return tuple(
        Template(
            step.word,
            {name: (value,) for name, value in step.values.items()},
            (step.reads,),
            (True,),
            tuple((part.label, _lifted(part.steps, group)) for part in step.parts),
            (True,),
            tuple(
                -1 if each == group.here else each - group.first
                for each in step.sources
                if isinstance(each, int)
            ),
            step.last - group.first,
            step.path.removeprefix(f"{group.path}/"),
        )
        for step in steps
    )


def _zipped(templates: Sequence[Template]) -> Template:
    """One step of groups that have the same shape."""
    first = templates[0]
    names = dict.fromkeys(name for each in templates for name in each.values)
    return first._replace(
        values={
            name: tuple(
                value for each in templates for value in each.values.get(name, (_silent(name),))
            )
            for name in names
        },
        reads=tuple(each.reads[0] for each in templates),
        present=(True,) * len(templates),
        joined=(True,) * len(templates),
        parts=tuple(
            (
                label,
                tuple(map(_zipped, zip(*(each.parts[at][1] for each in templates), strict=True))),
            )
            for at, (label, _) in enumerate(first.parts)
        ),
    )


def _silent(name: str) -> Any:
    return 0 if name.startswith(BORROWS) else OFTEN.get(name, ABSENT)


def _ordered(template: Template, back: Sequence[int]) -> Template:
    def order(column: Column) -> Column:
        return tuple(column[at] for at in back)

    return template._replace(
        values={name: order(column) for name, column in template.values.items()},
        reads=order(template.reads),
        present=order(template.present),
        joined=order(template.joined),
        parts=tuple(
            (label, tuple(_ordered(each, back) for each in part)) for label, part in template.parts
        ),
    )


def _beside(
    one: Templates, other: Templates, here: tuple[Column, Column] | None = None
) -> Templates | None:
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
    found: list[Template] = []
    i = j = 0
    for a, b in [*pairs, (len(one), len(other))]:
        while i < a:
            found.append(_absent_behind(one[i], _reads(other, j, arrive[1])))
            i += 1
        while j < b:
            found.append(_absent_before(other[j], _reads(one, i, arrive[0])))
            j += 1
        if a < len(one):
            pair = _both(one[a], other[b])
            if pair is None:
                return None
            found.append(pair)
        i, j = a + 1, b + 1
    return tuple(found)


def _reads(steps: Templates, at: int, here: Column) -> Column:
    """What would arrive at a step that is absent before another."""
    if at < len(steps):
        return steps[at].reads
    return (None,) * len(here) if steps else here


def _common(one: Templates, other: Templates) -> list[tuple[int, int]]:
    """The longest common run of steps, gaps allowed: their places in either list."""
    longest = [[0] * (len(other) + 1) for _ in range(len(one) + 1)]
    for i in range(len(one) - 1, -1, -1):
        for j in range(len(other) - 1, -1, -1):
            longest[i][j] = (
                longest[i + 1][j + 1] + 1
                if _alike(one[i], other[j])
                else max(longest[i + 1][j], longest[i][j + 1])
            )
    found = []
    i = j = 0
    while i < len(one) and j < len(other):
        if _alike(one[i], other[j]):
            found.append((i, j))
            i, j = i + 1, j + 1
        elif longest[i + 1][j] >= longest[i][j + 1]:
            i += 1
        else:
            j += 1
    return found


def _alike(one: Template, other: Template) -> bool:
    return (one.word, len(one.parts)) == (other.word, len(other.parts))


def _both(one: Template, other: Template) -> Template | None:
    """One step of two lists."""
    parts = []
    one, other = _facing(one, other), _facing(other, one)
    for (label, a), (_, b) in zip(one.parts, other.parts, strict=True):
        part = _beside(a, b, (one.reads, other.reads))
        if part is None:
            return None
        parts.append((label, part))
    names = dict.fromkeys([*one.values, *other.values])
    values = {name: _values(one, name) + _values(other, name) for name in names}
    for name, column in values.items():
        known = {value for value in column if value is not ABSENT}
        if len(known) > 1 and any(_is_fixed(name, value) for value in known):
            return None
    return one._replace(
        values=values,
        reads=one.reads + other.reads,
        present=one.present + other.present,
        joined=one.joined + other.joined,
        parts=tuple(parts),
    )


def _facing(one: Template, other: Template) -> Template:
    """A sum of a step and nothing, its two parts in the order of another sum's."""
    if one.word != "add" or len(one.parts) != 2 or all(part for _, part in one.parts):
        return one
    ahead, behind = one.parts
    swapped = one._replace(parts=(behind, ahead))
    if not all(part for _, part in other.parts):
        return one
    return max((one, swapped), key=lambda each: _closeness(each, other))


def _closeness(one: Template, other: Template) -> int:
    return sum(len(_common(a, b)) for (_, a), (_, b) in zip(one.parts, other.parts, strict=True))


def _values(template: Template, name: str) -> Column:
    return template.values.get(name, (_silent(name),) * len(template.present))


def _absent_behind(template: Template, reads: Column) -> Template:
    """A step that the groups behind do not have."""
    return _both(template, _nowhere(template, reads)) or template


def _absent_before(template: Template, reads: Column) -> Template:
    return _both(_nowhere(template, reads), template) or template


def _nowhere(template: Template, reads: Column) -> Template:
    """A step as it is in groups that do not have it."""
    nothing = (ABSENT,) * len(reads)
    return template._replace(
        values=dict.fromkeys(template.values, nothing),
        reads=reads,
        present=(False,) * len(reads),
        joined=nothing,
        parts=tuple(
            (label, tuple(_nowhere(each, (None,) * len(reads)) for each in part))
            for label, part in template.parts
        ),
    )


def _with_residual(one: Templates, other: Templates) -> Templates:
    """Steps that stand alone in one list, as the residual that they are in the other."""
    places = [at for at, each in enumerate(other) if _is_residual(each)]
    if len(places) != 1 or any(each.word == "add" for each in one):
        return one
    before, behind = places[0], len(other) - places[0] - 1
    inside = one[before : len(one) - behind]
    if not inside or len(one) < before + behind + 1:
        return one
    residual = other[before]
    count = len(one[0].present)
    alone = residual._replace(
        values=dict.fromkeys(residual.values, (ABSENT,) * count),
        reads=inside[0].reads,
        present=(True,) * count,
        parts=(residual.parts[0], (residual.parts[1][0], inside)),
        joined=(False,) * count,
    )
    return (*one[:before], alone, *one[len(one) - behind :])


def _is_residual(template: Template) -> bool:
    """Whether it adds steps to what they read, and does no more."""
    if template.word != "add" or len(template.parts) != 2 or template.parts[0][1]:
        return False
    return not {"act", "norm", "repeat"} & {*template.values}
