"""The page on the collection is up to date: .venv/bin/python tools/make_collection.py writes it."""

import re
import runpy
from pathlib import Path

from costcalc.spec.family import FAMILIES
from costcalc.spec.library import shipped

ROOT = Path(__file__).parents[2]
SCRIPT = runpy.run_path(str(ROOT / "tools" / "make_collection.py"))
PAGE = (ROOT / "docs" / "collection.md").read_text(encoding="utf-8")


def test_the_list_is_up_to_date() -> None:
    is_written = SCRIPT["filled"]() == PAGE
    assert is_written, "docs/collection.md: .venv/bin/python tools/make_collection.py"


def test_every_name_stands_in_it_once() -> None:
    section = PAGE.partition(SCRIPT["START"])[2].partition(SCRIPT["END"])[0]
    assert sorted(re.findall(r"`([\w.-]+)`", section)) == shipped()


def test_the_pages_name_every_family() -> None:
    for page in ("README.md", "docs/spec-language.md"):
        text = (ROOT / page).read_text(encoding="utf-8")
        assert [family for family in FAMILIES if f"`{family}`" not in text] == [], page
