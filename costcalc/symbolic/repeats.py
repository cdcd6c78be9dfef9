"""How often layers occur whose step repeats a symbolic number of times.

A step is unfolded as often as it repeats at the chosen settings.  From where every repeat
reads the same shapes, each costs the same, and so would any further one: they count as one,
times their number.  Other repeats are counted one by one, which assumes their number.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from costcalc.costs.count import LayerCost
from costcalc.costs.rules import COUNTS
from costcalc.graph.layer import Repeats
from costcalc.kinds.base import Shape
from costcalc.symbolic.polynomial_number import PolynomialContext

Shapes = tuple[Shape | None, ...]


def occurrences(
    repeats: Sequence[Repeats],
    costs: Sequence[LayerCost],
    context: PolynomialContext,
    *,
    are_all_fixed: bool = False,
) -> list[Any]:
    """How often each layer counts: once, a symbolic number of times, or 0 with one before it.

    Args:
        repeats: those of a symbolic number, inner ones first.
        costs: the layers' costs.
        context: notes the numbers that are assumed.
        are_all_fixed: whether every number is assumed.
    """
    times: list[Any] = [1] * len(costs)
    for step in repeats:
        first = None if are_all_fixed else _first_of_equals(step, costs, context)
        if first is None:
            int(step.times)  # notes that it is assumed
            continue
        if first:
            context.decide(step.times, first, ">=")
        for index in step.layers[first]:
            times[index] *= step.times - first
        for later in step.layers[first + 1 :]:
            for index in later:
                times[index] = 0
    return times


def _first_of_equals(
    step: Repeats, costs: Sequence[LayerCost], context: PolynomialContext
) -> int | None:
    """From which repeat on all are equal: 0 or 1; None if they are not."""
    for first in range(1 if step.is_first_other else 0, min(2, len(step.layers))):
        if all(
            _are_same_shapes(step.inputs[first], other, context)
            for other in step.inputs[first + 1 :]
        ) and all(
            _are_same_costs(step.layers[first], other, costs, context)
            for other in step.layers[first + 1 :]
        ):
            return first
    return None


def _are_same_shapes(one: Shapes, other: Shapes, context: PolynomialContext) -> bool:
    return len(one) == len(other) and all(
        a is not None and b is not None and len(a) == len(b) and all(map(context.are_same, a, b))
        for a, b in zip(one, other, strict=True)
    )


def _are_same_costs(
    one: range, other: range, costs: Sequence[LayerCost], context: PolynomialContext
) -> bool:
    return len(one) == len(other) and all(
        context.are_same(getattr(costs[a], metric), getattr(costs[b], metric))
        for a, b in zip(one, other, strict=True)
        for metric in COUNTS
    )
