"""``costcalc reconcile``."""

from __future__ import annotations

import sys

import click

from costcalc import checking, questions
from costcalc.cli.options import (
    Options,
    completed_by,
    names_option,
    output_options,
    pass_options,
    settings_options,
)
from costcalc.cli.output import show
from costcalc.opening import names_in


@click.command()
@click.argument("network", shell_complete=completed_by("networks"))
@names_option(
    "--between",
    metavar="A,B,...",
    shell_complete=completed_by("several_conventions"),
    help="Conventions, names or files; each is compared with the first.  "
    "[default: paper,fvcore,thop,ptflops,torchinfo,torch]",
)
@click.argument("others", nargs=-1, metavar="", shell_complete=completed_by("several_conventions"))
@click.option(
    "--printed", metavar="FIGURE", help="Find what reproduces a quoted number: 327.5M, 320.3 MMac."
)
@settings_options
@output_options()
@pass_options
def command(
    options: Options,
    network: str,
    between: tuple[str, ...],
    others: tuple[str, ...],
    printed: str | None,
) -> None:
    """Why conventions disagree on NETWORK: their totals, and causes that add up exactly.

    The conventions of tools are applied to torchvision's implementation if the
    network has it, unless --set implementation=... chooses another.

    With --printed: which conventions (of those of --between, or of all that ship)
    and settings reproduce a number, among the usual resolutions and batch sizes
    and the network's variants, with and without the classifier.  The exit code
    is 1 if none does.
    """
    names = (*between, *names_in(others))
    opened = options.opened(network)
    if printed is None:
        show(questions.reconcile(opened, names), options)
        return
    search = checking.search(opened, printed, names)
    show(search, options)
    sys.exit(0 if search.matches else 1)
