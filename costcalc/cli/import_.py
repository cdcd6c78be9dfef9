"""``costcalc import``."""

from __future__ import annotations

import os
import shlex

import click

from costcalc import questions
from costcalc.cli.options import file_option, setting_texts, settings, settings_options
from costcalc.cli.output import emit
from costcalc.opening import opened
from costcalc.reporting.figures import printable


@click.command()
@click.argument("network", metavar="MODEL")
@settings_options
@click.option("--flat", is_flag=True, help="Every layer by itself, under its full name.")
@file_option
def command(
    network: str,
    alpha: str | None,
    res: str | None,
    sets: tuple[str, ...],
    flat: bool,
    output: str | None,
) -> None:
    """MODEL as a spec to own: branches, repeats and blocks where they are exact.

    The spec has the same layers in the same order, and so the same totals.
    MODEL may also be a spec, or the name of a network that ships with costcalc;
    what is written is that network at the settings given here.
    """
    texts = setting_texts(alpha, res, sets)
    given = ",".join(f"{key}={text}" for key, text in texts.items())
    # A file is named as it stands beside the spec, not where it lies on this machine.
    name = os.path.basename(network) if os.path.exists(network) else network
    reference = name if not given else f"{name}{',' if '@' in name else '@'}{given}"
    line = shlex.join(["costcalc", "import", reference, *(["--flat"] * flat)])
    comment = f"Written by {printable(line)}"
    found = opened(network, settings(alpha, res, sets))
    emit(questions.to_spec(found, flat=flat, comments=(comment,)), output)
