"""The tables of docs/conventions.md match the conventions."""

import runpy
from pathlib import Path

import pytest

from costcalc.kinds.base import Events

pytestmark = pytest.mark.complete

ROOT = Path(__file__).parents[2]
SCRIPT = runpy.run_path(str(ROOT / "tools" / "make_conventions.py"))


def test_the_tables_are_up_to_date():
    page = (ROOT / "docs" / "conventions.md").read_text(encoding="utf-8")
    is_written = SCRIPT["written"](page) == page
    assert is_written, "docs/conventions.md: .venv/bin/python tools/make_conventions.py"


def test_the_stored_default_convention_is_up_to_date():
    stored = SCRIPT["DEFAULT"].with_suffix(".json").read_text(encoding="utf-8")
    is_stored = stored == SCRIPT["stored"]()
    assert is_stored, "costcalc/conventions/paper.json: .venv/bin/python tools/make_conventions.py"


def test_every_event_is_explained():
    named = {name for names in SCRIPT["EVENTS"] for name in names.split(", ")}
    assert named == set(Events._fields)
