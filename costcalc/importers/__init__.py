"""The table of importers: the kinds of models costcalc reads, and the module that reads each.

Each module has ``read(network, request) -> Model`` and is imported only when needed.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from costcalc.errors import SHOWN, Problems, did_you_mean, refuse
from costcalc.records import NamedTuple
from costcalc.spec import limits
from costcalc.spec.document import Document
from costcalc.spec.numbers import exact

if TYPE_CHECKING:
    from costcalc.importers.model import Model, Request, RequestedInput, RequestedShapes, Shape

REQUESTS = INPUT, ALLOW_UNKNOWN, SHAPE = "input", "allow_unknown", "shape"
"""Settings of how a model is opened; reserved, so no parameter of a model has these names.

The shape of an unknown operation is a setting of its own: ``shape.NAME``.
"""

NAMED_INPUT = f"{INPUT}:"
"""What the setting of a named input begins with: ``input:ids``."""


def is_request(name: str) -> bool:
    """Whether a setting says how a model is opened; no parameter of a model has such a name."""
    return name in REQUESTS or name.startswith((NAMED_INPUT, shape_of("")))


class Importer(NamedTuple):
    """A kind of model and the module that reads it."""

    title: str
    module: str
    suffixes: tuple[str, ...] = ()
    """The suffixes of its files."""
    prefix: str = ""
    """The prefix of a reference that is not a file name: ``torch:``."""


IMPORTERS = (
    Importer("ONNX model", "costcalc.importers.onnx", suffixes=(".onnx",)),
    Importer("PyTorch module", "costcalc.importers.torch", prefix="torch:"),
    Importer("Keras architecture", "costcalc.importers.keras", suffixes=(".keras", ".json")),
    Importer("TFLite model", "costcalc.importers.tflite", suffixes=(".tflite",)),
    Importer("Caffe network", "costcalc.importers.caffe", suffixes=(".prototxt",)),
)

ARCHIVES = (".pt", ".pth", ".ptl", ".torchscript")
"""The suffixes of files that may be TorchScript archives, which the importer of modules reads."""

SUFFIXES = tuple(suffix for row in IMPORTERS for suffix in row.suffixes)
"""The suffixes of all model files."""


def refuse_foreign(path: str) -> None:
    """Refuses a file, or a folder, of a format that costcalc does not read.

    Raises:
        SpecError: it is one, by its content or its name.
    """
    is_spec = path.endswith((".yaml", ".yml")) or ("." not in path and not os.path.exists(path))
    if not is_spec:
        from costcalc.importers.foreign import refuse_file

        refuse_file(path, tuple(suffix for suffix in SUFFIXES if suffix != ".json"))


def importer(network: str) -> Importer | None:
    """The importer for a network's reference; None if the network is a spec."""
    file = network.lower()
    for row in IMPORTERS:
        if file.endswith(row.suffixes) or (row.prefix and network.startswith(row.prefix)):
            return row
    if file.endswith(ARCHIVES):
        from costcalc.importers.foreign import is_torchscript

        if is_torchscript(network):
            return next(row for row in IMPORTERS if row.title == "PyTorch module")
    return None


def import_model(network: str, settings: Mapping[str, Any]) -> tuple[Document, dict[str, Any]]:
    """Read a model; return its document, and the settings the importer did not use.

    Raises:
        SpecError: the model or a setting is wrong; the message names the file and the node.
    """
    from importlib import import_module

    row = importer(network)
    if row is None:
        refuse(None, f"'{network}' is not a model that costcalc reads")
    if row.suffixes:
        from costcalc.importers.foreign import refuse_content

        refuse_content(network)
    module = import_module(row.module)
    return import_with(lambda request: module.read(network, request), settings)


