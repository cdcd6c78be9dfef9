"""Opening a network: from whatever names one, or is one, to its document and its settings.

    a name, a path, "mobilenet_v1@alpha=0.5", an nn.Module, a Document  --opened-->  OpenNetwork

Whatever asks something of a network takes an open one, or what becomes of it: nothing
above this module opens files by itself.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NoReturn, Protocol, TypeAlias

from costcalc import importers
from costcalc.errors import Problems, refuse
from costcalc.graph.expand import expand
from costcalc.graph.layer import LayerGraph
from costcalc.graph.settings import from_python, setting
from costcalc.records import NamedTuple
from costcalc.spec import library
from costcalc.spec.document import Document
from costcalc.spec.numbers import ExpressionError

_NO_SETTINGS: Mapping[str, Any] = MappingProxyType({})


class OpenNetwork(NamedTuple):
    """An open network: its document, its settings, and what its user called it."""

    document: Document
    settings: Mapping[str, Any] = _NO_SETTINGS
    """Those that its reference carries, or that it was opened with, exactly."""
    name: str = ""
    """What its user called it; empty where it has its title alone."""

    @property
    def label(self) -> str:
        """What it is called where its user gave it."""
        return self.name or self.document.title.text

    def at(self, settings: Mapping[str, Any]) -> OpenNetwork:
        """The network at its settings and these, which win."""
        return OpenNetwork(self.document, {**self.settings, **settings}, self.name)

    def graph(self) -> LayerGraph:
        """Its layers, at its settings.

        Raises:
            SpecError: a setting or a shape is wrong.
        """
        return expand(self.document, self.settings)


class Module(Protocol):
    """An ``nn.Module``, as type checkers see it where PyTorch is not installed."""

    def named_modules(self) -> Any:
        """Its modules by name."""

    def state_dict(self) -> Any:
        """Its params by name."""


AnyNetwork: TypeAlias = "str | os.PathLike[str] | Document | OpenNetwork | Module"
"""Whatever opens."""


def opened(
    network: AnyNetwork, settings: Mapping[str, Any] = _NO_SETTINGS, beside: str | None = None
) -> OpenNetwork:
    """The open network that somebody means, at settings that win over those it carries.

    Args:
        network: a reference, which may carry settings, ``mobilenet_v1@alpha=0.5``; a path;
            an ``nn.Module``; a document; or a network that is open already.
        settings: exact values; those that say how a model is read are used up by it.
        beside: a path beside which a spec's libraries of blocks are, instead of its own.

    Raises:
        SpecError: there is no such network, or it is wrong, or a setting.
    """
    if isinstance(network, OpenNetwork):
        return network.at(settings)
    if isinstance(network, Document):
        return OpenNetwork(network, dict(settings))
    if isinstance(network, str | os.PathLike):
        text = os.fspath(network)
        reference = library.reference(text)
        found = opened_at(reference.network, {**carried(reference), **settings}, beside)
        return found._replace(name=text)
    if _is_module(network):
        return _of_module(network, settings)
    _refuse_value(network)


def opened_at(path: str, settings: Mapping[str, Any], beside: str | None = None) -> OpenNetwork:
    """The network of a path or a name without settings of its own, a spec or a model.

    Raises:
        SpecError: there is no such network, or it is wrong, or a setting.
    """
    if importers.importer(path) is not None:
        return OpenNetwork(*importers.import_model(path, settings), path)
    left = dict(settings)
    left.pop(importers.ALLOW_UNKNOWN, None)
    if importers.INPUT in left:
        refuse(
            None,
            f"'{path}' is a spec, and a spec states its own input",
            expected="--input for models: ONNX, PyTorch, Keras, Caffe",
            hint="--res, or model.onnx@input=3x224x224 for one network of several",
        )
    return OpenNetwork(read_spec(path, beside), left, path)


def read_spec(network: str, beside: str | None = None) -> Document:
    """The document of a spec: of its path, or of its name where it ships.

    Its libraries of blocks stand beside it, or beside another path that it is
    a version of.

    Raises:
        SpecError: there is no such spec, or it is wrong.
    """
    path = library.locate(network)
    # Models of frameworks come in without the reader of specs.
    from costcalc.spec.reader import read

    return read(library.read_bytes(path, path), path, library.block_finder(beside or path))


def is_network(network: str) -> bool:
    """Whether a reference means a spec that is there, or a model."""
    reference = library.reference(network)
    return importers.importer(reference.network) is not None or library.is_network(network)


def carried(reference: library.Reference) -> dict[str, Any]:
    """The settings that a reference carries, exactly.

    Raises:
        SpecError: there is no value, or a number is beyond a limit.
    """
    return of_texts(reference.settings)


def of_texts(texts: Mapping[str, str]) -> dict[str, Any]:
    """Settings that are written as text, with their exact values.

    Raises:
        SpecError: naming every one that has no value, or a number beyond a limit.
    """
    problems = Problems()
    values = {}
    for name, text in texts.items():
        try:
            values[name] = setting(text)
        except ExpressionError as error:
            problems.add(None, f"{name}: {error.message}", expected=error.expected)
    problems.raise_any()
    return values


def exact(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Settings that a Python caller passes, with their exact values.

    Raises:
        SpecError: a value is of no sort that a parameter can have, or beyond a limit.
    """
    return {name: exact_value(value) for name, value in settings.items()}


def exact_value(value: Any) -> Any:
    """What a Python caller sets something to, exactly.

    Raises:
        SpecError: it is of no sort that a parameter can have, or beyond a limit.
    """
    try:
        return from_python(value)
    except ExpressionError as error:
        refuse(None, error.message, expected=error.expected)


def _is_module(network: object) -> bool:
    """Whether it is an ``nn.Module``; where PyTorch was never imported, nothing is one."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(network, torch.nn.Module)


def _of_module(module: Any, settings: Mapping[str, Any]) -> OpenNetwork:
    from costcalc.importers.model import Model, Request
    from costcalc.importers.torch import trace
    from costcalc.importers.torch.reference import IMAGE

    def read(request: Request) -> Model:
        sides = request.input or IMAGE
        return trace(module, (sides[0], *(request.res or sides[1:])), request.allow_unknown)

    return OpenNetwork(*importers.import_with(read, settings))


def _refuse_value(network: object) -> NoReturn:
    """Refuses a value that is not a network, in terms of Python.

    Raises:
        SpecError: always.
    """
    expected = "a name, a path, an nn.Module, or what costcalc.load gives"
    if isinstance(network, type):
        refuse(
            None,
            f"{network.__name__} is a class, and a network is an instance of one",
            expected=expected,
            hint=f"{network.__name__}(...), with the arguments that it takes",
        )
    refuse(None, f"a value of type {type(network).__name__} is not a network", expected=expected)
