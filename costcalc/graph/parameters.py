"""The values of a network's parameters: defaults, and what the caller set."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any, NamedTuple

from costcalc.errors import Mark, Problems, did_you_mean
from costcalc.formulas import algebra
from costcalc.graph.attributes import ValueProblem, evaluate
from costcalc.spec import limits
from costcalc.spec.document import Accuracy, Document, Expression, Parameter
from costcalc.spec.numbers import ExpressionError, exact_number


class Resolved(NamedTuple):
    """A network's parameters, each with a value, and the shape of its input."""

    values: Mapping[str, Any]
    input: tuple[Any, ...]
    is_default: bool
    """Whether every parameter has its default, at which printed shapes hold."""


def resolve(document: Document, settings: Mapping[str, Any], problems: Problems) -> Resolved:
    """Every parameter's value under ``settings``; what is wrong goes to ``problems``."""
    _refuse_unknown(document, settings, problems)
    values: dict[str, Any] = {}
    defaults: dict[str, Any] = {}
    own_res = _literal_side(document.input)
    for name, parameter in _all(document, own_res).items():
        try:
            defaults[name] = evaluate(parameter.default, values) if parameter.default else None
        except ValueProblem as error:
            problems.add(error.mark, error.message, error.expected, error.found, error.hint)
            defaults[name] = None
        value = settings.get(name, defaults[name])
        values[name] = value
        if value is not None:
            _check(parameter, value, problems)
        elif name != "res":
            problems.add(
                parameter.mark, f"parameter '{name}' has no value", hint=f"--set {name}=..."
            )
    return Resolved(
        values,
        _input(document, values, "res" in settings, own_res, problems),
        all(
            values[name] is defaults[name] or _same(values[name], defaults[name]) for name in values
        ),
    )


def published(document: Document, values: Mapping[str, Any]) -> Accuracy | None:
    """The accuracy that a paper prints for these values of all parameters."""
    for accuracy in document.accuracies:
        if resolve(document, accuracy.settings, Problems()).values == values:
            return accuracy
    return None


def setting(text: str) -> Any:
    """The value that a command line gives as text: a number, a truth value, a word.

    ``0.35`` is 7/20 exactly and ``160x120`` a height and a width.

    Raises:
        ExpressionError: the number is beyond a limit.
    """
    text = text.strip()
    number = exact_number(text)
    if number is not None:
        return number
    if text in ("true", "false"):
        return text == "true"
    sides = text.split("x")
    if len(sides) > 1 and all(side.isdecimal() for side in sides):
        return tuple(exact_number(side) for side in sides)
    return text


def from_python(value: Any) -> Any:
    """A setting that a Python caller passes: a float means the decimal it prints as.

    Raises:
        ExpressionError: the number is beyond a limit.
    """
    if isinstance(value, str | float):
        return setting(str(value))
    return algebra.whole(value)


def _same(a: Any, b: Any) -> bool:
    plain = int | Fraction | str | bool
    return isinstance(a, plain) and isinstance(b, plain) and a == b


def _literal_side(input: tuple[Expression, ...]) -> Expression | None:
    """The side of a square input that is written as a number."""
    sides = input[1:]
    if sides and not any(side.names for side in sides):
        values = {side.evaluate({}) for side in sides}
        if len(values) == 1:
            return sides[0]
    return None


def _all(document: Document, own_res: Expression | None) -> dict[str, Parameter]:
    """The network's parameters, after alpha and res, which every network has."""
    mark = Mark(document.file)
    one = Expression("1", lambda scope: 1, frozenset(), mark)
    always = {
        "alpha": Parameter("alpha", one, mark, doc="width multiplier"),
        "res": Parameter("res", own_res, mark, doc="input resolution"),
    }
    own = document.parameters
    return {**{name: always[name] for name in always if name not in own}, **own}


