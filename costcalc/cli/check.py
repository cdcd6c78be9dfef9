"""``costcalc check``."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator

import click

from costcalc import questions
from costcalc.claims.page import check_page
from costcalc.claims.verdict import Result
from costcalc.cli.options import file_option
from costcalc.cli.output import emit, show
from costcalc.render import checks

_FORMATS = {"json": checks.json, "junit": checks.junit, "github": checks.github}
_PATIENCE = 1.0
"""Seconds after which a terminal is shown how far the check is."""


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
@click.option(
    "--format",
    "format_",
    type=click.Choice(["table", "json", "markdown", "junit", "github"]),
    default="table",
    show_default=True,
    help="Output format; github prints annotations for a workflow's log.",
)
@file_option
def command(
    paths: tuple[str, ...],
    max_mult_adds: str | None,
    max_params: str | None,
    convention: str,
    format_: str,
    output: str | None,
) -> None:
    """Whether printed figures reproduce, and budgets are kept.

    PATH is a claims file, a spec with claims of its own, a folder of either, a
    paper (its name or arXiv number) or a network that ships with costcalc.
    Without one, everything that ships is checked.

    Exits with 0 where every claim holds or is a documented misprint whose
    recomputed value holds, else with 1.
    """
    checked = questions.check(
        *paths,
        max_mult_adds=max_mult_adds,
        max_params=max_params,
        convention=convention,
        watch=_progress,
    )
    if format_ in _FORMATS:
        emit(_FORMATS[format_](checked), output)
    else:
        show(check_page(checked), format_, output)
    sys.exit(0 if checked.holds else 1)


def _progress(results: Iterable[Result], total: int) -> Iterator[Result]:
    """The results; a terminal is shown how far they are once that takes long."""
    if not sys.stderr.isatty():
        yield from results
        return
    from rich.console import Console
    from rich.progress import Progress

    start = time.monotonic()
    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("claims", total=total, visible=False)
        for result in results:
            yield result
            bar.update(task, advance=1, visible=time.monotonic() - start > _PATIENCE)
