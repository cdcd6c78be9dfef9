"""The table of exporters: what a network may be written as, and the module that writes each.

A module of the table has ``text(graph)``, which gives a layer graph's text, or
its bytes in chunks where the format is binary; it is imported only when asked
for.
"""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from typing import Any, NamedTuple

from costcalc.graph.layer import LayerGraph


class Exporter(NamedTuple):
    """A format that networks are written in: its module, and the suffix of its files."""

    name: str
    title: str
    module: str
    suffix: str
    options: tuple[str, ...] = ()
    """Keywords that ``text`` takes beside the graph."""


EXPORTERS = (
    Exporter("torch", "PyTorch module", "costcalc.exporters.torch", ".py"),
    Exporter("onnx", "ONNX model", "costcalc.exporters.onnx", ".onnx", ("weights", "seed")),
    Exporter("prototxt", "Caffe network", "costcalc.exporters.prototxt", ".prototxt"),
    Exporter("csv-scalesim", "topology of SCALE-Sim", "costcalc.exporters.scalesim", ".csv"),
)


def exporter(name: str) -> Exporter:
    """The row of that name."""
    return next(row for row in EXPORTERS if row.name == name)


def exported(graph: LayerGraph, name: str, **options: Any) -> str | Iterable[bytes]:
    """The network in the format of that name.

    Raises:
        SpecError: the format cannot say some of its layers; all of them are named.
    """
    text: str | Iterable[bytes] = import_module(exporter(name).module).text(graph, **options)
    return text
