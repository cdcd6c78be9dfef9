"""The table of importers: which models costcalc reads, and the module that reads each.

A module of the table has ``read(network, request) -> Model``, and is imported
only when a network is its model.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from costcalc.errors import refuse
from costcalc.records import NamedTuple
from costcalc.spec.document import Document

if TYPE_CHECKING:
    from costcalc.importers.model import Model, Request

REQUESTS = INPUT, ALLOW_UNKNOWN = "input", "allow_unknown"
"""Settings that say how a model is opened; no parameter of it has such a name."""


class Importer(NamedTuple):
    """A kind of model, and the module that reads it."""

    title: str
    module: str
    suffixes: tuple[str, ...] = ()
    """How the names of its files end."""
    prefix: str = ""
    """What stands before a model that is no file."""


IMPORTERS = (
    Importer("ONNX model", "costcalc.importers.onnx", suffixes=(".onnx",)),
    Importer("PyTorch module", "costcalc.importers.torch", prefix="torch:"),
    Importer("Keras architecture", "costcalc.importers.keras", suffixes=(".keras", ".json")),
    Importer("Caffe network", "costcalc.importers.caffe", suffixes=(".prototxt",)),
)

SUFFIXES = tuple(suffix for row in IMPORTERS for suffix in row.suffixes)
"""How the names of models' files end."""


def importer(network: str) -> Importer | None:
    """The importer of a network's reference, None where it is a spec."""
    for row in IMPORTERS:
        if network.endswith(row.suffixes) or (row.prefix and network.startswith(row.prefix)):
            return row
    return None


def import_model(network: str, settings: Mapping[str, Any]) -> tuple[Document, dict[str, Any]]:
    """The document of a model, and the settings that are left for it.

    Raises:
        SpecError: the model is wrong, or a setting of it; the message names file and node.
    """
    from importlib import import_module

    row = importer(network)
    if row is None:
        refuse(None, f"'{network}' is not a model that costcalc reads")
    module = import_module(row.module)
    return import_with(lambda request: module.read(network, request), settings)


def import_with(
    read: Callable[[Request], Model], settings: Mapping[str, Any]
) -> tuple[Document, dict[str, Any]]:
    """The document of what ``read`` gives, and the settings that are left for it.

    Raises:
        SpecError: the model is wrong, or a setting of it.
    """
    from costcalc.importers.document import document
    from costcalc.importers.model import Request

    others = dict(settings)
    input = others.pop(INPUT, None)
    request = Request(
        input=input if input is None or isinstance(input, tuple) else (input,),
        res=_sides(others.pop("res", None)),
        allow_unknown=others.pop(ALLOW_UNKNOWN, False),
        settings={name: value for name, value in others.items() if name != "alpha"},
    )
    model = read(request)
    left = {name: value for name, value in others.items() if name not in model.parameters}
    made = document(model)
    return made._replace(reread=lambda sizes: import_with(read, {**settings, **sizes})[0]), left


def _sides(res: Any) -> tuple[int, int] | None:
    """Height and width of a resolution."""
    return res if res is None or isinstance(res, tuple) else (res, res)
