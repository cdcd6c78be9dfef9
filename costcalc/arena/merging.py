"""Tensors that share memory: an operator that works in place writes over what it reads."""

from __future__ import annotations

from collections.abc import Iterable

from costcalc.arena.schedule import Schedule, Tensor
from costcalc.formulas.algebra import Size, maximum
from costcalc.records import NamedTuple


class Overwrite(NamedTuple):
    """A step whose output may take the memory of an input."""

    step: int
    output: int
    inputs: tuple[int, ...]
    """Tensors of the schedule, the first choice first."""
    extra: Size = 0
    """Bytes that the step needs besides if it works in place."""


def in_place(schedule: Schedule, overwrites: Iterable[Overwrite]) -> Schedule:
    """The schedule in which outputs take the memory of inputs, wherever they may.

    An input gives its memory if the step is its last reader, some step writes it, it is
    not kept, and the output has no more bytes.  Both become one tensor: the larger size,
    alive from the first to the last step of either.
    """
    written = {index for step in schedule.steps for index in step.writes}
    home = list(range(len(schedule.tensors)))
    tensors: list[Tensor] = list(schedule.tensors)
    given = set[int]()
    scratch: dict[int, Tensor] = {}
    for step, output, inputs, extra in sorted(overwrites, key=lambda overwrite: overwrite.step):
        after = schedule.tensors[output]
        for index in inputs:
            before = schedule.tensors[index]
            if index in given or index not in written or before.kept or before.last != step:
                continue
            if not after.bytes <= before.bytes:
                continue
            given.add(index)
            into = home[output] = home[index]
            tensors[into] = _joined(tensors[into], after)
            if not (isinstance(extra, int) and extra == 0):
                scratch[step] = Tensor(f"{schedule.steps[step].name} (scratch)", extra, step, step)
            break
    numbers = {old: new for new, old in enumerate(sorted(set(home)))}
    added = {step: len(numbers) + number for number, step in enumerate(scratch)}

    def renumbered(indexes: tuple[int, ...]) -> tuple[int, ...]:
        return tuple(dict.fromkeys(numbers[home[index]] for index in indexes))

    return schedule._replace(
        steps=tuple(
            step._replace(
                reads=renumbered(step.reads),
                writes=(
                    *renumbered(step.writes),
                    *((added[number],) if number in added else ()),
                ),
            )
            for number, step in enumerate(schedule.steps)
        ),
        tensors=(*(tensors[index] for index in numbers), *scratch.values()),
    )


def _joined(one: Tensor, other: Tensor) -> Tensor:
    """Two tensors as one, under the name of the first."""
    return one._replace(
        bytes=maximum(one.bytes, other.bytes),
        first=min(one.first, other.first),
        last=max(one.last, other.last),
        kept=one.kept or other.kept,
    )
