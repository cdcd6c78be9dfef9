"""One rounding rule, on exact integers: half up, checked against decimal arithmetic."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal, localcontext
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from costcalc.escaping import printable
from costcalc.render.formatting import counted, percent, rounded, scaled, share, significant

COUNTS = st.integers(min_value=0, max_value=10**15)


def decimal(part: int, total: int, digits: int) -> str:
    """``part / total`` computed in decimals with more digits than can matter."""
    with localcontext() as context:
        context.prec = 60
        quotient = Decimal(part) / Decimal(total)
        return str(quotient.quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP))


@given(COUNTS, st.integers(min_value=1, max_value=10**15))
def test_shares_round_half_up(part: int, total: int) -> None:
    assert share(part, total) == decimal(100 * part, total, 2)


@given(COUNTS, st.integers(min_value=1, max_value=10**6), st.integers(0, 4))
def test_ratios_round_half_up(part: int, total: int, digits: int) -> None:
    assert rounded(Fraction(part, total), digits) == decimal(part, total, digits)


@given(st.fractions(min_value=Fraction(1, 10), max_value=10**9))
def test_signs_stay(value: Fraction) -> None:
    assert counted(-value) == f"-{counted(value)}"
    assert significant(-value) == f"-{significant(value)}"


@pytest.mark.parametrize(
    "part, total, shown",
    [
        (1, 800, "0.13"),  # 0.125 %: a half, which the nearest even would make 0.12
        (5, 80000, "0.01"),  # 0.00625 %
        (1, 3, "33.33"),
        (2, 3, "66.67"),
        (7, 7, "100.00"),
        (0, 0, "0.00"),
        (539492352, 568740352, "94.86"),  # 94.8574..., MobileNetV1's Table 2
        (10838016, 568740352, "1.91"),  # 1.9056...; the table prints 1.19
    ],
)
def test_known_shares(part: int, total: int, shown: str) -> None:
    assert share(part, total) == shown


@pytest.mark.parametrize(
    "count, shown",
    [
        (0, "0"),
        (999, "999"),
        (1000, "1.00 K"),
        (9994, "9.99 K"),
        (9995, "10.0 K"),
        (99949, "99.9 K"),
        (99950, "100 K"),
        (999499, "999 K"),
        (999500, "1.00 M"),
        (568740352, "569 M"),
        (15470264320, "15.5 G"),
        (10**15, "1000 T"),
        (-1500, "-1.50 K"),
    ],
)
def test_scaled(count: int, shown: str) -> None:
    assert scaled(count) == shown


@given(st.integers(min_value=1000, max_value=10**14))
def test_scaled_is_the_nearest_number_of_three_digits(count: int) -> None:
    figure, unit = scaled(count).split()
    assert len(figure.replace(".", "")) == 3
    scale = {"K": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}[unit]
    step = Fraction(1, 10 ** len(figure.partition(".")[2]))
    assert abs(Fraction(figure) - Fraction(count, scale)) * 2 <= step


def test_percent_is_the_nearest_float() -> None:
    assert percent(1, 3) == 33.333333333333336
    assert percent(0, 0) == 0.0


@given(st.text())
def test_printable_escapes_controls_and_keeps_plain_text(text: str) -> None:
    assert printable(text).isprintable()
    if text.isprintable():
        assert printable(text) == text
