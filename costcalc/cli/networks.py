"""``costcalc networks``."""

from __future__ import annotations

import click

from costcalc import questions
from costcalc.cli.options import Options, convention_options, output_options, pass_options
from costcalc.cli.output import show


@click.command()
@click.argument("network", required=False)
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
    """The networks that ship with costcalc, or what may be set of one.

    The list has source, default settings and totals.  NETWORK is a name in it or
    the path of a spec: its parameters, with default, choices or range, and meaning.
    """
    if network is not None:
        show(questions.parameters(network), options)
    else:
        show(questions.networks(search, **options.counting), options)
