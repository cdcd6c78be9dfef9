"""``costcalc kinds``."""

from __future__ import annotations

import click

from costcalc import questions
from costcalc.cli.options import (
    Options,
    completed_by,
    output_options,
    pass_options,
)
from costcalc.cli.output import show


@click.command()
@click.argument("name", required=False, shell_complete=completed_by("kinds"))
@output_options()
@pass_options
def command(options: Options, name: str | None) -> None:
    """The layer kinds with their arguments, or one with an example.

    NAME is a kind as specs write it, or one of its other names.
    """
    show(questions.kinds(name), options)
