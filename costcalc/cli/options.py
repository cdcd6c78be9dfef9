"""Options that several commands share, and what they mean."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from costcalc.costs.rules import UNITS
from costcalc.errors import Problem, SpecError
from costcalc.graph.settings import setting
from costcalc.render import FORMATS
from costcalc.spec.numbers import ExpressionError

F = TypeVar("F", bound=Callable[..., Any])


def settings_options(function: F) -> F:
    """``--alpha``, ``--res`` and ``--set``: the network's parameters."""
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


def output_options(function: F) -> F:
    """``--format`` and ``-o``."""
    function = click.option(
        "-o",
        "--output",
        type=click.Path(),
        metavar="FILE",
        help="Write to FILE instead, whole or not at all.",
    )(function)
    names = [row.name for row in FORMATS]
    return click.option(
        "--format",
        "format_",
        type=click.Choice(names),
        help="Output format; by default a table, or what FILE's suffix says.",
    )(function)


def settings(alpha: str | None, res: str | None, sets: tuple[str, ...]) -> dict[str, Any]:
    """The settings that the options give, exactly.

    Raises:
        SpecError: one is not NAME=VALUE, or its number is beyond a limit.
    """
    texts = {name: text for name, text in (("alpha", alpha), ("res", res)) if text is not None}
    problems = []
    for item in sets:
        name, equals, text = item.partition("=")
        if equals and name.strip():
            texts[name.strip()] = text
        else:
            problems.append(
                Problem(None, f"--set {item} sets nothing", expected="--set NAME=VALUE")
            )
    values = {}
    for name, text in texts.items():
        try:
            values[name] = setting(text)
        except ExpressionError as error:
            problems.append(Problem(None, f"{name}: {error.message}", expected=error.expected))
    if problems:
        raise SpecError(problems)
    return values
