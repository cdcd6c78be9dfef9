"""``costcalc export``."""

from __future__ import annotations

from typing import Literal, cast

import click

from costcalc import questions
from costcalc.cli.options import (
    Options,
    chosen_format,
    completed_by,
    file_option,
    pass_options,
    settings_options,
)
from costcalc.cli.output import emit
from costcalc.cli.words import Choice, Whole
from costcalc.exporters import DTYPES, EXPORTERS, name_hint

_FORMATS = ", ".join(f"{row.name} ({row.title}, {row.suffix})" for row in EXPORTERS)


@click.command()
@click.argument("network", shell_complete=completed_by("networks"))
@click.option(
    "--to",
    "to",
    type=Choice((row.name for row in EXPORTERS), name_hint),
    help=f"What to write: {_FORMATS}; the default is {EXPORTERS[0].name}, or the format of "
    "FILE's suffix.",
)
@settings_options
@click.option(
    "--weights",
    type=Choice(["none", "zeros", "random"]),
    help="Weights of a model: none, ONNX's default, makes them graph inputs; zeros, TFLite's "
    "default, and random store numbers.",
)
@click.option(
    "--dtype",
    type=Choice(DTYPES),
    help="The numbers of a TFLite model: float32, the default, or int8.",
)
@click.option(
    "--seed",
    type=Whole(),
    metavar="N",
    help="The seed of the random weights, 0 by default.",
)
@file_option
@pass_options
def command(
    options: Options,
    network: str,
    to: str | None,
    weights: Literal["none", "zeros", "random"] | None,
    seed: int | None,
) -> None:
    """NETWORK as another tool's model, at the settings given."""
    to = chosen_format(to, options.output, EXPORTERS)
    numbers = cast("Literal['float32', 'int8'] | None", options.dtype)
    exported = questions.export(
        options.opened(network), to, weights=weights, seed=seed, dtype=numbers
    )
    emit(exported.content, options.output)
