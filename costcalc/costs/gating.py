"""The cost of gates, and of a network that skips gated parts."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from costcalc.costs.count import LayerCost
from costcalc.formulas.algebra import Size, whole
from costcalc.graph.layer import Gated, LayerGraph
from costcalc.records import NamedTuple


class GatedCost(NamedTuple):
    """The cost of a gated part of a network, and of its gate."""

    name: str
    execute: int | Fraction
    gate: Size
    """Mult-adds of its gate."""
    part: Size
    """Mult-adds of what the gate controls, run once."""


class Gating(NamedTuple):
    """The cost of a network with gates; mult-adds are in the convention's unit."""

    parts: tuple[GatedCost, ...]
    gates: Size
    """Of all gates together."""
    gate_params: Size
    params: Size
    """Of the whole network."""
    minimum: Size
    """With every gate closed: everything outside gated parts, including gates."""
    expected: Size | Fraction
    """The exact expectation: layers weighted with the probability that they run."""
    maximum: Size
    """With every gate open: the network's total."""


def gating(graph: LayerGraph, costs: Sequence[LayerCost]) -> Gating | None:
    """The cost of the gates and of what they control; None if there are none."""
    if not graph.gated:
        return None
    factors: list[int | Fraction] = [1] * len(costs)
    inside, gates = set[int](), set[int]()
    for part in graph.gated:
        inside.update(part.layers)
        gates.update(part.gate)
        for index in part.layers:
            factors[index] *= part.execute
    mult_adds = [cost.mult_adds for cost in costs]
    return Gating(
        parts=tuple(_cost(part, mult_adds) for part in graph.gated),
        gates=sum(mult_adds[index] for index in gates),
        gate_params=sum(costs[index].params for index in gates),
        params=sum(cost.params for cost in costs),
        minimum=sum(cost for index, cost in enumerate(mult_adds) if index not in inside),
        expected=whole(sum(p * cost for p, cost in zip(factors, mult_adds, strict=True))),
        maximum=sum(mult_adds),
    )


def _cost(part: Gated, mult_adds: Sequence[Size]) -> GatedCost:
    return GatedCost(
        name=part.name,
        execute=part.execute,
        gate=sum(mult_adds[index] for index in part.gate),
        part=sum(mult_adds[index] for index in part.layers),
    )
