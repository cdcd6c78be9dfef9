"""A progress bar for long tasks, if standard error is a terminal."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_LONG = 1.0
"""Seconds after which a bar appears."""


@contextmanager
def progress(task: str, total: int | None) -> Iterator[Callable[[int], None] | None]:
    """A function to call with how much of ``total`` is done; None without a terminal.

    A total of None is unknown.
    """
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    )
    task_id = bar.add_task(task, total=total)
    begun = time.monotonic()

    def advance(done: int) -> None:
        if time.monotonic() - begun > _LONG:
            bar.start()
        bar.update(task_id, completed=done)
        if done == total:
            bar.stop()  # before any note about the result

    try:
        yield advance
    finally:
        bar.stop()
