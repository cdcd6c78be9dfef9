"""Facts about steps that are known without unfolding them."""

from __future__ import annotations

from costcalc.errors import Mark
from costcalc.spec.document import (
    BlockStep,
    Document,
    Expression,
    JoinStep,
    LayerStep,
    Step,
    inner_steps,
)


def default_name(step: Step) -> str:
    """What a step is called if it has no name of its own."""
    if isinstance(step, LayerStep | JoinStep):
        return step.kind.name
    return step.block if isinstance(step, BlockStep) else "sequence"


def described(step: Step) -> str:
    """A step in a message: what it is, with its own name if it has one."""
    what = default_name(step)
    return f"'{step.common.name}' ({what})" if step.common.name else what


def uncounted(document: Document) -> tuple[str, ...]:
    """The operations unknown to costcalc, by the model's names for them."""
    names: dict[str, None] = {}
    steps = [*document.steps, *(step for block in document.blocks.values() for step in block.steps)]
    while steps:
        step = steps.pop(0)
        steps[:0] = inner_steps(step)
        if isinstance(step, LayerStep) and not step.kind.is_counted:
            op = step.arguments.get("op")
            if isinstance(op, Expression):
                names[op.text] = None
    return tuple(names)


def has_guesses(document: Document, is_scaled: bool) -> bool:
    """Whether the shape of an unknown operation is a guess, or does not follow the widths.

    ``is_scaled`` says that the width multiplier is, or may be, another than 1.
    """
    return any(
        isinstance(step, LayerStep)
        and not step.kind.is_counted
        and (is_scaled or "guessed" in step.arguments)
        for step in document.steps
    )


def named(steps: tuple[Step, ...], name: str) -> Mark | None:
    """The place of a step with that name."""
    for step in steps:
        mark = step.common.mark if step.common.name == name else named(inner_steps(step), name)
        if mark is not None:
            return mark
    return None
