"""``costcalc report``."""

from __future__ import annotations

import click

from costcalc import pipeline
from costcalc.cli.options import output_options, settings, settings_options
from costcalc.cli.output import chosen_format, emit


@click.command()
@click.argument("network")
@settings_options
@click.option("--convention", default="paper", show_default=True, help="How to count.")
@output_options
def command(
    network: str,
    alpha: str | None,
    res: str | None,
    sets: tuple[str, ...],
    convention: str,
    format_: str | None,
    output: str | None,
) -> None:
    """What NETWORK costs: its layers, its types of layer, its totals.

    NETWORK is the path of a spec or the name of a network that ships with
    costcalc, and may carry settings: mobilenet_v1@alpha=0.5,res=160.
    """
    format_ = chosen_format(format_, output)
    result = pipeline.report(network, settings(alpha, res, sets), convention)
    if format_ == "json":
        from costcalc.render.json import report_json

        emit(report_json(result), output)
        return
    from costcalc.render import page_renderer
    from costcalc.reporting.tables import report_page

    emit(page_renderer(format_)(report_page(result)), output)
