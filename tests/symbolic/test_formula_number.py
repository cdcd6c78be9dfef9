"""Numbers with a formula: the formula is written as computed, and its value is right."""

from costcalc.formulas import algebra
from costcalc.symbolic.formula import Name, written
from costcalc.symbolic.formula_number import FormulaNumber, formula


def symbol(letter, value):
    return FormulaNumber(Name(letter, letter, letter, letter), value)


A, B = symbol("a", 7), symbol("b", 2)


def shown(number):
    return written(formula(number)), number.value


def test_arithmetic():
    assert shown(A * A * B * 1) == ("a²·b", 98)
    assert shown(2 * A + B - 3) == ("2·a + b - 3", 13)
    assert shown((-A) * B) == ("-a·b", -14)
    assert shown(3 - A) == ("3 - a", -4)
    assert shown(2 * (A + 0) * 5) == ("10·a", 70)


def test_rounding():
    assert shown(A // B) == ("⌊a/b⌋", 3)
    assert shown(algebra.ceil_div(A, B)) == ("⌈a/b⌉", 4)
    assert shown(algebra.maximum(A, B)) == ("max(a, b)", 7)
    assert shown(A % B) == ("a - b·⌊a/b⌋", 1)


def test_operations_that_simplify_away():
    assert A // A == 1 and type(A // A) is int
    assert algebra.quotient(A, A) == 1 and type(algebra.quotient(A, A)) is int
    assert type(A * 0) is int
    assert A // 1 is A


def test_comparisons_are_decided_by_value():
    assert A > B and A >= 7 and B < 3 and A == 7 and A != B
    assert algebra.is_whole(A) and [0, 1][B // 2] == 1
