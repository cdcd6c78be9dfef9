"""One network under several conventions, and what makes the differences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from costcalc.costs.count import count
from costcalc.costs.rules import METRICS, Convention
from costcalc.graph.layer import LayerGraph
from costcalc.reconciling.causes import Cause, causes, unseen


class Count(NamedTuple):
    """A network under one convention."""

    convention: Convention
    mult_adds: Any
    params: Any
    causes: Mapping[str, tuple[Cause, ...]]
    """By metric, what makes the difference from the first convention."""
    unseen: tuple[str, ...]
    """What it does not count only because of how the implementation is written."""


class Reconciliation(NamedTuple):
    """Counts of one network, each explained by its difference from the first."""

    graph: LayerGraph
    counts: tuple[Count, ...]


def reconcile(graph: LayerGraph, conventions: Sequence[Convention]) -> Reconciliation:
    """The network under every convention.

    Raises:
        ConventionError: one does not define a layer.
    """
    modules = graph
    if any(layer.functional for layer in graph.layers):
        written = (layer._replace(functional=None) for layer in graph.layers)
        modules = graph._replace(layers=tuple(written))
    counted = [(convention, count(graph, convention)) for convention in conventions]
    counts = []
    for convention, costs in counted:
        explained = {metric: causes(metric, counted[0], (convention, costs)) for metric in METRICS}
        counts.append(
            Count(
                convention,
                sum(cost.mult_adds for cost in costs),
                sum(cost.params for cost in costs),
                explained,
                tuple(unseen(convention, costs, count(modules, convention)))
                if modules is not graph
                else (),
            )
        )
    return Reconciliation(graph, tuple(counts))
