"""Errors for people: where, what was expected, what was found, how to fix it."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NoReturn

from costcalc.escaping import printable, shortened
from costcalc.records import NamedTuple

SHOWN = 25
"""Problems printed; the rest are only counted."""

MOST = 1000
"""Problems after which reading stops."""

_QUESTION = "did you mean"

_COMPARED, _LONGEST_NAME, _MOST_NAMES = 200, 100, 30_000
"""Bounds on the search for a similar name: how many names (the nearest by alphabet), how long,
and among how many at most."""

_PREFIX, _MOST_LONGER = 3, 12
"""The fewest letters that names are completed from, and the most names that a hint lists."""


class Mark(NamedTuple):
    """A place in a file; lines and columns count from 1."""

    file: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}" if self.line else self.file


class Problem(NamedTuple):
    """One thing that is wrong, and what would be right."""

    mark: Mark | None
    message: str
    expected: str = ""
    found: str = ""
    hint: str = ""

    def __str__(self) -> str:
        first = f"{self.mark}: {self.message}" if self.mark else self.message
        hint = self.hint
        if hint.startswith(_QUESTION):
            first, hint = f"{first}; {hint}", ""
        lines = [first]
        for title, text in (("expected", self.expected), ("found", self.found), ("try", hint)):
            if text:
                lines.append(f"    {title:<9}{text}")
        return "\n".join(printable(shortened(line)) for line in lines)


class CostcalcError(Exception):
    """Something the user can fix; holds every problem, not only the first.

    Attributes:
        problems: the problems, in the order of the file.
    """

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__(self._text())

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.problems,)

    def _text(self) -> str:
        lines = [str(problem) for problem in self.problems[:SHOWN]]
        if len(self.problems) > SHOWN:
            lines.append(f"... and {len(self.problems) - SHOWN} more problems")
        return "\n".join(lines)


class SpecError(CostcalcError):
    """A spec, or a network's name or settings, is wrong."""


class ConventionError(CostcalcError):
    """A convention is wrong, or does not define a layer of the network."""


class StorageError(CostcalcError):
    """A storage is wrong, or does not apply to the network."""


class DeviceError(CostcalcError):
    """A device is wrong, or lacks a figure that the question needs."""


class CostcalcWarning(UserWarning):
    """Something that is probably a mistake, although it can be counted as it is."""


