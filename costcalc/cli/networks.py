"""``costcalc networks``."""

from __future__ import annotations

import click

from costcalc import questions
from costcalc.cli.options import (
    Options,
    completed_by,
    convention_options,
    family_options,
    output_options,
    pass_options,
)
from costcalc.cli.output import show
from costcalc.errors import refuse


@click.command()
@click.argument("network", required=False, shell_complete=completed_by("networks"))
@click.option(
    "--search",
    default="",
    metavar="TEXT",
    help="Only networks with every word of TEXT in their name, title or source.",
)
@family_options
@convention_options
@output_options()
@pass_options
def command(
    options: Options,
    network: str | None,
    search: str,
    families: tuple[str, ...],
    year: str | None,
) -> None:
    """The networks that ship with costcalc, or the parameters of one.

    The list is by family and year, the variants of a network below it, and shows source,
    default settings, published accuracy and totals.  For a NETWORK, a name in
    the list or the path of a spec, its parameters are shown with default, choices
    or range, and meaning.
    """
    if network is not None:
        if search or families or year is not None:
            refuse(
                None,
                f"'{network}' is one network, and --search, --family and --year choose among all",
                expected="a NETWORK, or these options",
            )
        show(questions.parameters(network), options)
    else:
        listed = questions.networks(search, family=families, year=year, **options.counted_by)
        show(listed, options)
