"""``costcalc report``."""

from __future__ import annotations

from typing import Literal

import click

from costcalc import questions
from costcalc.cli.options import (
    Options,
    completed_by,
    convention_options,
    names_option,
    output_options,
    pass_options,
    settings_options,
    storage_options,
)
from costcalc.cli.output import show
from costcalc.cli.words import Choice, Whole


@click.command()
@click.argument("network", shell_complete=completed_by("networks"))
@settings_options
@convention_options
@storage_options
@click.option(
    "--by",
    type=Choice(["layer", "block", "type"]),
    help="Show one table only; the default is layers, then types.",
)
@click.option(
    "--depth",
    type=Whole(),
    metavar="N",
    help="Show N levels of blocks; fold deeper blocks into one row each.",
)
@names_option(
    "--columns",
    metavar="A,B,...",
    shell_complete=completed_by("columns"),
    help="Keys of the columns to show, in order; an unknown key lists all keys.",
)
@click.option(
    "--sort",
    metavar="KEY",
    shell_complete=completed_by("keys"),
    help="Sort the rows by a column, the largest count first.",
)
@click.option(
    "--all", "all_", is_flag=True, help="Show norms and activations in rows of their own."
)
@click.option(
    "--explain",
    "layer",
    metavar="LAYER",
    shell_complete=completed_by("layers"),
    help="Show how the cost of one layer, or of one block, is computed.",
)
@output_options()
@pass_options
def command(
    options: Options,
    network: str,
    by: Literal["layer", "block", "type"] | None,
    depth: int | None,
    columns: tuple[str, ...],
    sort: str | None,
    all_: bool,
    layer: str | None,
) -> None:
    """What NETWORK costs: its layers, its types of layer, its totals.

    NETWORK is the path of a spec, the name of a network that ships with
    costcalc, or a model: net.onnx, torch:package.module:name (a class, a
    function or a module; importing it runs its code), net.keras or the .json
    of its architecture, net.tflite, net.prototxt.  It may carry settings:
    mobilenet_v1@alpha=0.5,res=160.

    A model states its own input shape.  --input or --res overrides it, or
    fills in dimensions that the model leaves open (for a PyTorch module the
    default is 3,224,224); --set gives other open dimensions, or arguments of
    the module's class.

    --storage adds bytes: what each layer stores, reads, writes and keeps alive.
    """
    arranged = by or depth or columns or sort is not None or all_
    if layer is not None and arranged:
        raise click.UsageError(
            "--by, --depth, --columns, --sort and --all arrange tables, but --explain prints none."
        )
    if options.format == "json" and arranged:
        raise click.UsageError(
            "--by, --depth, --columns, --sort and --all arrange tables; JSON has everything."
        )
    if layer is not None and options.has_storage:
        raise click.UsageError(
            "--storage, --planner and --batch add bytes, but --explain shows counts; "
            "costcalc memory --explain shows the bytes of a step."
        )
    opened = options.opened(network)
    if layer is not None:
        show(questions.explain(opened, layer, **options.counted_by), options)
        return
    from costcalc.reporting.report import BYTE_COLUMNS, TableOptions

    report = questions.report(
        opened,
        **options.stored_by,
        has_bytes=not {*columns, sort}.isdisjoint(BYTE_COLUMNS),
        **options.counted_by,
    )
    show(report, options, TableOptions(by, depth, columns, sort, all_))
