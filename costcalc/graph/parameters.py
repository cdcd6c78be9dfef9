"""The values of a network's parameters: defaults, and the caller's settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from costcalc.advice import set_option, sweep_for
from costcalc.errors import Mark, Problems, Refusal, did_you_mean
from costcalc.formulas import algebra
from costcalc.graph.checks import evaluate, is_size
from costcalc.graph.executions import EXPECTED, is_execution, is_probability
from costcalc.graph.input import input_shape, side_of_square, unfit_res
from costcalc.records import NamedTuple
from costcalc.spec import limits
from costcalc.spec.document import Accuracy, Document, Parameter
from costcalc.spec.numbers import exact, is_number, same
from costcalc.spec.values import constant

CHANNELS = "in"
"""The setting that replaces the channels of every network's input."""


class Resolved(NamedTuple):
    """The values of a network's parameters, and the shape of its input."""

    values: dict[str, Any]
    input: tuple[Any, ...]
    is_default: bool
    """Whether every parameter has its default, where printed shapes apply."""
    executions: dict[str, Any]
    """Probabilities of blocks, by the names of the settings."""
    channels: dict[str, Any]
    """The channels of the input, if a setting replaces them: ``{"in": 1}``."""


def resolve(document: Document, settings: Mapping[str, Any], problems: Problems) -> Resolved:
    """Every parameter's value under ``settings``; errors go to ``problems``."""
    parameters = all_parameters(document)
    values: dict[str, Any] = {}
    refused = set[str]()
    is_default = True
    for name, parameter in parameters.items():
        before = len(problems)
        follows = parameter.default is not None and not refused.isdisjoint(parameter.default.names)
        default = None if follows else _default(parameter, values, problems)
        value = values[name] = settings.get(name, default)
        if value is None and parameter.default is None and name != "res":
            problems.add(parameter.mark, f"parameter '{name}' has no value", hint=set_option(name))
        elif value is not None and not follows:
            expected = unfit(parameter, value, default)
            if expected:
                own = parameter.default if name not in settings else None
                mark = own.mark if own is not None else None
                refusal = f"{name} cannot be {exact(value)}"
                hint = several(value) or _like(value, parameter)
                problems.add(mark, refusal, expected, hint=hint)
        if follows or len(problems) > before:
            refused.add(name)  # what follows from it is not refused a second time
        is_default = is_default and (name not in settings or same(value, default))
    _refuse_unknown(document.titled(values), settings, parameters, problems)
    channels = _channels(settings, problems)
    shape = () if problems else input_shape(document, values, "res" in settings, problems)
    if shape and channels:
        is_default = is_default and same(channels[CHANNELS], shape[0])
        shape = (channels[CHANNELS], *shape[1:])
    return Resolved(values, shape, is_default, _executions(settings, problems), channels)


def published(document: Document, values: Mapping[str, Any]) -> Accuracy | None:
    """The accuracy that a paper prints for these values of all parameters."""
    for accuracy in document.accuracies:
        if resolve(document, accuracy.settings, Problems()).values == values:
            return accuracy
    return None


def unfit(parameter: Parameter, value: Any, default: Any) -> str:
    """What a network's parameter must be, if ``value`` is invalid; '' if it is valid."""
    name = parameter.name
    if name == "res" and (isinstance(value, tuple) or not parameter.choices):
        expected = unfit_res(value)
        if expected or isinstance(value, tuple):
            return expected
    if parameter.choices:
        return outside(parameter, value)
    if name == "alpha" and not (is_number(value) and value > 0):
        return "a number above zero"
    if isinstance(default, str | bool):
        if type(value) is not type(default):
            return "true or false" if isinstance(default, bool) else "a word"
    elif isinstance(default, tuple):
        return "" if isinstance(value, tuple) else "numbers, as in 2x3"
    elif not is_number(value):
        return "a number"
    return outside(parameter, value)


def several(value: Any) -> str:
    """A hint where one value is expected, if several are written; '' if not.

    >>> several("0.5,1"), several(160), several("wide")
    ('costcalc sweep, for several values', '', '')
    """
    is_list = isinstance(value, str) and any(mark in value for mark in ",:")
    return sweep_for("several values") if is_list else ""


def _like(value: Any, parameter: Parameter) -> str:
    """A hint that names the choices like a word."""
    words = [choice for choice in parameter.choices if isinstance(choice, str)]
    return did_you_mean(value, words) if isinstance(value, str) else ""


def outside(parameter: Parameter, value: Any) -> str:
    """A parameter's choices or range, if ``value`` is outside; '' if it is inside."""
    if parameter.choices:
        return "" if algebra.is_one_of(value, parameter.choices) else allowed(parameter)
    lowest, highest = parameter.lowest, parameter.highest
    if not is_number(value):
        return "a number" if lowest is not None or highest is not None else ""
    if (lowest is not None and value < lowest) or (highest is not None and value > highest):
        return allowed(parameter)
    return f"at most {limits.SIZE:,}" if value > limits.SIZE else ""


def all_parameters(document: Document) -> dict[str, Parameter]:
    """The network's parameters; alpha and res, which every network has, before its own."""
    mark = Mark(document.file)
    always = {
        "alpha": Parameter("alpha", constant(1, "1", mark), mark, doc="width multiplier"),
        "res": Parameter("res", side_of_square(document.input), mark, doc="input resolution"),
    }
    own = document.parameters
    others = {name: parameter for name, parameter in always.items() if name not in own}
    return {**others, **own}


def _default(parameter: Parameter, values: Mapping[str, Any], problems: Problems) -> Any:
    """The default's value, given the values above it."""
    if parameter.default is None:
        return None
    try:
        return evaluate(parameter.default, values)
    except Refusal as error:
        problems.note(error.problem())
        return None


def _refuse_unknown(
    network: str,
    settings: Mapping[str, Any],
    parameters: Mapping[str, Parameter],
    problems: Problems,
) -> None:
    for name in settings:
        if name not in parameters and name != CHANNELS and not is_execution(name):
            problems.add(
                None,
                f"{network} has no parameter '{name}'",
                expected="one of " + ", ".join(parameters),
                hint=did_you_mean(name, parameters),
            )


def _channels(settings: Mapping[str, Any], problems: Problems) -> dict[str, Any]:
    """The setting that replaces the channels of the input, if there is one."""
    channels = {name: value for name, value in settings.items() if name == CHANNELS}
    for name, value in channels.items():
        if not is_size(value):
            expected = "a whole number above zero, the channels of the input"
            problems.add(None, f"{name} cannot be {exact(value)}", expected=expected)
    return channels


def _executions(settings: Mapping[str, Any], problems: Problems) -> dict[str, Any]:
    """The settings that are probabilities of blocks; whether these exist is checked later."""
    executions = {name: value for name, value in settings.items() if is_execution(name)}
    for name, value in executions.items():
        if not is_probability(value):
            problems.add(None, f"{name} cannot be {exact(value)}", expected=EXPECTED)
    return executions


def allowed(parameter: Parameter) -> str:
    """A parameter's choices or its range; '' if it states neither."""
    if parameter.choices:
        return "one of " + ", ".join(exact(choice) for choice in parameter.choices)
    if parameter.lowest is None and parameter.highest is None:
        return ""
    if parameter.highest is None:
        return f"at least {parameter.lowest}"
    if parameter.lowest is None:
        return f"at most {parameter.highest}"
    return f"from {parameter.lowest} to {parameter.highest}"
