"""Exact numbers from their text: 0.35 is 7/20, never the nearest float."""

from __future__ import annotations

import re
from fractions import Fraction
from functools import cache
from typing import Any

from costcalc.errors import Refusal
from costcalc.records import NamedTuple
from costcalc.spec import limits

NUMBER = r"(?:[0-9][0-9_]*(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
"""The pattern of a number without a sign; its mantissa has a digit, so ``e1`` is a word."""

_SIGNED = re.compile(rf"[+-]?{NUMBER}")
_RATIO = re.compile(r"([0-9]+)\s*/\s*([0-9]+)")
_SIDES = re.compile(r"[0-9]+(?:\s*[x×]\s*[0-9]+)+")

PATCH = re.compile(r"\s*([0-9]+(?:\s*[x×]\s*[0-9]+)+)\s*/\s*([0-9]+)\s*")
"""A kernel and a stride as GoogLeNet's Table 1 prints them, ``7x7/2``."""

UNITS = {"K": 10**3, "M": 10**6, "G": 10**9, "B": 10**9, "T": 10**12}
"""Unit letters, capital or small: 100M mult-adds."""

UNIT = rf"[{''.join(UNITS)}{''.join(UNITS).lower()}]"
"""The pattern of a unit letter."""

BYTE_UNIT = r"[KMGTkmgt]i?[Bb]"
"""The pattern of a unit of bytes: ``KiB`` is 1024, ``kB`` is 1000."""

_SIZE = re.compile(r"(.*[0-9.])\s*(?:([KMGTkmgt])(i)?)?(?:[Bb]|[Bb]ytes?)", re.DOTALL)
_POWERS = {"K": 1, "M": 2, "G": 3, "T": 4}

_THOUSANDS = re.compile(r"[0-9]{1,3}(?:,[0-9]{3})+")

_PREFIXES = {"n": -3, "u": -2, "µ": -2, "m": -1, "": 0, **_POWERS, "k": 1, "P": 5}
_SPELLINGS = {
    **{unit: (unit,) for unit in ("Hz", "B", "B/s", "s", "W", "J")},
    "OP/s": ("FLOP/s", "OP/s", "FLOPS", "OPS"),
}
"""The units of what is measured, with their spellings."""

_BINARY = ("B", "B/s")
"""The units that ``Ki`` and ``Mi`` stand before, too."""


class Measure(NamedTuple):
    """A quantity as it is printed."""

    number: Fraction
    decimals: int
    scale: Fraction
    """What the prefix of its unit stands for."""

    @property
    def value(self) -> Fraction:
        """In the unit without a prefix."""
        return self.number * self.scale


class ExpressionError(Refusal):
    """An error in an expression, and the offset of the character where it is."""

    def __init__(self, message: str, offset: int = 0, expected: str = "", hint: str = "") -> None:
        super().__init__(message, expected, hint=hint)
        self.offset = offset


def exact_number(text: str) -> int | Fraction | None:
    """The exact value of a number's text, or None if it is not a number.

    ``0.35`` is 7/20 and ``1e6`` is 1000000; a ratio ``7/20`` is a number too.

    Raises:
        ExpressionError: the number has too many digits or a zero denominator.
    """
    if _SIGNED.fullmatch(text):
        _check_digits(text)
        exponent = text.lower().partition("e")[2]
        if abs(int(exponent or 0)) > limits.DIGITS:
            raise ExpressionError("the exponent is too large", expected=f"at most {limits.DIGITS}")
        return _plain(Fraction(text.replace("_", "")))
    ratio = _RATIO.fullmatch(text)
    if ratio is None:
        return None
    _check_digits(text)
    above, below = map(int, ratio.groups())
    if below == 0:
        raise ExpressionError("division by zero")
    return _plain(Fraction(above, below))


def sides(text: str) -> tuple[int, ...] | None:
    """The sides that ``160x120`` or ``3 × 3`` lists, or None if it lists none.

    Raises:
        ExpressionError: a side has too many digits.
    """
    if not lists_sides(text):
        return None
    listed = text.replace("×", "x").split("x")
    for side in listed:
        _check_digits(side)
    return tuple(map(int, listed))


def lists_sides(text: str) -> bool:
    """Whether text lists sides of digits: ``160x120`` or ``3 × 3``."""
    return _SIDES.fullmatch(text) is not None


def plain_value(text: str) -> Any:
    """A number, a truth value, sides or a word, read from text in which no name has a meaning.

    Raises:
        ExpressionError: a number has too many digits or a zero denominator.

    >>> plain_value("0.35"), plain_value("160x120"), plain_value("true"), plain_value("e1")
    (Fraction(7, 20), (160, 120), True, 'e1')
    """
    if text in ("true", "false"):
        return text == "true"
    number = exact_number(text)
    if number is None:
        return sides(text) or text
    return number


