"""``costcalc networks``."""

from __future__ import annotations

import click

from costcalc import pipeline
from costcalc.cli.options import convention_options, output_options
from costcalc.cli.output import chosen_format, emit, show
from costcalc.costs import convention as conventions


@click.command()
@click.option(
    "--search",
    default="",
    metavar="TEXT",
    help="Only networks with every word of TEXT in their name, title or source.",
)
@convention_options
@output_options
def command(
    search: str, convention: str, unit: str | None, format_: str | None, output: str | None
) -> None:
    """The networks that ship with costcalc: source, default settings and totals."""
    format_ = chosen_format(format_, output)
    weighing = conventions.load(convention).converted(unit)
    entries = pipeline.networks(search, weighing)
    if format_ == "json":
        from costcalc.render.json import networks_json

        emit(networks_json(entries, weighing.name), output)
        return
    from costcalc.reporting.networks import networks_page

    show(networks_page(entries, weighing, search), format_, output)
