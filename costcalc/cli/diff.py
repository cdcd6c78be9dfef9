"""``costcalc diff``."""

from __future__ import annotations

import os

import click

from costcalc import questions
from costcalc.cli.options import convention_options, output_options, settings, settings_options
from costcalc.cli.output import chosen_format, emit, show
from costcalc.errors import Problem, SpecError
from costcalc.opening import opened

_OF_GIT = (7, 9)
"""Arguments that git gives to a diff driver; two more where a file was renamed."""


@click.command()
@click.argument("versions", nargs=-1, required=True, metavar="OLD NEW")
@settings_options
@convention_options
@output_options
def command(
    versions: tuple[str, ...],
    alpha: str | None,
    res: str | None,
    sets: tuple[str, ...],
    convention: str,
    unit: str | None,
    format_: str | None,
    output: str | None,
) -> None:
    """What changed from OLD to NEW, layer by layer, and what that costs.

    Each is a spec, a shipped network or a model, and may carry settings.  As a diff
    driver of git, it takes the arguments that git gives: git config
    diff.costcalc.command "costcalc diff", and "specs/*.yaml diff=costcalc" in
    .gitattributes.
    """
    format_ = chosen_format(format_, output)
    values = settings(alpha, res, sets)
    if len(versions) in _OF_GIT:
        path, old, new = versions[0], versions[1], versions[4]
        title = path if len(versions) == _OF_GIT[0] else f"{path} → {versions[7]}"
    elif len(versions) == 2:
        path, (old, new) = None, versions
        title = f"{old} → {new}"
    else:
        raise SpecError([Problem(None, "a diff is of two versions", "OLD and NEW")])
    there = [
        None if path is not None and version == os.devnull else opened(version, values, path)
        for version in (old, new)
    ]
    found = questions.diff(*there, convention=convention, unit=unit)
    if format_ == "json":
        from costcalc.render.comparisons import difference_json

        emit(difference_json(found), output)
        return
    from costcalc.comparing.diff_page import difference_page

    show(difference_page(found, title), format_, output)
