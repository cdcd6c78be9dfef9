"""Builds the module of a name: ``torch:package.module:name``."""

from __future__ import annotations

import inspect
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from fractions import Fraction
from functools import partial
from importlib import import_module
from typing import Any

import torch
from torch.nn.modules import module as hooks

from costcalc.advice import joined, set_option
from costcalc.errors import Mark, Problems, did_you_mean, refuse
from costcalc.importers.model import Model, Request
from costcalc.importers.torch.forward.arguments import call_of_shapes
from costcalc.importers.torch.forward.copies import on_meta, with_data
from costcalc.importers.torch.forward.running import model
from costcalc.importers.torch.forward.user_code import describe, quiet, user_code
from costcalc.importers.torch.reference import OWN, Reference, parse_reference


def build_model(network: str, request: Request) -> Model:
    """The model of a named module, built on the meta device.

    Raises:
        SpecError: there is no such module, it cannot be built, or it does not run.
    """
    reference = parse_reference(network)
    with _current_folder():
        target = _resolve(reference, network)
        module = _module(target, reference, request.settings, network)
        call = call_of_shapes(module, request, network)
        own = partial(_with_data, target, request.settings, network)
        name = reference.attributes[-1]
        weights = OWN if isinstance(target, torch.nn.Module) else "random weights"
        return model(module, name, network, call, request, own, weights)


@contextmanager
def _current_folder() -> Iterator[None]:
    """Makes modules of the current folder importable, as ``python`` itself does."""
    folder = os.getcwd()
    sys.path.insert(0, folder)
    try:
        yield
    finally:
        sys.path.remove(folder)


def _resolve(reference: Reference, network: str) -> Any:
    """The object that the reference names.

    Raises:
        SpecError: there is no such Python module, it fails, or it has no such attribute.
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
        refuse(mark, f"'{reference.module}' cannot be imported", found=describe(error))
    place = reference.module
    for name in reference.attributes:
        if not hasattr(value, name):
            refuse(mark, f"'{place}' has no '{name}'", hint=did_you_mean(name, dir(value)))
        value, place = getattr(value, name), f"{place}.{name}"
    return value


def _module(
    target: Any, reference: Reference, settings: Mapping[str, Any], network: str
) -> torch.nn.Module:
    """The named module, or the one built by calling the named class or function.

    Raises:
        SpecError: it is neither, or the settings are wrong, or building fails.
    """
    mark, name = Mark(network), ".".join(reference.attributes)
    if isinstance(target, torch.nn.Module):
        if settings:
            message = f"'{name}' is a module that is already built"
            expected = "no settings: they are arguments for building a module"
            refuse(mark, message, expected, found=", ".join(settings))
        return on_meta(target)
    if not callable(target):
        expected = "a class, a function that returns a module, or a module"
        refuse(mark, f"'{name}' is of type {type(target).__name__}", expected)
    _check_settings(target, name, settings, mark)
    with user_code(network, f"'{name}' cannot be built"):
        built = _build(target, {key: _plain(value) for key, value in settings.items()})
    if not isinstance(built, torch.nn.Module):
        message = f"'{name}' does not return a module, but {type(built).__name__}"
        refuse(mark, message, expected="a torch.nn.Module")
    return built if _is_meta(built) else on_meta(built)


def _with_data(target: Any, settings: Mapping[str, Any], network: str) -> torch.nn.Module | None:
    """The named module with data in its weights, the same at every time.

    Raises:
        SpecError: building it fails.
    """
    if isinstance(target, torch.nn.Module):
        return with_data(target)
    with user_code(network, "it cannot be built on the CPU"), torch.random.fork_rng([]):
        torch.manual_seed(0)
        built = _called(target, {key: _plain(value) for key, value in settings.items()})
    return built if isinstance(built, torch.nn.Module) else None


def _build(target: Callable[..., Any], arguments: Mapping[str, Any]) -> Any:
    """Calls the target on the meta device, or on the CPU if building reads numbers.

    On the CPU, parameters move to the meta device before they are initialized.
    """
    try:
        with torch.device("meta"):
            return _called(target, arguments)
    except Exception:
        handle = hooks.register_module_parameter_registration_hook(_to_meta)
        try:
            return _called(target, arguments)
        finally:
            handle.remove()


def _called(target: Callable[..., Any], arguments: Mapping[str, Any]) -> Any:
    """Calls the target, with arguments by position where they have no names."""
    try:
        parameters = [*inspect.signature(target).parameters.values()]
    except (TypeError, ValueError):
        parameters = []
    unnamed = [each.name for each in parameters if each.kind is each.POSITIONAL_ONLY]
    given = [arguments[name] for name in unnamed if name in arguments]
    named = {name: value for name, value in arguments.items() if name not in unnamed}
    return target(*given, **named)


def _to_meta(module: torch.nn.Module, name: str, parameter: torch.nn.Parameter | None) -> Any:
    if parameter is None or parameter.is_meta:
        return parameter
    return torch.nn.Parameter(parameter.to("meta"), requires_grad=False)


def _is_meta(module: torch.nn.Module) -> bool:
    return all(tensor.is_meta for tensor in (*module.parameters(), *module.buffers()))


def _check_settings(
    target: Callable[..., Any], name: str, settings: Mapping[str, Any], mark: Mark
) -> None:
    """Checks that every setting is a parameter and that none is missing, by the signature.

    Raises:
        SpecError: some are not, or are missing; all of them are named.
    """
    try:
        parameters = inspect.signature(target).parameters
    except (TypeError, ValueError):
        return
    takes_any = any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters.values())
    known = [
        key
        for key, parameter in parameters.items()
        if parameter.kind is not parameter.VAR_POSITIONAL
    ]
    problems = Problems()
    for key in settings:
        if key not in known and not takes_any:
            expected = ", ".join(known) or "no arguments"
            hint = did_you_mean(key, known)
            problems.add(mark, f"'{name}' has no parameter '{key}'", expected, hint=hint)
    missing = [
        key
        for key, parameter in parameters.items()
        if parameter.default is parameter.empty
        and parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
        and key not in settings
    ]
    if missing:
        objects = [key for key in missing if _is_object(parameters[key], target)]
        values = [key for key in missing if key not in objects]
        problems.add(
            mark,
            f"'{name}' cannot be built without {', '.join(missing)}",
            expected="an argument for each parameter without a default",
            hint=_how_to_build(name, values, objects),
        )
    problems.raise_any()


def _is_object(parameter: inspect.Parameter, target: Callable[..., Any]) -> bool:
    """Whether a parameter wants an object of a class, which no setting is."""
    if parameter.name == "config" and hasattr(target, "config_class"):
        return True
    annotation = parameter.annotation
    is_class = isinstance(annotation, type) and annotation is not parameter.empty
    return is_class and annotation.__module__ != "builtins"


def _how_to_build(name: str, values: Sequence[str], objects: Sequence[str]) -> str:
    """How to give the arguments that are missing."""
    if not objects:
        return joined(" ", map(set_option, values))
    return (
        f"a function of your own that returns {name}(...): "
        f"{', '.join(objects)} {'is an object' if len(objects) == 1 else 'are objects'}, "
        "and settings are numbers, words and lists of numbers"
    )


def _plain(value: Any) -> Any:
    """A setting as a value of Python: the number 0.35 for 7/20, and nothing for ``None``."""
    if value == "None":
        return None
    return float(value) if isinstance(value, Fraction) else value
