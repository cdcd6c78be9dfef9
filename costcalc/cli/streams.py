"""The standard streams: results on one, errors for people on the other, either may be closed."""

from __future__ import annotations

import errno
import io
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any, TextIO

import click

from costcalc.errors import CostcalcError, CostcalcWarning, Mark, Problem, refuse
from costcalc.escaping import printable, shortened

_STYLES = {
    "Error:": "1;31",
    "Warning:": "1;33",
    "Usage:": "1",
    "expected": "2",
    "found": "2",
    "try": "32",
}
"""Attributes and the terminal's own colours for the word that begins a line of an error."""

_DETAIL = re.compile(r"(Error:|Warning:|Usage:|    (?:expected|found|try)) +")
"""The word at the start of a line, as :class:`costcalc.errors.Problem` writes it."""

_HELD = 2**24
"""The most characters of a result that are held back until it is whole."""

_HELP = getattr(click.exceptions, "NoArgsIsHelpError", ())
"""A command without arguments that shows its help, as newer releases of Click say it."""


class UserError(click.ClickException):
    """An error that the user can fix: a message on standard error, exit code 2."""

    exit_code = 2

    def __init__(self, message: str, usage: str = "") -> None:
        super().__init__(message)
        self.usage = usage

    def show(self, file: IO[Any] | None = None) -> None:
        """Writes the message to standard error, coloured and wrapped on a terminal."""
        _write(f"{self.usage}Error: {self.format_message()}")


def write_note(text: str) -> None:
    """Writes a note about a result to standard error, made safe to print."""
    _write("\n".join(map(printable, text.split("\n"))))


@contextmanager
def readable_warnings() -> Iterator[None]:
    """Writes warnings to standard error, each of them once."""
    import warnings

    shown = warnings.showwarning
    written: set[str] = set()

    def show(
        message: Warning | str,
        category: type[Warning],
        filename: str,
        lineno: int,
        file: TextIO | None = None,
        line: str | None = None,
    ) -> None:
        if not issubclass(category, CostcalcWarning):
            shown(message, category, filename, lineno, file, line)
        elif str(message) not in written:
            written.add(str(message))
            write_note(f"Warning: {message}")

    with warnings.catch_warnings():
        warnings.simplefilter("always", CostcalcWarning)
        warnings.showwarning = show
        yield


@contextmanager
def readable_errors() -> Iterator[None]:
    """Turns the errors of a command into a message and an exit code."""
    try:
        yield
    except CostcalcError as error:
        raise UserError(str(error)) from None
    except click.UsageError as error:
        if isinstance(error, _HELP):
            raise
        from costcalc.cli.words import hint

        advice = hint(error)
        # Click repeats arguments as they are, and guesses at options.
        is_known = isinstance(error, click.NoSuchOption) and advice
        message = printable(shortened(error.message if is_known else error.format_message()))
        if advice:
            message = str(Problem(None, message.rstrip("."), hint=advice))
        raise UserError(message, _usage(error.ctx)) from None
    except OSError as error:
        if error.filename is not None:
            raise UserError(str(Problem(Mark(str(error.filename)), str(error.strerror)))) from None
        # Help and version, which Click prints.
        _discard()
        if error.errno == errno.EPIPE:
            raise click.exceptions.Exit(0) from None
        raise UserError(_not_written(error)) from None
    except KeyboardInterrupt:
        _write("\nInterrupted")
        raise click.exceptions.Exit(130) from None


@contextmanager
def printed() -> Iterator[TextIO]:
    """Standard output, which its reader may close early.

    Raises:
        SpecError: it cannot be written, as on a full disk, or if it is closed.
    """
    try:
        yield sys.stdout
        sys.stdout.flush()
    except OSError as error:
        _discard()
        if error.errno != errno.EPIPE:
            refuse(None, _not_written(error))


class HeldBack(io.StringIO):
    """Text for a stream, held back so that an error leaves none, unless it grows too long."""

    def __init__(self, stream: TextIO) -> None:
        super().__init__(newline="")
        self.stream = stream

    def write(self, text: str, /) -> int:
        """Holds text back, or writes what is held once it is too long."""
        length = super().write(text)
        if self.tell() >= _HELD:
            self._release()
        return length

    def __exit__(self, *error: Any) -> None:
        if error == (None, None, None):
            self._release()
        super().__exit__(*error)

    def _release(self) -> None:
        self.stream.write(self.getvalue())
        self.seek(0)
        self.truncate()


def open_closed_streams() -> None:
    """Opens the null device for standard streams that are closed.

    Other files would take their numbers otherwise.  Standard output becomes one that
    cannot be written, so that a result is not lost without a word.
    """
    if None not in (sys.stdin, sys.stdout, sys.stderr):
        return
    for number, flags in enumerate((os.O_RDONLY, os.O_RDONLY, os.O_WRONLY)):
        try:
            os.fstat(number)
        except OSError:
            os.dup2(os.open(os.devnull, flags), number)
    sys.stdin = sys.stdin or os.fdopen(0, encoding="utf-8")
    sys.stdout = sys.stdout or os.fdopen(1, "w", encoding="utf-8")
    sys.stderr = sys.stderr or os.fdopen(2, "w", encoding="utf-8")


def _discard() -> None:
    """Drops what is still buffered, which would otherwise be written at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _not_written(error: OSError) -> str:
    reason = "it is closed" if error.errno == errno.EBADF else error.strerror
    return f"standard output cannot be written: {reason}"


def _usage(context: click.Context | None) -> str:
    if context is None:
        return ""
    return f"{context.get_usage()}\nTry '{context.command_path} --help' for help.\n\n"


def _write(text: str) -> None:
    """Writes lines to standard error, if it can be written; wrapped for a terminal."""
    stream = sys.stderr
    lines = text.split("\n")
    width = terminal_width(stream)
    if width is not None:
        lines = [part for line in lines for part in _wrapped(line, width)]
    if _has_colours(stream):
        lines = list(map(_coloured, lines))
    try:
        stream.write("\n".join(lines) + "\n")
        stream.flush()
    except OSError:
        pass  # there is nowhere left to say so


def _wrapped(line: str, width: int) -> list[str]:
    """A line broken between words, which stay whole, and indented as its first word is."""
    from textwrap import wrap

    detail = _DETAIL.match(line)
    indent = detail.end() if detail and line.startswith(" ") else 4
    return wrap(
        line,
        width,
        subsequent_indent=" " * indent,
        break_long_words=False,
        break_on_hyphens=False,
    ) or [""]


def terminal_width(stream: TextIO) -> int | None:
    """The width of a stream's terminal, or ``COLUMNS``; None if it is not a terminal."""
    if not stream.isatty():
        return None
    given = os.environ.get("COLUMNS", "")
    if given.isdecimal() and int(given):
        return int(given)
    try:
        return os.get_terminal_size(stream.fileno()).columns or 80
    except OSError:
        return 80


def _has_colours(stream: TextIO) -> bool:
    """Whether to colour: on a terminal, unless NO_COLOR is set; elsewhere if FORCE_COLOR is."""
    if os.environ.get("NO_COLOR"):
        return False
    is_terminal = stream.isatty() and os.environ.get("TERM", "") not in ("dumb", "unknown")
    return is_terminal or bool(os.environ.get("FORCE_COLOR"))


def _coloured(line: str) -> str:
    detail = _DETAIL.match(line)
    if detail is None:
        return line
    word = detail[1].strip()
    return line.replace(word, f"\x1b[{_STYLES[word]}m{word}\x1b[0m", 1)
