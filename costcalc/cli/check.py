"""``costcalc check``."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from typing import Any

import click

from costcalc import checking
from costcalc.claims.verdict import Result
from costcalc.cli.options import (
    Options,
    budget_options,
    completed_by,
    output_options,
    pass_options,
    storage_options,
    times_options,
)
from costcalc.cli.output import show
from costcalc.cli.progress import progress
from costcalc.errors import refuse


@click.command()
@click.argument("paths", nargs=-1, metavar="[PATH]...", shell_complete=completed_by("papers"))
@click.option("--shipped", is_flag=True, help="Check the papers whose figures ship with costcalc.")
@click.option(
    "--search",
    metavar="ID",
    help="Find the readings that give one figure, by its claim's id in --format json.",
)
@budget_options(where=" for each network")
@storage_options
@times_options
@click.option(
    "--convention",
    default="paper",
    show_default=True,
    metavar="NAME",
    shell_complete=completed_by("conventions"),
    help="How to count figures that do not name a convention.",
)
@output_options("check")
@pass_options
def command(
    options: Options,
    paths: tuple[str, ...],
    shipped: bool,
    search: str | None,
    **budgets: Any,
) -> None:
    """Whether printed figures can be reproduced, and networks fit budgets.

    PATH is a claims file, a spec with claims, a folder of either with its
    subfolders, a paper (its name or arXiv number) or a network that ships with
    costcalc.  The default is the claims files and specs of the current folder,
    without its subfolders; other YAML files are passed over.

    The exit code is 0 if every claim holds, or is documented as an erratum or as
    unexplained and its recomputed value holds, else 1.  --format junit is for CI servers; github
    prints annotations for a workflow's log.

    --storage, --planner and --batch are those of bytes whose figures name none.

    With --search: settings, strides, roundings of widths and maps, conventions,
    parts that are left out, operations for each multiply-accumulate and units, two
    of them at a time, of the claim's network; without PATH, of a figure that ships.
    The exit code is 1 if no reading gives the figure.
    """
    how = {**options.stored_by, **options.timed_by, "convention": options.convention}
    if search is not None:
        given = [name for name, bound in budgets.items() if bound is not None]
        if given:
            option = f"--{given[0].replace('_', '-')}"
            refuse(None, f"{option} has no place in a search", expected="one or the other")
        found = checking.readings(search, *paths, **how)
        show(found, options)
        sys.exit(0 if found.matches else 1)
    checked = checking.check(
        *paths,
        shipped=shipped,
        **budgets,
        **how,
        watch=_watched,
    )
    show(checked, options)
    sys.exit(0 if checked.holds else 1)


def _watched(results: Iterable[Result], total: int) -> Iterator[Result]:
    """The results, with a progress bar on a terminal."""
    with progress("claims", total) as advance:
        for done, result in enumerate(results, 1):
            yield result
            if advance is not None:
                advance(done)
