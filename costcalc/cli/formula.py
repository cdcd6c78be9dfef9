"""``costcalc formula``."""

from __future__ import annotations

import sys

import click

from costcalc.cli.options import settings, settings_options
from costcalc.cli.output import emit
from costcalc.errors import Problem, SpecError


@click.command()
@click.argument("network_or_layer", metavar="NETWORK_OR_LAYER")
@click.option("--over", metavar="LAYER", help="Divide by the cost of another layer.")
@click.option("--with", "multipliers", metavar="NAMES", help="alpha, rho or alpha,rho: a thinned layer.")
@settings_options
@click.option("--in", "variables", metavar="NAMES", help="A network's parameters to keep as symbols.  [default: alpha,res]")
@click.option("--convention", metavar="NAME", help="How to count a network.  [default: paper]")
@click.option("--format", "format_", type=click.Choice(["text", "latex", "json"]), default="text", show_default=True, help="Output format.")
@click.option("-o", "--output", type=click.Path(), metavar="FILE", help="Write to FILE instead, whole or not at all.")
def command(
    network_or_layer: str,
    over: str | None,
    multipliers: str | None,
    alpha: str | None,
    res: str | None,
    sets: tuple[str, ...],
    variables: str | None,
    convention: str | None,
    format_: str,
    output: str | None,
) -> None:
    """What a layer or a whole network costs, as a formula.

    A layer is one of conv, gconv, dwconv, pwconv, separable, bottleneck, fc,
    transposed_conv, max_pool, avg_pool, batch_norm, layer_norm, group_norm
    and instance_norm; --set D_K=3 puts a number in the place of a symbol.

    A network is the path of a spec or the name of one that ships with
    costcalc.  Its formula is in the width multiplier and the resolution; the
    options choose the settings at which it is worked out.
    """
    from costcalc.symbolic.catalogue import FORMULAS

    values = settings(alpha, res, sets)
    if network_or_layer not in FORMULAS:
        _refuse({"--over": over, "--with": multipliers}, "a layer", network_or_layer)
        raise NotImplementedError
    _refuse({"--in": variables, "--convention": convention, "--res": res}, "a network", network_or_layer)
    from costcalc.render import formulas
    from costcalc.symbolic.layers import layer_formula

    formula = layer_formula(network_or_layer, over, _names(multipliers), values)
    if format_ == "json":
        emit(formulas.formula_json(formula), output)
    elif format_ == "latex":
        emit(formulas.formula_latex(formula), output)
    else:
        emit(_readable(lambda style: formulas.formula_text(formula, style), output), output)
