"""Groups found without names: similar joins, and recurring sequences of steps."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from costcalc.blocks.alignment import shape
from costcalc.blocks.groups import Instance, References
from costcalc.blocks.repeats import Keys, recurring
from costcalc.blocks.steps import Step, size
from costcalc.graph.layer import NETWORK_INPUT
from costcalc.kinds import KINDS

_FEWEST = 3
"""The fewest groups that become a block, and more lines than this in each join."""

_LONGEST = 8
"""The longest recurring sequence that is looked for."""

_NAMES = {
    ("depthwise", "pointwise"): "separable",
    ("add",): "residual_block",
    ("concat",): "concat_block",
}


def joins(steps: tuple[Step, ...], word: str) -> list[Instance]:
    """The joins of one kind in a list, and for residuals, their body where it stands alone."""
    references = References(steps)
    before = (NETWORK_INPUT, *(step.last for step in steps))
    found: dict[int, tuple[Step, ...]] = {
        at: (step,)
        for at, step in enumerate(steps)
        if step.word == word and step.parts and size((step,)) > _FEWEST
    }
    if len(found) < _FEWEST:
        return []
    bodies = {
        tuple(map(shape, part.steps))
        for (join,) in found.values()
        for part in join.parts
        if word == "add" and not join.parts[0].steps and len(part.steps) > 1
    }
    lengths = sorted(set(map(len, bodies)), reverse=True)
    shapes = tuple(map(shape, steps))
    at = 0
    while at < len(steps):
        length = next((n for n in lengths if shapes[at : at + n] in bodies), 0)
        if length:
            found[at] = steps[at : at + length]
        at += length or 1
    family = _NAMES[word,]
    return [
        Instance("", family, found[at], before[at])
        for at in sorted(found)
        if references.are_inside(found[at][0].first, found[at][-1].last, before[at])
    ]


def rows(steps: tuple[Step, ...]) -> list[Instance]:
    """The recurring sequence of lines, apart from their numbers, that saves most as a block."""
    best: list[Instance] = []
    saved = 0
    keys, references = Keys(steps), References(steps)
    before = (NETWORK_INPUT, *(step.last for step in steps))
    for start, length, count in _recurring(steps):
        starts = range(start, start + length * count, length)
        units = [steps[at : at + length] for at in starts]
        numbers = [tuple(map(keys.of, unit)) for unit in units]
        different = 1 + sum(a != b for a, b in pairwise(numbers))
        # A block needs lines for its name, its parameters and its layers, a table for its
        # name, its columns and its rows; equal consecutive steps are one line in any case.
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
    """Whether a sequence is itself a repeated shorter one."""
    return any(
        unit == unit[:length] * (len(unit) // length)
        for length in range(1, len(unit) // 2 + 1)
        if len(unit) % length == 0
    )


def _recurring(steps: tuple[Step, ...]) -> Iterator[tuple[int, int, int]]:
    """The start, length and count of sequences that recur with the same shapes."""
    shapes = tuple(map(shape, steps))
    for length in range(2, _LONGEST + 1):
        at = 0
        while at + 2 * length <= len(shapes):
            same = recurring(shapes, at, length)
            count = same // length + 1
            end = at + length
            are_calls = all(step.word not in KINDS for step in steps[at:end])
            if count >= _FEWEST and not are_calls and not _is_repeat(shapes[at:end]):
                yield at, length, count
            at += same + 1
