"""One or two named formulas over SymPy symbols, some of them replaced by numbers."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import sympy

from costcalc.symbolic.catalogue import NamedFormula
from costcalc.symbolic.expressions import plain, symbol
from costcalc.symbolic.formula import Name
from costcalc.symbolic.notation import MULTIPLIERS, Notation, Symbol, scaled, sizes_of


class FormulaView:
    """A formula, or the ratio of two, over symbols and the numbers set for them.

    Attributes:
        metrics: the counts that the formulas have in common.
        order: the symbols in the order in which products write them.
    """

    def __init__(
        self,
        entry: NamedFormula,
        other: NamedFormula | None,
        multipliers: tuple[Symbol, ...],
        settings: Mapping[str, int | Fraction],
    ) -> None:
        self.entry = entry
        self.formulas = (entry,) if other is None else (entry, other)
        self.metrics = [
            metric for metric in entry.counts if other is None or metric in other.counts
        ]
        self.notation: Notation = entry.notation
        self.order: list[Name] = [multiplier.name for multiplier in multipliers]
        self._multipliers = {multiplier.name.name: multiplier for multiplier in multipliers}
        self._products: dict[sympy.Symbol, sympy.Expr] = {}
        """The product that each joint symbol, such as αM, stands for."""
        self._values = {key: sympy.Rational(value) for key, value in settings.items()}
        sizes = {size.name.name: self._size(size) for size in self.notation.symbols}
        self._sizes = sizes_of(self.notation, sizes)

    def _size(self, size: Symbol) -> sympy.Expr:
        """The symbol or its number, times its multiplier if that was requested."""
        own = self._value(size)
        multiplier = self._multipliers.get(size.scaled_by)
        if multiplier is None:
            self.order.append(size.name)
            return own
        factor = self._value(multiplier)
        if own.is_number or factor.is_number:
            self.order.append(size.name)
            return factor * own
        joint = scaled(size, multiplier)
        self.order += [joint, size.name]
        self._products[symbol(joint)] = factor * own
        return symbol(joint)

    def _value(self, letter: Symbol) -> sympy.Expr:
        return self._values.get(letter.name.name, symbol(letter.name))

    def _counts(self, metric: str) -> list[sympy.Expr]:
        return [
            sympy.sympify(formula.counts[metric](self._sizes), strict=True)
            for formula in self.formulas
        ]

    def expression(self, metric: str) -> sympy.Expr:
        """The count, or the ratio, in the form that the paper gives it."""
        count, *others = self._counts(metric)
        count = sympy.expand(count)
        if others:
            return _ratio(count, others[0])
        return sympy.factor_terms(count) if self.entry.is_factored else count

    def expanded(self, expression: sympy.Expr) -> sympy.Expr:
        """The expression with joint symbols such as αM replaced by their products."""
        return expression.subs(self._products)

    def compared(self, metric: str) -> tuple[Any, Any] | None:
        """The two counts of a ratio, if both are numbers."""
        counts = self._counts(metric)
        if len(counts) < 2 or not all(count.is_Rational for count in counts):
            return None
        return plain(counts[0]), plain(counts[1])

    def used_symbols(self) -> tuple[Symbol, ...]:
        """The symbols in the formulas, including those that cancel in a ratio."""
        free = {
            free_symbol.name
            for metric in self.metrics
            for count in self._counts(metric)
            for free_symbol in self.expanded(count).free_symbols
        }
        symbols = (*self.notation.symbols, *MULTIPLIERS)
        return tuple(letter for letter in symbols if letter.name.name in free)


def _ratio(dividend: sympy.Expr, divisor: sympy.Expr) -> sympy.Expr:
    """The quotient, simplified; split into terms if the denominator is a product."""
    quotient = sympy.cancel(dividend / divisor)
    numerator, denominator = sympy.fraction(quotient)
    if sympy.expand(denominator).is_Add:
        return sympy.factor_terms(numerator) / sympy.factor_terms(denominator)
    return sympy.expand(quotient)
