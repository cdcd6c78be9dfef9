"""Which implementation of a network a convention counts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from costcalc.costs.convention import Convention
from costcalc.opening import OpenNetwork

IMPLEMENTATION = "implementation"
"""The parameter of a spec that chooses between the paper's network and others' code."""

PAPER = "paper"


def as_usually_run(network: OpenNetwork, *conventions: Convention) -> OpenNetwork:
    """The network in the implementation that the conventions' tools are usually run on.

    Unchanged if it has no such implementation, if its settings already name one, or if a row
    of its variants does: torchvision's network is then a row of its own.
    """
    parameter = network.document.parameters.get(IMPLEMENTATION)
    if parameter is None or IMPLEMENTATION in network.settings:
        return network
    if parameter.default is not None and parameter.default.names:
        return network
    usual = {convention.implementation for convention in conventions} - {PAPER}
    choices = usual & {*parameter.choices}
    return network.at({IMPLEMENTATION: min(choices)}) if choices else network


def implementations_line(networks: Iterable[tuple[str, Mapping[str, Any]]]) -> str:
    """The implementations of several networks, by their labels and settings.

    Empty if all are the papers' own.

    >>> implementations_line([("a", {IMPLEMENTATION: "torchvision"}), ("b", {})])
    'torchvision (a)'
    """
    labels: dict[str, list[str]] = {}
    for label, settings in networks:
        labels.setdefault(settings.get(IMPLEMENTATION, PAPER), []).append(label)
    if len(labels) == 1:
        return "".join(name for name in labels if name != PAPER)
    return ", ".join(
        f"{name} ({', '.join(dict.fromkeys(own))})" for name, own in labels.items() if name != PAPER
    )
