"""``costcalc reconcile``."""

from __future__ import annotations

import sys

import click

from costcalc import questions
from costcalc.cli.options import output_options, settings, settings_options
from costcalc.cli.output import chosen_format, emit, show
from costcalc.opening import opened


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
    opened_network = opened(network, values)
    if printed is not None:
        found = questions.search(opened_network, printed, names)
        if format_ == "json":
            from costcalc.render.reconciliations import search_json

            emit(search_json(found), output)
        else:
            from costcalc.reconciling.pages import search_page

            show(search_page(found), format_, output)
        sys.exit(0 if found.matches else 1)
    result = questions.reconcile(opened_network, names)
    if format_ == "json":
        from costcalc.render.reconciliations import reconciliation_json

        emit(reconciliation_json(result), output)
        return
    from costcalc.reconciling.pages import reconciliation_page

    show(reconciliation_page(result), format_, output)
