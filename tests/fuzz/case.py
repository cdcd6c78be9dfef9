"""One case of the fuzzer: the files of a folder, a command line, and what must agree."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from tests.drawing.draws import Draws


class Case(NamedTuple):
    """A command line and the files that it finds in its folder."""

    line: tuple[str, ...]
    """The arguments of ``costcalc``."""
    files: Mapping[str, bytes] = MappingProxyType({})
    """The contents of the files by their names, beside those that every case has."""
    input: bytes = b""
    """Standard input."""
    agreement: str = ""
    """The name of an agreement (``agreements.py``); or empty."""
    about: str = ""
    """The file of the network that the agreement is about."""
    columns: int = 0
    """The width of the terminal that shows the output; 0 for a pipe."""

    def __str__(self) -> str:
        shown = [f"costcalc {shlex.join(self.line)}"]
        if self.columns:
            shown.append(f"on a terminal of {self.columns} columns")
        if self.agreement:
            shown.append(f"agreement: {self.agreement} about {self.about}")
        for name, data in self.files.items():
            shown.append(f"--- {name}, {len(data):,} bytes\n{data!r}")
        return "\n".join(shown)


def one_of(draws: Draws, weighted: Mapping[str, int]) -> str:
    """A name, as often as its weight says."""
    left = draws.whole(1, sum(weighted.values()))
    for name, weight in weighted.items():
        left -= weight
        if left <= 0:
            return name
    raise AssertionError("the weights are used up")
