"""The Python of docs/formulas.md; its commands are run with those of the other pages."""

import doctest
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "formulas.md"


def test_python_examples():
    text = PAGE.read_text(encoding="utf-8")
    examples = doctest.DocTestParser().get_doctest(text, {}, "formulas", str(PAGE), 0)
    assert len(examples.examples) >= 6
    runner = doctest.DocTestRunner()
    runner.run(examples)
    assert runner.summarize(verbose=False).failed == 0
