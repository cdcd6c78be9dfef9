"""Ratios and differences in words: equal values, zeros, and tiny differences."""

from fractions import Fraction

import pytest

import costcalc
from costcalc.comparing.compare import ratio_text
from costcalc.render.formatting import percent_text
from costcalc.reporting.printed import parse

WIDE = """
input: [3, 8, 8]
layers:
  - conv: {out: fixed(WIDTH), kernel: 3}
  - conv: {out: fixed(1), kernel: 1}
"""


@pytest.mark.parametrize(
    ("ratio", "words"),
    [
        (None, "more than none"),
        (Fraction(0), "none"),
        (Fraction(1), "the same"),
        (Fraction(10**9 + 1, 10**9), "less than 0.01 % more"),
        (Fraction(10**9, 10**9 + 1), "less than 0.01 % fewer"),
        (Fraction(1001, 1000), "0.10 % more"),
        (Fraction(999, 1000), "0.10 % fewer"),
        (Fraction(101, 100), "1.01 × more"),
        (Fraction(100, 101), "1.01 × fewer"),
        (Fraction(9994, 1000), "9.99 × more"),
        (Fraction(9999, 1000), "10.0 × more"),
        (Fraction(1, 10**6), "1000000.0 × fewer"),
    ],
)
def test_a_ratio_says_what_differs(ratio, words):
    assert ratio_text(ratio) == words


@pytest.mark.parametrize("part", [Fraction(1, 10**n) for n in range(12)])
def test_a_share_of_something_is_not_nothing(part):
    assert "0.00 %" not in percent_text(part).replace("10.00 %", "").replace("100.00 %", "")


@pytest.mark.parametrize("text", ["6.49e6", "6.49 1e6", "4.2e9"])
def test_a_computed_value_reads_like_the_figure(text):
    shown = parse(text).show(6_491_234)
    assert " 1e" not in shown
    assert parse(shown).scale == parse(text).scale


@pytest.mark.parametrize(("old", "new"), [(10**6, 10**6 + 1), (10**6, 10**6), (1, 2), (3, 1)])
def test_no_table_calls_a_difference_none(old, new, tmp_path):
    paths = []
    for width in (old, new):
        paths.append(tmp_path / f"net{width}.yaml")
        paths[-1].write_text(WIDE.replace("WIDTH", str(width)))
    comparison, difference = str(costcalc.compare(*paths)), str(costcalc.diff(*paths))
    for text in (comparison, difference):
        assert "1.00 ×" not in text
        assert " 0.00 %" not in text
    assert ("the same" in comparison) == (old == new)
    # 28 params for each channel: one more of a million is 0.0001 per cent.
    assert ("+0.0001" in difference) == (new - old == 1 and old > 1)


def test_headers_say_nothing_that_is_not_so(tmp_path):
    path = tmp_path / "net.yaml"
    path.write_text("input: [30]\nlayers: [relu]\n")
    answers = (
        costcalc.report(path),
        costcalc.reconcile(path, "paper", "thop"),
        costcalc.explain(path, "relu1"),
        costcalc.formula(path),
    )
    for answer in answers:
        assert "None" not in str(answer)
        assert "At :" not in str(answer)
        assert "alpha = 1" not in str(answer)
    assert costcalc.report(path).to_json().count('"alpha": 1') == 1
    assert "alpha = 0.5" in str(costcalc.report(path, alpha=0.5))
    assert str(costcalc.formula(path)).startswith("net in closed form, convention paper")
    path.write_text("input: [30]\nlayers: [{fc: 3}, relu, {fc: 2}]\n")
    assert "settings    alpha = 1\n" in str(costcalc.report(path))
    assert "in closed form in α (alpha)," in str(costcalc.formula(path))
    assert "At alpha = 1:" in str(costcalc.formula(path))
    assert "At alpha = 1:" in str(costcalc.explain(path, "fc1"))
