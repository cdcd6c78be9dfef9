"""The tables of docs/conventions.md are those of the conventions."""

import runpy
from pathlib import Path

import pytest

from costcalc.kinds.base import Events

pytestmark = pytest.mark.complete

DOCS = Path(__file__).parent.parent.parent / "docs"


def test_the_tables_are_as_the_script_writes_them():
    script = runpy.run_path(str(DOCS / "make_conventions.py"))
    page = (DOCS / "conventions.md").read_text(encoding="utf-8")
    assert script["written"](page) == page


def test_every_event_is_explained():
    script = runpy.run_path(str(DOCS / "make_conventions.py"))
    named = {name for names in script["EVENTS"] for name in names.split(", ")}
    assert named == set(Events._fields)
