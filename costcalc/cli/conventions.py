"""``costcalc conventions``."""

from __future__ import annotations

import click

from costcalc.cli.options import output_options
from costcalc.cli.output import chosen_format, emit, show
from costcalc.costs import convention as conventions


@click.command()
@click.argument("name", required=False)
@output_options
def command(name: str | None, format_: str | None, output: str | None) -> None:
    """The conventions that ship, or the rules of one.

    NAME is a convention's name, or the path of a file of your own.
    """
    format_ = chosen_format(format_, output)
    if name is None:
        shipped = [conventions.load(each) for each in conventions.available()]
        if format_ == "json":
            from costcalc.render.reconciliations import conventions_json

            emit(conventions_json(shipped), output)
            return
        from costcalc.reporting.conventions import conventions_page

        show(conventions_page(shipped), format_, output)
        return
    convention = conventions.load(name)
    if format_ == "json":
        from costcalc.render.reconciliations import convention_json

        emit(convention_json(convention), output)
        return
    from costcalc.reporting.conventions import convention_page

    show(convention_page(convention), format_, output)
