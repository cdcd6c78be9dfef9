"""JSON of a sweep: one object a row, and what has none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from costcalc.costs.rules import UNITS
from costcalc.grid.sweep import Sweep, SweepRow
from costcalc.render.json import dumps, number
from costcalc.reporting.report import FORMAT_VERSION


def sweep_json(sweep: Sweep, rows: Sequence[SweepRow]) -> str:
    """Rows of a sweep as a JSON object."""
    return dumps(
        {
            "format_version": FORMAT_VERSION,
            "networks": [network.name for network in sweep.networks],
            "convention": sweep.networks[0].grid.convention.name,
            "unit": UNITS[sweep.networks[0].grid.convention.unit].title,
            "settings": sweep.size,
            **_uncounted(sweep),
            "rows": [_row(row) for row in rows],
            "refused": [
                {
                    "network": network,
                    "settings": refusal.settings,
                    "first": {name: number(value) for name, value in refusal.first.items()},
                    "error": refusal.error.problems[0].message,
                }
                for network, refusal in sweep.refused
            ],
        }
    )


def _uncounted(sweep: Sweep) -> dict[str, Any]:
    """The operations of each network that costcalc does not know, where there are any."""
    found = {each.name: list(each.uncounted) for each in sweep.networks if each.uncounted}
    return {"uncounted": found} if found else {}


def _row(row: SweepRow) -> dict[str, Any]:
    """A row: its network, its settings, its costs, and its accuracy where one is published."""
    found: dict[str, Any] = {"network": row.network}
    found["parameters"] = {name: number(value) for name, value in row.settings.items()}
    found.update(params=row.params, mult_adds=row.mult_adds)
    if row.accuracy is not None:
        found["top1"] = number(row.accuracy.top1)
    return found
