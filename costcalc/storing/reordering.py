"""A network with its steps in the order that needs the least memory."""

from __future__ import annotations

from typing import NamedTuple

from costcalc.advice import advice
from costcalc.arena.order import best_order
from costcalc.errors import refuse
from costcalc.graph.layer import LayerGraph
from costcalc.storing.network import A_STORAGE, is_own, of_file
from costcalc.storing.schedule import StoredNetwork, stored


class Reordered(NamedTuple):
    """The best order of the steps, and what it saves."""

    order: tuple[int, ...] | None
    """The steps of the file's order; None if the search was given up."""
    before: int
    """The bound in the file's order."""
    after: int


def reordered(
    graph: LayerGraph, batch: int, network: StoredNetwork
) -> tuple[Reordered, StoredNetwork]:
    """The best order of the steps of a network, and the network in it.

    Raises:
        SpecError: the lifetimes of a file's tensors do not follow from its steps alone.
    """
    in_order = network.apart.in_order(range(len(network.apart.steps)))
    if in_order.tensors != network.apart.tensors:
        refuse(
            None,
            f"the steps of {graph.name} cannot be put in another order: some run others",
            hint=advice("{}, for the network without its file's own steps", A_STORAGE),
        )
    before = int(network.schedule.liveness)
    best = best_order(network.apart)
    if best is None:
        return Reordered(None, before, before), network
    if is_own(network.storage):
        ordered = of_file(graph, network.storage, network.apart.in_order(best.steps))
    else:
        ordered = stored(graph, network.storage, batch, best.steps)
    after = int(ordered.schedule.liveness)
    if after >= before:  # in place and views can gain more in the file's own order
        return Reordered(tuple(range(len(network.apart.steps))), before, before), network
    return Reordered(best.steps, before, after), ordered
