"""The answer in closed form: what a budget allows where nothing is rounded."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any, NamedTuple

from costcalc.costs.rules import Convention
from costcalc.errors import SpecError
from costcalc.formulas.algebra import quotient
from costcalc.spec.document import Document
from costcalc.symbolic.formula import written
from costcalc.symbolic.networks import closed_form
from costcalc.symbolic.polynomial import Polynomial, Rational

DIGITS = 4
"""Decimals of the answer, the last one rounded down."""


class ClosedAnswer(NamedTuple):
    """The largest value within a budget by the closed form of the cost."""

    value: Rational
    metric: str
    """The cost whose budget is met first."""
    formula: str
    """The cost in closed form."""
    symbol: str


def closed_answer(
    document: Document,
    name: str,
    limits: Mapping[str, int | Fraction],
    settings: Mapping[str, Any],
    convention: Convention,
) -> ClosedAnswer | None:
    """The answer in closed form; None where no cost has one that only rises.

    Args:
        document: the network.
        name: the parameter that is solved for.
        limits: the most that may be spent, by the cost that it is on.
        settings: values of the other parameters.
        convention: how its costs are counted.
    """
    try:
        form = closed_form(document, settings, convention, (name,))
    except SpecError:
        return None
    answers = []
    for metric, most in limits.items():
        total = form.totals[metric]
        if all(value >= 0 for value in total.polynomial.terms.values()):
            value = _largest(total.polynomial, most)
            if value is not None:
                formula = written(total.formula)
                answers.append(ClosedAnswer(value, metric, formula, form.names[0].text))
    return min(answers, key=lambda answer: answer.value, default=None)


def _largest(polynomial: Polynomial, most: Rational) -> Rational | None:
    """The largest value to :data:`DIGITS` decimals at which a rising polynomial is within a limit.

    None where no value does, or every value.
    """
    if not polynomial.varying.terms or polynomial.constant > most:
        return None
    low, high = 0, 1
    while _at(polynomial, high) <= most:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if _at(polynomial, middle) <= most else (low, middle)
    value: Rational = quotient(low, 10**DIGITS)
    return value


def _at(polynomial: Polynomial, steps: int) -> Rational:
    return polynomial((quotient(steps, 10**DIGITS),))
