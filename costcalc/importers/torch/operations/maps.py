"""Maps with their channels first, whatever the batch."""

from __future__ import annotations

from math import prod
from typing import Any

from costcalc.importers.model import Sides
from costcalc.importers.torch.calls import Call, Ref
from costcalc.importers.torch.lowering import Lowering


def spread(value: Any, rank: int) -> tuple[Any, ...]:
    """One number for each axis."""
    if not isinstance(value, tuple):
        return (value,) * rank
    return value * rank if len(value) == 1 else value


def even(values: tuple[Any, ...]) -> Any:
    """One number where all axes have the same, as people write it.

    >>> even((3, 3)), even((3, 1))
    (3, (3, 1))
    """
    return values[0] if len(set(values)) == 1 else values


def channels_first(call: Call, to: Lowering, value: Ref, rank: int) -> tuple[int, Sides]:
    """The node of a map, and its sides: ``(C, H, W)``, or ``(C, B, H, W)`` of several images.

    ``rank`` is the number of its spatial axes.  Images that a network makes of one,
    such as windows, become an axis that no window spans.
    """
    shape = to.shape(value)
    if len(shape) <= rank + 1:
        return to.node(value, shape), shape
    if shape[0] == 1:
        return to.node(value, shape[1:]), shape[1:]
    held = (shape[1], shape[0], *shape[2:])
    axes = {"axes": (1, 0, *range(2, len(shape)))}
    return to.add(call, "transpose", axes, (to.node(value, shape),), held, word="channels"), held


def give_map(call: Call, to: Lowering, node: int, held: Sides, rank: int) -> None:
    """The node, channels first, holds the call's output, whose spatial axes are ``rank``."""
    output = call.outputs[0]
    if len(held) > rank + 1:
        held = (held[1], held[0], *held[2:])
        axes = {"axes": (1, 0, *range(2, len(held)))}
        node = to.add(call, "transpose", axes, (node,), held, word="images")
    to.give(output, node, held)


def each_map(to: Lowering, value: Ref, rank: int) -> tuple[int, Sides]:
    """The node of a map whose channels are treated alike: ``(B * C, H, W)``, and its sides."""
    shape = to.shape(value)
    held = (prod(shape[: len(shape) - rank]), *shape[len(shape) - rank :])
    return to.node(value, held), held
