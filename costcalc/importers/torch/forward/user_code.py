"""Runs the user's code quietly, and turns what goes wrong in it into one message."""

from __future__ import annotations

import importlib
import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from types import TracebackType

import torch

from costcalc.errors import Mark, SpecError, refuse

_NOT_USER_CODE = tuple(
    os.path.dirname(os.path.abspath(file)) + os.sep
    for file in (torch.__file__, importlib.__file__, os.path.dirname(__file__))
)
"""Folders of code that is not the user's."""

FAILURES = (Exception, GeneratorExit, SystemExit)
"""What the user's code may raise that is no wish of the person who runs it."""


@contextmanager
def user_code(file: str, message: str) -> Iterator[None]:
    """Runs the user's code quietly, and turns an exception into one message.

    Raises:
        SpecError: the code raised an exception.
    """
    try:
        with quiet():
            yield
    except SpecError:
        raise
    except FAILURES as error:
        refuse(Mark(file), message, found=describe(error))


@contextmanager
def quiet() -> Iterator[None]:
    """Redirects the code's output to standard error, and drops its warnings."""
    with redirect_stdout(sys.stderr), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def describe(error: BaseException) -> str:
    """An exception in one line, with the place in the user's code."""
    text = " ".join(text_of(error).split())
    place = raised_at(error)
    return f"{type(error).__name__}: {text}" + (f" ({place})" if place else "")


def text_of(error: BaseException) -> str:
    """What an exception says; nothing if it cannot be asked."""
    try:
        return str(error)
    except Exception:
        return ""


def raised_at(error: BaseException) -> str:
    """The innermost ``file:line`` of the traceback that is neither PyTorch's nor costcalc's."""
    place = ""
    trace: TracebackType | None = error.__traceback__
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        if not file.startswith((*_NOT_USER_CODE, "<")):
            place = f"{file}:{trace.tb_lineno}"
        trace = trace.tb_next
    return place
