"""Exports a network as a PyTorch module: readable code that needs only PyTorch."""

from __future__ import annotations

from costcalc.exporters.torch.classes import classes
from costcalc.exporters.torch.kinds import KINDS, MISSING
from costcalc.exporters.torch.printer import printed
from costcalc.graph.layer import LayerGraph

__all__ = ["KINDS", "MISSING", "write"]


def write(graph: LayerGraph) -> str:
    """The code of the network's module.

    Raises:
        SpecError: PyTorch cannot express some layers; all of them are named.
    """
    return printed(graph, classes(graph))
