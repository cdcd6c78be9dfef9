"""``costcalc report``."""

from __future__ import annotations

from typing import Literal

import click

from costcalc import questions
from costcalc.cli.options import (
    Options,
    convention_options,
    output_options,
    pass_options,
    settings_options,
)
from costcalc.cli.output import show


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
@click.option(
    "--columns",
    metavar="A,B,...",
    help="Columns of the table, by key, in order; an unknown key lists them.",
)
@click.option(
    "--sort", metavar="KEY", help="Sort the table's rows by a column, the largest count first."
)
@click.option("--all", "all_", is_flag=True, help="Norms and activations in rows of their own.")
@click.option(
    "--explain",
    "layer",
    metavar="LAYER",
    help="Write out how the cost of one layer, or of one block, comes about.",
)
@output_options()
@pass_options
def command(
    options: Options,
    network: str,
    by: Literal["layer", "block", "type"] | None,
    depth: int | None,
    columns: str | None,
    sort: str | None,
    all_: bool,
    layer: str | None,
) -> None:
    """What NETWORK costs: its layers, its types of layer, its totals.

    NETWORK is the path of a spec, the name of a network that ships with
    costcalc, or a model: net.onnx, torch:package.module:name (a class, a
    function or a module; importing it runs its code), net.keras or the .json
    of its architecture, net.prototxt.  It may carry settings:
    mobilenet_v1@alpha=0.5,res=160.

    A model's input is the one that it states; --input or --res gives another,
    or one where it leaves sides open (a PyTorch module reads 3,224,224 by
    default), and --set its other open sides, or arguments of the module's
    class.
    """
    arranged = by or depth or columns is not None or sort is not None or all_
    if layer is not None and arranged:
        raise click.UsageError(
            "--by, --depth, --columns, --sort and --all arrange tables; --explain prints none."
        )
    if options.format == "json" and arranged:
        raise click.UsageError(
            "--by, --depth, --columns, --sort and --all arrange tables; JSON holds everything."
        )
    opened = options.opened(network)
    if layer is not None:
        show(questions.explain(opened, layer, **options.counting), options)
        return
    from costcalc.reporting.report import TableOptions

    keys = tuple(key.strip() for key in columns.split(",")) if columns is not None else ()
    report = questions.report(opened, **options.counting)
    show(report, options, TableOptions(by, depth, keys, sort, all_))
