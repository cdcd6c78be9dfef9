"""Tensors that share memory: outputs written over inputs, and inputs of a concat in place."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from costcalc.arena.schedule import Schedule, Step, Tensor
from costcalc.formulas.algebra import Size, largest
from costcalc.records import NamedTuple


class Overwrite(NamedTuple):
    """A step whose output may take the memory of an input."""

    step: int
    output: int
    inputs: tuple[int, ...]
    """Tensors of the schedule, the first choice first."""
    extra: Size = 0
    """Extra bytes that the step needs if it works in place."""


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
    shared = _renumbered(schedule._replace(tensors=tuple(tensors)), home)
    steps = list(shared.steps)
    for index, step in enumerate(scratch, len(shared.tensors)):
        steps[step] = steps[step]._replace(scratch=(*steps[step].scratch, index))
    return shared._replace(steps=tuple(steps), tensors=(*shared.tensors, *scratch.values()))


def with_views(schedule: Schedule, concats: Mapping[int, Sequence[int]]) -> Schedule:
    """The schedule in which steps that join tensors vanish: their inputs are parts of the output.

    Args:
        schedule: a schedule.
        concats: for each such step, the tensors that it joins, in order.

    A tensor can be a part of one output alone.  Concats are therefore taken from the last one
    on, and one that joins neighbours inside an output is a part of it as well; one that
    cannot be a view, because an input is kept or is no step's output, stays a copy.
    """
    written = {index for step in schedule.steps for index in step.writes}
    whole: dict[int, int] = {}  # what a tensor is part of
    parts: dict[int, list[int]] = {}
    vanished = set[int]()
    for step in sorted(concats, reverse=True):
        inputs, output = list(concats[step]), schedule.steps[step].writes[0]
        if any(index not in written or schedule.tensors[index].kept for index in inputs):
            continue
        around = {whole.get(index) for index in inputs}
        if around == {None}:
            root = whole.get(output, output)
            inside = parts.setdefault(root, [output])
            at = inside.index(output) if output in inside else None
            if at is None:
                continue
            inside[at : at + 1] = inputs
            whole |= dict.fromkeys(inputs, root)
        elif len(around) == 1 and output not in whole:
            root = whole[inputs[0]]
            inside = parts[root]
            at = inside.index(inputs[0]) if inputs[0] in inside else len(inside)
            if inside[at : at + len(inputs)] != inputs:
                continue
            whole[output] = root
        else:
            continue
        vanished.add(step)
    home = [whole.get(index, index) for index in range(len(schedule.tensors))]
    tensors = list(schedule.tensors)
    for index, root in whole.items():
        if schedule.tensors[index].kept:
            tensors[root] = tensors[root]._replace(kept=True)
    steps: list[Step] = []
    maker: dict[int, int] = {}
    for number, row in enumerate(schedule.steps):
        if number not in vanished:
            maker |= dict.fromkeys(row.writes, len(steps))
            steps.append(row)
            continue
        at = max(maker[index] for index in concats[number])
        steps[at] = steps[at]._replace(layers=(*steps[at].layers, *row.layers))
        maker |= dict.fromkeys(row.writes, at)
    shared = _renumbered(schedule._replace(steps=tuple(steps), tensors=tuple(tensors)), home)
    return shared.in_order(range(len(steps)))


def _renumbered(schedule: Schedule, home: Sequence[int]) -> Schedule:
    """The schedule with each tensor replaced by its home, and without those that have another."""
    numbers = {old: new for new, old in enumerate(sorted(set(home)))}

    def renumbered(indexes: tuple[int, ...]) -> tuple[int, ...]:
        return tuple(dict.fromkeys(numbers[home[index]] for index in indexes))

    return schedule._replace(
        steps=tuple(
            step._replace(
                reads=renumbered(step.reads),
                writes=renumbered(step.writes),
                scratch=renumbered(step.scratch),
            )
            for step in schedule.steps
        ),
        tensors=tuple(schedule.tensors[index] for index in numbers),
    )


def _joined(one: Tensor, other: Tensor) -> Tensor:
    """Two tensors as one, under the name of the first."""
    return one._replace(
        bytes=largest((one.bytes, other.bytes)),
        first=min(one.first, other.first),
        last=max(one.last, other.last),
        kept=one.kept or other.kept,
    )
