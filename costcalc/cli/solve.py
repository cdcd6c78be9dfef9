"""``costcalc solve``."""

from __future__ import annotations

from typing import Any

import click

from costcalc import exploring
from costcalc.cli.options import (
    Options,
    budget_options,
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
from costcalc.cli.words import Whole
from costcalc.errors import refuse


@click.command()
@click.argument("network", shell_complete=completed_by("networks"))
@click.option(
    "--for",
    "names",
    multiple=True,
    metavar="NAME[=VALUES]",
    shell_complete=completed_by("parameters"),
    help="The parameter to solve for: alpha, res or another.  Several, each with --for: the best "
    "networks that their choices make, or VALUES such as 0.5,0.75,1.",
)
@click.option("--space", is_flag=True, help="For all parameters of the space in the spec.")
@budget_options()
@click.option(
    "--min-mult-adds", metavar="N", help="Of several parameters: at least N mult-adds: 200M."
)
@click.option(
    "--min-params",
    metavar="N",
    help="Of several parameters: at least N params: the cheapest such networks.",
)
@click.option(
    "--top", type=Whole(), default=1, metavar="N", help="Of several parameters: the N best."
)
@click.option(
    "--by",
    default="",
    metavar="KEY",
    shell_complete=completed_by("metrics"),
    help="Of several parameters: rank by this metric, -KEY for the smallest.",
)
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
    /,
    options: Options,
    network: str,
    names: tuple[str, ...],
    step: str | None,
    values: str | None,
    **budgets: Any,
) -> None:
    """The largest alpha, resolution or other parameter of NETWORK within budgets.

    For several parameters at once: the largest networks within the budgets, or
    the cheapest with at least so many params.

    Values are counted exactly, rounding rules included: all of the first 4096;
    of larger ones, or of a number of repeats, those that bisection needs where
    costs rise.  The exit code is 1 if nothing fits.

    Sizes are KiB and MiB, by 1024, or kB and MB, by 1000; a bare number is
    bytes.  RAM and flash are those of memory, under the storage.
    """
    with progress("values", None) as watch:
        solution = exploring.solve(
            network,
            _names(names),
            **budgets,
            **options.stored_by,
            **options.timed_by,
            step=step,
            values=values if values is not None else (),
            watch=watch,
            at=options.settings,
            **options.counted_by,
        )
    show(solution, options)
    if not solution.best:
        context.exit(1)


def _names(given: tuple[str, ...]) -> str | dict[str, str]:
    """The one parameter, or several with their values."""
    if len(given) == 1 and "=" not in given[0]:
        return given[0]
    named: dict[str, str] = {}
    for one in given:
        name, _, values = one.partition("=")
        if (name := name.strip()) in named:
            refuse(None, f"--for {name} is there twice", f"--for {name}=VALUE,VALUE,...")
        named[name] = values
    return named
