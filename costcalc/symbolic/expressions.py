"""SymPy expressions as formula trees, with terms and factors in the paper's order."""

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
        expression: its symbols are named as in ``order``.
        order: the paper's order of symbols.  Terms are sorted by their power of the
            first symbol, highest first, then of the second, and so on.
    """
    if expression.is_Add:
        terms = sorted(expression.args, key=lambda term: _term_rank(term, order))
        return Sum(tuple(tree(term, order) for term in terms))
    coefficient, rest = expression.as_coeff_Mul()
    if coefficient.is_negative:
        return Negative(tree(-expression, order))
    above: list[Node] = [Number(int(coefficient.p))]
    below: list[Node] = [Number(int(coefficient.q))]
    for factor in sorted(sympy.Mul.make_args(rest), key=lambda factor: _factor_rank(factor, order)):
        base, exponent = factor.as_base_exp()
        side = below if exponent.is_negative else above
        side.extend([_atom(base, order)] * abs(int(exponent)))
    denominator = collected(below)
    return collected(above) if denominator == ONE else Quotient(collected(above), denominator)


def plain(value: sympy.Rational) -> int | Fraction:
    """A SymPy number as an ``int``, or a ``Fraction`` if it is not whole."""
    exact: int | Fraction = whole(Fraction(int(value.p), int(value.q)))
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


def _term_rank(term: sympy.Expr, order: Sequence[Name]) -> tuple[int, ...]:
    """Sort key: the powers of the symbols in order, higher powers first."""
    powers = term.as_powers_dict()
    return tuple(-int(powers.get(symbol(name), 0)) for name in order)


def _factor_rank(factor: sympy.Expr, order: Sequence[Name]) -> int:
    """Sort key within a product: symbols in their order, then sums."""
    base = factor.as_base_exp()[0]
    places = [place for place, name in enumerate(order) if symbol(name) == base]
    return places[0] if places else len(order)


def symbol(name: Name) -> sympy.Symbol:
    """The SymPy symbol for a name; all sizes and multipliers are positive."""
    return sympy.Symbol(name.name, positive=True)
