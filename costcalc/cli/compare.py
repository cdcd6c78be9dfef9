"""``costcalc compare``."""

from __future__ import annotations

from typing import Any

import click

from costcalc import questions
from costcalc.cli.options import convention_options, output_options, settings, settings_options
from costcalc.cli.output import chosen_format, emit, show
from costcalc.errors import Problem, SpecError
from costcalc.opening import is_network, opened


@click.command()
@click.argument("networks", nargs=-1, required=True, metavar="NETWORK NETWORK...")
@click.option("--baseline", metavar="NETWORK", help="The one to measure by; by default the first.")
@settings_options
@convention_options
@output_options
def command(
    networks: tuple[str, ...],
    baseline: str | None,
    alpha: str | None,
    res: str | None,
    sets: tuple[str, ...],
    convention: str,
    unit: str | None,
    format_: str | None,
    output: str | None,
) -> None:
    """NETWORKs side by side: totals, ratios to a baseline, types of layer, stages.

    Each is a spec, a shipped network or a model, and may carry settings of its own:
    mobilenet_v1@alpha=0.5,res=160.  Settings that are options hold for all.

    Layers and blocks are compared by formula, and by number where --set gives
    their symbols: separable bottleneck --set D_K=3 --set M=64.  They are conv,
    gconv, dwconv, pwconv, separable, bottleneck, residual, transposed_conv, fc,
    and may carry symbols of their own: separable@M=32,N=64.
    """
    format_ = chosen_format(format_, output)
    values = settings(alpha, res, sets)
    if _are_layers(networks):
        _compare_layers(networks, values, format_, output)
        return
    found = [opened(network, values) for network in networks]
    comparison = questions.compare(*found, baseline=baseline, convention=convention, unit=unit)
    if format_ == "json":
        from costcalc.render.comparisons import comparison_json

        emit(comparison_json(comparison), output)
        return
    from costcalc.comparing.pages import comparison_page

    show(comparison_page(comparison), format_, output)


def _are_layers(names: tuple[str, ...]) -> bool:
    """Whether all names are formulas, and no network has one of them.

    Raises:
        SpecError: some are layers and some are networks, which do not compare.
    """
    others = [name for name in names if not is_network(name)]
    if not others:
        return False
    from costcalc.spec import library
    from costcalc.symbolic.catalogue import FORMULAS

    layers = [name for name in others if library.reference(name).network in FORMULAS]
    if layers and len(layers) < len(names):
        raise SpecError(
            [
                Problem(
                    None,
                    f"'{layers[0]}' is a layer, and does not compare with a network",
                    expected="networks alone, or layers alone",
                )
            ]
        )
    return len(layers) == len(names)


def _compare_layers(
    names: tuple[str, ...], values: dict[str, Any], format_: str, output: str | None
) -> None:
    from costcalc.comparing.layers import layers_page
    from costcalc.symbolic.writing import written

    layers = questions.compare_layers(*names, settings=values)
    if format_ == "json":
        from costcalc.render.comparisons import layers_json

        emit(layers_json(layers, values), output)
        return
    show(layers_page(layers, values, written), format_, output)
