"""For which settings a closed form is exact, and what it assumes."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import gcd, lcm
from typing import NamedTuple

from costcalc.formulas.algebra import ceil_div, whole
from costcalc.render.formatting import exact
from costcalc.symbolic.formula import Name, Style, written
from costcalc.symbolic.polynomial import Polynomial, Rational, polynomial_tree, unit
from costcalc.symbolic.polynomial_number import Condition, PolynomialContext, Variable


class Extent(NamedTuple):
    """The settings of one variable at which a closed form is exact."""

    name: Name
    is_whole: bool
    step: Rational | None
    """What it must be a multiple of, the residue apart; None where any number will do."""
    residue: int
    lowest: Rational | None
    highest: Rational | None
    is_implied: bool
    """Whether every multiple above zero is at least the lowest, so that it goes without saying."""

    def holds(self, value: Rational) -> bool:
        """Whether the variable may have that value."""
        return self.is_assumed(value) and (
            self.step is None or (value - self.residue) % self.step == 0
        )

    def is_assumed(self, value: Rational) -> bool:
        """Whether the value lies between the bounds."""
        return (self.lowest is None or value >= self.lowest) and (
            self.highest is None or value <= self.highest
        )

    @property
    def first(self) -> Rational | None:
        """The lowest value at which it is exact; None where there is no lowest."""
        if self.step is None:
            return self.lowest
        above = max(self.lowest or 0, self.residue or self.step)
        first: Rational = whole(
            ceil_div(above - self.residue, self.step) * self.step + self.residue
        )
        return first

    @property
    def is_empty(self) -> bool:
        """Whether it is exact nowhere between the bounds."""
        return self.first is not None and self.highest is not None and self.first > self.highest

    @property
    def only(self) -> Rational | None:
        """The one value at which it is exact, where there is but one."""
        if self.step is None or self.first is None or self.highest is None:
            return None
        return self.first if self.first <= self.highest < self.first + self.step else None

    def multiples(self, style: Style) -> str:
        """``r a multiple of 32``, ``32·α whole``, ``α = 1``; empty where any will do."""
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
        """``0.5 ≤ α ≤ 1``; empty without bounds, or with none beyond the multiples."""
        at_most = " <= " if style.is_ascii else " ≤ "
        is_left_out = self.lowest is None or (self.is_implied and not everywhere)
        low = "" if is_left_out else exact(self.lowest)
        high = "" if self.highest is None else exact(self.highest)
        if low and high:
            return f"{low}{at_most}{style.name(self.name)}{at_most}{high}"
        if low:
            return f"{style.name(self.name)}{at_most.replace('≤', '≥').replace('<', '>')}{low}"
        return f"{style.name(self.name)}{at_most}{high}" if high else ""


class Domain(NamedTuple):
    """Where a closed form is exact."""

    extents: tuple[Extent, ...]
    others: tuple[Condition, ...]
    """Decisions that are no bound of one variable, over the variables themselves."""

    @property
    def is_empty(self) -> bool:
        """Whether it is exact nowhere."""
        return any(extent.is_empty for extent in self.extents)

    @property
    def is_rounded(self) -> bool:
        """Whether rounding leaves settings out."""
        return any(
            extent.step not in (None, 1) or (extent.step == 1 and not extent.is_whole)
            for extent in self.extents
        )

    def holds(self, values: Sequence[Rational]) -> bool:
        """Whether the closed form is exact at those values of the variables."""
        return all(
            extent.holds(value) for extent, value in zip(self.extents, values, strict=True)
        ) and all(satisfied(condition, values) for condition in self.others)

    def assumptions(self, style: Style, values: Sequence[Rational]) -> list[str]:
        """What was decided at those values, beyond what being exact says already."""
        names = [extent.name for extent in self.extents]
        bounds = [
            extent.bounds(style, everywhere=not extent.holds(value))
            for extent, value in zip(self.extents, values, strict=True)
        ]
        return [bound for bound in bounds if bound] + [
            _relation(condition, names, style) for condition in self.others
        ]


def domain(context: PolynomialContext, names: Sequence[Name]) -> Domain:
    """The domain of the polynomials that were made in a context."""
    steps = _steps(context)
    lows: list[Rational | None] = [None] * len(names)
    highs: list[Rational | None] = [None] * len(names)
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
            value = _onto(variable, value, is_lower, is_strict)
        if is_lower:
            lows[index] = max(value, lows[index] or value)
        else:
            old = highs[index]
            highs[index] = value if old is None else min(value, old)
    extents = tuple(
        _extent(variable, name, step, low, high)
        for variable, name, step, low, high in zip(
            context.variables, names, steps, lows, highs, strict=True
        )
    )
    return Domain(extents, tuple(each for each in others if not _is_idle(each, extents)))


def _is_idle(condition: Condition, extents: Sequence[Extent]) -> bool:
    """Whether a condition forbids one value alone, at which nothing is exact in any case."""
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
    """The extent of a variable; a size's lowest bound stands where multiples do not imply it."""
    first: Rational | None = step
    if variable.is_whole:
        first = variable.modulus * variable.lowest + variable.residue
    is_implied = low is not None and first is not None and low <= first
    if variable.is_whole:
        return Extent(name, True, step, variable.residue, None if is_implied else low, high, False)
    return Extent(name, False, step, 0, low, high, is_implied)


