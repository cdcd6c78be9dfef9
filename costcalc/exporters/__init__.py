"""The table of exporters: the formats that networks are written in, and the module for each.

A module of the table has ``write(graph)``, which gives the file as text, or as
chunks of bytes where the format is binary; ``KINDS``, a row for each layer kind
that the format can express; and ``MISSING``, the reason for each kind that has no
row.  It is imported only when asked for.
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
    """Keywords that ``write`` takes beside the graph."""


EXPORTERS = (
    Exporter("torch", "PyTorch module", "costcalc.exporters.torch", ".py"),
    Exporter("onnx", "ONNX model", "costcalc.exporters.onnx", ".onnx", ("weights", "seed")),
    Exporter("prototxt", "Caffe network", "costcalc.exporters.prototxt", ".prototxt"),
    Exporter("csv-scalesim", "topology of SCALE-Sim", "costcalc.exporters.scalesim", ".csv"),
)


def exporter(name: str) -> Exporter:
    """The row of that name."""
    return next(row for row in EXPORTERS if row.name == name)


def export_graph(graph: LayerGraph, name: str, **options: Any) -> str | Iterable[bytes]:
    """The network in the format of that name.

    Raises:
        SpecError: the format cannot express some of its layers; all of them are named.
    """
    file: str | Iterable[bytes] = import_module(exporter(name).module).write(graph, **options)
    return file