def _refuse_unknown(document: Document, settings: Mapping[str, Any], problems: Problems) -> None:
    known = ["alpha", "res", *document.parameters]
    for name in settings:
        if name not in known:
            problems.add(
                None,
                f"{document.name} has no parameter '{name}'",
                expected="one of " + ", ".join(dict.fromkeys(known)),
                hint=did_you_mean(name, known),
            )


def _check(parameter: Parameter, value: Any, problems: Problems) -> None:
    """A value must be a choice, in the range, of the sort that its name asks for."""
    name = parameter.name
    expected = ""
    if parameter.choices:
        if value not in parameter.choices:
            expected = "one of " + ", ".join(str(choice) for choice in parameter.choices)
    elif name == "res" and isinstance(value, tuple):
        if len(value) > 3 or not all(0 < side <= limits.SIZE for side in value):
            expected = "sides above zero, as in 160x120"
    elif isinstance(value, str | bool | tuple):
        default_is_number = parameter.default is None or not isinstance(
            parameter.default.evaluate({}) if not parameter.default.names else 0, str | bool
        )
        if name in ("alpha", "res") or default_is_number or isinstance(value, tuple):
            expected = "a number"
    elif name == "alpha" and not value > 0:
        expected = "a number above zero"
    elif name == "res" and not (algebra.is_whole(value) and value > 0):
        expected = "a whole number above zero, or a height and a width as in 160x120"
    elif (parameter.lowest is not None and value < parameter.lowest) or (
        parameter.highest is not None and value > parameter.highest
    ):
        expected = _range_text(parameter)
    elif value > limits.SIZE:
        expected = f"at most {limits.SIZE:,}"
    if expected:
        problems.add(None, f"{name} cannot be {value}", expected=expected)


def _range_text(parameter: Parameter) -> str:
    if parameter.highest is None:
        return f"at least {parameter.lowest}"
    if parameter.lowest is None:
        return f"at most {parameter.highest}"
    return f"from {parameter.lowest} to {parameter.highest}"


def _input(
    document: Document,
    values: Mapping[str, Any],
    is_res_set: bool,
    own_res: Expression | None,
    problems: Problems,
) -> tuple[Any, ...]:
    """The input's shape, channels first; empty after a problem."""
    if not document.input:
        return ()
    channels, *sides = document.input
    res = values.get("res")
    uses_res = own_res is not None or all(side.text == "res" for side in sides)
    if is_res_set and isinstance(res, tuple):
        if not uses_res or len(res) != len(sides):
            problems.add(
                None,
                f"the input of {document.name} has {len(sides)} spatial axes"
                + ("" if uses_res else ", and its spec computes them"),
                expected="a res that fits them",
                found=" x ".join(str(side) for side in res),
            )
            return ()
        return (*_sizes((channels,), values, problems), *res)
    if is_res_set and own_res is not None:
        return (*_sizes((channels,), values, problems), *(res for _ in sides))
    if is_res_set and not any("res" in side.names for side in sides):
        problems.add(
            sides[0].mark if sides else channels.mark,
            f"the input of {document.name} is not square, and res would set both sides",
            expected="--res HxW, as in --res 96x64" if sides else "a network that reads a map",
        )
        return ()
    return _sizes(document.input, values, problems)


def _sizes(
    expressions: tuple[Expression, ...], values: Mapping[str, Any], problems: Problems
) -> tuple[Any, ...]:
    sizes = []
    for side in expressions:
        try:
            value = evaluate(side, values)
        except ValueProblem as error:
            problems.add(error.mark, error.message, error.expected, error.found, error.hint)
            return ()
        if (
            value is None
            or isinstance(value, str | bool | tuple)
            or not (algebra.is_whole(value) and 0 < value <= limits.SIZE)
        ):
            problems.add(
                side.mark,
                "the input's shape is made of whole numbers above zero",
                expected="[channels, height, width]",
                found=f"{side.text} = {value}" if side.names else side.text,
            )
            return ()
        sizes.append(value)
    return tuple(sizes)


__all__ = ["ExpressionError", "Resolved", "from_python", "resolve", "setting"]
