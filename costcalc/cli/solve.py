"""``costcalc solve``."""

from __future__ import annotations

import click

from costcalc import questions
from costcalc.cli.options import (
    Options,
    completed_by,
    convention_options,
    output_options,
    pass_options,
    settings_options,
    storage_options,
    times_options,
)
from costcalc.cli.output import show
from costcalc.cli.progress import progress


@click.command()
@click.argument("network", shell_complete=completed_by("networks"))
@click.option(
    "--for",
    "name",
    required=True,
    metavar="NAME",
    shell_complete=completed_by("parameters"),
    help="The parameter to solve for: alpha, res or another.",
)
@click.option("--max-mult-adds", metavar="N", help="At most N mult-adds: 100M.")
@click.option("--max-params", metavar="N", help="At most N params: 2M.")
@click.option("--max-ram", metavar="SIZE", help="At most SIZE of RAM, the peak: 256KiB.")
@click.option("--max-flash", metavar="SIZE", help="At most SIZE of flash, the weights: 1MiB.")
@click.option("--max-traffic", metavar="SIZE", help="At most SIZE read and written: 20MB.")
@click.option("--max-ms", metavar="T", help="A bound of at most T ms on a device: 20, or 20ms.")
@click.option("--max-mj", metavar="E", help="At most E mJ there, at the bound: 5.")
@storage_options
@times_options
@click.option(
    "--step",
    metavar="S",
    help="Search the multiples of S; by default 0.001 for alpha, else 1.",
)
@click.option("--values", metavar="VALUES", help="Search only these: 0.25,0.5 or 128:224:32.")
@settings_options
@convention_options
@output_options()
@pass_options
@click.pass_context
def command(
    context: click.Context,
    options: Options,
    network: str,
    name: str,
    max_mult_adds: str | None,
    max_params: str | None,
    max_ram: str | None,
    max_flash: str | None,
    max_traffic: str | None,
    max_ms: str | None,
    max_mj: str | None,
    storage: str | None,
    planner: str | None,
    batch: int,
    device: str | None,
    dtype: str | None,
    step: str | None,
    values: str | None,
) -> None:
    """The largest alpha, resolution or other parameter of NETWORK within budgets.

    Values are counted exactly, rounding rules included: all of the first 4096;
    of larger ones, or of a number of repeats, those that bisection needs where
    costs rise.  The exit code is 1 if nothing fits.

    Sizes are KiB and MiB, by 1024, or kB and MB, by 1000; a bare number is
    bytes.  RAM and flash are those of memory, under the storage.
    """
    with progress("values", None) as watch:
        solution = questions.solve(
            network,
            name,
            max_mult_adds=max_mult_adds,
            max_params=max_params,
            max_ram=max_ram,
            max_flash=max_flash,
            max_traffic=max_traffic,
            max_ms=max_ms,
            max_mj=max_mj,
            storage=storage,
            planner=planner,
            batch=batch,
            device=device,
            dtype=dtype,
            step=step,
            values=values if values is not None else (),
            watch=watch,
            at=options.settings,
            **options.counted_by,
        )
    show(solution, options)
    if solution.best is None:
        context.exit(1)
