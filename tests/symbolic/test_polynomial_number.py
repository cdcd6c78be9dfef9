"""Polynomial numbers: the value decides, the polynomial follows, assumptions are recorded."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from costcalc.formulas import algebra
from costcalc.symbolic.domain import domain
from costcalc.symbolic.formula import UNICODE, Name
from costcalc.symbolic.polynomial import Polynomial
from costcalc.symbolic.polynomial_number import (
    NoClosedFormError,
    PolynomialContext,
    PolynomialNumber,
    Refine,
    Variable,
)

ALPHA, RES = Name("alpha", "α", "alpha", r"\alpha"), Name("res", "r", "r", "r")


def variables(alpha=1, res=224, modulus=32):
    context = PolynomialContext(
        (Variable("alpha", alpha, False), Variable("res", res, True, modulus))
    )
    return context, context.symbol(0), context.symbol(1)


def assumed(context):
    exact_domain = domain(context, (ALPHA, RES))
    return [
        bound
        for extent in exact_domain.extents
        if (bound := extent.bounds(UNICODE, everywhere=True))
    ]


def test_constants_become_plain_numbers():
    _, alpha, res = variables()
    assert type(res - res) is int
    assert type(algebra.exact_div(32 * alpha, 8 * alpha)) is int
    assert type((64 * alpha) % (32 * alpha)) is int
    assert isinstance(2 * alpha, PolynomialNumber)


def test_a_stride_halves_a_size_if_the_modulus_allows_it():
    _, _, res = variables(res=224, modulus=32)
    half = (res + 2 - 3) // 2 + 1
    assert half.value == 112
    assert half.polynomial == Polynomial({(0, 1): 16})
    _, _, odd = variables(res=225, modulus=32)
    # 32q + 1: (32q + 1 - 1) // 2 + 1 = 16q + 1
    assert ((odd + 2 - 3) // 2 + 1).polynomial == Polynomial({(0, 1): 16, (0, 0): 1})
    _, _, finer = variables(modulus=1)
    with pytest.raises(Refine) as step:
        (finer + 2 - 3) // 2
    assert (step.value.variable, step.value.factor) == (1, 2)


def test_a_common_divisor_is_one_of_the_two():
    # The resolution is 32 q, so that 16 and 32 divide it whatever q is.
    _, _, res = variables(res=224, modulus=32)
    assert algebra.gcd(res, 32) == 32
    assert algebra.gcd(16, res) == 16
    common = algebra.gcd(3 * res, res)
    assert (common.value, common.polynomial) == (224, res.polynomial)
    # Whether 7 does depends on q: the resolution is taken as 224 q' first.
    with pytest.raises(Refine) as step:
        algebra.gcd(res, 7)
    assert (step.value.variable, step.value.factor) == (1, 7)
    with pytest.raises(NoClosedFormError):
        algebra.gcd(res, 5)


def test_rounding_of_widths_is_recorded():
    context, alpha, _ = variables(alpha=Fraction(7, 20))
    width = algebra.round_to_multiple(24 * alpha)
    # 8.4 is nearest to 8, and 8 is not below 90 % of it.
    assert width.value == 8
    assert width.polynomial == Polynomial({(1, 0): 24})
    assert domain(context, (ALPHA, RES)).extents[0].step == Fraction(1, 3)  # 24/8 = 3


def test_decisions_bound_alpha():
    context, alpha, _ = variables()
    assert algebra.maximum(1, alpha) == 1
    assert assumed(context) == ["α ≤ 1"]
    context, alpha, _ = variables(alpha=2)
    assert algebra.maximum(1, alpha).polynomial == Polynomial({(1, 0): 1})
    assert assumed(context) == ["α ≥ 1"]


def test_comparisons_true_at_all_settings_are_not_recorded():
    context, alpha, res = variables()
    assert 32 * alpha > 0
    assert 16 * alpha != 24 * alpha
    assert not alpha * res < 0
    assert res >= 32
    assert not context.conditions
    assert res < 1000
    assert len(context.conditions) == 1


def test_a_quotient_that_is_not_a_polynomial():
    _, alpha, res = variables()
    with pytest.raises(NoClosedFormError):
        algebra.quotient(res, alpha)


@given(
    st.fractions(Fraction(1, 8), 4, max_denominator=8),
    st.integers(1, 12),
    st.integers(1, 9),
    st.integers(1, 9),
)
def test_values_equal_those_of_plain_numbers(alpha, q, a, b):
    def compute(x, r):
        width = algebra.round_to_multiple(a * 8 * x, 8)
        side = algebra.ceil_div(r + b, 4)
        return algebra.maximum(width, side) * side - algebra.minimum(width, a) + (r + a) % 8

    context, symbolic_alpha, symbolic_res = variables(alpha, 8 * q, 8)
    number = compute(symbolic_alpha, symbolic_res)
    value, polynomial = context.parts(number)
    assert value == compute(alpha, 8 * q)
    if domain(context, (ALPHA, RES)).holds((alpha, 8 * q)):
        assert polynomial(context.counters) == value


def test_a_comparison_that_rounding_decides():
    """8.4 and its rounding to 8 have the same formula, so the form is exact nowhere."""
    context, alpha, _ = variables(alpha=Fraction(7, 20))
    assert algebra.floor(24 * alpha) != 24 * alpha
    exact_domain = domain(context, (ALPHA, RES))
    values = (Fraction(7, 20), 224)
    assert "a comparison that rounding decides here" in exact_domain.assumptions(UNICODE, values)
    assert not exact_domain.holds((1, 224))


def test_a_size_may_equal_its_residue():
    """Of the sizes 1, 33, 65, ..., the first above 32 is 33."""
    context, _, res = variables(res=225)
    assert res > 32
    assert assumed(context) == ["r ≥ 33"]


def test_the_tightest_bound_is_kept():
    for bounds in ((2, 3), (3, 2)):
        context, alpha, _ = variables()
        assert [algebra.maximum(bound, alpha) for bound in bounds] == list(bounds)
        assert assumed(context) == ["α ≤ 2"]


def test_the_step_makes_every_rounded_term_whole():
    context, alpha, _ = variables(alpha=3)
    for _ in (algebra.floor(8 * alpha), 16 * alpha // 3):
        pass
    # multiples of 1/8 that are multiples of 3/16: of 3/8
    assert domain(context, (ALPHA, RES)).extents[0].step == Fraction(3, 8)
