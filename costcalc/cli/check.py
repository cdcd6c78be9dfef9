"""``costcalc check``."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator

import click

from costcalc.claims import figure, sources
from costcalc.claims.check import check
from costcalc.claims.networks import Networks
from costcalc.claims.page import check_page
from costcalc.claims.verdict import Result
from costcalc.cli.options import file_option
from costcalc.cli.output import emit, show
from costcalc.costs import convention as conventions
from costcalc.errors import Problem, SpecError
from costcalc.render import checks
from costcalc.spec.numbers import ExpressionError

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
    conventions.load(convention)
    networks = Networks(convention)
    bounds = _bounds({"mult_adds": max_mult_adds, "params": max_params})
    files = sources.bounded(paths, bounds, networks) if bounds else sources.collect(paths, networks)
    total = sum(len(file.claims) for file in files)
    checked = check(files, networks, lambda results: _progress(results, total))
    if format_ in _FORMATS:
        emit(_FORMATS[format_](checked), output)
    else:
        show(check_page(checked), format_, output)
    sys.exit(0 if checked.holds else 1)


def _bounds(options: dict[str, str | None]) -> list[tuple[str, figure.Figure]]:
    """The bounds that options set, by metric.

    Raises:
        SpecError: one is not a number with a unit.
    """
    bounds, problems = [], []
    for metric, text in options.items():
        try:
            if text is not None:
                bounds.append((metric, figure.parse(f"<= {text}")))
        except ExpressionError:
            option = f"--max-{metric.replace('_', '-')}"
            problems.append(
                Problem(None, f"{option} {text} is no bound", expected="a number, as in 600M or 5M")
            )
    if problems:
        raise SpecError(problems)
    return bounds


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