def quantity(text: str) -> int | Fraction | None:
    """The exact value of a number with or without a unit, or None if it is not one.

    ``100M`` and ``100m`` are 100000000, as is ``100,000,000``; ``1.5G`` is 1500000000.

    Raises:
        ExpressionError: the number has too many digits or a zero denominator.
    """
    unit = UNITS.get(text[-1:].upper())
    digits = text[:-1].rstrip() if unit else text
    number = exact_number(digits.replace(",", "") if _THOUSANDS.fullmatch(digits) else digits)
    return number if number is None or unit is None else _plain(Fraction(number) * unit)


def size(text: str) -> int | Fraction | None:
    """The exact bytes of a size with its unit, or None if it is not one.

    Raises:
        ExpressionError: the number has too many digits or a zero denominator.

    >>> size("256 KiB"), size("1.5 MB"), size("512 B"), size("512")
    (262144, 1500000, 512, None)
    """
    match = _SIZE.fullmatch(text)
    number = quantity(match[1]) if match is not None else None
    if match is None or number is None:
        return None
    power = _POWERS[match[2].upper()] if match[2] else 0
    return _plain(Fraction(number) * (1024 if match[3] else 1000) ** power)


@cache
def measure_pattern(unit: str) -> re.Pattern[str]:
    """The pattern of a quantity in a unit: a number, a prefix and a spelling of the unit."""
    prefixes = "[numkKMGTPµ]?" + ("|[KMGT]i" if unit in _BINARY else "")
    return re.compile(
        r"(?P<whole>[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?P<decimals>\.[0-9]+)?\s*"
        rf"(?P<prefix>{prefixes})(?:{'|'.join(_SPELLINGS[unit])})"
    )


def measure(text: str, unit: str) -> Measure | None:
    """A quantity in hertz, bytes, bytes or operations a second, seconds, watts or joules.

    Prefixes are those of the SI, where capitals matter (``mW`` and ``MW``), and ``Ki``, ``Mi``
    for bytes; ``OP/s`` is also spelled ``FLOP/s``, ``OPS`` and ``FLOPS``.

    Args:
        text: a decimal number with its unit.
        unit: ``"Hz"``, ``"B"``, ``"B/s"``, ``"OP/s"``, ``"s"``, ``"W"`` or ``"J"``.

    Returns:
        None if it is not a quantity of that unit.

    Raises:
        ExpressionError: the number has too many digits.

    >>> measure("216 MHz", "Hz").value, measure("31.2 TFLOPS", "OP/s").value
    (Fraction(216000000, 1), Fraction(31200000000000, 1))
    """
    match = measure_pattern(unit).fullmatch(text)
    if match is None:
        return None
    _check_digits(text)
    decimals = match["decimals"] or ""
    number = Fraction(match["whole"].replace(",", "") + decimals)
    prefix = match["prefix"]
    base = 1024 if prefix.endswith("i") else 1000
    scale = Fraction(base) ** _PREFIXES[prefix.removesuffix("i")]
    return Measure(number, max(len(decimals) - 1, 0), scale)


def amount(text: str) -> int | Fraction | None:
    """The exact value of a number with a unit of counts or of bytes: ``100M``, ``256KiB``.

    ``1.5B`` is 1.5 billion.

    Raises:
        ExpressionError: the number has too many digits or a zero denominator.
    """
    number = quantity(text)
    return number if number is not None else size(text)


def exact(value: Any) -> str:
    """A parameter's value as a spec writes it: fractions as decimals if they terminate.

    >>> exact(Fraction(7, 20)), exact(Fraction(1, 3)), exact((160, 120)), exact(True)
    ('0.35', '1/3', '160x120', 'true')
    """
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return "x".join(exact(side) for side in value)
    return _decimal(value) if isinstance(value, Fraction) else str(value)


def is_number(value: Any) -> bool:
    """Whether a value is a number of any algebra: not a word, a shape, a boolean or None."""
    return type(value) is int or not (value is None or isinstance(value, (str, bool, tuple)))


def same(a: Any, b: Any) -> bool:
    """Whether two values of a parameter are equal; arrays and symbols never are."""
    plain = int | Fraction | str | bool
    return isinstance(a, plain) and isinstance(b, plain) and a == b


def _decimal(number: Fraction) -> str:
    rest, places = number.denominator, 0
    for prime in (2, 5):
        count = 0
        while rest % prime == 0:
            rest //= prime
            count += 1
        places = max(places, count)
    if rest != 1 or not places:
        return str(number)
    sign, digits = "-" if number < 0 else "", int(abs(number) * 10**places)
    return f"{sign}{digits // 10**places}.{digits % 10**places:0{places}d}"


def _check_digits(text: str) -> None:
    digits = sum(character.isdigit() for character in text)
    if digits > limits.DIGITS:
        raise ExpressionError(
            f"a number of {digits:,} digits", expected=f"at most {limits.DIGITS} digits"
        )


def _plain(number: Fraction) -> int | Fraction:
    return number.numerator if number.denominator == 1 else number
