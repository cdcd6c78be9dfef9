"""Writes the names of networks that stand for specs at some settings as JSON, for a quick start."""

from __future__ import annotations

from pathlib import Path

from costcalc.spec.library import named_variants
from costcalc.spec.stored import store

NAMES = Path(__file__).parents[1] / "specs" / "names.yaml"


def stored() -> str:
    """Those of the file and of the rows of variants, as they are kept beside the file."""
    data = NAMES.read_bytes()
    return store(named_variants(data, str(NAMES)), data)


if __name__ == "__main__":
    NAMES.with_suffix(".json").write_text(stored(), encoding="utf-8")
