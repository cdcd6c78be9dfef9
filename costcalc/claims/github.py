"""The results of a check as annotations, which GitHub shows next to a line."""

from __future__ import annotations

import os

from costcalc.claims.check import Checked
from costcalc.claims.verdict import Result


def answer(checked: Checked) -> str:
    """An annotation for each claim that does not hold, at its line."""
    return "".join(_annotation(result) for result in checked.results if not result.holds)


def _annotation(result: Result) -> str:
    mark = result.claim.mark
    place = {"file": _relative(mark.file), "line": mark.line or 1, "col": mark.column or 1}
    properties = ",".join(
        f"{name}={_escaped(str(value), ',:')}"
        for name, value in {**place, "title": f"costcalc: {result.claim.id}"}.items()
    )
    return f"::error {properties}::{_escaped(result.summary)}\n"


def _relative(file: str) -> str:
    """The path relative to the working directory, if the file is inside it."""
    path = os.path.relpath(file)
    return file if path.startswith(os.pardir) else path


def _escaped(text: str, more: str = "") -> str:
    """Text escaped for a workflow command: per cent signs, line ends and ``more``."""
    for character in "%\r\n" + more:
        text = text.replace(character, f"%{ord(character):02X}")
    return text
