"""``costcalc storages``."""

from __future__ import annotations

import click

from costcalc import resources
from costcalc.cli.options import Options, completed_by, output_options, pass_options
from costcalc.cli.output import show


@click.command()
@click.argument("name", required=False, shell_complete=completed_by("storages"))
@output_options()
@pass_options
def command(options: Options, name: str | None) -> None:
    """The storages that ship, or the rules of one.

    A storage is how a runtime or a paper keeps a network's numbers: bits, what
    is one operator, what works in place, the planner.  NAME is a storage's name,
    or the path of a file of your own.
    """
    show(resources.storages(name), options)
