"""The pages on kinds are up to date: .venv/bin/python tools/make_kinds.py writes them."""

import re
import runpy
from collections import Counter
from pathlib import Path

import pytest

from costcalc.kinds import TABLE
from costcalc.kinds.base import SIZES, Flag
from costcalc.kinds.examples import EXAMPLES
from costcalc.reporting.kinds import arguments, summary

pytestmark = pytest.mark.complete

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
SCRIPT = runpy.run_path(str(ROOT / "tools" / "make_kinds.py"))


@pytest.mark.parametrize("page", SCRIPT["TABLES"])
def test_the_tables_are_up_to_date(page):
    text = (DOCS / page).read_text(encoding="utf-8")
    is_written = set(EXAMPLES) >= {kind.name for kind in TABLE} and SCRIPT["filled"](page) == text
    assert is_written, f"docs/{page}: .venv/bin/python tools/make_kinds.py"


@pytest.mark.parametrize("kind", TABLE, ids=lambda kind: kind.name)
def test_every_kind_has_a_row_with_its_example(kind):
    text = (DOCS / "kinds.md").read_text(encoding="utf-8")
    rows = re.findall(rf"^\| `{kind.name}` \|.* `{kind.name}\b.*` \| ", text, re.MULTILINE)
    assert len(rows) == 1, "docs/kinds.md: .venv/bin/python tools/make_kinds.py"


def test_every_kind_has_a_summary_of_its_own():
    said = Counter(summary(kind) for kind in TABLE)
    lacking = ", ".join(kind.name for kind in TABLE if said[summary(kind)] > 1)
    assert not lacking, f"{lacking}: what it does, in costcalc/kinds/__init__.py"


@pytest.mark.parametrize("kind", TABLE, ids=lambda kind: kind.name)
def test_every_argument_has_a_meaning(kind):
    for argument in arguments(kind):
        assert argument.meaning
        annotation = kind.attributes[argument.name]
        if annotation is Flag:
            assert argument.default in ("true", "false")
        elif annotation in SIZES and not argument.is_required:
            assert argument.default != ""
