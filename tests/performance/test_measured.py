"""Times that were measured: none is below the bound, and the bounds are redone by hand."""

import re
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from pathlib import Path

import pytest

import costcalc
from costcalc.claims.measured import measurements

PAGE = Path(__file__).parents[2] / "docs" / "devices.md"
ROWS = {row.result.claim.id: row for row in measurements()}

# multiply-accumulates of MLPerf Tiny's networks, of the reference models
KWS, VWW, IC, AD = 2_656_768, 7_489_664, 12_501_632, 264_192

# The 21 rows: multiply-accumulates, those of a second, the median throughput in
# mlcommons/tiny_results_v1.1, and the times of the bound as worked out by hand.
TINY = {
    "tiny.kws.stm32l4r5.xcubeai": (KWS, 240_000_000, "15.905", "5.7"),
    "tiny.vww.stm32l4r5.xcubeai": (VWW, 240_000_000, "8.425", "3.8"),
    "tiny.ic.stm32l4r5.xcubeai": (IC, 240_000_000, "4.673", "4.1"),
    "tiny.ad.stm32l4r5.xcubeai": (AD, 240_000_000, "145.829", "6.2"),
    "tiny.kws.stm32l4r5.plumerai": (KWS, 240_000_000, "20.929", "4.3"),
    "tiny.vww.stm32l4r5.plumerai": (VWW, 240_000_000, "10.126", "3.2"),
    "tiny.ic.stm32l4r5.plumerai": (IC, 240_000_000, "5.961", "3.2"),
    "tiny.ad.stm32l4r5.plumerai": (AD, 240_000_000, "246.814", "3.7"),
    "tiny.kws.stm32u575.plumerai": (KWS, 320_000_000, "33.286", "3.6"),
    "tiny.vww.stm32u575.plumerai": (VWW, 320_000_000, "16.809", "2.5"),
    "tiny.ic.stm32u575.plumerai": (IC, 320_000_000, "9.589", "2.7"),
    "tiny.ad.stm32u575.plumerai": (AD, 320_000_000, "272.337", "4.4"),
    "tiny.kws.stm32h7a3.plumerai": (KWS, 560_000_000, "72.141", "2.9"),
    "tiny.vww.stm32h7a3.plumerai": (VWW, 560_000_000, "37.290", "2.0"),
    "tiny.ad.stm32h7a3.plumerai": (AD, 560_000_000, "742.001", "2.9"),
    "tiny.ic.stm32h7a3.bosch": (IC, 560_000_000, "21.353", "2.1"),
    "tiny.vww.stm32f746.plumerai": (VWW, 432_000_000, "29.343", "2.0"),
    "tiny.ic.stm32f746.bosch": (IC, 432_000_000, "16.242", "2.1"),
    "tiny.kws.nrf5340.microtvm": (KWS, 256_000_000, "13.074", "7.4"),
    "tiny.vww.stm32g0b1.bosch": (VWW, 32_000_000, "0.535", "8.0"),
    "tiny.ic.stm32g0b1.bosch": (IC, 32_000_000, "0.599", "4.3"),
}

# Pixel 1 in floats: 17.2 G multiply-accumulates a second; the README prints counts beside the
# times, in millions, truncated.  Of MobileNetV3 it counts others.
PIXEL = {
    "pixel1.v2.1.4.224": ("582", "138.0"),
    "pixel1.v2.1.3.224": ("509", "123.0"),
    "pixel1.v2.1.0.224": ("300", "73.8"),
    "pixel1.v2.1.0.192": ("221", "55.1"),
    "pixel1.v2.1.0.160": ("154", "40.2"),
    "pixel1.v2.1.0.128": ("99", "27.6"),
    "pixel1.v2.1.0.96": ("56", "17.6"),
    "pixel1.v2.0.75.224": ("209", "55.8"),
    "pixel1.v2.0.75.192": ("153", "41.6"),
    "pixel1.v2.0.75.160": ("107", "30.4"),
    "pixel1.v2.0.75.128": ("69", "21.9"),
    "pixel1.v2.0.75.96": ("39", "14.2"),
    "pixel1.v2.0.5.224": ("97", "28.7"),
    "pixel1.v2.0.5.192": ("71", "21.1"),
    "pixel1.v2.0.5.160": ("50", "14.9"),
    "pixel1.v2.0.5.128": ("32", "9.9"),
    "pixel1.v2.0.5.96": ("18", "6.4"),
    "pixel1.v2.0.35.224": ("59", "19.7"),
    "pixel1.v2.0.35.192": ("43", "14.6"),
    "pixel1.v2.0.35.160": ("30", "10.5"),
    "pixel1.v2.0.35.128": ("20", "6.9"),
    "pixel1.v2.0.35.96": ("11", "4.5"),
    "pixel1.v3l": ("217", "51.2"),
    "pixel1.v3l.75": ("155", "39.8"),
    "pixel1.v3s": ("66", "15.8"),
    "pixel1.v3s.75": ("44", "12.8"),
}

# The Edge TPU behind USB: multiply-accumulates, 2 T of them a second; or what crosses at
# 0.5 GB/s, the weights above 8 MiB, the input and the output.
CORAL = {
    "coral.v1": (568_740_352, 4_231_976, 224, "2.4"),
    "coral.v2": (300_774_272, 3_504_872, 224, "2.6"),
    "coral.inception1": (1_582_671_872, 6_998_552, 224, "3.4"),
    "coral.resnet50": (0, 25_557_032, 299, "49"),
    "coral.vgg16": (0, 138_357_544, 224, "296"),
    "coral.vgg19": (0, 143_667_240, 224, "308"),
}


