"""The answer in closed form: what a budget allows if nothing is rounded."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any, NamedTuple

from costcalc.costs.rules import Convention
from costcalc.errors import SpecError
from costcalc.formulas.algebra import quotient
from costcalc.spec.document import Document
from costcalc.symbolic.domain import Domain
from costcalc.symbolic.formula import written
from costcalc.symbolic.networks import closed_form
from costcalc.symbolic.polynomial import Polynomial, Rational

DIGITS = 4
"""Decimals of the answer, which is rounded down."""


class ClosedAnswer(NamedTuple):
    """The largest value within the budgets by the closed forms of the costs."""

    value: Rational
    metric: str
    """The cost whose budget is reached first."""
    formula: str
    """The cost in closed form."""
    symbol: str
    domain: Domain
    """Where the closed form is exact."""
    is_rising: bool
    """Whether the closed form of every cost with a budget rises."""

    def rises(self, first: Rational, step: Rational) -> bool:
        """Whether all costs rise, exactly, from ``first`` to each step above it."""
        (extent,) = self.domain.extents
        is_whole_step = extent.step is None or step % extent.step == 0
        is_exact = extent.highest is None and is_whole_step and self.domain.holds((first,))
        return self.is_rising and is_exact and not self.domain.others


def closed_answer(
    document: Document,
    name: str,
    limits: Mapping[str, int | Fraction],
    settings: Mapping[str, Any],
    convention: Convention,
) -> ClosedAnswer | None:
    """The answer in closed form; None if no cost has an increasing one.

    Bytes are left out: a peak has one polynomial for each step that may be the largest.

    Args:
        document: the network.
        name: the parameter to solve for.
        limits: the budget of each cost that has one.
        settings: values of the other parameters.
        convention: how its costs are counted.
    """
    try:
        form = closed_form(document, settings, convention, (name,))
    except SpecError:
        return None
    answers = []
    is_rising = all(
        metric in form.totals and _is_rising(form.totals[metric].polynomial) for metric in limits
    )
    for metric, limit in limits.items():
        if metric not in form.totals:
            continue
        total = form.totals[metric]
        if _is_rising(total.polynomial):
            value = _largest(total.polynomial, limit)
            if value is not None:
                formula = written(total.formula)
                symbol = form.names[0].text
                answer = ClosedAnswer(value, metric, formula, symbol, form.domain, is_rising)
                answers.append(answer)
    return min(answers, key=lambda answer: answer.value, default=None)


def _is_rising(polynomial: Polynomial) -> bool:
    return all(coefficient >= 0 for coefficient in polynomial.terms.values())


def _largest(polynomial: Polynomial, limit: Rational) -> Rational | None:
    """The largest value, to :data:`DIGITS` decimals, at which an increasing polynomial fits.

    None if no value fits, or every value.
    """
    if not polynomial.varying.terms or polynomial.constant > limit:
        return None
    low, high = 0, 1
    while _at(polynomial, high) <= limit:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if _at(polynomial, middle) <= limit else (low, middle)
    value: Rational = quotient(low, 10**DIGITS)
    return value


def _at(polynomial: Polynomial, steps: int) -> Rational:
    return polynomial((quotient(steps, 10**DIGITS),))
