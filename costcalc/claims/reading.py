"""Readings of a figure: what it may count, and how that departs from the obvious."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import NamedTuple

from costcalc.claims.claim import Quantity
from costcalc.claims.measure import measure
from costcalc.claims.networks import Networks
from costcalc.errors import CostcalcError
from costcalc.reporting.printed import Figure, Fit
from costcalc.spec.numbers import ExpressionError


class Reading(NamedTuple):
    """A count, and how it departs from the obvious one."""

    quantity: Quantity
    figure: Figure
    words: tuple[str, ...] = ()
    """The departures."""
    last: tuple[int, str] = (-1, "")
    """The last one's axis and what it changes there: a departure comes after these alone."""
    factor: Fraction = Fraction(1)
    added: Fraction = Fraction(0)
    """What is counted besides the quantity, before the factor."""
    weight: int = 0
    """How far it departs: the number of departures, those that are less likely twice."""
    unit: str = ""
    """What it is converted to, one of :data:`costcalc.costs.rules.UNITS`; empty: it is not."""

    def value(self, networks: Networks) -> Fraction | None:
        """The count; None if it is not possible."""
        try:
            return (measure(self.quantity, networks) + self.added) * self.factor
        except (CostcalcError, ExpressionError):
            return None

    def fit(self, value: Fraction) -> Fit | None:
        """How the figure agrees with a value of the reading."""
        return self.figure.fit(value) if value else None


class Departure(NamedTuple):
    """One change of a reading."""

    name: str
    """What it changes on its axis; a reading changes it once."""
    words: str
    quantity: Quantity | None = None
    figure: Figure | None = None
    factor: Fraction = Fraction(1)
    added: Fraction = Fraction(0)
    weight: int = 1
    unit: str = ""

    def of(self, reading: Reading, axis: int) -> Reading:
        """The reading, departed from."""
        return Reading(
            self.quantity or reading.quantity,
            self.figure or reading.figure,
            (*reading.words, self.words),
            (axis, self.name),
            reading.factor * self.factor,
            reading.added + self.added,
            reading.weight + self.weight,
            self.unit or reading.unit,
        )


Departures = Iterator[Departure]
