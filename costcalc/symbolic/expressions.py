"""SymPy expressions to formulas as papers write them: terms and factors in the paper's order."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import sympy

from costcalc.formulas.algebra import whole
from costcalc.symbolic.formula import (
    ONE,
    FunctionNode,
    Name,
    Negative,
    Node,
    Number,
    Quotient,
    Sum,
    collected,
    number,
)


def tree(expression: sympy.Expr, order: Sequence[Name]) -> Node:
    """The expression as a formula.

    Args:
        expression: over symbols that are named as the names in ``order``.
        order: how the paper orders symbols; terms stand in the order of their
            powers of the first symbol, the highest first, then of the second.
    """
    if expression.is_Add:
        terms = sorted(expression.args, key=lambda term: _rank(term, order))
        return Sum(tuple(tree(term, order) for term in terms))
    coefficient, rest = expression.as_coeff_Mul()
    if coefficient.is_negative:
        return Negative(tree(-expression, order))
    above: list[Node] = []
    below: list[Node] = []
    for factor in sorted(sympy.Mul.make_args(rest), key=lambda factor: _place(factor, order)):
        base, exponent = factor.as_base_exp()
        side = below if exponent.is_negative else above
        side.extend([_atom(base, order)] * abs(int(exponent)))
    value = fraction(coefficient)
    above.insert(0, Number(value.numerator))
    below.insert(0, Number(value.denominator))
    bottom = collected(below)
    return collected(above) if bottom == ONE else Quotient(collected(above), bottom)


def fraction(value: sympy.Rational) -> Fraction:
    """A SymPy number as an exact fraction."""
    return Fraction(int(value.p), int(value.q))


def plain(value: sympy.Rational) -> int | Fraction:
    """A SymPy number as Python has it."""
    exact: int | Fraction = whole(fraction(value))
    return exact


def _atom(base: sympy.Expr, order: Sequence[Name]) -> Node:
    if base.is_Symbol:
        return next(name for name in order if name.name == base.name)
    if base.is_Rational:
        return number(plain(base))
    if base.is_Add:
        return tree(base, order)
    arguments = tuple(tree(argument, order) for argument in base.args)
    return FunctionNode(str(base.func.__name__).lower(), arguments)


def _rank(term: sympy.Expr, order: Sequence[Name]) -> tuple[int, ...]:
    """Sorts by the powers of the symbols, the first symbol first, the highest power first."""
    powers = term.as_powers_dict()
    return tuple(-int(powers.get(symbol(name), 0)) for name in order)


def _place(factor: sympy.Expr, order: Sequence[Name]) -> int:
    """Where a factor stands in a product: symbols in their order, sums last."""
    base = factor.as_base_exp()[0]
    places = [place for place, name in enumerate(order) if symbol(name) == base]
    return places[0] if places else len(order)


def symbol(name: Name) -> sympy.Symbol:
    """The SymPy symbol of a name; every size and every multiplier is positive."""
    return sympy.Symbol(name.name, positive=True)
