"""The table of exporters: the formats that networks can be written in.

Each module has ``write(graph)``, which returns the file as text, or as chunks of bytes
if the format is binary; ``KINDS``, a row for each layer kind that the format can
express; and ``MISSING``, the reason for each other kind.  It is imported only when needed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib import import_module
from typing import Any, NamedTuple

from costcalc.advice import advice, option
from costcalc.errors import did_you_mean, refuse
from costcalc.graph.layer import LayerGraph
from costcalc.graph.whole_numbers import whole_number
from costcalc.graph.without import without


class Exporter(NamedTuple):
    """A format that networks are written in."""

    name: str
    title: str
    module: str
    suffix: str
    options: tuple[str, ...] = ()
    """Keyword arguments of ``write``."""
    weights: tuple[str, ...] = ()
    """What the weights may be, the default first; empty if the format holds none."""


EXPORTERS = (
    Exporter("torch", "PyTorch module", "costcalc.exporters.torch", ".py"),
    Exporter(
        "onnx",
        "ONNX model",
        "costcalc.exporters.onnx",
        ".onnx",
        ("weights", "seed"),
        ("none", "random"),
    ),
    Exporter(
        "tflite",
        "TFLite model",
        "costcalc.exporters.tflite",
        ".tflite",
        ("weights", "seed", "dtype"),
        ("zeros", "random"),
    ),
    Exporter("prototxt", "Caffe network", "costcalc.exporters.prototxt", ".prototxt"),
    Exporter("csv-scalesim", "SCALE-Sim topology", "costcalc.exporters.scalesim", ".csv"),
)


DTYPES = ("float32", "int8")
"""The types of the numbers in a TFLite file."""


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


def checked_options(to: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """The options of a format that are given: those that are not None.

    Raises:
        SpecError: there is no such format, or an option or its value does not apply to it.
    """
    if to not in (row.name for row in EXPORTERS):
        expected = "one of " + ", ".join(row.name for row in EXPORTERS)
        refuse(None, f"there is no export to '{to}'", expected, hint=name_hint(to))
    row = exporter(to)
    options = {name: value for name, value in given.items() if value is not None}
    for name, value in options.items():
        if name not in row.options:
            refuse(None, advice("{} does not apply to an export to {}", option(name), to))
        words = {"weights": row.weights, "dtype": DTYPES}.get(name)
        if words is not None and value not in words:
            expected = " or ".join(f"'{word}'" for word in words)
            message = advice("{} of an export to {} cannot be '{}'", option(name), to, str(value))
            refuse(None, message, expected)
    if "seed" in options:
        options["seed"] = whole_number("seed", options["seed"])
    if "seed" in options and options.get("weights") != "random":
        message = advice("{} needs random weights", option("seed"))
        refuse(None, message, option("weights", "random"))
    return options


def export_graph(graph: LayerGraph, name: str, **options: Any) -> str | Iterable[bytes]:
    """Write a network in the format of that name, with weights as they are computed.

    Raises:
        SpecError: the format cannot express some layers; all are named.
    """
    readers = graph.readers
    # A learned tensor that nothing reads computes nothing.
    computing = {
        index for index in graph.of_weights if graph.layers[index].inputs or readers[index]
    }
    plain = without(graph, computing)
    file: str | Iterable[bytes] = import_module(exporter(name).module).write(plain, **options)
    return file