class Refusal(Exception):
    """An error without its location, which the caller adds.

    A formula, a shape rule or an importer's operation knows what is wrong, but not
    which layer of which file it is working on.  It raises a refusal in one line; the
    caller adds the place with :meth:`problem`.

    Attributes:
        message: what is wrong.
        expected: what would be right.
        found: what is there instead.
        hint: how to fix it.
        mark: where it is, if already known.
    """

    def __init__(
        self,
        message: str,
        expected: str = "",
        found: str = "",
        hint: str = "",
        mark: Mark | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.expected = expected
        self.found = found
        self.hint = hint
        self.mark = mark

    def problem(self, mark: Mark | None = None, subject: str = "") -> Problem:
        """The refusal as a problem, at its own place or else at ``mark``.

        >>> print(Refusal("has no axis 4", found="3 axes").problem(subject="layer 'fc'"))
        layer 'fc': has no axis 4
            found    3 axes
        """
        message = f"{subject}: {self.message}" if subject else self.message
        return Problem(self.mark or mark, message, self.expected, self.found, self.hint)


def refuse(
    mark: Mark | None,
    message: str,
    expected: str = "",
    found: str = "",
    hint: str = "",
    error: type[CostcalcError] = SpecError,
) -> NoReturn:
    """Raises a single problem, where nothing else can be checked until it is fixed.

    Raises:
        CostcalcError: always, of type ``error``; an exception being handled is not shown.
    """
    raise error([Problem(mark, message, expected, found, hint)]) from None


def reason(error: OSError) -> str:
    """The reason of a failure in the operating system's words, not those of a library.

    >>> reason(OSError(28, "Error writing bytes to file. Detail: [errno 28]"))
    'No space left on device'
    """
    return os.strerror(error.errno) if error.errno else str(error)


def warn(
    mark: Mark | None, message: str, expected: str = "", found: str = "", hint: str = ""
) -> None:
    """Warns of what is probably a mistake, as :class:`CostcalcWarning`.

    The command line writes warnings to standard error; Python attributes them to the
    line that called costcalc.
    """
    import warnings

    level, frame = 1, sys._getframe()
    while frame.f_back is not None and frame.f_globals["__name__"].startswith("costcalc"):
        level, frame = level + 1, frame.f_back
    problem = Problem(mark, message, expected, found, hint)
    warnings.warn(str(problem), CostcalcWarning, stacklevel=level)


def _place(problem: Problem) -> tuple[str, int, int]:
    """The sort key of a problem; problems without a place come first."""
    return problem.mark or Mark("")


class Problems:
    """Collects problems, so that all of them are reported together."""

    def __init__(self) -> None:
        self._problems: dict[Problem, None] = {}

    def add(
        self,
        mark: Mark | None,
        message: str,
        expected: str = "",
        found: str = "",
        hint: str = "",
    ) -> None:
        """Note a problem; duplicates count once."""
        self.note(Problem(mark, message, expected, found, hint))

    def note(self, problem: Problem) -> None:
        """Note a problem that is already put into words.

        Raises:
            SpecError: there are :data:`MOST` problems.
        """
        self._problems[problem] = None
        if len(self._problems) >= MOST:
            self.raise_any()

    def __bool__(self) -> bool:
        return bool(self._problems)

    def __len__(self) -> int:
        return len(self._problems)

    def raise_any(self, error: type[CostcalcError] = SpecError) -> None:
        """Raise the problems, if there are any.

        Raises:
            CostcalcError: of type ``error``.
        """
        if self._problems:
            raise error(sorted(self._problems, key=_place))


def did_you_mean(word: str, known: Iterable[str], shown: Callable[[str], str] = str) -> str:
    """A hint that names the known words like this one; '' if there are none.

    ``shown`` is how a word is written in the hint.

    >>> did_you_mean("depthwse", ["conv", "depthwise"])
    "did you mean 'depthwise'?"
    >>> did_you_mean("mobilenet", ["mobilenet_v1", "mobilenet_v2", "alexnet"])
    "did you mean 'mobilenet_v1' or 'mobilenet_v2'?"
    >>> did_you_mean("INT8", ["int8", "int8-weights"])
    "did you mean 'int8'?"
    """
    return suggested([shown(name) for name in similar(word, known)])


def suggested(words: Sequence[str]) -> str:
    """The hint that names these words; '' if there are none."""
    *others, last = [f"'{word}'" for word in words] or [""]
    return f"{_QUESTION} {', '.join(others)}{' or ' if others else ''}{last}?" if last else ""


def similar(word: str, known: Iterable[str]) -> list[str]:
    """The known words that begin with this one, or else the most similar one, if any.

    Words that differ from it in case alone come before all others.
    """
    from bisect import bisect
    from difflib import get_close_matches
    from itertools import islice

    names = sorted(islice(known, _MOST_NAMES + 1))
    if len(names) > _MOST_NAMES:
        return []
    folded = word.casefold()
    if len(names) > _COMPARED:
        places = [bisect(names, spelt) for spelt in {word, folded}]
        half = _COMPARED // 2
        names = sorted({name for at in places for name in names[max(0, at - half) : at + half]})
    names = [name for name in names if len(name) <= _LONGEST_NAME]
    same = [name for name in names if name.casefold() == folded]
    if same:
        return same
    longer = [name for name in names if name.startswith(word)] if len(word) >= _PREFIX else []
    if 0 < len(longer) <= _MOST_LONGER:
        return longer
    return get_close_matches(word, names, n=1, cutoff=0.6) if len(word) <= _LONGEST_NAME else []
