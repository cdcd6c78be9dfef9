"""Options that several commands share, and what they mean."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import click

from costcalc.costs.rules import UNITS
from costcalc.errors import Problem, SpecError
from costcalc.graph.settings import setting
from costcalc.importers import ALLOW_UNKNOWN, INPUT
from costcalc.render import FORMATS, Format
from costcalc.spec.numbers import ExpressionError

F = TypeVar("F", bound=Callable[..., Any])


_MODEL = "costcalc.cli.options.model"
"""Where a command's context keeps what its options say of models."""


def settings_options(function: F) -> F:
    """``--alpha``, ``--res`` and ``--set``, and how a model is opened."""
    function = click.option(
        "--allow-unknown",
        is_flag=True,
        expose_value=False,
        callback=_keep,
        help="For models: list operations of no known kind as not counted.",
    )(function)
    function = click.option(
        "--input",
        metavar="C,H,W",
        expose_value=False,
        callback=_keep,
        help="For models: the input's shape, without the batch.",
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


def _keep(context: click.Context, option: click.Parameter, value: str | bool | None) -> None:
    """Keeps what an option says of models for :func:`setting_texts`.

    Raises:
        SpecError: the input is no shape.
    """
    texts = context.meta.setdefault(_MODEL, {})
    if value is True:
        texts[ALLOW_UNKNOWN] = "true"
    elif value:
        sides = [side.strip() for side in str(value).split(",")]
        if not all(side.isdecimal() and side.isascii() for side in sides):
            problem = Problem(None, f"--input {value} is no shape", expected="--input 3,224,224")
            raise SpecError([problem])
        texts[INPUT] = "x".join(sides)


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


def file_option(function: F) -> F:
    """``-o``: a file in the place of standard output."""
    return click.option(
        "-o",
        "--output",
        type=click.Path(),
        metavar="FILE",
        help="Write to FILE instead, whole or not at all.",
    )(function)


def output_option(formats: Sequence[Format]) -> Callable[[F], F]:
    """``--format``, one of ``formats``, the first by default, and ``-o``."""

    def decorate(function: F) -> F:
        function = file_option(function)
        return click.option(
            "--format",
            "format_",
            type=click.Choice([row.name for row in formats]),
            help=f"Output format; by default {formats[0].name}, or what FILE's suffix says.",
        )(function)

    return decorate


output_options = output_option(FORMATS)
"""``--format`` of the text formats, and ``-o``."""


def settings(alpha: str | None, res: str | None, sets: tuple[str, ...]) -> dict[str, Any]:
    """The settings that the options give, exactly.

    Raises:
        SpecError: one is not NAME=VALUE, or its number is beyond a limit.
    """
    problems = []
    values = {}
    for name, text in setting_texts(alpha, res, sets).items():
        try:
            values[name] = setting(text)
        except ExpressionError as error:
            problems.append(Problem(None, f"{name}: {error.message}", expected=error.expected))
    if problems:
        raise SpecError(problems)
    return values


def setting_texts(alpha: str | None, res: str | None, sets: tuple[str, ...]) -> dict[str, str]:
    """What the options say of each parameter, as it was written.

    Raises:
        SpecError: one is not NAME=VALUE.
    """
    texts = {name: text for name, text in (("alpha", alpha), ("res", res)) if text is not None}
    texts |= click.get_current_context().meta.get(_MODEL, {})
    problems = []
    for item in sets:
        name, equals, text = item.partition("=")
        if equals and name.strip():
            texts[name.strip()] = text
        else:
            problems.append(
                Problem(None, f"--set {item} sets nothing", expected="--set NAME=VALUE")
            )
    if problems:
        raise SpecError(problems)
    return texts
