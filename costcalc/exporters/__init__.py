"""The table of exporters: the formats that networks can be written in.

Each module has ``write(graph)``, which returns the file as text, or as chunks of bytes
if the format is binary; ``KINDS``, a row for each layer kind that the format can
express; and ``MISSING``, the reason for each other kind.  It is imported only when needed.
"""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from typing import Any, NamedTuple

from costcalc.errors import did_you_mean
from costcalc.graph.layer import LayerGraph


class Exporter(NamedTuple):
    """A format that networks are written in."""

    name: str
    title: str
    module: str
    suffix: str
    options: tuple[str, ...] = ()
    """Keyword arguments of ``write``."""


EXPORTERS = (
    Exporter("torch", "PyTorch module", "costcalc.exporters.torch", ".py"),
    Exporter("onnx", "ONNX model", "costcalc.exporters.onnx", ".onnx", ("weights", "seed")),
    Exporter("prototxt", "Caffe network", "costcalc.exporters.prototxt", ".prototxt"),
    Exporter("csv-scalesim", "SCALE-Sim topology", "costcalc.exporters.scalesim", ".csv"),
)


def exporter(name: str) -> Exporter:
    """The row with that name."""
    return next(row for row in EXPORTERS if row.name == name)


def name_hint(word: str) -> str:
    """A hint that names the format meant: by its tool, or by a similar name; or ''.

    >>> name_hint("caffe")
    "did you mean 'prototxt'?"
    """
    by_tool = {row.title.split()[0].lower(): row.name for row in EXPORTERS}
    return did_you_mean(by_tool.get(word.lower(), word), [row.name for row in EXPORTERS])


def export_graph(graph: LayerGraph, name: str, **options: Any) -> str | Iterable[bytes]:
    """Write a network in the format of that name.

    Raises:
        SpecError: the format cannot express some layers; all are named.
    """
    file: str | Iterable[bytes] = import_module(exporter(name).module).write(graph, **options)
    return file
