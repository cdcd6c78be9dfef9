"""What gates cost, and what a network costs that skips its gated parts."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from costcalc.costs.count import LayerCost
from costcalc.formulas.algebra import Size, whole
from costcalc.graph.layer import Gated, LayerGraph
from costcalc.records import NamedTuple


class GatedCost(NamedTuple):
    """A part of a network that runs with a probability, beside the gate that decides it."""

    name: str
    execute: int | Fraction
    gate: Size
    """Mult-adds of its gate."""
    part: Size
    """Mult-adds of what the gate decides upon, once."""


class Gating(NamedTuple):
    """A network's cost where its gates decide what runs; mult-adds in the convention's unit."""

    parts: tuple[GatedCost, ...]
    gates: Size
    """Of all gates together."""
    gate_params: Size
    params: Size
    """Of the whole network, each layer's once."""
    minimum: Size
    """Every gate closed: what stands outside gated parts, the gates there included."""
    expected: Size | Fraction
    """Every layer as often as the gated parts around it run; exact."""
    maximum: Size
    """Every gate open: the network's total."""


def gating(graph: LayerGraph, costs: Sequence[LayerCost]) -> Gating | None:
    """The cost of the gates and of what they decide upon; None where there are none."""
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
        minimum=sum(each for index, each in enumerate(mult_adds) if index not in inside),
        expected=whole(sum(p * each for p, each in zip(factors, mult_adds, strict=True))),
        maximum=sum(mult_adds),
    )


def _cost(part: Gated, mult_adds: Sequence[Size]) -> GatedCost:
    return GatedCost(
        name=part.name,
        execute=part.execute,
        gate=sum(mult_adds[index] for index in part.gate),
        part=sum(mult_adds[index] for index in part.layers),
    )
