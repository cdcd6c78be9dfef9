"""``costcalc memory``."""

from __future__ import annotations

import click

from costcalc import resources
from costcalc.cli.options import (
    Options,
    completed_by,
    output_options,
    pass_options,
    settings_options,
    storage_options,
)
from costcalc.cli.output import show
from costcalc.cli.words import Whole


@click.command()
@click.argument("network", shell_complete=completed_by("networks"))
@settings_options
@storage_options
@click.option(
    "--order",
    type=click.Choice(resources.ORDERS),
    default="file",
    help="Order of the steps: as in the network, or that with the lowest bound.",
)
@click.option(
    "--patches",
    type=Whole(),
    metavar="N",
    help="Run the first layers in N x N pieces, N up to 16; search the stage that helps most.",
)
@click.option("--tensors", is_flag=True, help="Show every tensor: size, lifetime, offset.")
@click.option("--traffic", is_flag=True, help="Show the bytes that each step moves.")
@click.option(
    "--explain",
    "step",
    metavar="STEP",
    shell_complete=completed_by("steps"),
    help="Show what is alive in one step, named by any layer in it, and why.",
)
@output_options()
@pass_options
def command(
    options: Options,
    network: str,
    order: str,
    patches: int | None,
    tensors: bool,
    traffic: bool,
    step: str | None,
) -> None:
    """What NETWORK needs: weights in flash, tensors in RAM, step by step.

    RAM is the peak of the planner: with addresses (tflm, greedy-by-size,
    greedy-by-breadth, tflite-mobile), or without (liveness, the lower bound of
    every plan; layer-io, largest, sum).
    """
    if options.format == "json" and (tensors or traffic):
        raise click.UsageError("--tensors and --traffic arrange tables; JSON has everything.")
    if step is not None and (tensors or traffic or patches):
        raise click.UsageError(
            "--explain shows one step, without --tensors, --traffic or --patches."
        )
    from costcalc.storing.memory import MemoryView

    answer = resources.memory(
        options.opened(network),
        **options.stored_by,
        order=order,
        patches=patches,
    )
    if step is not None:
        show(answer.explain(step), options)
    else:
        show(answer, options, MemoryView(tensors, traffic))
