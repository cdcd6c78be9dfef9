"""What messages tell people to write: an option on the command line, an argument in Python.

The command line and the Python package show the same messages.  A message that names an
option holds it as :class:`Advice`, so that each of the two writes it in its own way.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_OPTIONS = {"variables": "in", "multipliers": "with"}
"""The options whose names are not those of their arguments."""

_PLAIN = r"[0-9]+(\.[0-9]+)?|[A-Z]+"
"""Values that need no quotes in Python: numbers, and words that stand for one, such as ``N``."""


class Advice(str):
    """Text for the command line, which carries the text for Python.

    Attributes:
        python: the same advice for Python.
    """

    python: str

    def __new__(cls, command_line: str, python: str) -> Advice:
        """The text for the command line and the one for Python."""
        text = super().__new__(cls, command_line)
        text.python = python
        return text

    def __reduce__(self) -> tuple[type[Advice], tuple[str, str]]:
        return Advice, (str(self), self.python)


def in_python(text: str) -> str:
    """The text for Python; the text itself if it is the same everywhere."""
    return text.python if isinstance(text, Advice) else text


def advice(template: str, *parts: str) -> Advice:
    """A text with a part in each place that is marked ``{}``.

    >>> advice("a smaller {}, or {}", option("step"), option("max_params", "5M")).python
    'a smaller step, or max_params="5M"'
    """
    return Advice(template.format(*parts), template.format(*map(in_python, parts)))


def joined(separator: str, parts: Iterable[str]) -> Advice:
    """Several texts with a separator between them."""
    listed = list(parts)
    return Advice(separator.join(listed), separator.join(map(in_python, listed)))


def option(name: str, value: str = "") -> Advice:
    """An option, by the name of its argument in Python.

    >>> option("max_params", "5M"), option("max_params", "5M").python
    ('--max-params 5M', 'max_params="5M"')
    >>> option("input", "3,224,224").python, option("input", "128").python
    ('input=(3, 224, 224)', 'input=(128,)')
    >>> option("res", "224").python
    'res=224'
    """
    written = f"--{_OPTIONS.get(name, name).replace('_', '-')}"
    if not value:
        return Advice(written, name)
    if name == "input":
        sides = value.split(",")
        value_in_python = f"({sides[0]},)" if len(sides) == 1 else f"({', '.join(sides)})"
    else:
        value_in_python = value if re.fullmatch(_PLAIN, value) else f'"{value}"'
    return Advice(f"{written} {value}", f"{name}={value_in_python}")


def inputs_option(names: Iterable[str]) -> Advice:
    """Shapes of a model's inputs, by their names.

    >>> inputs_option(["x", "t"]), inputs_option(["x", "t"]).python
    ('--input x=... --input t=...', 'input={"x": ..., "t": ...}')
    """
    listed = list(names)
    inside = ", ".join(f'"{name}": ...' for name in listed)
    return Advice(" ".join(f"--input {name}=..." for name in listed), f"input={{{inside}}}")


def flag(name: str) -> Advice:
    """An option without a value.

    >>> flag("allow_unknown"), flag("allow_unknown").python
    ('--allow-unknown', 'allow_unknown=True')
    """
    return Advice(option(name), f"{name}=True")


def set_option(name: str, value: str = "...") -> Advice:
    """A value for a parameter of a network.

    >>> set_option("classes", "10"), set_option("classes", "10").python
    ('--set classes=10', 'classes=10')
    >>> set_option("x.1", "10").python
    '**{"x.1": 10}'
    """
    in_call = f"{name}={value}" if name.isidentifier() else f'**{{"{name}": {value}}}'
    return Advice(f"--set {name}={value}", in_call)


def shape_option(node: str) -> Advice:
    """A shape for the output of a model's unknown operation.

    >>> shape_option("head/nms"), shape_option("head/nms").python
    ('--shape head/nms=C,H,W', 'shape={"head/nms": (C, H, W)}')
    """
    return Advice(f"--shape {node}=C,H,W", f'shape={{"{node}": (C, H, W)}}')


def listed_by(command: str) -> Advice:
    """The command, or the function, that lists what there is.

    >>> listed_by("networks"), listed_by("networks").python
    ("'costcalc networks' lists", 'costcalc.networks() lists')
    """
    return Advice(f"'costcalc {command}' lists", f"costcalc.{command}() lists")


def sweep_for(what: str) -> Advice:
    """A sweep in place of a question about one setting.

    >>> sweep_for("several values")
    'costcalc sweep, for several values'
    """
    return Advice(f"costcalc sweep, for {what}", f"costcalc.sweep(), for {what}")
