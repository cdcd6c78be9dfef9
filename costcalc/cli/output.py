"""Where a result goes: standard output, or a file that is written whole or not at all."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol, TextIO

from costcalc.errors import Mark, Problem, SpecError
from costcalc.render import FORMATS, page_renderer

if TYPE_CHECKING:
    from costcalc.reporting.table import Page

if TYPE_CHECKING:
    from costcalc.symbolic.writing import Style


_PLAIN = str.maketrans("×─│├└━╸", "x-||`=-")
"""What tables are drawn with, in ASCII."""


class _Named(Protocol):
    """A format that a suffix may stand for."""

    @property
    def name(self) -> str: ...

    @property
    def suffix(self) -> str: ...


def chosen_format(
    format_: str | None, output: str | None, formats: Sequence[_Named] = FORMATS
) -> str:
    """The format asked for, or the one of ``formats`` that the file's suffix names, or the first.

    Raises:
        SpecError: no format is asked for and the suffix names none.
    """
    if format_ is not None or output is None:
        return format_ or formats[0].name
    suffix = os.path.splitext(output)[1]
    for row in formats:
        if row.suffix == suffix:
            return row.name
    raise SpecError(
        [
            Problem(
                Mark(output),
                f"no format has the suffix '{suffix}'",
                expected="one of " + ", ".join(row.suffix for row in formats),
                hint="-o FILE" + formats[0].suffix,
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


def style(output: str | None) -> Style:
    """How formulas are written: in Unicode where it can be shown, else in ASCII."""
    from costcalc.symbolic.writing import ASCII, UNICODE

    try:
        "·²₀⌊⌋′″αρ≤≡".encode(sys.stdout.encoding if output is None else "utf-8")
    except UnicodeEncodeError:
        return ASCII
    return UNICODE


def emit(result: str | Iterable[bytes], output: str | None) -> None:
    """Writes a result; bytes, which come in chunks, to a file or a pipe, not to a terminal.

    Raises:
        SpecError: it cannot be written; nothing is left of a file.
    """
    if output is not None:
        chunks = (result.encode(),) if isinstance(result, str) else result
        with whole(output) as partial, open(partial, "xb") as file:
            file.writelines(chunks)
    elif isinstance(result, str):
        _print(result)
    elif sys.stdout.isatty():
        raise SpecError([Problem(None, "the result is no text to print", expected="-o FILE")])
    else:
        with printed() as stream:
            stream.buffer.writelines(result)


def _print(text: str) -> None:
    """Text to standard output, all of it or as much as its reader wants.

    Raises:
        SpecError: it cannot be written, as on a full disk.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):
        # Where the encoding lacks a line or a sign it gets a like one; a letter is spelled out.
        try:
            text.encode(sys.stdout.encoding)
        except UnicodeEncodeError:
            text = text.translate(_PLAIN)
        sys.stdout.reconfigure(errors="backslashreplace")
    with printed() as file:
        file.write(text)


@contextmanager
def printed() -> Iterator[TextIO]:
    """Standard output, which its reader may close early.

    Raises:
        SpecError: it cannot be written, as on a full disk.
    """
    try:
        yield sys.stdout
        sys.stdout.flush()
    except OSError as error:
        # What is still buffered must not be tried again when the process ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(error, BrokenPipeError):
            raise SpecError(
                [Problem(None, f"standard output cannot be written: {error.strerror}")]
            ) from None


@contextmanager
def whole(output: str) -> Iterator[str]:
    """A path beside ``output`` to write to; the file takes its place when all is written.

    Raises:
        SpecError: the file cannot be written; nothing is left of it.
    """
    if os.path.exists(output) and not os.path.isfile(output):
        kind = "it is a folder" if os.path.isdir(output) else "it is not a regular file"
        raise SpecError([Problem(Mark(output), f"cannot be written: {kind}")])
    folder, name = os.path.split(os.path.realpath(output))
    suffix = os.path.splitext(name)[1]
    partial = os.path.join(folder, f".{name}.{os.getpid()}.partial{suffix}")
    before = _on_termination(_leave)
    try:
        yield partial
        os.replace(partial, os.path.join(folder, name))
    except OSError as error:
        raise SpecError([Problem(Mark(output), f"cannot be written: {error.strerror}")]) from None
    finally:
        if os.path.exists(partial):
            os.unlink(partial)
        _on_termination(before)


def _on_termination(handler: Any) -> Any:
    """Sets what a request to terminate does; gives what it did, None where that stays."""
    import signal
    from threading import current_thread, main_thread

    if handler is None or current_thread() is not main_thread():
        return None
    return signal.signal(signal.SIGTERM, handler)


def _leave(number: int, frame: object) -> None:
    """Ends the process as a shell reports it, by way of whatever cleans up."""
    sys.exit(128 + number)
