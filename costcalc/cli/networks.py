"""``costcalc networks``."""

from __future__ import annotations

import click

from costcalc.cli.output import emit
from costcalc.spec import library


@click.command()
def command() -> None:
    """The networks that ship with costcalc."""
    emit("".join(f"{name}\n" for name in library.shipped()), None)
