"""Sums of products: what a grid number consists of."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy

from costcalc.grid.factor import BoundedArray, exact, product_bounds
from costcalc.records import NamedTuple


class Monomial(NamedTuple):
    """An integer times factors, no two of which vary along one axis."""

    coefficient: int
    factors: tuple[BoundedArray, ...]

    def bounds(self) -> tuple[int, int]:
        """The least and the greatest value that it may have."""
        bounds = (self.coefficient, self.coefficient)
        for factor in self.factors:
            bounds = product_bounds(bounds, (factor.low, factor.high))
        return bounds


def gathered(terms: Iterable[Monomial]) -> list[Monomial]:
    """The terms, like ones added up, those that vanish left out."""
    alike: dict[Any, Monomial] = {}
    for term in terms:
        if not term.coefficient:
            continue
        key = _kind(term)
        before = alike.get(key)
        alike[key] = term if before is None else _added(before, term)
    return [term for term in alike.values() if term.coefficient]


def total(terms: Iterable[Monomial]) -> BoundedArray:
    """The sum of some terms, cell by cell along the axes that they vary on."""
    result: BoundedArray | None = None
    constant = 0
    for term in terms:
        if not term.factors:
            constant += term.coefficient
            continue
        product = term.factors[0]
        for factor in term.factors[1:]:
            product = product.times(factor)
        if result is None:
            result = product.scaled(term.coefficient)
        else:
            result = result.plus(1, product, term.coefficient)
    if result is None:
        return exact(numpy.array([constant], dtype=object))
    return result.shifted(constant) if constant else result


def joined(
    ours: tuple[BoundedArray, ...], theirs: tuple[BoundedArray, ...]
) -> tuple[BoundedArray, ...]:
    """The factors of a product: those that share an axis become one."""
    joined = list(ours)
    for factor in theirs:
        product = factor
        apart = []
        for other in joined:
            if other.axes & product.axes:
                product = other.times(product)
            else:
                apart.append(other)
        joined = [*apart, product]
    return tuple(sorted(joined, key=lambda factor: min(factor.axes)))


def _kind(term: Monomial) -> Any:
    """What terms that can be added without growing have in common."""
    if len(term.factors) == 1:
        return term.factors[0].axes
    return tuple(id(factor.array) for factor in term.factors)


def _added(a: Monomial, b: Monomial) -> Monomial:
    """The sum of two terms of a kind."""
    if len(a.factors) == 1:
        return Monomial(1, (a.factors[0].plus(a.coefficient, b.factors[0], b.coefficient),))
    return Monomial(a.coefficient + b.coefficient, a.factors)
