"""The glossary's words are costcalc's: each stands in the code it names, and in other pages."""

import re
from itertools import pairwise
from pathlib import Path

import pytest

from costcalc.claims.verdict import VERDICTS
from costcalc.kinds.base import Events

pytestmark = pytest.mark.complete

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| (?!word|---)([^|]+) \| ([^|]+) \| ([^|]+) \|$", PAGE, re.MULTILINE)
OTHERS = [ROOT / "README.md", *(ROOT / "docs").glob("*.md"), *(ROOT / ".github").glob("*.md")]
TEXT = "\n".join(page.read_text(encoding="utf-8") for page in OTHERS if page.name != "glossary.md")


def test_words_stand_in_order():
    words = [word for word, _, _ in ROWS]
    assert len(words) > 25
    assert all(first < second for first, second in pairwise(words))


@pytest.mark.parametrize(("word", "where"), [(word, where) for word, _, where in ROWS])
def test_a_word_is_used_where_the_page_says(word, where):
    assert re.search(rf"\b{word.partition(',')[0]}s?\b", TEXT, re.IGNORECASE), "no page uses it"
    match = re.fullmatch(r"`(\w+)` in `([\w.]+)/?`", where)
    if match is None:
        assert where == "files in `specs/`"
        return
    name, place = match.groups()
    path = ROOT / "costcalc" / place
    files = path.rglob("*.py") if path.is_dir() else [path]
    defined = re.compile(rf"^(?:class|def) {name}\b|^{name}(?:: [^=]+)? = ", re.MULTILINE)
    assert any(defined.search(file.read_text(encoding="utf-8")) for file in files)


@pytest.mark.parametrize("word", [*VERDICTS, *Events._fields, "mult-adds", "params"])
def test_what_people_read_in_results_is_explained(word):
    assert re.search(rf"\b{word}\b", PAGE)
