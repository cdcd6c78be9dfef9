"""``costcalc import``."""

from __future__ import annotations

import os
import shlex

import click

from costcalc import questions
from costcalc.cli.options import (
    Options,
    completed_by,
    file_option,
    pass_options,
    settings_options,
)
from costcalc.cli.output import emit
from costcalc.escaping import printable


@click.command()
@click.argument("network", metavar="MODEL", shell_complete=completed_by("networks"))
@settings_options
@click.option("--flat", is_flag=True, help="Write every layer by itself, under its full name.")
@file_option
@pass_options
def command(options: Options, network: str, flat: bool) -> None:
    """MODEL as a spec to edit, with branches, repeats and blocks where they are exact.

    The spec has the same layers in the same order, and so the same totals.
    MODEL may also be a spec, or the name of a network that ships with costcalc;
    the network is written at the settings given here.
    """
    given = ",".join(f"{key}={text}" for key, text in options.texts.items())
    # The comment names the file without its folder on this machine.
    name = os.path.basename(network) if os.path.exists(network) else network
    reference = name if not given else f"{name}{',' if '@' in name else '@'}{given}"
    line = shlex.join(["costcalc", "import", reference, *(["--flat"] * flat)])
    comment = f"Written by {printable(line)}"
    spec = questions.to_spec(options.opened(network), flat=flat, comments=[comment])
    emit(spec, options.output)
