"""Groups that no name tells of: joins that are alike, and steps that come again and again."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from costcalc.blocks.alignment import shape
from costcalc.blocks.groups import Instance, References
from costcalc.blocks.repeats import Keys, recurring
from costcalc.blocks.steps import Step, walk
from costcalc.graph.layer import NETWORK_INPUT
from costcalc.kinds import KINDS

_FEWEST = 3
"""Groups that are worth a block, and the lines of one of them."""

_LONGEST = 8
"""Steps of a group that is runs by its coming again."""

_NAMES = {
    ("depthwise", "pointwise"): "separable",
    ("add",): "residual_block",
    ("concat",): "concat_block",
}


def joins(steps: tuple[Step, ...], word: str) -> list[Instance]:
    """The joins of one kind in a list, and what stands alone that they add to what they read."""
    references = References(steps)
    before = (NETWORK_INPUT, *(step.last for step in steps))
    alike: dict[int, tuple[Step, ...]] = {
        at: (step,)
        for at, step in enumerate(steps)
        if step.word == word and step.parts and sum(1 for _ in walk((step,))) > _FEWEST
    }
    if len(alike) < _FEWEST:
        return []
    inside = {
        tuple(map(shape, part.steps))
        for join in alike.values()
        for part in join[0].parts
        if word == "add" and not join[0].parts[0].steps and len(part.steps) > 1
    }
    lengths = sorted({len(each) for each in inside}, reverse=True)
    shapes = tuple(map(shape, steps))
    at = 0
    while at < len(steps):
        length = next((each for each in lengths if shapes[at : at + each] in inside), 0)
        if length:
            alike[at] = steps[at : at + length]
        at += length or 1
    family = _NAMES[word,]
    return [
        Instance("", family, alike[at], before[at])
        for at in sorted(alike)
        if references.are_inside(alike[at][0].first, alike[at][-1].last, before[at])
    ]


def rows(steps: tuple[Step, ...]) -> list[Instance]:
    """The groups of lines that come again and again, other numbers in them, where it saves most."""
    best: list[Instance] = []
    saved = 0
    keys, references = Keys(steps), References(steps)
    before = (NETWORK_INPUT, *(step.last for step in steps))
    for start, length, count in _recurring(steps):
        starts = range(start, start + length * count, length)
        units = [steps[at : at + length] for at in starts]
        numbers = [tuple(map(keys.of, unit)) for unit in units]
        different = 1 + sum(a != b for a, b in pairwise(numbers))
        # A block has a line of its own for its name, its parameters and its layers, a table
        # one for its name, its columns and its rows; steps alike are one line in any case.
        saves = length * different - (length + different + 2 * _FEWEST)
        first, last = units[0][0].first, units[-1][-1].last
        if saves > saved and references.are_inside(first, last, before[start]):
            words = tuple(step.word for step in units[0])
            family = _NAMES.get(words, "_".join(dict.fromkeys(words)))
            best = [
                Instance("", family, unit, before[at])
                for unit, at in zip(units, starts, strict=True)
            ]
            saved = saves
    return best


def _is_repeat(unit: tuple[object, ...]) -> bool:
    """Whether a group is itself a smaller one, come again."""
    return any(
        unit == unit[:length] * (len(unit) // length)
        for length in range(1, len(unit) // 2 + 1)
        if len(unit) % length == 0
    )


def _is_call(step: Step) -> bool:
    return step.word not in KINDS


def _recurring(steps: tuple[Step, ...]) -> Iterator[tuple[int, int, int]]:
    """Where steps of the same shapes come again: the first, how many, and how often."""
    shapes = tuple(map(shape, steps))
    for length in range(2, _LONGEST + 1):
        at = 0
        while at + 2 * length <= len(shapes):
            same = recurring(shapes, at, length)
            count = same // length + 1
            end = at + length
            are_calls = all(map(_is_call, steps[at:end]))
            if count >= _FEWEST and not are_calls and not _is_repeat(shapes[at:end]):
                yield at, length, count
            at += same + 1