def satisfied(condition: Condition, values: Sequence[Rational]) -> bool:
    """Whether a condition over the variables holds at some values."""
    value = condition.polynomial(values)
    return {">": value > 0, ">=": value >= 0, "==": value == 0, "!=": value != 0}[
        condition.relation
    ]


def in_parameters(polynomial: Polynomial, variables: Sequence[Variable]) -> Polynomial:
    """A polynomial in counters as one in the parameters themselves: q = (r - residue) / modulus."""
    for index, variable in enumerate(variables):
        if variable.is_whole:
            modulus = variable.modulus
            polynomial = polynomial.shifted(
                index, Fraction(1, modulus), Fraction(-variable.residue, modulus)
            )
    return polynomial


def _steps(context: PolynomialContext) -> list[Rational | None]:
    """What each variable must be a multiple of for every rounded term to be whole."""
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
    """Where a line crosses zero: its variable, the value, whether it rises there."""
    varying = list(polynomial.varying.terms.items())
    if len(varying) != 1 or sum(varying[0][0]) != 1:
        return None
    powers, factor = varying[0]
    return powers.index(1), whole(-Fraction(polynomial.constant) / factor), factor > 0


def _onto(variable: Variable, value: Rational, is_lower: bool, is_strict: bool) -> Rational:
    """The first or last value within a bound that leaves the residue over the modulus."""
    modulus, residue = variable.modulus, variable.residue
    if is_lower:
        nearest = ceil_div(value - residue, modulus)
        is_on = nearest * modulus + residue == value
        return int((nearest + (is_strict and is_on)) * modulus + residue)
    nearest = (value - residue) // modulus
    is_on = nearest * modulus + residue == value
    return int((nearest - (is_strict and is_on)) * modulus + residue)


def _relation(condition: Condition, names: Sequence[Name], style: Style) -> str:
    """``α > 2``; ``32·α > r``, the negative terms of a longer difference on the other side."""
    if not condition.polynomial.varying.terms:
        return "a comparison that rounding decides here"
    shown = {">": ">", "<": "<", ">=": "≥", "==": "=", "!=": "≠"}
    if style.is_ascii:
        shown = {">": ">", "<": "<", ">=": ">=", "==": "=", "!=": "!="}
    line = _bound(condition.polynomial)
    if line is not None and condition.relation != ">=":
        index, value, rises = line
        relation = condition.relation if rises or condition.relation != ">" else "<"
        return f"{style.name(names[index])} {shown[relation]} {exact(value)}"
    terms = condition.polynomial.terms
    left = Polynomial({powers: value for powers, value in terms.items() if value > 0})
    right = Polynomial({powers: -value for powers, value in terms.items() if value < 0})
    sides = (written(polynomial_tree(side, names), style) for side in (left, right))
    return f" {shown[condition.relation]} ".join(sides)
