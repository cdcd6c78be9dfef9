"""Printed figures: the digits determine which values a figure agrees with.

``569 M`` is 568.5 to 569.5 million if rounded, 569 to 570 million if truncated;
``<= 600M`` is a bound.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction
from typing import Any, Literal, NamedTuple

from costcalc.render.formatting import counted, rounded
from costcalc.spec import limits
from costcalc.spec.numbers import ExpressionError

Fit = Literal["exact", "rounded", "truncated", "within"]
"""How a figure agrees with a value."""

UNITS = {
    "": Fraction(1),
    "x": Fraction(1),
    "%": Fraction(1, 100),
    "K": Fraction(10**3),
    "M": Fraction(10**6),
    "G": Fraction(10**9),
    "B": Fraction(10**9),
    "T": Fraction(10**12),
    "Ki": Fraction(2**10),
    "Mi": Fraction(2**20),
    "Gi": Fraction(2**30),
    "KB": Fraction(10**3),
    "MB": Fraction(10**6),
    "GB": Fraction(10**9),
    "KiB": Fraction(2**10),
    "MiB": Fraction(2**20),
    "GiB": Fraction(2**30),
    **{f"1e{power}": Fraction(10**power) for power in range(1, limits.DIGITS)},
}
"""The units that a figure may have, with the number that each stands for."""

QUANTITIES = {
    "ms": {"us": Fraction(1, 1000), "ms": Fraction(1), "s": Fraction(1000)},
    "mJ": {"uJ": Fraction(1, 1000), "mJ": Fraction(1), "J": Fraction(1000)},
}
"""The units of what is measured in one of them, with the number of that one."""

_SCALES = {**UNITS, **QUANTITIES["ms"], **QUANTITIES["mJ"]}

FIGURE = re.compile(
    r"(?P<bound><=|<|≤)?\s*"
    r"(?P<whole>\d{1,3}(?:,\d{3})+|\d+)(?P<decimals>\.\d+)?"
    r"(?:e(?P<exponent>\d\d?)|\s+(?P<power>1e\d\d?)|\s*(?P<unit>[A-Za-z%×]*))"
)
_SPELLINGS = {**{unit.lower(): unit for unit in UNITS}, "×": "x", "X": "x"}
_EXPECTED = "a number and a unit, as in '569 M', '94.86 %', '32 x', '14,208' or '<= 600M'"


class Figure(NamedTuple):
    """A printed number with its unit, and the place of its last digit."""

    text: str
    bound: Literal["", "<", "<="]
    """Empty for a figure that is a value."""
    number: Fraction
    """In the figure's own unit."""
    decimals: int
    unit: str
    digits: int = 0
    """How many of its digits are significant, if the others are zeros to fill it up; 0: all."""

    @property
    def step(self) -> Fraction:
        """The place of its last significant digit: its precision."""
        unfilled = len(str(self._units)) - self.digits if self.digits else 0
        return Fraction(10**unfilled, 10**self.decimals)

    @property
    def _units(self) -> int:
        """Its digits as a whole number."""
        return int(self.number * 10**self.decimals)

    def to_digits(self, digits: int) -> Figure:
        """The figure with fewer significant digits than are printed.

        Raises:
            ExpressionError: it has no more digits, or one that is not significant is no zero.
        """
        shown = len(str(self._units))
        least = len(str(self._units).rstrip("0"))
        if least <= digits < shown:
            return self._replace(digits=digits)
        expected = "no 'digits': its last one is no zero" if least == shown else ""
        fewest = f"{least} to {shown - 1}" if least < shown - 1 else f"{least}"
        raise ExpressionError(
            f"{self.text} cannot have {digits} significant digits", expected=expected or fewest
        )

    @property
    def scale(self) -> Fraction:
        """The number that the unit stands for."""
        return _SCALES[self.unit]

    def fit(self, value: Any, step: Fraction | None = None) -> Fit | None:
        """How the figure agrees with an exact value; None if it does not.

        Args:
            value: the exact value, not in the figure's unit; a share is a fraction.
            step: the precision of the figure; by default one unit of its last significant digit.
        """
        if self.bound:
            return "within" if self._bounds(value) else None
        exact = Fraction(value) / self.scale
        step = step if step is not None else self.step
        if exact == self.number:
            return "exact"
        if abs(exact - self.number) <= step / 2:
            return "rounded"
        return "truncated" if 0 < exact - self.number < step else None

    def _bounds(self, value: Any) -> bool:
        most = self.number * self.scale
        return bool(value < most if self.bound == "<" else value <= most)

    @property
    def round_step(self) -> Fraction:
        """The place of the last nonzero digit: the precision of 'about 5000' is 1000."""
        units = self.number * 10**self.decimals
        step = Fraction(1, 10**self.decimals)
        while units and units % 10 == 0:
            units, step = units / 10, step * 10
        return step

    def show(self, value: Any, extra: int = 2) -> str:
        """A computed value to compare with the figure: in its unit, with more digits."""
        exact = Fraction(value) / self.scale
        if self.unit == "" and exact.denominator == 1:
            return counted(exact.numerator)
        return _with_unit(rounded(exact, self.decimals + extra), self.unit)

    def swapped(self) -> Iterator[Figure]:
        """The figure with each pair of neighbouring digits swapped."""
        number = _plain(self)
        for index in range(len(number) - 1):
            a, b = number[index], number[index + 1]
            if a != b and a.isdigit() and b.isdigit():
                yield self._respelled(number[:index] + b + a + number[index + 2 :], self.unit)

    def rescaled(self, unit: str) -> Figure:
        """The same number in another unit."""
        return self._respelled(_plain(self), unit)

    def _respelled(self, number: str, unit: str) -> Figure:
        text = _with_unit(number, unit)
        return self._replace(text=text, number=Fraction(number), unit=unit)


