"""The Python of the pages, run; the pages' commands are run by tests/test_readme.py."""

import doctest
import inspect
import re
from pathlib import Path

import pytest

import costcalc

ROOT = Path(__file__).parent.parent
PAGES = [
    page
    for page in (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")))
    if ">>> " in page.read_text(encoding="utf-8")
]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_python_examples(page):
    text = page.read_text(encoding="utf-8")
    examples = doctest.DocTestParser().get_doctest(text, {}, page.stem, str(page), 0)
    assert examples.examples
    runner = doctest.DocTestRunner()
    runner.run(examples)
    assert runner.summarize(verbose=False).failed == 0


def test_every_function_is_on_the_page_of_python():
    text = (ROOT / "docs" / "python.md").read_text(encoding="utf-8")
    functions = [name for name in costcalc.__all__ if inspect.isfunction(getattr(costcalc, name))]
    missing = [name for name in functions if not re.search(rf"`(costcalc\.)?{name}[`(]", text)]
    assert missing == []
