"""``costcalc networks``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from costcalc import questions
from costcalc.cli.options import convention_options, output_options
from costcalc.cli.output import chosen_format, emit, show
from costcalc.costs import convention as conventions

if TYPE_CHECKING:
    from costcalc.reporting.parameters import Settings


@click.command()
@click.argument("network", required=False)
@click.option(
    "--search",
    default="",
    metavar="TEXT",
    help="Only networks with every word of TEXT in their name, title or source.",
)
@convention_options
@output_options
def command(
    network: str | None,
    search: str,
    convention: str,
    unit: str | None,
    format_: str | None,
    output: str | None,
) -> None:
    """The networks that ship with costcalc, or what may be set of one.

    The list has source, default settings and totals.  NETWORK is a name in it or
    the path of a spec: its parameters, with default, choices or range, and meaning.
    """
    format_ = chosen_format(format_, output)
    if network is not None:
        _one(questions.parameters(network), format_, output)
        return
    weighing = conventions.load(convention).converted(unit)
    entries = questions.network_table(search, convention=convention, unit=unit)
    if format_ == "json":
        from costcalc.render.json import networks_json

        emit(networks_json(entries, weighing.name), output)
        return
    from costcalc.reporting.networks import networks_page

    show(networks_page(entries, weighing, search), format_, output)


def _one(settings: Settings, format_: str, output: str | None) -> None:
    if format_ == "json":
        from costcalc.render.json import settings_json

        emit(settings_json(settings), output)
        return
    from costcalc.reporting.parameters import settings_page

    show(settings_page(settings), format_, output)
