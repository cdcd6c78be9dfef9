"""The results of a check as annotations, which GitHub shows next to a line."""

from __future__ import annotations

from costcalc.claims.check import Checked
from costcalc.claims.verdict import Result
from costcalc.escaping import workflow


def answer(checked: Checked) -> str:
    """An annotation for each claim that does not hold, at its line."""
    return "".join(_annotation(result) for result in checked.results if not result.holds)


def _annotation(result: Result) -> str:
    location = result.claim.location
    place = {"file": location.file, "line": location.line, "col": location.column}
    properties = ",".join(
        f"{name}={workflow(str(value), ',:')}"
        for name, value in {**place, "title": f"costcalc: {result.claim.id}"}.items()
    )
    return f"::error {properties}::{workflow(result.summary)}\n"
