"""``costcalc devices``."""

from __future__ import annotations

import click

from costcalc import resources
from costcalc.cli.options import Options, completed_by, output_options, pass_options
from costcalc.cli.output import show


@click.command()
@click.argument("name", required=False, shell_complete=completed_by("devices"))
@click.option(
    "--search",
    default="",
    metavar="TEXT",
    help="Only devices with every word of TEXT in their name, title, class, processor or source.",
)
@output_options()
@pass_options
def command(options: Options, name: str | None, search: str) -> None:
    """The devices that ship, or every figure of one with its source.

    A device is what a chip can compute, hold and move: its peak for each type of
    numbers, its memories with their bandwidths.  NAME is a device's name, or the
    path of a file of your own.
    """
    show(resources.devices(name, search=search), options)
