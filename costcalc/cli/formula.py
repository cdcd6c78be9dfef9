"""``costcalc formula``."""

from __future__ import annotations

from collections.abc import Mapping

import click

from costcalc import questions
from costcalc.cli.options import Options, output_options, pass_options, settings_options
from costcalc.cli.output import show
from costcalc.costs.rules import UNITS
from costcalc.errors import Problems


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
@click.option(
    "--convention", "counted_by", metavar="NAME", help="How to count a network.  [default: paper]"
)
@click.option(
    "--unit",
    type=click.Choice(list(UNITS)),
    help="Convert a network's mult-adds: a multiply-accumulate is two operations (flops).",
)
@settings_options
@output_options(text="table")
@pass_options
def command(
    options: Options,
    network_or_layer: str,
    over: str | None,
    multipliers: str | None,
    variables: str | None,
    counted_by: str | None,
) -> None:
    """What a layer or a whole network costs, as a formula.

    A layer is conv, gconv, dwconv, pwconv, separable, bottleneck, residual,
    fc, transposed_conv, max_pool, avg_pool, batch_norm, layer_norm, group_norm
    or instance_norm; --set D_K=3 puts a number in the place of a symbol.

    A network is the path of a spec, the name of one that ships with costcalc,
    or a model.  Its formula is in the width multiplier and the resolution;
    --alpha, --res and --set choose the settings at which it is worked out.
    """
    if questions.is_layer(network_or_layer):
        given = {"--in": variables, "--convention": counted_by, "--unit": options.unit}
        _refuse({**given, "--res": options.res}, "a network")
        formula = questions.formula(
            network_or_layer, over=over, multipliers=_names(multipliers), at=options.settings
        )
    else:
        questions.refuse_unknown(network_or_layer)
        _refuse({"--over": over, "--with": multipliers}, "a layer")
        formula = questions.formula(
            network_or_layer,
            variables=_names(variables),
            convention=counted_by,
            unit=options.unit,
            at=options.settings,
        )
    show(formula, options)


def _names(text: str | None) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",")) if text else ()


def _refuse(options: Mapping[str, str | None], owner: str) -> None:
    """Options that say nothing about what was asked for.

    Raises:
        SpecError: one of them is given.
    """
    problems = Problems()
    for option, value in options.items():
        if value is not None:
            problems.add(None, f"{option} is about {owner}", expected=f"the name of {owner}")
    problems.raise_any()
