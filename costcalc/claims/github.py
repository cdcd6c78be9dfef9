"""What was checked as the annotations that GitHub shows beside a line."""

from __future__ import annotations

import os

from costcalc.claims.check import Checked
from costcalc.claims.verdict import Result


def answer(checked: Checked) -> str:
    """An annotation for each claim that does not hold, at its line."""
    return "".join(_annotation(result) for result in checked.results if not result.holds)


def _annotation(result: Result) -> str:
    mark = result.claim.mark
    place = {"file": _from_here(mark.file), "line": mark.line or 1, "col": mark.column or 1}
    title_ = {"title": f"costcalc: {result.claim.id}"}
    properties = ",".join(
        f"{name}={_escaped(str(value), ',:')}" for name, value in {**place, **title_}.items()
    )
    return f"::error {properties}::{_escaped(result.summary)}\n"


def _from_here(file: str) -> str:
    """The path as a workflow knows it: from the folder that it runs in, where it is below."""
    path = os.path.relpath(file)
    return file if path.startswith(os.pardir) else path


def _escaped(text: str, more: str = "") -> str:
    """Text as workflow commands have it: per cent, line ends and separators escaped."""
    for character in "%\r\n" + more:
        text = text.replace(character, f"%{ord(character):02X}")
    return text
