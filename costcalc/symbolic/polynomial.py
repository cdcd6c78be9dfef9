"""Exact polynomials in a few variables, fast enough to expand whole networks with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from functools import reduce
from math import prod
from typing import TypeAlias

from costcalc.formulas.algebra import whole
from costcalc.symbolic.formula import (
    Name,
    Negative,
    Node,
    Number,
    Sum,
    collected,
)

Rational: TypeAlias = int | Fraction
Powers: TypeAlias = tuple[int, ...]
"""The power of each variable in one term."""


class Polynomial:
    """A sum of terms, each an exact coefficient times powers of the variables."""

    __slots__ = ("terms",)

    def __init__(self, terms: Mapping[Powers, Rational]) -> None:
        self.terms = {powers: whole(value) for powers, value in terms.items() if value}

    def __add__(self, other: Polynomial) -> Polynomial:
        terms = dict(self.terms)
        for powers, value in other.terms.items():
            terms[powers] = terms.get(powers, 0) + value
        return Polynomial(terms)

    def __sub__(self, other: Polynomial) -> Polynomial:
        return self + other.times(-1)

    def __mul__(self, other: Polynomial) -> Polynomial:
        terms: dict[Powers, Rational] = {}
        for powers, value in self.terms.items():
            for others, factor in other.terms.items():
                joint = tuple(map(sum, zip(powers, others, strict=True)))
                terms[joint] = terms.get(joint, 0) + value * factor
        return Polynomial(terms)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Polynomial) and self.terms == other.terms

    __hash__ = None  # type: ignore[assignment]  # compared by content, never hashed

    def times(self, factor: Rational) -> Polynomial:
        """The polynomial with every coefficient multiplied by a number."""
        return Polynomial({powers: value * factor for powers, value in self.terms.items()})

    def __call__(self, values: Sequence[Rational]) -> Rational:
        """The value of the polynomial at the given values of its variables."""
        total = sum(
            (
                c * prod(v**n for v, n in zip(values, powers, strict=True))
                for powers, c in self.terms.items()
            ),
            Fraction(0),
        )
        result: Rational = whole(total)
        return result

    @property
    def constant(self) -> Rational:
        """The term without variables."""
        return next((value for powers, value in self.terms.items() if not any(powers)), 0)

    @property
    def varying(self) -> Polynomial:
        """The terms with variables."""
        return Polynomial({powers: value for powers, value in self.terms.items() if any(powers)})

    def shifted(self, variable: int, factor: Rational, offset: Rational) -> Polynomial:
        """The polynomial with ``factor * v + offset`` substituted for variable ``v``."""
        result = Polynomial({})
        for powers, value in self.terms.items():
            size = len(powers)
            linear = Polynomial({unit(size, variable): factor, (0,) * size: offset})
            rest = tuple(0 if i == variable else n for i, n in enumerate(powers))
            result += reduce(
                Polynomial.__mul__, [linear] * powers[variable], Polynomial({rest: value})
            )
        return result

    def divided(self, divisor: Polynomial) -> Polynomial | None:
        """The exact quotient, or None if it is not a polynomial."""
        lead = max(divisor.terms)
        rest, quotient = self, Polynomial({})
        while rest.terms:
            top = max(rest.terms)
            powers = tuple(n - m for n, m in zip(top, lead, strict=True))
            if min(powers, default=0) < 0:
                return None
            step = Polynomial({powers: Fraction(rest.terms[top]) / divisor.terms[lead]})
            quotient += step
            rest -= step * divisor
        return quotient

    def ordered(self) -> Iterator[tuple[Powers, Rational]]:
        """The terms by descending power of the first variable, then of the second, and so on."""
        return iter(sorted(self.terms.items(), reverse=True))


def unit(size: int, variable: int) -> Powers:
    """The powers of a term that is a single variable."""
    return tuple(int(i == variable) for i in range(size))


def polynomial_tree(polynomial: Polynomial, names: Sequence[Name]) -> Node:
    """The polynomial as a formula, collected by the powers of its variables."""
    terms = [_term(powers, value, names) for powers, value in polynomial.ordered()]
    if len(terms) > 1:
        return Sum(tuple(terms))
    return terms[0] if terms else Number(0)


def _term(powers: Powers, value: Rational, names: Sequence[Name]) -> Node:
    factors: list[Node] = [Number(-value if value < 0 else value)]
    for name, n in zip(names, powers, strict=True):
        factors += [name] * n
    return Negative(collected(factors)) if value < 0 else collected(factors)
