"""Numbers with units, which only budgets and conditions may have."""

from fractions import Fraction

import pytest

import costcalc
from costcalc.errors import SpecError
from costcalc.spec.expression import parse
from costcalc.spec.numbers import ExpressionError, quantity


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("100M", 100_000_000),
        ("1.5G", 1_500_000_000),
        ("0.58B", 580_000_000),
        ("2K", 2_000),
        ("3T", 3 * 10**12),
        ("100 M", 100_000_000),
        ("1/3K", Fraction(1000, 3)),
        ("7", 7),
        ("M", None),
        ("100m", 100_000_000),
        ("7.5k", 7_500),
        ("7,500,000", 7_500_000),
        ("7,50", None),
        ("100MM", None),
    ],
)
def test_quantity(text, value):
    assert quantity(text) == value


def test_a_condition_compares_with_units():
    condition = parse("mult_adds <= 100M and params <= 2.5M", has_units=True)
    assert condition.evaluate({"mult_adds": 10**8, "params": 2_500_000})
    assert not condition.evaluate({"mult_adds": 10**8, "params": 2_500_001})


def test_specs_have_no_units():
    with pytest.raises(ExpressionError, match="unexpected '100M'"):
        parse("2 * 100M")


def test_a_name_may_start_like_a_unit():
    assert parse("2 * Max", has_units=True).names == {"Max"}


SAME = ["7.5M", "7.5m", "7.5 M", "7.5e6", "7500k", "7500K", "0.0075G", "0.0075b", "7,500,000"]
"""One budget in every spelling."""

BYTES = ["7.5MB", "7.5 mb", "7.5MiB", "7500 KB"]
OTHER = ["", "x", "M", "7.5mm", "-1", "0", "0M", "1/0", "1e400", "nan", "7,50"]

BUDGET = "input: [3, 8, 8]\nparams: '<= TEXT'\nlayers: [{conv: {out: 4, kernel: 3}}]\n"


def readers(text, tmp_path):
    """A budget wherever one is taken."""
    path = tmp_path / "net.yaml"
    path.write_text(BUDGET.replace("TEXT", text))
    yield lambda: costcalc.check(path)
    yield lambda: costcalc.check("mobilenet_v1", max_params=text)
    yield lambda: costcalc.solve("mobilenet_v1", "alpha", max_params=text, values=[1, 2])
    yield lambda: costcalc.sweep("mobilenet_v1", alpha=[1], where=f"params <= {text}")


@pytest.mark.parametrize("text", SAME)
def test_a_budget_reads_the_same_everywhere(text, tmp_path):
    in_spec, of_network, solve, sweep = readers(text, tmp_path)
    for check in (in_spec, of_network):
        (result,) = check().results
        assert result.claim.figure.number * result.claim.figure.scale == 7_500_000
    assert solve().budgets.params == 7_500_000
    if " " not in text and "," not in text:  # a condition is arithmetic
        assert len(sweep()) == 1


@pytest.mark.parametrize("text", BYTES)
def test_bytes_are_no_bound_on_params(text, tmp_path):
    *counts, sweep = readers(text, tmp_path)
    for count in counts:
        with pytest.raises(SpecError, match=r"is a count, and .* is a size in bytes\n +expected 7"):
            count()
    with pytest.raises(SpecError):
        sweep()


@pytest.mark.parametrize("text", OTHER)
def test_what_is_no_budget_is_refused_everywhere(text, tmp_path):
    for count in list(readers(text, tmp_path))[1:3]:
        with pytest.raises(SpecError):
            count()
