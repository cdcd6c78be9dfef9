"""Facts about steps that need no unfolding."""

from __future__ import annotations

from costcalc.errors import Mark
from costcalc.spec.document import (
    BlockStep,
    Document,
    Expression,
    JoinStep,
    LayerStep,
    SequenceStep,
    Step,
)


def word(step: Step) -> str:
    """What a step is called where it has no name of its own."""
    if isinstance(step, LayerStep | JoinStep):
        return step.kind.name
    return step.block if isinstance(step, BlockStep) else "sequence"


def called(step: Step) -> str:
    """A step for a message: what it is, with the name that it has of its own."""
    return f"'{step.common.name}' ({word(step)})" if step.common.name else word(step)


def inner(step: Step) -> tuple[Step, ...]:
    """The steps that a step holds, those of its gate among them."""
    held: tuple[Step, ...] = ()
    if isinstance(step, SequenceStep):
        held = step.steps
    elif isinstance(step, JoinStep):
        held = tuple(each for _, branch in step.branches for each in branch)
    return (*step.common.gate, *held)


def classifier(steps: tuple[Step, ...]) -> LayerStep | None:
    """The fully connected layer that ends a network: its outputs are classes, not width."""
    for step in reversed(steps):
        if not isinstance(step, LayerStep):
            return classifier(step.steps) if isinstance(step, SequenceStep) else None
        if step.kind.family == "dense":
            return step
        if "out" in step.kind.attributes:
            return None
    return None


def uncounted(document: Document) -> tuple[str, ...]:
    """The operations that costcalc does not know, by what the model calls them."""
    found: dict[str, None] = {}
    steps = [*document.steps, *(step for block in document.blocks.values() for step in block.steps)]
    while steps:
        step = steps.pop(0)
        steps[:0] = inner(step)
        if isinstance(step, LayerStep) and not step.kind.is_counted:
            op = step.arguments.get("op")
            if isinstance(op, Expression):
                found[op.text] = None
    return tuple(found)


def named(steps: tuple[Step, ...], name: str) -> Mark | None:
    """Where a step of that name stands."""
    for step in steps:
        mark = step.common.mark if step.common.name == name else named(inner(step), name)
        if mark is not None:
            return mark
    return None
