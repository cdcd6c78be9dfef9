"""``costcalc report``."""

from __future__ import annotations

from typing import Literal

import click

from costcalc import pipeline
from costcalc.cli.options import convention_options, output_options, settings, settings_options
from costcalc.cli.output import chosen_format, emit, show


@click.command()
@click.argument("network")
@settings_options
@convention_options
@click.option(
    "--by",
    type=click.Choice(["layer", "block", "type"]),
    help="One table alone; by default layers, then types.",
)
@click.option(
    "--depth",
    type=click.IntRange(min=1),
    metavar="N",
    help="Fold blocks below N levels into one row each.",
)
@click.option("--columns", metavar="A,B,...", help="Columns of the table, by their keys.")
@click.option(
    "--sort", metavar="KEY", help="Sort the table's rows by a column, the largest count first."
)
@click.option("--all", "all_", is_flag=True, help="Norms and activations in rows of their own.")
@output_options
def command(
    network: str,
    alpha: str | None,
    res: str | None,
    sets: tuple[str, ...],
    convention: str,
    unit: str | None,
    by: Literal["layer", "block", "type"] | None,
    depth: int | None,
    columns: str | None,
    sort: str | None,
    all_: bool,
    format_: str | None,
    output: str | None,
) -> None:
    """What NETWORK costs: its layers, its types of layer, its totals.

    NETWORK is the path of a spec or the name of a network that ships with
    costcalc, and may carry settings: mobilenet_v1@alpha=0.5,res=160.
    """
    format_ = chosen_format(format_, output)
    if format_ == "json" and (by or depth or columns is not None or sort is not None or all_):
        raise click.UsageError(
            "--by, --depth, --columns, --sort and --all arrange tables; JSON holds everything."
        )
    result = pipeline.report(network, settings(alpha, res, sets), convention, unit)
    if format_ == "json":
        from costcalc.render.json import report_json

        emit(report_json(result), output)
        return
    from costcalc.reporting.tables import View, report_page

    keys = tuple(key.strip() for key in columns.split(",")) if columns is not None else ()
    view = View(by, depth, keys, sort, all_)
    show(report_page(result, view), format_, output)
