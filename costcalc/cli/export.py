"""``costcalc export``."""

from __future__ import annotations

from typing import Any

import click

from costcalc import questions
from costcalc.cli.options import file_option, settings, settings_options
from costcalc.cli.output import chosen_format, emit
from costcalc.exporters import EXPORTERS, exporter
from costcalc.opening import opened

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
def command(
    network: str,
    to: str | None,
    alpha: str | None,
    res: str | None,
    sets: tuple[str, ...],
    weights: str | None,
    seed: int | None,
    output: str | None,
) -> None:
    """NETWORK as another tool's model, at settings."""
    format_ = chosen_format(to, output, EXPORTERS)
    given = {"weights": weights, "seed": seed}
    options: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    for name in options:
        if name not in exporter(format_).options:
            raise click.UsageError(f"--{name} means nothing to {format_}.")
    if seed is not None and weights != "random":
        raise click.UsageError("--seed is of random weights: --weights random.")
    found = opened(network, settings(alpha, res, sets))
    emit(questions.export(found, format_, **options).content, output)
