"""``costcalc formula``."""

from __future__ import annotations

import click

from costcalc import questions
from costcalc.cli.options import (
    Options,
    completed_by,
    names_option,
    output_options,
    pass_options,
    settings_options,
    storage_options,
)
from costcalc.cli.output import show
from costcalc.cli.words import Choice
from costcalc.costs.rules import UNITS


@click.command()
@click.argument(
    "network_or_layer",
    metavar="NETWORK_OR_LAYER",
    shell_complete=completed_by("networks_and_layers"),
)
@click.option(
    "--over",
    metavar="LAYER",
    shell_complete=completed_by("formulas"),
    help="Divide by the cost of another layer.",
)
@names_option(
    "--with",
    "multipliers",
    metavar="NAMES",
    shell_complete=completed_by("multipliers"),
    help="Multipliers of a layer: alpha, rho, or alpha,rho.",
)
@names_option(
    "--in",
    "variables",
    metavar="NAMES",
    shell_complete=completed_by("several_parameters"),
    help="Parameters of a network that stay symbols.  [default: alpha,res]",
)
@click.option(
    "--convention",
    "network_convention",
    metavar="NAME",
    shell_complete=completed_by("conventions"),
    help="How to count a network.  [default: paper]",
)
@click.option(
    "--unit",
    type=Choice(list(UNITS)),
    help="Unit of a network's mult-adds; a multiply-accumulate is two flops.",
)
@storage_options
@settings_options
@output_options(text="table")
@pass_options
def command(
    options: Options,
    network_or_layer: str,
    over: str | None,
    multipliers: tuple[str, ...],
    variables: tuple[str, ...],
    network_convention: str | None,
) -> None:
    """What a layer or a whole network costs, as a formula.

    A layer is conv, gconv, dwconv, pwconv, separable, bottleneck, residual,
    fc, transposed_conv, max_pool, avg_pool, batch_norm, layer_norm, group_norm
    or instance_norm; --set D_K=3 replaces a symbol by a number.

    A network is the path of a spec, the name of one that ships with costcalc,
    or a model.  Its formula is in the width multiplier and the resolution;
    --alpha, --res and --set fix the values of other parameters.  --storage
    adds bytes, in flash and at the peak.
    """
    formula = questions.formula(
        network_or_layer,
        over=over,
        multipliers=multipliers,
        variables=variables,
        convention=network_convention,
        unit=options.unit,
        **options.stored_by,
        at=options.settings,
    )
    show(formula, options)
