"""``costcalc check``."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator

import click

from costcalc import questions
from costcalc.claims.verdict import Result
from costcalc.cli.options import (
    Options,
    completed_by,
    output_options,
    pass_options,
    storage_options,
    times_options,
)
from costcalc.cli.output import show
from costcalc.cli.progress import progress


@click.command()
@click.argument("paths", nargs=-1, metavar="[PATH]...", shell_complete=completed_by("papers"))
@click.option("--shipped", is_flag=True, help="Check the papers whose figures ship with costcalc.")
@click.option("--max-mult-adds", metavar="N", help="At most N mult-adds for each network: 600M.")
@click.option("--max-params", metavar="N", help="At most N params for each network: 5M.")
@click.option("--max-ram", metavar="SIZE", help="At most SIZE of RAM, the peak: 256KiB.")
@click.option("--max-flash", metavar="SIZE", help="At most SIZE of flash, the weights: 1MiB.")
@click.option("--max-traffic", metavar="SIZE", help="At most SIZE read and written: 20MB.")
@click.option("--max-ms", metavar="T", help="A bound of at most T ms on a device: 20, or 20ms.")
@click.option("--max-mj", metavar="E", help="At most E mJ there, at the bound: 5.")
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
) -> None:
    """Whether printed figures can be reproduced, and networks fit budgets.

    PATH is a claims file, a spec with claims, a folder of either with its
    subfolders, a paper (its name or arXiv number) or a network that ships with
    costcalc.  The default is the claims files and specs of the current folder,
    without its subfolders; other YAML files are passed over.

    The exit code is 0 if every claim holds or is a documented misprint whose
    recomputed value holds, else 1.  --format junit is for CI servers; github
    prints annotations for a workflow's log.

    --storage, --planner and --batch are those of bytes whose figures name none.
    """
    checked = questions.check(
        *paths,
        shipped=shipped,
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
        convention=options.convention,
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
