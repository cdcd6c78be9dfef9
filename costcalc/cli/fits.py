"""``costcalc fits``."""

from __future__ import annotations

import click

from costcalc import resources
from costcalc.arena.plan import PLANNERS
from costcalc.cli.options import (
    Options,
    completed_by,
    device_options,
    output_options,
    pass_options,
    settings_options,
)
from costcalc.cli.output import show
from costcalc.cli.words import Choice


@click.command()
@click.argument("network", shell_complete=completed_by("networks"))
@device_options(required=False, has_fusing=False)
@click.option("--max-ms", metavar="T", help="The bound may be at most T ms: 100, or 100ms.")
@click.option(
    "--planner",
    type=Choice(list(PLANNERS)),
    help="The planner of RAM.  [default: the storage's]",
)
@settings_options
@output_options()
@pass_options
@click.pass_context
def command(
    context: click.Context,
    options: Options,
    network: str,
    max_ms: str | None,
) -> None:
    """Whether NETWORK fits a device: flash, RAM and the bound, with margins.

    The exit code is 0 if it fits, 1 if it does not; then a line says what to
    change, and which alpha or res fits.  Without --device, a table of every
    device that ships; the exit code is 1 if it fits none.

    A bound within --max-ms does not promise that a run is: it says that one can
    be.  A bound beyond it says that none can.
    """
    answer = resources.fits(
        options.opened(network),
        **options.run_by,
        max_ms=max_ms,
        planner=options.planner,
    )
    show(answer, options)
    if not answer.fits:
        context.exit(1)
