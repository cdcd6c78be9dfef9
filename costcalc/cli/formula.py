"""``costcalc formula``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import click

from costcalc import questions
from costcalc.cli.options import file_option, settings, settings_options
from costcalc.cli.output import emit, style
from costcalc.costs.rules import UNITS
from costcalc.errors import Problem, SpecError
from costcalc.opening import is_network
from costcalc.spec.library import reference


@click.command()
@click.argument("network_or_layer", metavar="NETWORK_OR_LAYER")
@click.option("--over", metavar="LAYER", help="Divide by the cost of another layer.")
@click.option(
    "--with",
    "multipliers",
    metavar="NAMES",
    help="alpha, rho, or alpha,rho: a layer with its multipliers.",
)
@click.option(
    "--in",
    "variables",
    metavar="NAMES",
    help="The parameters of a network that stay symbols.  [default: alpha,res]",
)
@click.option("--convention", metavar="NAME", help="How to count a network.  [default: paper]")
@click.option(
    "--unit",
    type=click.Choice(list(UNITS)),
    help="Convert a network's mult-adds: a multiply-accumulate is two operations (flops).",
)
@settings_options
@click.option(
    "--format",
    "format_",
    type=click.Choice(["text", "latex", "json"]),
    default="text",
    show_default=True,
    help="Output format.",
)
@file_option
def command(
    network_or_layer: str,
    over: str | None,
    multipliers: str | None,
    variables: str | None,
    convention: str | None,
    unit: str | None,
    alpha: str | None,
    res: str | None,
    sets: tuple[str, ...],
    format_: str,
    output: str | None,
) -> None:
    """What a layer or a whole network costs, as a formula.

    A layer is conv, gconv, dwconv, pwconv, separable, bottleneck, residual,
    fc, transposed_conv, max_pool, avg_pool, batch_norm, layer_norm, group_norm
    or instance_norm; --set D_K=3 puts a number in the place of a symbol.

    A network is the path of a spec, the name of one that ships with costcalc,
    or a model.  Its formula is in the width multiplier and the resolution;
    --alpha, --res and --set choose the settings at which it is worked out.
    """
    from costcalc.symbolic.catalogue import FORMULAS, refuse_neither

    values = settings(alpha, res, sets)
    write: Mapping[str, Callable[[], str]]
    if network_or_layer in FORMULAS:
        options = {"--in": variables, "--convention": convention, "--unit": unit, "--res": res}
        _refuse(options, "a network")
        write = _layer(network_or_layer, over, _names(multipliers), values, style(output))
    else:
        if not is_network(network_or_layer):
            refuse_neither(reference(network_or_layer).network)
        _refuse({"--over": over, "--with": multipliers}, "a layer")
        counting = (convention or "paper", unit)
        write = _network(network_or_layer, values, _names(variables), counting, style(output))
    emit(write[format_](), output)


def _layer(
    name: str, over: str | None, multipliers: tuple[str, ...], values: Mapping[str, Any], style: Any
) -> Mapping[str, Callable[[], str]]:
    """The formula of a layer, in each format."""
    from costcalc.render import formulas
    from costcalc.symbolic.layers import Formula

    formula = questions.formula(name, over=over, multipliers=multipliers, numbers=values)
    assert isinstance(formula, Formula)
    return {
        "text": lambda: formulas.formula_text(formula, style),
        "latex": lambda: formulas.formula_latex(formula),
        "json": lambda: formulas.formula_json(formula),
    }


def _network(
    name: str,
    values: Mapping[str, Any],
    variables: tuple[str, ...],
    counting: tuple[str, str | None],
    style: Any,
) -> Mapping[str, Callable[[], str]]:
    """The closed form of a network, in each format."""
    from costcalc.render import closed_forms
    from costcalc.symbolic.networks import ClosedForm

    convention, unit = counting
    form = questions.formula(
        name, variables=variables, convention=convention, unit=unit, numbers=values
    )
    assert isinstance(form, ClosedForm)
    return {
        "text": lambda: closed_forms.closed_text(form, style),
        "latex": lambda: closed_forms.closed_latex(form),
        "json": lambda: closed_forms.closed_json(form),
    }


def _names(text: str | None) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",")) if text else ()


def _refuse(options: Mapping[str, str | None], owner: str) -> None:
    """Options that say nothing about what was asked for.

    Raises:
        SpecError: one of them is given.
    """
    problems = [
        Problem(None, f"{option} is about {owner}", expected=f"the name of {owner}")
        for option, value in options.items()
        if value is not None
    ]
    if problems:
        raise SpecError(problems)
