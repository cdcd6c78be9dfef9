"""Polynomials, compared with SymPy's."""

from fractions import Fraction

import sympy
from hypothesis import assume, given
from hypothesis import strategies as st

from costcalc.symbolic.polynomial import Polynomial

X, Y = sympy.symbols("x y")
COEFFICIENTS = st.fractions(-9, 9, max_denominator=6)
TERMS = st.dictionaries(st.tuples(st.integers(0, 3), st.integers(0, 3)), COEFFICIENTS, max_size=4)
POLYNOMIALS = st.builds(Polynomial, TERMS)


def symbolic(polynomial):
    return sympy.Add(
        *(
            sympy.Rational(value.numerator, value.denominator) * X**n * Y**m
            for (n, m), value in polynomial.terms.items()
        )
    )


@given(POLYNOMIALS, POLYNOMIALS)
def test_sums_differences_and_products(p, q):
    assert sympy.expand(symbolic(p + q) - symbolic(p) - symbolic(q)) == 0
    assert sympy.expand(symbolic(p - q) - symbolic(p) + symbolic(q)) == 0
    assert sympy.expand(symbolic(p * q) - symbolic(p) * symbolic(q)) == 0


@given(POLYNOMIALS, POLYNOMIALS)
def test_an_exact_quotient_is_found(p, q):
    assume(q.terms)
    assert (p * q).divided(q) == p


@given(POLYNOMIALS, POLYNOMIALS)
def test_a_quotient_is_exact_or_none(p, q):
    assume(q.terms)
    quotient = p.divided(q)
    rest = sympy.rem(symbolic(p), symbolic(q), X, Y)
    assert (quotient is None) == (rest != 0)
    assert quotient is None or quotient * q == p


@given(POLYNOMIALS, COEFFICIENTS, COEFFICIENTS, COEFFICIENTS, COEFFICIENTS)
def test_values_and_shifts(p, x, y, factor, offset):
    value = symbolic(p).subs({X: sympy.Rational(x), Y: sympy.Rational(y)})
    assert p((x, y)) == Fraction(int(value.p), int(value.q))
    assert p.shifted(0, factor, offset)((x, y)) == p((factor * x + offset, y))


def test_constant_varying_and_ordered_terms():
    p = Polynomial({(1, 0): 3, (0, 0): Fraction(4, 2), (2, 1): 0})
    assert p.constant == 2
    assert p.varying == Polynomial({(1, 0): 3})
    assert list(p.ordered()) == [((1, 0), 3), ((0, 0), 2)]
