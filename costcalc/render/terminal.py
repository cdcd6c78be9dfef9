"""Plain text for pipes and files; for terminals, coloured and fitted to their width."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from costcalc.render.layout import Line, page_lines
from costcalc.render.page import Page

if TYPE_CHECKING:
    from rich.console import Console

_STYLES = {
    "title": "bold",
    "head": "bold",
    "sum": "bold",
    "quiet": "dim",
    "bar": "cyan",
    "good": "green",
    "bad": "bold red",
}
"""Attributes and the terminal's own colours, legible on light and on dark."""


def page(page: Page, encoding: str = "utf-8") -> str:
    """A page as plain text in full width, independent of the terminal."""
    return _plain(page_lines(page, None, not _has_signs(encoding)))


def on_terminal(page: Page) -> str | None:
    """A page for standard output if that is a terminal, else None."""
    if not (sys.stdout.isatty() or os.environ.get("FORCE_COLOR")):
        return None
    from rich.console import Console

    console = Console()
    return console_page(page, console) if console.is_terminal else None


def console_page(page: Page, console: Console) -> str:
    """A page in a console's width and colours; without colours if NO_COLOR is set."""
    lines = page_lines(page, console.width, not _has_signs(console.encoding))
    if console.no_color:
        return _plain(lines)
    from rich.segment import Segment, Segments
    from rich.style import Style

    styles = {name: Style.parse(style) for name, style in _STYLES.items()}
    segments = []
    for line in lines:
        segments += [Segment(span.text, styles.get(span.style)) for span in line]
        segments.append(Segment.line())
    with console.capture() as captured:
        console.print(Segments(segments), soft_wrap=True, end="")
    return captured.get()


def _has_signs(encoding: str) -> bool:
    """Whether formulas can be written in Unicode."""
    try:
        "·²₀⌊⌋′″αρ≤≡".encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


def _plain(lines: list[Line]) -> str:
    return "".join("".join(span.text for span in line).rstrip() + "\n" for line in lines)
