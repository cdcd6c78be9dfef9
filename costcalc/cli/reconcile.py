"""``costcalc reconcile``."""

from __future__ import annotations

import re
import sys

import click

from costcalc import pipeline
from costcalc.claims import figure as figures
from costcalc.cli.options import output_options, settings, settings_options
from costcalc.cli.output import chosen_format, emit, show
from costcalc.errors import Problem, SpecError
from costcalc.spec.numbers import ExpressionError


@click.command()
@click.argument("network")
@click.option(
    "--between",
    metavar="A B...",
    help="Conventions, names or files; all are explained by their difference from the first.",
)
@click.argument("others", nargs=-1, metavar="")
@click.option(
    "--printed", metavar="FIGURE", help="What gives a number somebody quoted: 327.5M, 320.3 MMac."
)
@settings_options
@output_options
def command(
    network: str,
    between: str | None,
    others: tuple[str, ...],
    printed: str | None,
    alpha: str | None,
    res: str | None,
    sets: tuple[str, ...],
    format_: str | None,
    output: str | None,
) -> None:
    """Why conventions disagree on NETWORK: their totals, and causes that add up exactly.

    Tools are counted on torchvision's implementation where the network has it,
    unless --set implementation=... says otherwise.

    With --printed: which
    convention and setting give a number, among the conventions (those of
    --between, or all that ship), the usual resolutions and batches, the
    network's variants, with and without the classifier; exit code 1 where
    nothing does.
    """
    format_ = chosen_format(format_, output)
    names = [*([between] if between else []), *others]
    if printed is None and len(names) < 2:
        raise click.UsageError("--between takes two conventions or more, or --printed a number.")
    values = settings(alpha, res, sets)
    if printed is not None:
        found = pipeline.search(network, values, names, _figure(printed))
        if format_ == "json":
            from costcalc.render.reconciliations import search_json

            emit(search_json(found), output)
        else:
            from costcalc.reconciling.pages import search_page

            show(search_page(found), format_, output)
        sys.exit(0 if found.matches else 1)
    result = pipeline.reconcile(network, values, names)
    if format_ == "json":
        from costcalc.render.reconciliations import reconciliation_json

        emit(reconciliation_json(result), output)
        return
    from costcalc.reconciling.pages import reconciliation_page

    show(reconciliation_page(result), format_, output)


# The words that tools print behind a count: ptflops "320.3 MMac", calflops "602 MFLOPS".
_COUNTED = re.compile(r"\s*(?:(?:mult|mul|m)-?adds?|macc?s?|flops?|params?)\s*$", re.IGNORECASE)


def _figure(printed: str) -> figures.Figure:
    """The count that somebody quoted.  The word behind it is ignored: people mean either by both.

    Raises:
        SpecError: it is no figure, or one that is no count.
    """
    try:
        figure = figures.parse(_COUNTED.sub("", printed))
    except ExpressionError as error:
        raise SpecError(
            [Problem(None, f"--printed {printed}: {error.message}", expected=error.expected)]
        ) from None
    if figure.bound or figure.unit in ("%", "x"):
        raise SpecError(
            [
                Problem(
                    None, f"--printed {printed}: this is no count", expected="327.5M, or 327486720"
                )
            ]
        )
    return figure
