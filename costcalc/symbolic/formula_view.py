"""One or two named formulas over SymPy symbols, some of them with numbers in their place."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import sympy

from costcalc.symbolic.catalogue import NamedFormula
from costcalc.symbolic.expressions import plain, symbol
from costcalc.symbolic.formula import Name
from costcalc.symbolic.notation import MULTIPLIERS, Notation, Symbol, sizes_of, thinned


class FormulaView:
    """One or two formulas over symbols, some of them with numbers in their place."""

    def __init__(
        self,
        entry: NamedFormula,
        other: NamedFormula | None,
        thin: tuple[Symbol, ...],
        settings: Mapping[str, int | Fraction],
    ) -> None:
        self.entry, self.other = entry, other
        self.notation: Notation = entry.notation
        self.thin = thin
        self.whole: dict[sympy.Symbol, sympy.Expr] = {}
        self.values = {key: sympy.Rational(value) for key, value in settings.items()}
        self.order: list[Name] = [multiplier.name for multiplier in thin]
        sizes = {letter.name.name: self._size(letter) for letter in self.notation.symbols}
        self.sizes = sizes_of(self.notation, sizes)

    def _size(self, each: Symbol) -> sympy.Expr:
        """The symbol, thinned where it was asked for; its number where it has one."""
        name = each.name.name
        own = self.values.get(name, symbol(each.name))
        by = next((one for one in self.thin if one.name.name == each.scaled_by), None)
        self.order.append(each.name)
        if by is None:
            return own
        factor = self.values.get(by.name.name, symbol(by.name))
        if own.is_number or factor.is_number:
            return factor * own
        joint = thinned(each, by)
        self.order[-1:] = [joint, each.name]
        self.whole[symbol(joint)] = factor * own
        return symbol(joint)

    def expression(self, metric: str) -> sympy.Expr:
        """The count, or the ratio, in the form that the paper gives it."""
        own = sympy.expand(self.entry.counts[metric](self.sizes))
        if self.other is not None:
            return _ratio(own, self.other.counts[metric](self.sizes))
        return sympy.factor_terms(own) if self.entry.is_factored else own

    def opened(self, expression: sympy.Expr) -> sympy.Expr:
        """The expression with αM as the product that it is."""
        return expression.subs(self.whole)

    def compared(self, metric: str) -> tuple[Any, Any] | None:
        """The two counts that a ratio compares, where both are numbers."""
        if self.other is None:
            return None
        counts = [
            sympy.sympify(formula.counts[metric](self.sizes), strict=True)
            for formula in (self.entry, self.other)
        ]
        if not all(count.is_Rational for count in counts):
            return None
        return plain(counts[0]), plain(counts[1])

    def used(self, metrics: list[str]) -> tuple[Symbol, ...]:
        """The symbols in the formulas, those under a ratio included."""
        free: set[str] = set()
        for entry in (self.entry, self.other):
            for metric in metrics if entry else ():
                assert entry is not None
                count = sympy.sympify(entry.counts[metric](self.sizes), strict=True)
                free |= {str(one) for one in self.opened(count).free_symbols}
        return tuple(one for one in (*self.notation.symbols, *MULTIPLIERS) if one.name.name in free)


def _ratio(above: sympy.Expr, below: sympy.Expr) -> sympy.Expr:
    """The quotient, simplified: term by term where the divisor is a product."""
    quotient = sympy.cancel(above / below)
    numerator, denominator = sympy.fraction(quotient)
    if sympy.expand(denominator).is_Add:
        return sympy.factor_terms(numerator) / sympy.factor_terms(denominator)
    return sympy.expand(quotient)