def parse(text: str, measured_in: str = "") -> Figure:
    """Parses a printed figure.

    Args:
        text: the figure.
        measured_in: the unit of the metric's values, a key of :data:`QUANTITIES`; empty for a
            count, bytes or a share.

    >>> parse("4.2 M").fit(4209088), parse("4.2 M").fit(4299999), parse("4.2 M").fit(4300000)
    ('rounded', 'truncated', None)
    >>> parse("<= 0.5 s", "ms").fit(499)
    'within'

    Raises:
        ExpressionError: it is not a number with a known unit.
    """
    match = FIGURE.fullmatch(text.strip())
    if match is None:
        raise ExpressionError("this is not a figure", expected=_EXPECTED)
    if sum(character.isdigit() for character in text) > limits.DIGITS:
        raise ExpressionError("the figure has too many digits", expected=f"at most {limits.DIGITS}")
    spelling = f"1e{match['exponent']}" if match["exponent"] else match["power"] or match["unit"]
    units = {"": Fraction(1), **QUANTITIES[measured_in]} if measured_in else UNITS
    unit = spelling if spelling in units else _SPELLINGS.get(spelling.lower(), spelling)
    if unit not in units:
        offset = match.start(match.lastgroup or 0)
        named = ", ".join(name for name in units if name and name[0] != "1")
        expected = f"one of {named}" if measured_in else f"one of {named}, or a power of ten: 1.8e9"
        raise ExpressionError(f"unknown unit '{unit}'", offset, expected)
    decimals = match["decimals"] or ""
    bound: Any = {"≤": "<=", None: ""}.get(match["bound"], match["bound"])
    number = Fraction(match["whole"].replace(",", "") + decimals)
    return Figure(text.strip(), bound, number, max(len(decimals) - 1, 0), unit)


def _with_unit(number: str, unit: str) -> str:
    """``4.21 M``, and ``4.21e6`` for a power of ten."""
    return number + unit.removeprefix("1") if unit[:1] == "1" else f"{number} {unit}".strip()


def _plain(figure: Figure) -> str:
    return rounded(figure.number, figure.decimals)
