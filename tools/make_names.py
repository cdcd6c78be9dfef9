"""Writes the names of networks that stand for others as JSON, for a quick start."""

from __future__ import annotations

from pathlib import Path

from costcalc.errors import Problems
from costcalc.spec.nodes import parse
from costcalc.spec.stored import store

NAMES = Path(__file__).parents[1] / "specs" / "names.yaml"


def stored() -> str:
    """The names as they are kept beside their YAML file."""
    data = NAMES.read_bytes()
    return store(parse(data, str(NAMES), Problems()), data)


if __name__ == "__main__":
    NAMES.with_suffix(".json").write_text(stored(), encoding="utf-8")
