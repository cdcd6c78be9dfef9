"""What the reader of an interactive page moves: a network's parameters, and their values."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from fractions import Fraction
from typing import Any

from costcalc.errors import Problems
from costcalc.formulas import algebra
from costcalc.graph.parameters import all_parameters, outside, resolve
from costcalc.graph.settings import setting
from costcalc.opening import OpenNetwork
from costcalc.records import NamedTuple
from costcalc.spec.document import Parameter
from costcalc.spec.library import divided, reference
from costcalc.spec.numbers import exact, is_number
from costcalc.tape.tape import Rational

FOLLOWS = None
"""The value of a choice whose default follows from other parameters."""

_LINEAR = 16
"""The largest default around which a slider has every whole number."""

_ALPHAS = tuple(Fraction(step, 20) for step in range(1, 41))


class Control(NamedTuple):
    """A parameter that the page's reader moves: a number between two ends, or a choice."""

    name: str
    meaning: str
    default: Any
    values: tuple[Any, ...]
    """Of a choice, or the steps of a number's slider in order; its field takes any number
    between the first and the last."""
    is_choice: bool = False
    is_whole: bool = False
    """Whether a number takes whole values only."""

    @property
    def low(self) -> Rational:
        """The smallest value of a number."""
        low: Rational = self.values[0]
        return low

    @property
    def high(self) -> Rational:
        """The largest value of a number."""
        high: Rational = self.values[-1]
        return high


class Fixed(NamedTuple):
    """A parameter that the page's reader cannot move, and why."""

    name: str
    value: Any
    reason: str


def controls(
    network: OpenNetwork, fixed: Mapping[str, Any], ranges: Mapping[str, Sequence[Any]]
) -> tuple[tuple[Control, ...], tuple[Fixed, ...]]:
    """The controls of a network, and the parameters that have none.

    Args:
        network: the network, at whose settings its page opens.
        fixed: settings that stay as they are.
        ranges: values of other parameters, instead of the usual ones.

    Raises:
        SpecError: the network has no such parameter, or cannot have a value of a range.
    """
    document = network.document
    opening = {**network.settings, **fixed}
    defaults = resolve(document, opening, Problems()).values
    _check(network, opening, ranges)
    parameters = all_parameters(document)
    named = named_settings(network)
    moved: list[Control] = []
    others: list[Fixed] = []
    for name, parameter in parameters.items():
        value = defaults.get(name)
        if name in fixed:
            others.append(Fixed(name, value, ""))
        elif name in ranges:
            moved.append(_of_values(parameter, ranges[name], value))
        elif name == "res" and document.reread is not None:
            others.append(Fixed(name, value, "a model is read at one resolution"))
        elif parameter.choices and name in named:
            others.append(Fixed(name, value, "the network's name says it"))
        elif parameter.choices:
            follows = name not in network.settings and _follows(parameter, moved)
            moved.append(_choice(parameter, value, follows))
        elif value is None:
            others.append(Fixed(name, value, "it has no default"))
        elif not is_number(value):
            others.append(Fixed(name, value, "it is not a number"))
        elif _follows(parameter, moved) and name not in network.settings:
            others.append(Fixed(name, value, "it follows from others"))
        else:
            moved.append(_number(parameter, value))
    return tuple(moved), tuple(others)


def _check(
    network: OpenNetwork, opening: Mapping[str, Any], ranges: Mapping[str, Sequence[Any]]
) -> None:
    """Refuses ranges with a value that the network cannot have.

    Raises:
        SpecError: names the first such value of each range.
    """
    problems = Problems()
    for name, values in ranges.items():
        before = len(problems)
        if name == "res" and network.document.reread is not None:
            message = f"{network.label} is read at one resolution"
            problems.add(None, message, expected="one value of res")
        for value in values:
            if len(problems) == before:
                resolve(network.document, {**opening, name: value}, problems)
    problems.raise_any()


def named_settings(network: OpenNetwork) -> Collection[str]:
    """The names of settings that a network's name implies, like the depth of ``resnet50``."""
    before, at, _ = divided(network.name)
    named = reference(before if at else network.name).defaults if network.name else {}
    return [name for name, text in named.items() if network.settings.get(name) == setting(text)]


def given(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The settings without choices that follow from others."""
    return {name: value for name, value in settings.items() if value is not FOLLOWS}


def _follows(parameter: Parameter, moved: Sequence[Control]) -> bool:
    """Whether a parameter's default depends on what the reader moves."""
    names = _names(parameter)
    return any(control.name in names for control in moved)


def _names(parameter: Parameter) -> frozenset[str]:
    """The parameters that a parameter's default depends on."""
    return parameter.default.names if parameter.default is not None else frozenset()


def _choice(parameter: Parameter, value: Any, follows: bool) -> Control:
    values = (FOLLOWS, *parameter.choices) if follows else parameter.choices
    default = FOLLOWS if follows else value
    return Control(parameter.name, parameter.doc, default, values, is_choice=True)


def _of_values(parameter: Parameter, values: Sequence[Any], own: Any) -> Control:
    """The control of values that were asked for; it opens at the network's own if among them."""
    if not all(map(is_number, values)) or parameter.choices:
        default = own if own in values else values[0]
        return Control(parameter.name, parameter.doc, default, tuple(values), is_choice=True)
    ordered = tuple(sorted(values))
    default = own if own in ordered else ordered[0]
    is_whole = all(map(algebra.is_whole, ordered)) and parameter.name != "alpha"
    return Control(parameter.name, parameter.doc, default, ordered, is_whole=is_whole)


def _number(parameter: Parameter, value: Rational) -> Control:
    name = parameter.name
    is_whole = name != "alpha" and algebra.is_whole(value)
    usual = _usual(name, value)
    inside = {each for each in (*usual, value) if not outside(parameter, each)}
    return Control(name, parameter.doc, value, tuple(sorted(inside)), is_whole=is_whole)


def _usual(name: str, value: Rational) -> Sequence[Rational]:
    """The steps of a slider around its default."""
    if name == "alpha":
        return _ALPHAS
    if name == "res":
        step = 32 if value >= 128 else 8 if value >= 64 else 4
        return range(step, max(16 * step, 2 * int(value)) + 1, step)
    if not algebra.is_whole(value):
        return [algebra.whole(value * step / 10) for step in range(1, 21)]
    if value <= _LINEAR:
        return range(1, max(2 * int(value), 4) + 1)
    scale = 10 ** (len(str(int(value))) - 1)
    return [
        head * power for power in (scale // 10 or 1, scale, scale * 10) for head in (1, 2, 5)
    ] + [100 * scale]


def written(control: Control) -> list[str]:
    """The values as a command line takes them; ``""`` for one that follows from others."""
    return ["" if value is FOLLOWS else exact(value) for value in control.values]
