"""JSON for scripts: exact integers, unrounded percentages."""

from __future__ import annotations

import json
from typing import Any

from costcalc.render.formatting import number


def data(value: dict[str, Any]) -> str:
    """JSON text with a line for each key and for each item of a list of objects."""
    lines = []
    for key, item in value.items():
        if isinstance(item, list) and item and isinstance(item[0], dict):
            rows = ",\n".join(f"    {_line(row)}" for row in item)
            lines.append(f"  {_line(key)}: [\n{rows}\n  ]")
        else:
            lines.append(f"  {_line(key)}: {_line(item)}")
    return "{\n" + ",\n".join(lines) + "\n}\n"


# A count is a fraction if its unit was converted, or if its rule has a fraction.
_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False, default=number)


def _line(value: Any) -> str:
    """One line, with control and invisible characters escaped."""
    line = _ENCODER.encode(value)
    return line if line.isprintable() else "".join(map(_escaped, line))


def _escaped(character: str) -> str:
    return character if character.isprintable() else json.dumps(character)[1:-1]
