"""Numbers as text: one rounding rule, half away from zero, in exact integers."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from costcalc.spec.numbers import UNITS, exact

_PREFIXES = {
    prefix: Fraction(1000) ** power
    for power, prefix in zip(range(4, -4, -1), ["T", "G", "M", "k", "", "m", "u", "n"], strict=True)
}
"""The prefixes of units, the largest first."""

_SMALLEST = ("n", _PREFIXES["n"])

_SCALES = tuple((UNITS[unit], unit) for unit in "TGMK")


def rounded(value: Fraction, digits: int) -> str:
    """A ratio with that many decimals, halves rounded away from zero.

    >>> rounded(Fraction(1, 8), 2)
    '0.13'
    """
    scale = 10**digits
    units, sign = abs(value) * scale, "-" if value < 0 else ""
    whole = (2 * units.numerator + units.denominator) // (2 * units.denominator)
    if not whole:
        sign = ""
    if not digits:
        return f"{sign}{whole}"
    return f"{sign}{whole // scale}.{whole % scale:0{digits}d}"


def counted(value: int | Fraction) -> str:
    """A count with thousands separators; one decimal if it is not whole.

    >>> counted(568740352), counted(Fraction(35271234, 4)), counted(Fraction(21, 7))
    ('568,740,352', '8,817,808.5', '3')
    """
    if isinstance(value, int) or value.denominator == 1:
        return f"{value.numerator:,}"
    return _grouped(rounded(value, 1))


def _grouped(text: str) -> str:
    """A number's text with thousands separators.

    >>> _grouped("-1234.50"), _grouped("-0.5")
    ('-1,234.50', '-0.5')
    """
    whole, point, decimals = text.lstrip("-").partition(".")
    return f"{'-' * text.startswith('-')}{int(whole):,}{point}{decimals}"


def scaled(value: int) -> str:
    """A count as papers print it: three significant digits and a unit.

    >>> scaled(568740352), scaled(4209088), scaled(1000), scaled(999)
    ('569 M', '4.21 M', '1.00 K', '999')
    """
    for index, (scale, unit) in enumerate(_SCALES):
        if abs(value) < scale:
            continue
        ratio = Fraction(value, scale)
        digits = 2 if abs(value) < 10 * scale else 1 if abs(value) < 100 * scale else 0
        text = rounded(ratio, digits)
        if text.lstrip("-") == "1000" and index:
            return f"1.00 {_SCALES[index - 1][1]}"
        if len(text.replace(".", "").lstrip("-")) > 3 and digits:
            text = rounded(ratio, digits - 1)
        return f"{text} {unit}"
    return str(value)


def significant(value: int | Fraction, digits: int = 3) -> str:
    """A number with at least that many significant digits, halves rounded away from zero.

    >>> significant(Fraction(17337, 1000), 4), significant(Fraction(1, 3000)), significant(1869)
    ('17.34', '0.000333', '1,869')
    """
    size, places = abs(Fraction(value)), digits - 1
    while size >= 10:
        size, places = size / 10, places - 1
    while 0 < size < 1:
        size, places = size * 10, places + 1
    return _grouped(rounded(Fraction(value), max(places, 0))) if value else "0"


def duration(seconds: float) -> str:
    """A long time in words, to about a digit.

    >>> duration(0.2), duration(150), duration(72_000), duration(4e12)
    ('a second', '2 minutes', '20 hours', '126,752 years')
    """
    units = {"years": 31_557_600, "days": 86_400, "hours": 3600, "minutes": 60, "seconds": 1}
    for unit, length in units.items():
        if seconds >= 2 * length:
            return f"{int(seconds / length):,} {unit}"
    return "a second"


def milliseconds(seconds: Fraction, digits: int = 4) -> str:
    """Seconds for people, always in milliseconds: they are compared with one another.

    >>> milliseconds(Fraction(17337, 10**6)), milliseconds(Fraction(3, 10**7))
    ('17.34 ms', '0.0003000 ms')
    """
    return f"{significant(1000 * seconds, digits)} ms"


def prefixed(value: int | Fraction, unit: str, digits: int = 3) -> str:
    """A quantity with three digits or more and a prefix of thousands: ``864 MOP/s``.

    >>> prefixed(1728 * 10**6, "B/s"), prefixed(Fraction(3, 1000), "W"), prefixed(0, "J")
    ('1.73 GB/s', '3.00 mW', '0 J')
    """
    if not value:
        return f"0 {unit}"
    prefix, scale = next(
        ((prefix, scale) for prefix, scale in _PREFIXES.items() if value >= scale), _SMALLEST
    )
    return f"{significant(value / scale, digits)} {prefix}{unit}"


def stated(value: int | Fraction, unit: str) -> str:
    """A figure of a device, wherever it is shown: four digits, without zeros at their end.

    >>> stated(48 * 10**9, "OP/s"), stated(Fraction(1728 * 10**6), "B/s"), stated(1979 * 10**12, "")
    ('48 GOP/s', '1.728 GB/s', '1,979 T')
    """
    number, space, prefix = prefixed(value, unit, 4).partition(" ")
    if "." in number:
        number = number.rstrip("0").rstrip(".")
    return f"{number}{space}{prefix}"


def share(part: int, total: int, digits: int = 2) -> str:
    """``part`` of ``total`` in per cent, as in MobileNetV1's Table 2; 0 if there is no total.

    >>> share(539492352, 568740352)
    '94.86'
    """
    return rounded(Fraction(100 * part, total) if total else Fraction(0), digits)


def percent_text(part: Fraction) -> str:
    """A positive share in per cent, never shown as none.

    >>> percent_text(Fraction(1, 200)), percent_text(Fraction(1, 10**6))
    ('0.50 %', 'less than 0.01 %')
    """
    text = rounded(100 * part, 2)
    return f"{text} %" if float(text) else "less than 0.01 %"


def percent(part: int, total: int) -> float:
    """``part`` of ``total`` in per cent, unrounded; 0 if there is no total.

    >>> percent(1, 8)
    12.5
    """
    return 100 * part / total if total else 0.0


def number(value: Any) -> Any:
    """A value for JSON: a fraction that is not whole becomes the nearest float.

    >>> number(Fraction(1, 2)), number((Fraction(3, 1), "x"))
    (0.5, [3, 'x'])
    """
    if isinstance(value, Fraction):
        return value.numerator if value.denominator == 1 else float(value)
    if isinstance(value, tuple):
        return [number(item) for item in value]
    return value


def ratio(value: int | Fraction | None) -> int | str | None:
    """A number that JSON represents exactly: an integer, or a ratio as text.

    >>> ratio(Fraction(1, 3)), ratio(2)
    ('1/3', 2)
    """
    return f"{value.numerator}/{value.denominator}" if isinstance(value, Fraction) else value


__all__ = [
    "counted",
    "exact",
    "number",
    "percent",
    "ratio",
    "rounded",
    "scaled",
    "share",
]
