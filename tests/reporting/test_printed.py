from fractions import Fraction

import pytest

from costcalc.reporting.printed import UNITS, parse
from costcalc.spec.numbers import ExpressionError


@pytest.mark.parametrize(
    ("printed", "value", "fit"),
    [
        ("569 M", 569_000_000, "exact"),
        ("569 M", 568_500_000, "rounded"),  # 568.5 to 569.5 by rounding
        ("569 M", 568_499_999, None),
        ("569 M", 569_500_000, "rounded"),
        ("569 M", 569_500_001, "truncated"),  # 569 to 570 by truncation
        ("569 M", 569_999_999, "truncated"),
        ("569 M", 570_000_000, None),
        ("4.2M", 4_209_088, "rounded"),
        ("4.2 M", 4_299_999, "truncated"),
        ("94.86 %", Fraction(9486, 10_000), "exact"),
        ("94.86 %", Fraction(94_864, 100_000), "rounded"),
        ("94.86 %", Fraction(94_854, 100_000), None),
        ("32 x", Fraction(3287, 100), "truncated"),
        ("9.4x", Fraction(947, 100), "truncated"),
        ("14,208", 14_208, "exact"),
        ("14,208", 14_209, None),
        ("159 Ki", 163_328, "rounded"),  # 159.5 * 1024
        ("1600 KB", 1_605_632, None),  # zeros are digits unless the claim says otherwise
        ("1.8 1e9", 1_795_000_000, "rounded"),
        ("1.81e6", 1_810_000, "exact"),
        ("1e21", 9**22, "rounded"),
        ("1 1e13", 432**5, "truncated"),
        ("3 B", 2_500_000_000, "rounded"),
        ("2.3 G", 2_300_000_000, "exact"),
    ],
)
def test_the_digits_are_the_tolerance(printed: str, value: Fraction, fit: str | None) -> None:
    assert parse(printed).fit(value) == fit


@pytest.mark.parametrize(
    ("bound", "value", "holds"),
    [
        ("<= 600M", 600_000_000, True),
        ("<= 600M", 600_000_001, False),
        ("< 25 M", 25_000_000, False),
        ("< 25 M", 24_999_999, True),
        ("≤5M", 5_000_000, True),
    ],
)
def test_a_bound_is_exact(bound: str, value: int, holds: bool) -> None:
    assert (parse(bound).fit(value) == "within") is holds


@pytest.mark.parametrize(
    ("printed", "step"),
    [("5000", 1000), ("15300 M", 100), ("70 K", 10), ("0.50 M", Fraction(1, 10)), ("111", 1)],
)
def test_trailing_zeros_of_an_approximate_figure_are_not_significant(
    printed: str, step: Fraction
) -> None:
    assert parse(printed).round_step == step


@pytest.mark.parametrize(
    "text", ["", "M", "569 Q", "5,69", "1.2.3 M", "-3", "1e400", "9" * 31, "> 5M", "5 M M"]
)
def test_text_that_is_not_a_figure_is_refused(text: str) -> None:
    with pytest.raises(ExpressionError):
        parse(text)


def test_every_unit_reads_back() -> None:
    for unit, scale in UNITS.items():
        assert parse(f"3 {unit}").fit(3 * scale) == "exact"


def test_swapped_digits() -> None:
    assert [figure.text for figure in parse("1.19 %").swapped()] == ["1.91 %"]
    assert [figure.text for figure in parse("463").swapped()] == ["643", "436"]
