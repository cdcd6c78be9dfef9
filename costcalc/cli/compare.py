"""``costcalc compare``."""

from __future__ import annotations

import click

from costcalc import pipeline
from costcalc.cli.options import convention_options, output_options, settings, settings_options
from costcalc.cli.output import chosen_format, emit, show


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

    Each is a spec or a shipped network, and may carry settings of its own:
    mobilenet_v1@alpha=0.5,res=160.  Settings that are options hold for all.
    """
    format_ = chosen_format(format_, output)
    values = settings(alpha, res, sets)
    comparison = pipeline.compare(networks, values, baseline, convention, unit)
    if format_ == "json":
        from costcalc.render.comparisons import comparison_json

        emit(comparison_json(comparison), output)
        return
    from costcalc.comparing.pages import comparison_page

    show(comparison_page(comparison), format_, output)
