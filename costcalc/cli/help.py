"""Help that fits the terminal, broken between words."""

from __future__ import annotations

import shutil
from collections.abc import Iterable

import click

from costcalc.render.layout import wrapped

_WIDEST, _NARROWEST = 78, 20
_NARROW = 60
"""Narrower than this, an option's help is on the lines below it."""


class Formatter(click.HelpFormatter):
    """Writes help without breaking words and options at their hyphens."""

    def __init__(self) -> None:
        columns = shutil.get_terminal_size().columns
        super().__init__(width=max(min(columns - 2, _WIDEST), _NARROWEST))

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        """Writes how a command is called."""
        first, *rest = wrapped(f"{prefix or 'Usage: '}{prog} {args}".rstrip(), self.width - 4)
        self._write_lines([first, *(f"    {line}" for line in rest)])

    def write_text(self, text: str) -> None:
        """Writes paragraphs."""
        indent = " " * self.current_indent
        for index, paragraph in enumerate(text.strip().split("\n\n")):
            lines = wrapped(" ".join(paragraph.split("\n")), self.width - len(indent))
            self._write_lines([*([""] if index else []), *(indent + line for line in lines)])

    def write_dl(
        self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2
    ) -> None:
        """Writes options, or commands, with what they do."""
        listed = list(rows)
        widest = 0 if self.width < _NARROW else max(len(term) for term, _ in listed)
        indent = " " * self.current_indent
        start = self.current_indent + min(widest, col_max) + col_spacing
        for term, text in listed:
            lines = [" " * start + line for line in wrapped(text, self.width - start)]
            if len(term) <= start - self.current_indent - col_spacing:
                lines[0] = indent + term + lines[0][len(indent + term) :]
            else:
                lines[:0] = [indent + line for line in self._term(term)]
            self._write_lines(lines)

    def _term(self, term: str) -> list[str]:
        """A term, on several lines if its choices are too long for one."""
        lines = wrapped(term.replace("|", "| "), self.width - self.current_indent - 4)
        first, *rest = (line.replace("| ", "|") for line in lines)
        return [first, *(f"    {line}" for line in rest)]

    def _write_lines(self, lines: Iterable[str]) -> None:
        self.write("".join(f"{line.rstrip()}\n" for line in lines))
