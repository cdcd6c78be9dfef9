"""``costcalc schema``."""

from __future__ import annotations

import click

from costcalc.cli.options import Options, completed_by, file_option, pass_options
from costcalc.cli.output import emit, show
from costcalc.schemas.schema import SchemaList
from costcalc.schemas.schema import schema as asked


@click.command()
@click.argument("name", required=False, shell_complete=completed_by("schemas"))
@file_option
@pass_options
def command(options: Options, name: str | None) -> None:
    """The JSON Schema of a file that costcalc reads, or of the JSON that it writes.

    NAME is one of the names that are listed without it: spec, claims, report, ...
    Editors complete and check a file by its schema while it is typed.
    """
    answer = asked(name)
    if isinstance(answer, SchemaList):
        show(answer, options)
    else:
        emit(answer.to_json(), options.output)
