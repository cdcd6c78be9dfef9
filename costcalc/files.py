"""Files that are written whole or not at all."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager

from costcalc.errors import Mark, reason, refuse


@contextmanager
def whole(output: str) -> Iterator[str]:
    """A temporary path; the file is moved to ``output`` when it is complete.

    A device or a pipe, such as ``/dev/null``, gets the complete file's bytes.

    Raises:
        SpecError: the file cannot be written; no partial file is left.
    """
    target = os.path.realpath(output)  # a link stays one
    partial = ""
    try:
        if is_device(output):
            from tempfile import gettempdir

            partial = _partial(gettempdir())
            yield partial
            _copy(partial, output)
        else:
            partial = _partial(os.path.dirname(target))
            yield partial
            _replace(target, partial)
    except OSError as error:
        refuse(Mark(output), f"cannot be written: {reason(error)}")
    finally:
        if os.path.exists(partial):
            os.unlink(partial)


def is_device(output: str) -> bool:
    """Whether a path is a device or a pipe, which takes bytes but is not a file."""
    return os.path.exists(output) and not os.path.isfile(output) and not os.path.isdir(output)


def _partial(folder: str) -> str:
    return os.path.join(folder, f".costcalc-{os.getpid()}.partial")


def _copy(partial: str, device: str) -> None:
    from shutil import copyfileobj

    with open(partial, "rb") as read, open(device, "wb") as write:
        copyfileobj(read, write)


def _replace(target: str, partial: str) -> None:
    """Puts the complete file in place, with the permissions of the one that was there."""
    if os.path.exists(target):
        if not os.access(target, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        os.chmod(partial, stat.S_IMODE(os.stat(target).st_mode))
    os.replace(partial, target)
