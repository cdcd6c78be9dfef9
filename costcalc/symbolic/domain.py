"""The settings at which a closed form is exact, and what it assumes."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import gcd, lcm
from typing import NamedTuple

from costcalc.formulas.algebra import ceil_div, whole
from costcalc.render.formatting import exact
from costcalc.symbolic.formula import Name, Style, written
from costcalc.symbolic.polynomial import Polynomial, Powers, Rational, polynomial_tree, unit
from costcalc.symbolic.polynomial_number import Condition, PolynomialContext, Variable


class Extent(NamedTuple):
    """The settings of one variable at which a closed form is exact."""

    name: Name
    is_whole: bool
    step: Rational | None
    """What it must be a multiple of, apart from the residue; None if any number will do."""
    residue: int
    lowest: Rational | None
    highest: Rational | None
    is_implied: bool
    """Whether every positive multiple is at least the lowest, so that the bound can be left out."""

    def holds(self, value: Rational) -> bool:
        """Whether the closed form is exact at the value."""
        return self.is_within(value) and (
            self.step is None or (value - self.residue) % self.step == 0
        )

    def is_within(self, value: Rational) -> bool:
        """Whether the value lies between the bounds."""
        return (self.lowest is None or value >= self.lowest) and (
            self.highest is None or value <= self.highest
        )

    @property
    def first(self) -> Rational | None:
        """The lowest value at which it is exact, or None if there is none."""
        if self.step is None:
            return self.lowest
        above = max(self.lowest or 0, self.residue or self.step)
        first: Rational = whole(
            ceil_div(above - self.residue, self.step) * self.step + self.residue
        )
        return first

    @property
    def is_empty(self) -> bool:
        """Whether no value between the bounds is exact."""
        return self.first is not None and self.highest is not None and self.first > self.highest

    @property
    def only(self) -> Rational | None:
        """The value at which it is exact, if there is only one."""
        if self.step is None or self.first is None or self.highest is None:
            return None
        return self.first if self.first <= self.highest < self.first + self.step else None

    def multiples(self, style: Style) -> str:
        """``r a multiple of 32``, ``32·α whole``, ``α = 1``; empty if any value will do."""
        name = style.name(self.name)
        if self.step is None or (self.is_whole and self.step == 1):
            return ""
        if self.only is not None:
            return f"{name} = {exact(self.only)}"
        if self.residue:
            sign = "=" if style.is_ascii else "≡"
            return f"{name} {sign} {self.residue} (mod {self.step})"
        if not self.is_whole and Fraction(self.step).numerator == 1:
            below = Fraction(self.step).denominator
            return f"{name} whole" if below == 1 else f"{below}{style.times('', name)}{name} whole"
        return f"{name} a multiple of {exact(self.step)}"

    def bounds(self, style: Style, everywhere: bool) -> str:
        """``0.5 ≤ α ≤ 1``; empty without bounds.

        Args:
            style: how formulas are written.
            everywhere: whether to state a lower bound that the multiples imply.
        """
        name, signs = style.name(self.name), _signs(style)
        is_left_out = self.lowest is None or (self.is_implied and not everywhere)
        low = "" if is_left_out else exact(self.lowest)
        high = "" if self.highest is None else exact(self.highest)
        if low and high:
            return f"{low} {signs['<=']} {name} {signs['<=']} {high}"
        if low:
            return f"{name} {signs['>=']} {low}"
        return f"{name} {signs['<=']} {high}" if high else ""


class Domain(NamedTuple):
    """Where a closed form is exact."""

    extents: tuple[Extent, ...]
    others: tuple[Condition, ...]
    """Assumed conditions on the variables that are not bounds of a single variable."""

    @property
    def is_empty(self) -> bool:
        """Whether the closed form is exact nowhere."""
        return any(extent.is_empty for extent in self.extents)

    @property
    def is_rounded(self) -> bool:
        """Whether it is inexact at some settings because sizes are rounded."""
        return any(
            extent.step not in (None, 1) or (extent.step == 1 and not extent.is_whole)
            for extent in self.extents
        )

    def holds(self, values: Sequence[Rational]) -> bool:
        """Whether the closed form is exact at the given values of the variables."""
        return all(
            extent.holds(value) for extent, value in zip(self.extents, values, strict=True)
        ) and all(condition.holds(values) for condition in self.others)

    def assumptions(self, style: Style, values: Sequence[Rational]) -> list[str]:
        """The bounds and conditions assumed at those values, apart from the multiples."""
        names = [extent.name for extent in self.extents]
        bounds = [
            extent.bounds(style, everywhere=not extent.holds(value))
            for extent, value in zip(self.extents, values, strict=True)
        ]
        return [bound for bound in bounds if bound] + [
            _relation(condition, names, style) for condition in self.others
        ]


def domain(context: PolynomialContext, names: Sequence[Name]) -> Domain:
    """The domain on which all polynomials of a context are exact."""
    steps = _steps(context)
    lows: list[list[Rational]] = [[] for _ in names]
    highs: list[list[Rational]] = [[] for _ in names]
    others = []
    for condition in context.conditions:
        polynomial = in_parameters(condition.polynomial, context.variables)
        bound = _bound(polynomial)
        is_strict = condition.relation == ">"
        if (
            bound is None
            or condition.relation in ("==", "!=")
            or (is_strict and not context.variables[bound[0]].is_whole)
        ):
            others.append(Condition(polynomial, condition.relation))
            continue
        index, value, is_lower = bound
        variable = context.variables[index]
        if variable.is_whole:
            value = _tightened(variable, value, is_lower, is_strict)
        (lows if is_lower else highs)[index].append(value)
    extents = tuple(
        _extent(variable, name, step, max(low, default=None), min(high, default=None))
        for variable, name, step, low, high in zip(
            context.variables, names, steps, lows, highs, strict=True
        )
    )
    needed = tuple(condition for condition in others if not _is_redundant(condition, extents))
    return Domain(extents, needed)


def _is_redundant(condition: Condition, extents: Sequence[Extent]) -> bool:
    """Whether a condition only excludes one value, which the extents exclude already."""
    bound = _bound(condition.polynomial)
    return (
        condition.relation == "!=" and bound is not None and not extents[bound[0]].holds(bound[1])
    )


def _extent(
    variable: Variable,
    name: Name,
    step: Rational | None,
    low: Rational | None,
    high: Rational | None,
) -> Extent:
    """The extent of a variable; a size keeps only a lower bound that its multiples do not imply."""
    first: Rational | None = step
    if variable.is_whole:
        first = variable.modulus * variable.lowest + variable.residue
    is_implied = low is not None and first is not None and low <= first
    if variable.is_whole:
        return Extent(name, True, step, variable.residue, None if is_implied else low, high, False)
    return Extent(name, False, step, 0, low, high, is_implied)


def in_parameters(polynomial: Polynomial, variables: Sequence[Variable]) -> Polynomial:
    """A polynomial in the parameters, from one in counters: q = (r - residue) / modulus."""
    for index, variable in enumerate(variables):
        if variable.is_whole:
            modulus = variable.modulus
            polynomial = polynomial.shifted(
                index, Fraction(1, modulus), Fraction(-variable.residue, modulus)
            )
    return polynomial


def _steps(context: PolynomialContext) -> list[Rational | None]:
    """For each variable, what it must be a multiple of so that every rounded term is whole."""
    size = len(context.variables)
    steps: list[Rational | None] = [
        variable.modulus if variable.is_whole else None for variable in context.variables
    ]
    for index in range(size):
        alone = unit(size, index)
        inverses = [
            abs(1 / Fraction(value)) for powers, value in context.roundings if powers == alone
        ]
        if inverses:
            above = lcm(*(inverse.numerator for inverse in inverses))
            steps[index] = whole(
                Fraction(above, gcd(*(inverse.denominator for inverse in inverses)))
            )
    for powers, value in context.roundings:
        rest = Fraction(value)
        free = [i for i, n in enumerate(powers) if n and not context.variables[i].is_whole]
        for index in free:
            rest *= Fraction(steps[index] or 1) ** powers[index]
        if rest.denominator > 1 or steps[free[0]] is None:
            steps[free[0]] = whole(Fraction(steps[free[0]] or 1) * rest.denominator)
    return steps


def _bound(polynomial: Polynomial) -> tuple[int, Rational, bool] | None:
    """The zero of a polynomial linear in one variable: variable, value, whether it rises there."""
    varying = list(polynomial.varying.terms.items())
    if len(varying) != 1 or sum(varying[0][0]) != 1:
        return None
    powers, factor = varying[0]
    return powers.index(1), whole(-Fraction(polynomial.constant) / factor), factor > 0


def _tightened(variable: Variable, value: Rational, is_lower: bool, is_strict: bool) -> Rational:
    """The bound moved to the nearest value that the size can have."""
    modulus, residue = variable.modulus, variable.residue
    counter = ceil_div(value - residue, modulus) if is_lower else (value - residue) // modulus
    if is_strict and counter * modulus + residue == value:
        counter += 1 if is_lower else -1
    return int(counter * modulus + residue)


def _relation(condition: Condition, names: Sequence[Name], style: Style) -> str:
    """``α > 2``; ``32·α > r``, with the negative terms moved to the other side."""
    if not condition.polynomial.varying.terms:
        return "a comparison that rounding decides here"
    signs = _signs(style)
    bound = _bound(condition.polynomial)
    if bound is not None and condition.relation != ">=":
        index, value, rises = bound
        relation = condition.relation if rises or condition.relation != ">" else "<"
        return f"{style.name(names[index])} {signs[relation]} {exact(value)}"
    terms = _whole_terms(condition.polynomial)
    left = Polynomial({powers: value for powers, value in terms.items() if value > 0})
    right = Polynomial({powers: -value for powers, value in terms.items() if value < 0})
    sides = (written(polynomial_tree(side, names), style) for side in (left, right))
    return f" {signs[condition.relation]} ".join(sides)


def _whole_terms(polynomial: Polynomial) -> dict[Powers, int]:
    """The terms multiplied by a positive number, so that they are whole and have no divisor."""
    values = [Fraction(value) for value in polynomial.terms.values()]
    above = gcd(*(value.numerator for value in values))
    below = lcm(*(value.denominator for value in values))
    return {
        powers: int(value * below / above)
        for powers, value in zip(polynomial.terms, values, strict=True)
    }


def _signs(style: Style) -> dict[str, str]:
    """The sign of each relation."""
    if style.is_ascii:
        return {">": ">", "<": "<", ">=": ">=", "<=": "<=", "==": "=", "!=": "!="}
    return {">": ">", "<": "<", ">=": "≥", "<=": "≤", "==": "=", "!=": "≠"}
