"""Help in the terminal's width, broken between words and never within one."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from textwrap import wrap

import click

_WIDEST, _NARROWEST = 78, 20
_NARROW = 60
"""Below this, what an option does stands on the lines below it."""

_HYPHEN, _UNBROKEN = "-", "\N{NON-BREAKING HYPHEN}"


class Formatter(click.HelpFormatter):
    """Writes help without breaking words and options at their hyphens."""

    def __init__(self) -> None:
        columns = shutil.get_terminal_size().columns
        super().__init__(width=max(min(columns - 2, _WIDEST), _NARROWEST))

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        """Writes how a command is called."""
        super().write_usage(prog, _protected(args), prefix)

    def write_text(self, text: str) -> None:
        """Writes paragraphs."""
        super().write_text(_protected(text))

    def write_dl(
        self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2
    ) -> None:
        """Writes options, or commands, with what they do."""
        protected = [(self._term(term), _protected(text)) for term, text in rows]
        super().write_dl(protected, 0 if self.width < _NARROW else col_max, col_spacing)

    def _term(self, term: str) -> str:
        """A term, on several lines if its choices are too long for one."""
        room = self.width - self.current_indent
        if len(term) <= room:
            return term
        lines = wrap(_protected(term).replace("|", "| "), room, subsequent_indent=" " * 4)
        return f"\n{' ' * self.current_indent}".join(line.replace("| ", "|") for line in lines)

    def getvalue(self) -> str:
        """The help with its own hyphens."""
        return super().getvalue().replace(_UNBROKEN, _HYPHEN)


class Context(click.Context):
    """The context of a command whose help is written so."""

    def make_formatter(self) -> click.HelpFormatter:
        """A formatter for the terminal's width."""
        return Formatter()


def with_formatter(command: click.Command) -> click.Command:
    """The command, and those below it, with help written so."""
    command.context_class = Context
    if isinstance(command, click.Group):
        for below in command.commands.values():
            with_formatter(below)
    return command


def _protected(text: str) -> str:
    return text.replace(_HYPHEN, _UNBROKEN)
