"""``costcalc export``."""

from __future__ import annotations

from typing import Literal

import click

from costcalc import questions
from costcalc.cli.options import (
    Options,
    chosen_format,
    file_option,
    pass_options,
    settings_options,
)
from costcalc.cli.output import emit
from costcalc.exporters import EXPORTERS, exporter

_FORMATS = ", ".join(f"{row.name} ({row.title}, {row.suffix})" for row in EXPORTERS)


@click.command()
@click.argument("network")
@click.option(
    "--to",
    "to",
    type=click.Choice([row.name for row in EXPORTERS]),
    help=f"What to write: {_FORMATS}; by default {EXPORTERS[0].name}, or what FILE's suffix says.",
)
@settings_options
@click.option(
    "--weights",
    type=click.Choice(["none", "random"]),
    help="Weights of an ONNX model: none, the default, so that they are inputs; or random numbers.",
)
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    metavar="N",
    help="The same random weights for the same number, 0 by default.",
)
@file_option
@pass_options
def command(
    options: Options,
    network: str,
    to: str | None,
    weights: Literal["none", "random"] | None,
    seed: int | None,
) -> None:
    """NETWORK as another tool's model, at settings."""
    to = chosen_format(to, options.output, EXPORTERS)
    for name, value in (("weights", weights), ("seed", seed)):
        if value is not None and name not in exporter(to).options:
            raise click.UsageError(f"--{name} means nothing to {to}.")
    if seed is not None and weights != "random":
        raise click.UsageError("--seed needs random weights: --weights random.")
    exported = questions.export(options.opened(network), to, weights=weights, seed=seed)
    emit(exported.content, options.output)