def import_with(
    read: Callable[[Request], Model], settings: Mapping[str, Any]
) -> tuple[Document, dict[str, Any]]:
    """Like :func:`import_model`, for a function that returns the model.

    Raises:
        SpecError: the model or a setting is wrong.
    """
    from costcalc.importers.document import document
    from costcalc.importers.model import Request, RequestedShapes

    shapes, remaining = _shapes(settings)
    requested = RequestedShapes(shapes)
    plain = _requested_input(INPUT, remaining.pop(INPUT)) if INPUT in remaining else None
    named = [name for name in remaining if name.startswith(NAMED_INPUT)]
    request = Request(
        input=plain and plain.shape,
        dtype=plain.dtype if plain else "",
        inputs={
            name.removeprefix(NAMED_INPUT): _requested_input(name, remaining.pop(name))
            for name in named
        },
        res=_checked_res(remaining.pop("res", None)),
        allow_unknown=remaining.pop(ALLOW_UNKNOWN, False),
        shapes=requested,
        settings={name: value for name, value in remaining.items() if name != "alpha"},
    )
    model = read(request)
    _check_shapes(requested)
    unused = {name: value for name, value in remaining.items() if name not in model.parameters}

    def reread(sizes: Mapping[str, Any]) -> Document:
        return import_with(read, {**settings, **sizes})[0]

    return document(model)._replace(reread=reread), unused


def shape_of(name: str) -> str:
    """The name of the setting for the shape of an unknown operation's output."""
    return f"{SHAPE}.{name}"


def _shapes(settings: Mapping[str, Any]) -> tuple[dict[str, Shape], dict[str, Any]]:
    """The shapes of unknown operations by their names, and the other settings.

    Raises:
        SpecError: one is not a shape.
    """
    shapes, others = {}, dict[str, Any]()
    for key, value in settings.items():
        before, _, name = key.partition(shape_of(""))
        if name and not before:
            shapes[name] = _checked_shape(f"the shape of '{name}'", value)
        else:
            others[key] = value
    return shapes, others


def _check_shapes(requested: RequestedShapes) -> None:
    """Checks that every shape that the caller gives is that of an unknown operation.

    Raises:
        SpecError: one is not.
    """
    problems, named = Problems(), requested.asked
    expected = "one of " + ", ".join([*named][:SHOWN]) if named else "none: all shapes are known"
    for name in requested.shapes.keys() - named:
        message = f"'{name}' is not an unknown operation of the model"
        problems.add(None, message, expected, hint=did_you_mean(name, named))
    problems.raise_any()


def _checked_shape(what: str, value: Any) -> Any:
    """A shape that the caller sets, if any.

    Raises:
        SpecError: it is no shape.
    """
    shape = value if value is None or isinstance(value, tuple) else (value,)
    for size in shape or ():
        if isinstance(size, bool) or not isinstance(size, int) or size < 1:
            refuse(None, f"{what} cannot be {exact(value)}", "whole numbers above zero: 3x224x224")
    return shape


def _requested_input(setting: str, value: Any) -> RequestedInput:
    """An input as a setting gives it: ``128``, ``3x224x224`` or ``128:int64``.

    Raises:
        SpecError: it is no shape.
    """
    from costcalc.importers.model import SCALAR, RequestedInput

    sides, colon, dtype = value.partition(":") if isinstance(value, str) else (value, "", "")
    if isinstance(sides, str):
        listed = [] if sides.strip() == SCALAR else sides.split("x")
        sides = tuple(int(side) if _is_whole(side) else 0 for side in listed)
    is_plain = setting == INPUT
    what = "input" if is_plain else f"input '{setting.removeprefix(NAMED_INPUT)}'"
    shape = _checked_shape(what, sides)
    if (is_plain and not shape) or (colon and not dtype.strip().isidentifier()):
        expected = "a shape, and a type of numbers: 128:int64"
        refuse(None, f"{what} cannot be {exact(value)}", expected)
    return RequestedInput(shape, dtype.strip())


def _is_whole(text: str) -> bool:
    return text.strip().isdecimal() and text.isascii() and len(text) < limits.DIGITS


def _checked_res(res: Any) -> Any:
    """The resolution that the caller sets, if any.

    Raises:
        SpecError: it is not one.
    """
    from costcalc.graph.input import unfit_res
    from costcalc.graph.parameters import several

    expected = "" if res is None else unfit_res(res)
    if expected:
        refuse(None, f"res cannot be {exact(res)}", expected, hint=several(res))
    return res
