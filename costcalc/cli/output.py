"""Writes a result to standard output, or to a file that is never left partial."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from costcalc import files
from costcalc.cli.options import Options
from costcalc.cli.streams import printed, write_note
from costcalc.errors import refuse

if TYPE_CHECKING:
    from costcalc.render.answer import Answer


_PLAIN = str.maketrans("×─│├└━╸", "x-||`=-")
"""ASCII substitutes for the characters that tables are drawn with."""

_ENDINGS = ("SIGTERM", "SIGHUP")
"""Signals that end a process; an interrupt is an exception already."""


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
    if options.format == "csv":
        for sentence in answer.caveats():
            write_note(sentence)


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
        refuse(
            None,
            "a binary result cannot be printed on a terminal",
            expected="-o FILE, or a pipe",
        )
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
    """As :func:`.files.whole`, also if the process is told to end.

    Raises:
        SpecError: the file cannot be written; no partial file is left.
    """
    with cleaned_up(), files.whole(output) as partial:
        yield partial


@contextmanager
def cleaned_up() -> Iterator[None]:
    """Lets what is open be cleaned up when the process is told to end."""
    import signal
    from threading import current_thread, main_thread

    previous = {}
    if current_thread() is main_thread():
        for number in (getattr(signal, name) for name in _ENDINGS if hasattr(signal, name)):
            if signal.getsignal(number) is not signal.SIG_IGN:  # as under nohup
                previous[number] = signal.signal(number, _leave)
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def _leave(number: int, frame: object) -> None:
    """Exits with the shell's code for a signal, running cleanup on the way."""
    sys.exit(128 + number)
