"""``costcalc export``."""

from __future__ import annotations

import click

from costcalc import pipeline
from costcalc.cli.options import settings, settings_options
from costcalc.cli.output import chosen_format, emit
from costcalc.exporters import EXPORTERS, exported

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
    "-o",
    "--output",
    type=click.Path(),
    metavar="FILE",
    help="Write to FILE instead, whole or not at all.",
)
def command(
    network: str,
    to: str | None,
    alpha: str | None,
    res: str | None,
    sets: tuple[str, ...],
    output: str | None,
) -> None:
    """NETWORK as another tool's model, at settings, without weights."""
    format_ = chosen_format(to, output, EXPORTERS)
    emit(exported(pipeline.graph(network, settings(alpha, res, sets)), format_), output)
