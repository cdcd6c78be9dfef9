"""Modules by their names: ``torch:package.module:name``."""

from __future__ import annotations

import inspect
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from fractions import Fraction
from importlib import import_module
from typing import Any

import torch
from torch.nn.modules import module as hooks

from costcalc.errors import Mark, Problems, did_you_mean, refuse
from costcalc.importers.model import Model, Request
from costcalc.importers.torch.forward.running import described, model, on_meta, quiet, running
from costcalc.importers.torch.reference import Reference, input_shape, parsed


def built(network: str, request: Request) -> Model:
    """The model of a named module, built on the meta device.

    Raises:
        SpecError: there is no such module, it cannot be built, or it does not run.
    """
    reference = parsed(network)
    input = input_shape(request, network)
    with current_folder():
        maker = attribute(reference, network)
        module = _module(maker, reference, request.settings, network)
        name = reference.attributes[-1]
        return model(module, name, network, input, request.allow_unknown, request.settings)


@contextmanager
def current_folder() -> Iterator[None]:
    """Modules of the current folder can be imported, as ``python`` itself imports them."""
    folder = os.getcwd()
    sys.path.insert(0, folder)
    try:
        yield
    finally:
        sys.path.remove(folder)


def attribute(reference: Reference, network: str) -> Any:
    """What the reference names.

    Raises:
        SpecError: there is no such Python module, it fails, or it has no such name.
    """
    mark = Mark(network)
    try:
        with quiet():
            value = import_module(reference.module)
    except (Exception, SystemExit) as error:
        missing = getattr(error, "name", None) if isinstance(error, ModuleNotFoundError) else None
        if missing and f"{reference.module}.".startswith(f"{missing}."):
            expected = "a module that is installed, or in the current folder"
            refuse(mark, f"there is no Python module '{missing}'", expected)
        refuse(mark, f"'{reference.module}' cannot be imported", found=described(error))
    place = reference.module
    for name in reference.attributes:
        if not hasattr(value, name):
            refuse(mark, f"'{place}' has no '{name}'", hint=did_you_mean(name, dir(value)))
        value, place = getattr(value, name), f"{place}.{name}"
    return value


def _module(
    maker: Any, reference: Reference, settings: Mapping[str, Any], network: str
) -> torch.nn.Module:
    mark, name = Mark(network), ".".join(reference.attributes)
    if isinstance(maker, torch.nn.Module):
        if settings:
            message = f"'{name}' is a module that is built already"
            expected = "no settings, which are arguments of what builds a module"
            refuse(mark, message, expected, found=", ".join(settings))
        return on_meta(maker)
    if not callable(maker):
        expected = "a class, a function that builds a module, or a module"
        refuse(mark, f"'{name}' is of type {type(maker).__name__}", expected)
    _check(maker, name, settings, mark)
    with running(network, f"'{name}' cannot be built"):
        made = _made(maker, {key: plain(value) for key, value in settings.items()})
    if not isinstance(made, torch.nn.Module):
        message = f"'{name}' builds no module, but {type(made).__name__}"
        refuse(mark, message, expected="a torch.nn.Module")
    return made if _is_meta(made) else on_meta(made)


def _made(maker: Any, arguments: Mapping[str, Any]) -> Any:
    """What the maker makes on the meta device, or on the CPU where building needs numbers.

    There its parameters are moved to the meta device before anything is written into them.
    """
    try:
        with torch.device("meta"):
            return maker(**arguments)
    except Exception:
        handle = hooks.register_module_parameter_registration_hook(_to_meta)
        try:
            return maker(**arguments)
        finally:
            handle.remove()


def _to_meta(module: torch.nn.Module, name: str, parameter: torch.nn.Parameter | None) -> Any:
    if parameter is None or parameter.is_meta:
        return parameter
    return torch.nn.Parameter(parameter.to("meta"), requires_grad=False)


def _is_meta(module: torch.nn.Module) -> bool:
    return all(each.is_meta for each in (*module.parameters(), *module.buffers()))


def _check(maker: Any, name: str, settings: Mapping[str, Any], mark: Mark) -> None:
    """Checks that every setting is an argument, as far as that can be seen from outside.

    Raises:
        SpecError: some are not; all are named.
    """
    try:
        parameters = inspect.signature(maker).parameters
    except (TypeError, ValueError):
        return
    if any(each.kind is each.VAR_KEYWORD for each in parameters.values()):
        return
    known = [key for key, each in parameters.items() if each.kind is not each.VAR_POSITIONAL]
    problems = Problems()
    for key in settings:
        if key not in known:
            expected = ", ".join(known) or "no arguments"
            hint = did_you_mean(key, known)
            problems.add(mark, f"'{name}' takes no '{key}'", expected, hint=hint)
    problems.raise_any()


def plain(value: Any) -> Any:
    """A setting as Python code writes it: 0.35 for 7/20."""
    return float(value) if isinstance(value, Fraction) else value
