"""``costcalc conventions``."""

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
@click.argument("name", required=False, shell_complete=completed_by("conventions"))
@output_options()
@pass_options
def command(options: Options, name: str | None) -> None:
    """The conventions that ship, or the rules of one.

    NAME is a convention's name, or the path of a file of your own.
    """
    show(questions.conventions(name), options)
