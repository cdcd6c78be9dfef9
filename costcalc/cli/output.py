"""Where a result goes: standard output, or a file that is written whole or not at all."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TextIO

from costcalc.cli.options import Options
from costcalc.errors import Mark, refuse

if TYPE_CHECKING:
    from costcalc.render.answer import Answer


_PLAIN = str.maketrans("×─│├└━╸", "x-||`=-")
"""What tables are drawn with, in ASCII."""


def show(answer: Answer, options: Options, *arrangement: Any) -> None:
    """Writes an answer in the format asked for, its page arranged as asked for.

    A table on a terminal is coloured and as wide as that is.

    Raises:
        SpecError: the file cannot be written; nothing is left of it.
    """
    text = None
    if options.format == "table" and options.output is None:
        from costcalc.render import terminal

        page = answer.page(*arrangement)
        text = terminal.on_terminal(page)
        if text is None:
            text = terminal.page(page, getattr(sys.stdout, "encoding", None) or "utf-8")
    if text is None:
        text = answer.rendered(options.format, *arrangement)
    emit(text, options.output)


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
        refuse(None, "the result is not text, and cannot be printed", expected="-o FILE")
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
            refuse(None, f"standard output cannot be written: {error.strerror}")


@contextmanager
def whole(output: str) -> Iterator[str]:
    """A path beside ``output`` to write to; the file takes its place when all is written.

    Raises:
        SpecError: the file cannot be written; nothing is left of it.
    """
    if os.path.exists(output) and not os.path.isfile(output):
        kind = "it is a folder" if os.path.isdir(output) else "it is not a regular file"
        refuse(Mark(output), f"cannot be written: {kind}")
    folder, name = os.path.split(os.path.realpath(output))
    suffix = os.path.splitext(name)[1]
    partial = os.path.join(folder, f".{name}.{os.getpid()}.partial{suffix}")
    before = _on_termination(_leave)
    try:
        yield partial
        os.replace(partial, os.path.join(folder, name))
    except OSError as error:
        refuse(Mark(output), f"cannot be written: {error.strerror}")
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
