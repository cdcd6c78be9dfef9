"""Options that several commands share, as one value that a command is called with."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, Protocol, TypeVar

import click

from costcalc.costs.rules import UNITS
from costcalc.errors import Mark, Problems, refuse
from costcalc.importers import ALLOW_UNKNOWN, INPUT
from costcalc.opening import OpenNetwork, of_texts, opened
from costcalc.records import NamedTuple
from costcalc.render import Format, formats

F = TypeVar("F", bound=Callable[..., Any])


class Options(NamedTuple):
    """The values of the shared options; a command without some of them gets the defaults."""

    alpha: str | None = None
    res: str | None = None
    sets: tuple[str, ...] = ()
    input: str | None = None
    allow_unknown: bool = False
    convention: str = "paper"
    unit: str | None = None
    format: str = "table"
    output: str | None = None

    @property
    def counting(self) -> dict[str, Any]:
        """How to count, as questions take it."""
        return {"convention": self.convention, "unit": self.unit}

    @property
    def texts(self) -> dict[str, str]:
        """What is set of each parameter, and of how a model is read, as it was written.

        Raises:
            SpecError: one is not NAME=VALUE, or the input is not a shape.
        """
        given = {"alpha": self.alpha, "res": self.res}
        texts = {name: text for name, text in given.items() if text is not None}
        if self.input:
            texts[INPUT] = _shape(self.input)
        if self.allow_unknown:
            texts[ALLOW_UNKNOWN] = "true"
        problems = Problems()
        for item in self.sets:
            name, equals, text = item.partition("=")
            if equals and name.strip():
                texts[name.strip()] = text
            else:
                problems.add(None, f"--set {item} sets nothing", expected="--set NAME=VALUE")
        problems.raise_any()
        return texts

    @property
    def settings(self) -> dict[str, Any]:
        """The same with exact values.

        Raises:
            SpecError: as for the texts; or a number is beyond a limit.
        """
        return of_texts(self.texts)

    def opened(self, network: str, beside: str | None = None) -> OpenNetwork:
        """A network that the command line names, at the settings that it gives.

        Raises:
            SpecError: the network is wrong, or a setting.
        """
        return opened(network, self.settings, beside)


def _shape(text: str) -> str:
    sides = [side.strip() for side in text.split(",")]
    if not all(side.isdecimal() and side.isascii() for side in sides):
        refuse(None, f"--input {text} is not a shape", expected="--input 3,224,224")
    return "x".join(sides)


def pass_options(function: F) -> Callable[..., Any]:
    """Gives a command its shared options as one argument, the first."""

    @wraps(function)
    def call(**values: Any) -> Any:
        shared = {name: values.pop(name) for name in Options._fields if name in values}
        return function(Options(**shared), **values)

    return call


def settings_options(function: F) -> F:
    """``--alpha``, ``--res`` and ``--set``, and how a model is opened."""
    function = click.option(
        "--allow-unknown",
        is_flag=True,
        help="For models: list operations of no known kind as not counted.",
    )(function)
    function = click.option(
        "--input", metavar="C,H,W", help="For models: the input's shape, without the batch."
    )(function)
    function = click.option(
        "--set",
        "sets",
        multiple=True,
        metavar="NAME=VALUE",
        help="Set any parameter of the network.",
    )(function)
    function = click.option(
        "--res", metavar="R", help="Input resolution: 160, or 160x120 for height and width."
    )(function)
    return click.option(
        "--alpha", metavar="A", help="Width multiplier: 0.5, or 1/3; always exact."
    )(function)


def convention_options(function: F) -> F:
    """``--convention`` and ``--unit``."""
    function = click.option(
        "--unit",
        type=click.Choice(list(UNITS)),
        help="Convert mult-adds: a multiply-accumulate is two operations (flops).",
    )(function)
    return click.option(
        "--convention",
        default="paper",
        show_default=True,
        metavar="NAME",
        help="How to count: a name that 'costcalc conventions' lists, or a file.",
    )(function)


class _Named(Protocol):
    """A format that a suffix may stand for."""

    @property
    def name(self) -> str: ...

    @property
    def suffix(self) -> str: ...


def chosen_format(format_: str | None, output: str | None, formats: Sequence[_Named]) -> str:
    """The format asked for, or the one of ``formats`` that the file's suffix names, or the first.

    Raises:
        SpecError: no format is asked for and the suffix names none.
    """
    if format_ is not None or output is None:
        return format_ or formats[0].name
    suffix = os.path.splitext(output)[1]
    for row in formats:
        if row.suffix and row.suffix == suffix:
            return row.name
    refuse(
        Mark(output),
        f"no format has the suffix '{suffix}'",
        expected="one of " + ", ".join(row.suffix for row in formats if row.suffix),
        hint="-o FILE" + formats[0].suffix,
    )


def file_option(function: F) -> F:
    """``-o``: a file in the place of standard output."""
    return click.option(
        "-o",
        "--output",
        type=click.Path(),
        is_eager=True,  # the format may depend on it
        metavar="FILE",
        help="Write to FILE instead, whole or not at all.",
    )(function)


def output_options(question: str = "", **aliases: str) -> Callable[[F], F]:
    """``--format``, one of those that answers to a question have, and ``-o``.

    Args:
        question: what is asked; empty where it has no format of its own.
        aliases: other names of formats.
    """
    return format_options(formats(question), **aliases)


def format_options(rows: Sequence[Format], **aliases: str) -> Callable[[F], F]:
    """``--format``, one of ``rows``, the first by default, and ``-o``."""

    def chosen(context: click.Context, option: click.Parameter, value: str | None) -> str:
        return aliases.get(value or "") or chosen_format(value, context.params["output"], rows)

    def decorate(function: F) -> F:
        function = file_option(function)
        return click.option(
            "--format",
            "format",
            type=click.Choice([*aliases, *(row.name for row in rows)]),
            callback=chosen,
            help=f"Output format; by default {rows[0].name}, or what FILE's suffix says.",
        )(function)

    return decorate