@pytest.mark.parametrize("name", ROWS)
def test_no_measured_time_is_below_the_bound(name):
    row = ROWS[name]
    assert row.result.claim.figure.bound == "<="
    assert 0 < row.bound <= row.measured
    assert row.result.holds


def test_every_row_is_redone_here():
    assert set(ROWS) == TINY.keys() | PIXEL.keys() | CORAL.keys()
    assert (len(TINY), len(PIXEL)) == (21, 26)


@pytest.mark.parametrize("name", TINY)
def test_mlperf_tiny_by_hand(name):
    macs, rate, throughput, ratio = TINY[name]
    row = ROWS[name]
    measured = (1000 / Decimal(throughput)).quantize(Decimal("0.01"), ROUND_HALF_UP)
    assert row.measured == Fraction(measured)
    assert row.result.claim.row.endswith(f", {throughput} inferences a second")
    assert row.bound == Fraction(1000 * macs, rate)
    assert rounded(row.ratio, "0.1") == ratio


@pytest.mark.parametrize("name", PIXEL)
def test_pixel_1_by_the_counts_beside_the_times(name):
    millions, milliseconds = PIXEL[name]
    row = ROWS[name]
    assert row.device == "pixel1-big"
    assert row.measured == Fraction(milliseconds)
    counted = row.bound * 17_200_000_000 / 1000 / 1_000_000
    if ".v2." in name:
        assert int(counted) == int(millions)
    else:
        assert abs(counted / int(millions) - 1) < Fraction(3, 20)


@pytest.mark.parametrize("name", CORAL)
def test_the_edge_tpu_by_hand(name):
    macs, parameters, side, milliseconds = CORAL[name]
    row = ROWS[name]
    assert row.device == "edgetpu"
    assert row.measured == Fraction(milliseconds)
    crossing = max(parameters - 8 * 2**20, 0) + side * side * 3 + 1000
    seconds = max(Fraction(macs, 2 * 10**12), Fraction(crossing, 500_000_000))
    assert abs(row.bound - 1000 * seconds) < row.bound / 200  # biases are four bytes


@pytest.mark.parametrize("name", ROWS)
def test_the_notes_are_the_ratios(name):
    row = ROWS[name]
    digits = "0.1" if row.ratio >= 2 or name in TINY else "0.01"
    assert row.result.claim.note == f"{rounded(row.ratio, digits)} times the bound"


def test_the_page_has_the_ratios_of_each_device():
    """A row of a device: how many times, and the least and the greatest ratio."""
    section = PAGE.read_text(encoding="utf-8").split("## Measured", 1)[1]
    listed = re.findall(
        r"^\| `([\w-]+)` \| (\d+) \| ([\d.]+) to ([\d.]+) \|", section, re.MULTILINE
    )
    expected = []
    for device in dict.fromkeys(row.device for row in ROWS.values()):
        ratios = [row.ratio for row in measurements(device)]
        ends = (rounded(min(ratios), "0.1"), rounded(max(ratios), "0.1"))
        expected.append((device, str(len(ratios)), *ends))
    assert listed == expected


def rounded(value: Fraction, digits: str) -> str:
    """A number to its digits, halves up."""
    exact = Decimal(value.numerator) / Decimal(value.denominator)
    return str(exact.quantize(Decimal(digits), ROUND_HALF_UP))


@pytest.mark.parametrize(
    ("device", "of", "count"),
    [
        ("stm32l4r5", "stm32l4r5", 8),
        ("pixel1-big", "pixel1-big", 26),
        ("nrf5340", "stm32l4r5", 8),  # one row is no spread: the widest of its class
        ("rp2040", "stm32l4r5", 8),
        ("t4", "edgetpu", 6),  # no row of its class: the widest of all
    ],
)
def test_an_estimate_has_the_spread_of_what_was_measured(device, of, count):
    calibrate = "mobilenet_v2@alpha=0.5,res=160=2s"
    answer = costcalc.latency("mobilenet_v2", device, calibrate=calibrate)
    ratios = [row.ratio for row in measurements(of)]
    factor = max(ratios) / min(ratios)
    spread = answer.calibration.spread
    assert (spread.device, spread.rows, spread.factor) == (of, count, factor)
    reference = costcalc.latency("mobilenet_v2", device, alpha=0.5, res=160)
    assert answer.calibrated == answer.bound * 2 / reference.bound
    assert answer.spread == (answer.calibrated / factor, answer.calibrated * factor)
    data = answer.data()["calibration"]["spread"]
    assert data["to_seconds"] == pytest.approx(float(answer.calibrated * factor))
    shown = str(answer)
    assert f"the {count} times measured on {of} are multiples of their bounds" in shown


def test_the_spread_ends_at_the_bound():
    answer = costcalc.latency("resnet8", "rp2040", calibrate="ds_cnn=20ms")
    assert answer.calibrated / answer.calibration.spread.factor < answer.bound
    assert answer.spread[0] == answer.bound


def test_a_calibration_below_the_bound_is_refused():
    with pytest.raises(costcalc.DeviceError) as error:
        costcalc.latency("resnet8", "stm32f746", calibrate="ds_cnn=1ms")
    assert "ds_cnn in 1.000 ms is below its bound on stm32f746" in str(error.value)
    assert "at least 6.150 ms" in str(error.value)
