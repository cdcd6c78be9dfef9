"""``costcalc networks``."""

from __future__ import annotations

import click

from costcalc import questions
from costcalc.cli.options import (
    Options,
    completed_by,
    convention_options,
    output_options,
    pass_options,
)
from costcalc.cli.output import show


@click.command()
@click.argument("network", required=False, shell_complete=completed_by("networks"))
@click.option(
    "--search",
    default="",
    metavar="TEXT",
    help="Only networks with every word of TEXT in their name, title or source.",
)
@convention_options
@output_options()
@pass_options
def command(options: Options, network: str | None, search: str) -> None:
    """The networks that ship with costcalc, or the parameters of one.

    The list shows source, default settings and totals.  For a NETWORK, a name in
    the list or the path of a spec, its parameters are shown with default, choices
    or range, and meaning.
    """
    if network is not None:
        show(questions.parameters(network), options)
    else:
        show(questions.networks(search, **options.counted_by), options)
