"""``costcalc latency``."""

from __future__ import annotations

import click

from costcalc import resources
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
from costcalc.performance.energy import MODELS


@click.command()
@click.argument("network", shell_complete=completed_by("networks"))
@device_options(required=True)
@settings_options
@click.option("--measured", metavar="TIME", help="A measured time, 34.1ms: gives utilisation.")
@click.option(
    "--calibrate",
    metavar="NETWORK=TIME",
    shell_complete=completed_by("networks"),
    help="Estimate at the utilisation of another network that was measured there.",
)
@click.option(
    "--fast-memory",
    metavar="SIZE",
    help="Cut products to fit SIZE, 32KiB: traffic by Hong and Kung's bound, not each operand "
    "once.",
)
@click.option(
    "--energy",
    type=Choice(list(MODELS)),
    help="Add the energy of events by a model: to compare designs, not what a board needs.",
)
@click.option(
    "--explain",
    "step",
    metavar="STEP",
    shell_complete=completed_by("layers"),
    help="Show the arithmetic of one step.",
)
@output_options()
@pass_options
@click.pass_context
def command(
    context: click.Context,
    options: Options,
    network: str,
    measured: str | None,
    calibrate: str | None,
    fast_memory: str | None,
    energy: str | None,
    step: str | None,
) -> None:
    """How fast NETWORK can be on a device: a bound, two estimates, what limits.

    The bound is arithmetic over data sheets: no run is faster.  Roofline and
    serial are estimates, which runs may beat or miss.  None is a prediction:
    measured times are usually 2 to 20 times the bound.

    The exit code is 1 if a measured time is below the bound.
    """
    answer = resources.latency(
        options.opened(network),
        **options.run_by,
        fused=options.is_fused,
        measured=measured,
        calibrate=calibrate,
        energy=energy,
        fast_memory=fast_memory,
    )
    show(answer if step is None else answer.explain(step), options)
    if answer.is_refuted:
        context.exit(1)
