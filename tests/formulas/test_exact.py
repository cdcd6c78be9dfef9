"""Numbers are exact from their text to the report: no count ever is a float."""

from fractions import Fraction
from typing import Any

import pytest

import costcalc
from costcalc.graph.settings import from_python, setting
from costcalc.graph.widths import scaled
from costcalc.spec.document import Rounding

THOUSANDTHS = [f"{n / 1000:.3f}" for n in range(50, 2001)]
WIDTHS = (3, 16, 24, 32, 40, 96, 112, 320, 576, 720, 1280)


def texts() -> list[tuple[str, Fraction]]:
    """Alpha from 0.05 to 2 in thousandths, as text and as a fraction."""
    return [(text, Fraction(n, 1000)) for n, text in enumerate(THOUSANDTHS, start=50)]


def floor(numerator: int, denominator: int) -> int:
    """The rounded-down quotient, by arithmetic on whole numbers only."""
    return (numerator - numerator % denominator) // denominator


def test_text_becomes_its_fraction():
    for text, fraction in texts():
        assert setting(text) == fraction
        assert from_python(float(text)) == fraction


@pytest.mark.parametrize("width", WIDTHS)
def test_floor(width):
    for n in range(50, 2001):
        assert scaled(width, Fraction(n, 1000), Rounding()) == floor(n * width, 1000)


@pytest.mark.parametrize("width", WIDTHS)
def test_nearest(width):
    for n in range(50, 2001):
        # A half goes up: floor(x + 1/2) of x = n * width / 1000.
        expected = floor(2 * n * width + 1000, 2000)
        assert scaled(width, Fraction(n, 1000), Rounding("nearest")) == expected


@pytest.mark.parametrize("width", WIDTHS)
def test_divisible_by_8(width):
    for n in range(50, 2001):
        # The nearest multiple of 8, half up, at least 8; one more below 90 %.
        expected = max(8, 8 * floor(n * width + 4000, 8000))
        if expected * 1000 * 10 < 9 * n * width:
            expected += 8
        assert scaled(width, Fraction(n, 1000), Rounding("divisible_by", 8)) == expected


@pytest.mark.parametrize("width", WIDTHS)
def test_nearest_multiple_of_8(width):
    for n in range(50, 2001):
        # The same without the rule of 90 %.
        expected = max(8, 8 * floor(n * width + 4000, 8000))
        assert scaled(width, Fraction(n, 1000), Rounding("nearest_multiple", 8)) == expected


def test_720_channels_at_035():
    # 0.35 * 720 = 252, half way between 248 and 256.  The float 0.35 * 720 lies below
    # 252, and would round to 248.
    assert 0.35 * 720 < 252
    assert scaled(720, Fraction(7, 20), Rounding("divisible_by", 8)) == 256
    assert scaled(720, from_python(0.35), Rounding("divisible_by", 8)) == 256


SPEC = """\
input: [3, 8, 8]
width_rounding: RULE
layers:
  - conv: {out: 720, kernel: 1}
"""


@pytest.mark.parametrize(
    ("rule", "expected"), [("floor", 252), ("nearest", 252), ("{divisible_by: 8}", 256)]
)
@pytest.mark.parametrize("alpha", ["0.35", 0.35, Fraction(7, 20), "7/20", "35e-2"])
def test_a_spec_at_035(tmp_path, rule, expected, alpha):
    path = tmp_path / "wide.yaml"
    path.write_text(SPEC.replace("RULE", rule))
    report = costcalc.report(str(path), alpha=alpha)
    assert report.layers[0].output == (expected, 8, 8)


def numbers(value: Any, path: str = "") -> list[tuple[str, Any]]:
    """Every number in a report, with its path."""
    if hasattr(value, "_asdict"):
        value = value._asdict()
    if isinstance(value, dict):
        return [found for key, each in value.items() for found in numbers(each, f"{path}.{key}")]
    if isinstance(value, tuple | list):
        return [found for each in value for found in numbers(each, path)]
    return [] if value is None or isinstance(value, str | bool | frozenset) else [(path, value)]


COUNTS = (".params", ".mult_adds", ".input", ".output", ".filter", ".layers")


@pytest.mark.parametrize("network", ["mobilenet_v1", "mobilenet_v2", "vgg16", "googlenet"])
@pytest.mark.parametrize("alpha", ["1", "0.35", "1.4"])
def test_no_float_is_a_count(network, alpha):
    found = numbers(costcalc.report(network, alpha=setting(alpha)))
    assert len(found) > 200
    for path, value in found:
        if not path.endswith("_percent"):
            expected = (int,) if path.endswith(COUNTS) else (int, Fraction)
            assert type(value) in expected, path


def test_counts_beyond_64_bits_are_exact(tmp_path):
    path = tmp_path / "huge.yaml"
    path.write_text(
        "input: [1000000, 1000000, 1000000]\nlayers: [conv: {out: 1000000, kernel: 101}]\n"
    )
    totals = costcalc.report(str(path)).totals
    assert totals.params == 101**2 * 10**12
    assert totals.mult_adds == 101**2 * 10**24
