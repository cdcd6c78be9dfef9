"""``costcalc plot``."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, TypeVar

import click

from costcalc import questions
from costcalc.cli.options import convention_options, setting_texts, settings, settings_options
from costcalc.cli.output import chosen_format, emit, whole
from costcalc.errors import Problem, SpecError
from costcalc.graph.budgets import budget
from costcalc.opening import opened
from costcalc.render import Format

F = TypeVar("F", bound=Callable[..., Any])

_FIGURES = tuple(
    Format(name, "costcalc.pictures.figures", f".{name}") for name in ("svg", "png", "pdf")
)


def _output_option(function: F) -> F:
    return click.option(
        "-o",
        "--output",
        type=click.Path(),
        metavar="FILE",
        help="Draw to FILE.svg, .png or .pdf; else in the terminal.",
    )(function)


@click.group(subcommand_metavar="PICTURE NETWORK...")
def command() -> None:
    """Costs as pictures, in the terminal or as files for papers."""


@command.command("layers")
@click.argument("network")
@settings_options
@convention_options
@_output_option
def layers(
    network: str,
    alpha: str | None,
    res: str | None,
    sets: tuple[str, ...],
    convention: str,
    unit: str | None,
    output: str | None,
) -> None:
    """The cost of each layer along NETWORK."""
    from costcalc.pictures.data import series

    found = opened(network, settings(alpha, res, sets))
    report = questions.report(found, convention=convention, unit=unit)
    _draw("along", series(report), output)


@command.command("types")
@click.argument("networks", nargs=-1, required=True, metavar="NETWORK...")
@click.option(
    "--of",
    "metric",
    type=click.Choice(["mult_adds", "params"]),
    default="mult_adds",
    show_default=True,
    help="The cost that is shared out.",
)
@settings_options
@convention_options
@_output_option
def types(
    networks: tuple[str, ...],
    metric: str,
    alpha: str | None,
    res: str | None,
    sets: tuple[str, ...],
    convention: str,
    unit: str | None,
    output: str | None,
) -> None:
    """The share of each type of layer, NETWORKs side by side."""
    from costcalc.comparing.compare import side_by_side
    from costcalc.costs import convention as conventions
    from costcalc.pictures.data import shares

    values = settings(alpha, res, sets)
    found = [opened(network, values) for network in networks]
    entries = side_by_side(found, conventions.load(convention).converted(unit))
    _draw("stacked", shares(entries, metric), output)


@command.command("accuracy")
@click.argument("networks", nargs=-1, required=True, metavar="NETWORK...")
@convention_options
@_output_option
def accuracy(
    networks: tuple[str, ...], convention: str, unit: str | None, output: str | None
) -> None:
    """Published accuracy against mult-adds, params as bubbles."""
    from costcalc.costs import convention as conventions
    from costcalc.pictures.data import points

    found = [opened(network) for network in networks]
    _draw("bubbles", points(found, conventions.load(convention).converted(unit)), output)


@command.command("sweep")
@click.argument("network")
@settings_options
@click.option("--max-mult-adds", metavar="N", help="A budget to draw as a contour: 100M.")
@click.option("--max-params", metavar="N", help="A budget to draw as a contour: 2M.")
@convention_options
@_output_option
def sweep(
    network: str,
    alpha: str | None,
    res: str | None,
    sets: tuple[str, ...],
    max_mult_adds: str | None,
    max_params: str | None,
    convention: str,
    unit: str | None,
    output: str | None,
) -> None:
    """Mult-adds over two parameters of NETWORK as a heat map, budgets as contours."""
    from costcalc.pictures.data import heat_map
    from costcalc.solving.solve import Budgets

    budgets = Budgets(budget("--max-mult-adds", max_mult_adds), budget("--max-params", max_params))
    grid = setting_texts(alpha, res, sets)
    if not grid:
        raise SpecError(
            [Problem(None, "there is nothing to sweep", "--alpha VALUES and --res VALUES")]
        )
    swept = questions.sweep(network, grid=grid, convention=convention, unit=unit)
    _draw("heat", heat_map(swept, budgets), output)


def _draw(picture: str, data: Any, output: str | None) -> None:
    """Draws to a file in the format of its suffix, or in the terminal."""
    if output is None:
        from costcalc.pictures import terminal

        emit(getattr(terminal, picture)(data), None)
        return
    chosen_format(None, output, _FIGURES)
    from costcalc.pictures import figures

    figure = getattr(figures, picture)(data)
    with whole(os.fspath(output)) as partial:
        figures.save(figure, partial)
