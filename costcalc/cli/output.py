"""Writes a result to standard output, or to a file that is never left partial."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from costcalc.cli.options import Options
from costcalc.cli.streams import printed
from costcalc.errors import Mark, refuse

if TYPE_CHECKING:
    from costcalc.render.answer import Answer


_PLAIN = str.maketrans("×─│├└━╸", "x-||`=-")
"""ASCII substitutes for the characters that tables are drawn with."""


def show(answer: Answer, options: Options, *arrangement: Any) -> None:
    """Writes an answer in the format asked for; ``arrangement`` is passed to its page.

    A table on a terminal is coloured and fitted to its width.

    Raises:
        SpecError: the file cannot be written; no partial file is left.
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
    """Writes a result; chunks of bytes only to a file or a pipe, not to a terminal.

    Raises:
        SpecError: it cannot be written; no partial file is left.
    """
    if output is not None:
        chunks = (result.encode(),) if isinstance(result, str) else result
        with whole(output) as partial, open(partial, "xb") as file:
            file.writelines(chunks)
    elif isinstance(result, str):
        _print(result)
    elif sys.stdout.isatty():
        refuse(None, "a binary result cannot be printed on a terminal", expected="-o FILE")
    else:
        with printed() as stream:
            stream.buffer.writelines(result)


def _print(text: str) -> None:
    """Prints text to standard output, which its reader may close early.

    Raises:
        SpecError: it cannot be written, as on a full disk.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):
        # If the encoding lacks the characters of tables, substitute ASCII; escape any others.
        try:
            text.encode(sys.stdout.encoding)
        except UnicodeEncodeError:
            text = text.translate(_PLAIN)
        sys.stdout.reconfigure(errors="backslashreplace")
    with printed() as file:
        file.write(text)


@contextmanager
def whole(output: str) -> Iterator[str]:
    """A temporary path next to ``output``; the file is moved there when it is complete.

    Raises:
        SpecError: the file cannot be written; no partial file is left.
    """
    if os.path.exists(output) and not os.path.isfile(output):
        reason = "it is a folder" if os.path.isdir(output) else "it is not a regular file"
        refuse(Mark(output), f"cannot be written: {reason}")
    folder, name = os.path.split(os.path.realpath(output))
    suffix = os.path.splitext(name)[1]
    partial = os.path.join(folder, f".{name}.{os.getpid()}.partial{suffix}")
    previous = _on_termination(_leave)
    try:
        yield partial
        os.replace(partial, os.path.join(folder, name))
    except OSError as error:
        refuse(Mark(output), f"cannot be written: {error.strerror}")
    finally:
        if os.path.exists(partial):
            os.unlink(partial)
        _on_termination(previous)


def _on_termination(handler: Any) -> Any:
    """Sets the handler of SIGTERM; returns the previous one, or None if it was not changed."""
    import signal
    from threading import current_thread, main_thread

    if handler is None or current_thread() is not main_thread():
        return None
    return signal.signal(signal.SIGTERM, handler)


def _leave(number: int, frame: object) -> None:
    """Exits with the shell's code for a signal, running cleanup on the way."""
    sys.exit(128 + number)
