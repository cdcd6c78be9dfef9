"""JSON of a solution."""

from __future__ import annotations

from typing import Any

from costcalc.render.json import dumps, number
from costcalc.reporting.report import FORMAT_VERSION
from costcalc.solving.solve import Candidate, Solution


def solution_json(solution: Solution, convention: str) -> str:
    """A solution as a JSON object; what there is none of is null."""
    values = solution.searched.values
    return dumps(
        {
            "format_version": FORMAT_VERSION,
            "network": solution.network,
            "convention": convention,
            "unit": solution.unit,
            "for": solution.name,
            "parameters": {name: number(value) for name, value in solution.settings.items()},
            "budget": {name: number(most) for name, most in solution.budgets.limits.items()},
            "searched": {
                "first": number(values[0]),
                "last": number(values[-1]),
                "values": len(values),
            },
            "solution": _candidate(solution.best),
            "next": _candidate(solution.after),
            "nearest": _candidate(solution.nearest),
            "closed_form": _closed(solution),
            **({"uncounted": list(solution.uncounted)} if solution.uncounted else {}),
        }
    )


def _candidate(candidate: Candidate | None) -> dict[str, Any] | None:
    if candidate is None:
        return None
    return {name: number(value) for name, value in candidate._asdict().items()}


def _closed(solution: Solution) -> dict[str, Any] | None:
    if solution.closed is None:
        return None
    return {name: number(value) for name, value in solution.closed._asdict().items()}
