"""Formula trees are written with the parentheses they need and no others."""

from fractions import Fraction

from costcalc.symbolic.formula import (
    ASCII,
    LATEX,
    FunctionNode,
    Name,
    Negative,
    Number,
    Power,
    Product,
    Quotient,
    Sum,
    collected,
    written,
)

A, B = Name("a", "a", "a", "a"), Name("b", "b", "b", "b")
THIN = Name("alpha*b", "αb", "alpha*b", r"\alpha b", is_product=True)
TWO = Number(2)


def test_parentheses_are_written_only_where_needed():
    assert written(Product((Sum((A, B)), A))) == "(a + b)·a"
    assert written(Sum((Product((A, B)), A))) == "a·b + a"
    assert written(Power(Sum((A, B)), 2)) == "(a + b)²"
    assert written(Power(Power(A, 2), 3)) == "(a²)³"
    assert written(Quotient(A, Product((A, B)))) == "a/(a·b)"
    assert written(Quotient(Sum((A, B)), B)) == "(a + b)/b"
    assert written(Product((A, Quotient(A, B)))) == "a·(a/b)"
    assert written(Quotient(A, Power(B, 2))) == "a/b²"
    assert written(Quotient(A, Quotient(A, B))) == "a/(a/b)"


def test_signs():
    assert written(Sum((A, Negative(B)))) == "a - b"
    assert written(Sum((Negative(A), B))) == "-a + b"
    assert written(Sum((A, Negative(Sum((A, B)))))) == "a - (a + b)"
    assert written(Product((A, Negative(B)))) == "a·(-b)"
    assert written(Negative(Product((TWO, A)))) == "-2·a"


def test_a_symbol_written_as_a_product_binds_as_one():
    assert written(Product((THIN, A))) == "αb·a"
    assert written(Power(THIN, 2)) == "(αb)²"
    assert written(Quotient(A, THIN)) == "a/(αb)"


def test_numbers_are_exact():
    assert written(Product((Number(Fraction(1125, 2)), A))) == "562.5·a"
    assert written(Product((Number(Fraction(1, 3)), A))) == "(1/3)·a"
    assert written(Number(12345678)) == "12345678"
    assert written(Product((Number(Fraction(1, 3)), A)), LATEX) == r"\frac{1}{3} \, a"


def test_functions():
    assert written(FunctionNode("floor", (Quotient(A, TWO),))) == "⌊a/2⌋"
    assert written(FunctionNode("ceil", (Quotient(A, TWO),)), ASCII) == "ceil(a/2)"
    assert written(FunctionNode("max", (A, Sum((A, B))))) == "max(a, a + b)"
    assert written(FunctionNode("less", (A, B))) == "[a < b]"
    assert written(FunctionNode("floor", (A,)), LATEX) == r"\left\lfloor a \right\rfloor"


def test_exponents_of_two_digits():
    assert written(Power(A, 12)) == "a¹²"
    assert written(Power(A, 12), LATEX) == "a^{12}"


def test_equal_factors_are_collected():
    assert written(collected([A, B, A, Number(1)])) == "a²·b"
    assert written(collected([Sum((A, B)), Product((A, B))])) == "(a + b)·a·b"
    assert collected([]) == collected([Number(1)]) == Number(1)
    assert collected([A]) == A
