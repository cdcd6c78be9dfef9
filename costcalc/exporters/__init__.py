"""The table of exporters: what a network may be written as, and the module that writes each.

A module of the table has ``text(graph)``, which gives a layer graph's text, or
its bytes where the format is binary; it is imported only when asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import NamedTuple

from costcalc.graph.layer import LayerGraph


class Exporter(NamedTuple):
    """A format that networks are written in: its module, and the suffix of its files."""

    name: str
    title: str
    module: str
    suffix: str


EXPORTERS = (Exporter("torch", "PyTorch module", "costcalc.exporters.torch", ".py"),)


def exported(graph: LayerGraph, name: str) -> str | bytes:
    """The network in the format of that name.

    Raises:
        SpecError: the format cannot say some of its layers; all of them are named.
    """
    module = next(row.module for row in EXPORTERS if row.name == name)
    text: str | bytes = import_module(module).text(graph)
    return text
