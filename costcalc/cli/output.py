"""Where a result goes: standard output, or a file that is written whole or not at all."""

from __future__ import annotations

import os
import sys

from costcalc.errors import Mark, Problem, SpecError
from costcalc.render import FORMATS, page_renderer
from costcalc.reporting.table import Page


def chosen_format(format_: str | None, output: str | None) -> str:
    """The format asked for, or the one that the file's suffix names.

    Raises:
        SpecError: no format is asked for and the suffix names none.
    """
    if format_ is not None or output is None:
        return format_ or "table"
    suffix = os.path.splitext(output)[1]
    for row in FORMATS:
        if row.suffix == suffix:
            return row.name
    raise SpecError(
        [
            Problem(
                Mark(output),
                f"no format has the suffix '{suffix}'",
                expected="one of " + ", ".join(row.suffix for row in FORMATS) + ", or --format",
            )
        ]
    )


def show(page: Page, format_: str, output: str | None) -> None:
    """Writes a page in a format; a table on a terminal is coloured and as wide as that is.

    Raises:
        SpecError: the file cannot be written; nothing is left of it.
    """
    text = None
    if format_ == "table" and output is None:
        from costcalc.render.terminal import on_terminal

        text = on_terminal(page)
    emit(page_renderer(format_)(page) if text is None else text, output)


def emit(text: str, output: str | None) -> None:
    """Writes a result.

    Raises:
        SpecError: the file cannot be written; nothing is left of it.
    """
    if output is None:
        sys.stdout.write(text)
        return
    folder = os.path.dirname(os.path.abspath(output))
    partial = os.path.join(folder, f".{os.path.basename(output)}.{os.getpid()}.partial")
    try:
        with open(partial, "x", encoding="utf-8", newline="") as file:
            file.write(text)
        os.replace(partial, output)
    except OSError as error:
        if os.path.exists(partial):
            os.unlink(partial)
        raise SpecError([Problem(Mark(output), f"cannot be written: {error.strerror}")]) from None
