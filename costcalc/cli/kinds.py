"""``costcalc kinds``."""

from __future__ import annotations

import click

from costcalc.cli.options import output_options
from costcalc.cli.output import chosen_format, emit, show


@click.command()
@click.argument("name", required=False)
@output_options
def command(name: str | None, format_: str | None, output: str | None) -> None:
    """The layer kinds with their arguments, or one with an example.

    NAME is a kind as specs write it, or one of its other names.
    """
    from costcalc.reporting.kinds import kind, kinds

    answer = kinds() if name is None else kind(name)
    format_ = chosen_format(format_, output)
    if format_ == "json":
        from costcalc.render.json import dumps

        emit(dumps(answer.data()), output)
        return
    show(answer.page(), format_, output)
