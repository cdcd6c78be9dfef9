"""``costcalc report``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import click

from costcalc import questions
from costcalc.cli.options import convention_options, output_options, settings, settings_options
from costcalc.cli.output import chosen_format, emit, show, style
from costcalc.opening import opened


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
    layer: str | None,
    format_: str | None,
    output: str | None,
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
    format_ = chosen_format(format_, output)
    arranged = by or depth or columns is not None or sort is not None or all_
    if layer is not None and arranged:
        raise click.UsageError(
            "--by, --depth, --columns, --sort and --all arrange tables; --explain prints none."
        )
    if format_ == "json" and arranged:
        raise click.UsageError(
            "--by, --depth, --columns, --sort and --all arrange tables; JSON holds everything."
        )
    if layer is not None:
        _explain(network, layer, settings(alpha, res, sets), (convention, unit), format_, output)
        return
    found = opened(network, settings(alpha, res, sets))
    result = questions.report(found, convention=convention, unit=unit)
    if format_ == "json":
        from costcalc.render.json import report_json

        emit(report_json(result), output)
        return
    from costcalc.reporting.tables import View, report_page

    keys = tuple(key.strip() for key in columns.split(",")) if columns is not None else ()
    view = View(by, depth, keys, sort, all_)
    show(report_page(result, view), format_, output)


def _explain(
    network: str,
    layer: str,
    values: Mapping[str, Any],
    counting: tuple[str, str | None],
    format_: str,
    output: str | None,
) -> None:
    """Writes out one layer's cost."""
    from costcalc.render import explanations

    if format_ not in explanations.FORMATS:
        known = ", ".join(explanations.FORMATS)
        raise click.UsageError(f"--explain is written as one of {known}, not as {format_}.")
    convention, unit = counting
    found = opened(network, values)
    explanation = questions.explain(found, layer, convention=convention, unit=unit)
    emit(explanations.FORMATS[format_](explanation, style(output)), output)
