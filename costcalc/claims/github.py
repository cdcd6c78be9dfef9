"""The results of a check as annotations, which GitHub shows next to a line."""

from __future__ import annotations

from costcalc.claims.check import Checked
from costcalc.claims.verdict import Result


def answer(checked: Checked) -> str:
    """An annotation for each claim that does not hold, at its line."""
    return "".join(_annotation(result) for result in checked.results if not result.holds)


def _annotation(result: Result) -> str:
    location = result.claim.location
    place = {"file": location.file, "line": location.line, "col": location.column}
    properties = ",".join(
        f"{name}={_escaped(str(value), ',:')}"
        for name, value in {**place, "title": f"costcalc: {result.claim.id}"}.items()
    )
    return f"::error {properties}::{_escaped(result.summary)}\n"


def _escaped(text: str, more: str = "") -> str:
    """Text escaped for a workflow command: per cent signs, line ends and ``more``."""
    for character in "%\r\n" + more:
        text = text.replace(character, f"%{ord(character):02X}")
    return text
