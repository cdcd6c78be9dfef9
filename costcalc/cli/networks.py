"""``costcalc networks``."""

from __future__ import annotations

import re

import click

from costcalc import questions
from costcalc.cli.options import (
    Options,
    completed_by,
    convention_options,
    family_options,
    output_options,
    pass_options,
)
from costcalc.cli.output import show
from costcalc.errors import refuse
from costcalc.spec import library
from costcalc.spec.family import FAMILIES

_WORD = re.compile(r"[\w-]+")
"""The pattern of what may be a word to search for: no path, no settings."""


@click.command()
@click.argument("network", required=False, shell_complete=completed_by("networks"))
@click.option(
    "--search",
    default="",
    metavar="TEXT",
    help="Only networks with every word of TEXT in their name, title or source.",
)
@family_options
@convention_options
@output_options()
@pass_options
def command(
    options: Options,
    network: str | None,
    search: str,
    families: tuple[str, ...],
    year: str | None,
) -> None:
    """The networks that ship with costcalc, or the parameters of one.

    The list is by family and year, the variants of a network below it, and shows source,
    default settings, published accuracy and totals.  For a NETWORK, a name in
    the list or the path of a spec, its parameters are shown with default, choices
    or range, and meaning.
    """
    if network is not None:
        if search or families or year is not None:
            refuse(
                None,
                f"'{network}' is one network, and --search, --family and --year choose among all",
                expected="a NETWORK, or these options",
            )
        if _WORD.fullmatch(network) and not library.is_network(network):
            _refuse_word(network)
        show(questions.parameters(network), options)
    else:
        listed = questions.networks(search, family=families, year=year, **options.counted_by)
        show(listed, options)


def _refuse_word(word: str) -> None:
    """Refuses the name of a family, or a word that names of several networks have.

    Raises:
        SpecError: it is one of these, and the list of them is what was meant.
    """
    expected = "a NETWORK, for its parameters"
    if word.lower() in FAMILIES:
        hint = f"costcalc networks --family {word.lower()}"
        refuse(None, f"there is no network '{word}': it is a family", expected, hint=hint)
    several = sum(word.lower() in name for name in library.shipped())
    if several > 1:
        hint = f"costcalc networks --search {word}"
        message = f"there is no network '{word}', but {several} have it in their names"
        refuse(None, message, expected, hint=hint)
