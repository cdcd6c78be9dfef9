"""``costcalc check``."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator

import click

from costcalc import questions
from costcalc.claims.verdict import Result
from costcalc.cli.options import Options, output_options, pass_options
from costcalc.cli.output import show
from costcalc.cli.progress import progress


@click.command()
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@click.option("--max-mult-adds", metavar="N", help="A bound on a network's mult-adds: 600M.")
@click.option("--max-params", metavar="N", help="A bound on a network's params: 5M.")
@click.option(
    "--convention",
    default="paper",
    show_default=True,
    metavar="NAME",
    help="How figures are counted that name no convention themselves.",
)
@output_options("check")
@pass_options
def command(
    options: Options,
    paths: tuple[str, ...],
    max_mult_adds: str | None,
    max_params: str | None,
) -> None:
    """Whether printed figures reproduce, and budgets are kept.

    PATH is a claims file, a spec with claims of its own, a folder of either, a
    paper (its name or arXiv number) or a network that ships with costcalc.
    Without one, everything that ships is checked.

    Exits with 0 where every claim holds or is a documented misprint whose
    recomputed value holds, else with 1.  --format junit is for CI servers, github
    prints annotations for a workflow's log.
    """
    checked = questions.check(
        *paths,
        max_mult_adds=max_mult_adds,
        max_params=max_params,
        convention=options.convention,
        watch=_watched,
    )
    show(checked, options)
    sys.exit(0 if checked.holds else 1)


def _watched(results: Iterable[Result], total: int) -> Iterator[Result]:
    """The results; a terminal is shown how far they are once that takes long."""
    with progress("claims", total) as advance:
        for done, result in enumerate(results, 1):
            yield result
            if advance is not None:
                advance(done)
