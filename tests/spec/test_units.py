"""Numbers with units, which only budgets and conditions may have."""

from fractions import Fraction

import pytest

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
        ("100m", None),
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
