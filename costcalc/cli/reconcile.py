"""``costcalc reconcile``."""

from __future__ import annotations

import sys

import click

from costcalc import questions
from costcalc.cli.options import Options, output_options, pass_options, settings_options
from costcalc.cli.output import show


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
@output_options()
@pass_options
def command(
    options: Options,
    network: str,
    between: str | None,
    others: tuple[str, ...],
    printed: str | None,
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
    names = [*([between] if between else []), *others]
    if printed is None and len(names) < 2:
        raise click.UsageError("--between takes two conventions or more, or --printed a number.")
    opened = options.opened(network)
    if printed is None:
        show(questions.reconcile(opened, names), options)
        return
    search = questions.search(opened, printed, names)
    show(search, options)
    sys.exit(0 if search.matches else 1)
