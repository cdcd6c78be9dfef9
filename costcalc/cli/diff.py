"""``costcalc diff``."""

from __future__ import annotations

import os

import click

from costcalc import questions
from costcalc.cli.options import (
    Options,
    completed_by,
    convention_options,
    output_options,
    pass_options,
    settings_options,
    storage_options,
)
from costcalc.cli.output import show
from costcalc.errors import refuse

_OF_GIT = (7, 9)
"""Arguments that git passes to a diff driver; two more if a file was renamed."""


@click.command()
@click.argument(
    "versions",
    nargs=-1,
    required=True,
    metavar="OLD NEW",
    shell_complete=completed_by("networks"),
)
@settings_options
@convention_options
@storage_options
@output_options()
@pass_options
def command(
    options: Options,
    versions: tuple[str, ...],
) -> None:
    """What changed from OLD to NEW, layer by layer, and what it costs.

    Each is a spec, a shipped network or a model, and may carry settings.  To use
    it as a diff driver of git: 'git config diff.costcalc.command "costcalc diff"',
    and 'specs/*.yaml diff=costcalc' in .gitattributes.
    """
    if len(versions) in _OF_GIT:
        path, old, new = versions[0], versions[1], versions[4]
        title = path if len(versions) == _OF_GIT[0] else f"{path} → {versions[7]}"
        networks = [
            None if version == os.devnull else options.opened(version, path, is_one_of_several=True)
            for version in (old, new)
        ]
    elif len(versions) == 2:
        title = ""
        networks = [options.opened(version, is_one_of_several=True) for version in versions]
    else:
        refuse(None, "a diff needs two versions", "OLD and NEW")
    difference = questions.diff(
        networks[0],
        networks[1],
        title=title,
        **options.stored_by,
        **options.counted_by,
    )
    show(difference, options)
