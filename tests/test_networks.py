"""The four networks of the foundation against arithmetic of their own.

Nothing here asks costcalc how a layer is counted: the layers are typed from the
papers' tables as tuples, and a few lines of this file add them up.
"""

from fractions import Fraction
from math import floor

import pytest

import costcalc
from costcalc.reporting.gallery import Selection, selected


def half(side: int) -> int:
    """The side after stride 2 with 'same' padding: 7 becomes 4."""
    return (side + 1) // 2


def totals(network: str, **settings) -> tuple[int, int]:
    found = costcalc.report(network, **settings).totals
    return found.params, found.mult_adds


# MobileNetV1 (arXiv 1704.04861), Table 1 -------------------------------------------

SEPARABLE = [  # stride of the depthwise convolution, channels after the pointwise one
    (1, 64), (2, 128), (1, 128), (2, 256), (1, 256), (2, 512),
    (1, 512), (1, 512), (1, 512), (1, 512), (1, 512), (2, 1024), (1, 1024),
]  # fmt: skip


def mobilenet_v1(alpha: Fraction, res: int, classes: int = 1000) -> tuple[int, int]:
    channels, side = floor(32 * alpha), half(res)
    params = 3 * 3 * 3 * channels
    mult_adds = params * side * side
    for stride, width in SEPARABLE:
        side = half(side) if stride == 2 else side
        out = floor(width * alpha)
        weights = 3 * 3 * channels + channels * out
        params += weights
        mult_adds += weights * side * side
        channels = out
    return params + channels * classes, mult_adds + channels * classes


def test_mobilenet_v1_as_published():
    # Params: 864 + (44,640 depthwise) + 3,139,584 pointwise + 1024 * 1000 classifier.
    assert 864 + 44_640 + 3_139_584 + 1_024_000 == 4_209_088
    # Mult-adds: 864 * 112^2 + 17,385,984 + 539,492,352 + 1,024,000.
    assert 864 * 112**2 + 17_385_984 + 539_492_352 + 1_024_000 == 568_740_352
    assert mobilenet_v1(Fraction(1), 224) == (4_209_088, 568_740_352)
    assert totals("mobilenet_v1") == (4_209_088, 568_740_352)


def test_mobilenet_v1_half_as_wide_at_160():
    assert mobilenet_v1(Fraction(1, 2), 160) == (1_319_648, 76_524_800)
    assert totals("mobilenet_v1", alpha=0.5, res=160) == (1_319_648, 76_524_800)


@pytest.mark.parametrize("alpha", ["1", "0.75", "0.5", "0.25", "0.35", "1.4", "0.33", "1/3"])
@pytest.mark.parametrize("res", [224, 192, 160, 128, 97])
def test_mobilenet_v1_at_many_settings(alpha, res):
    assert totals("mobilenet_v1", alpha=alpha, res=res) == mobilenet_v1(Fraction(alpha), res)


def test_mobilenet_v1_with_other_classes():
    assert totals("mobilenet_v1", classes=10) == mobilenet_v1(Fraction(1), 224, classes=10)


@pytest.mark.parametrize(
    ("type_", "mult_adds", "params"),
    [
        ("Conv 1x1", "94.86", "74.59"),
        ("Conv DW 3x3", "3.06", "1.06"),
        # The paper prints 1.19, two digits swapped: the column adds up with 1.91 alone.
        ("Conv 3x3", "1.91", "0.02"),
        ("Fully Connected", "0.18", "24.33"),
    ],
)
def test_shares_of_table_2(type_, mult_adds, params):
    (row,) = [row for row in costcalc.report("mobilenet_v1").types if row.type == type_]
    assert f"{row.mult_adds_percent:.2f}" == mult_adds
    assert f"{row.params_percent:.2f}" == params


def test_shares_come_from_the_counts():
    # 539,492,352 of 568,740,352 and 3,139,584 of 4,209,088.
    row = costcalc.report("mobilenet_v1").types[0]
    assert (row.type, row.layers) == ("Conv 1x1", 13)
    assert (row.mult_adds, row.params) == (539_492_352, 3_139_584)
    assert row.mult_adds_percent == 100 * 539_492_352 / 568_740_352
    assert row.params_percent == 100 * 3_139_584 / 4_209_088


# VGG16 (arXiv 1409.1556), Table 1, configuration D ---------------------------------

VGG16 = [[64, 64], [128, 128], [256, 256, 256], [512, 512, 512], [512, 512, 512]]


def vgg16(alpha: Fraction, res: int) -> tuple[int, int]:
    channels, side, params, mult_adds = 3, res, 0, 0
    for group in VGG16:
        for width in group:
            out = floor(width * alpha)
            params += 9 * channels * out
            mult_adds += 9 * channels * out * side * side
            channels = out
        side //= 2
    hidden = floor(4096 * alpha)
    dense = channels * side * side * hidden + hidden * hidden + hidden * 1000
    return params + dense, mult_adds + dense


def test_vgg16_as_published():
    # 14,710,464 of convolutions, 7 * 7 * 512 * 4096 + 4096^2 + 4096 * 1000 of the rest.
    dense = 7 * 7 * 512 * 4096 + 4096**2 + 4096 * 1000
    assert 14_710_464 + dense == 138_344_128
    assert vgg16(Fraction(1), 224) == (138_344_128, 15_470_264_320)
    assert totals("vgg16") == (138_344_128, 15_470_264_320)


@pytest.mark.parametrize(
    ("alpha", "res"), [("0.5", 224), ("0.35", 160), ("1.4", 128), ("1", 256), ("0.77", 97)]
)
def test_vgg16_at_many_settings(alpha, res):
    assert totals("vgg16", alpha=alpha, res=res) == vgg16(Fraction(alpha), res)


# GoogLeNet (arXiv 1409.4842), Table 1 ----------------------------------------------

INCEPTION = {  # #1x1, #3x3 reduce, #3x3, #5x5 reduce, #5x5, pool proj; at 28, 14 and 7
    28: [(64, 96, 128, 16, 32, 32), (128, 128, 192, 32, 96, 64)],
    14: [
        (192, 96, 208, 16, 48, 64), (160, 112, 224, 24, 64, 64), (128, 128, 256, 24, 64, 64),
        (112, 144, 288, 32, 64, 64), (256, 160, 320, 32, 128, 128),
    ],
    7: [(256, 160, 320, 32, 128, 128), (384, 192, 384, 48, 128, 128)],
}  # fmt: skip


def googlenet(alpha: Fraction) -> tuple[int, int]:
    def wide(width: int) -> int:
        return floor(width * alpha)

    params = mult_adds = 0
    # conv1 7x7/2, then the 1x1 and the 3x3 at 56.
    for weights, side in [
        (7 * 7 * 3 * wide(64), 112),
        (wide(64) * wide(64), 56),
        (9 * wide(64) * wide(192), 56),
    ]:
        params += weights
        mult_adds += weights * side * side
    channels = wide(192)
    for side, modules in INCEPTION.items():
        for row in modules:
            one, reduce3, three, reduce5, five, pool = map(wide, row)
            weights = (
                channels * one
                + channels * reduce3 + 9 * reduce3 * three
                + channels * reduce5 + 25 * reduce5 * five
                + channels * pool
            )  # fmt: skip
            params += weights
            mult_adds += weights * side * side
            channels = one + three + five + pool
    return params + channels * 1000, mult_adds + channels * 1000


def test_googlenet_by_hand():
    # Inception 3a over 192 channels: 192*64 + 192*96 + 9*96*128 + 192*16 + 25*16*32 + 192*32.
    assert 192 * 64 + 192 * 96 + 9 * 96 * 128 + 192 * 16 + 25 * 16 * 32 + 192 * 32 == 163_328
    assert googlenet(Fraction(1)) == (6_990_272, 1_582_671_872)
    assert totals("googlenet") == (6_990_272, 1_582_671_872)


@pytest.mark.parametrize("alpha", ["0.5", "0.35", "1.4", "0.75", "1/3"])
def test_googlenet_at_many_widths(alpha):
    assert totals("googlenet", alpha=alpha) == googlenet(Fraction(alpha))


# MobileNetV2 (arXiv 1801.04381), Table 2 -------------------------------------------

BOTTLENECKS = [  # t, c, n, s
    (1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2),
    (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1),
]  # fmt: skip


def divisible(width: Fraction, divisor: int = 8) -> int:
    """The nearest multiple of 8, at least 8; the next one where that lost over ten per cent."""
    rounded = max(divisor, floor(width / divisor + Fraction(1, 2)) * divisor)
    return rounded + divisor if rounded < Fraction(9, 10) * width else rounded


def mobilenet_v2(alpha: Fraction, res: int) -> tuple[int, int]:
    channels, side = divisible(32 * alpha), half(res)
    params = 27 * channels
    mult_adds = params * side * side
    for t, c, n, s in BOTTLENECKS:
        out = divisible(c * alpha)
        for repeat in range(n):
            inner = t * channels
            if t != 1:
                params += channels * inner
                mult_adds += channels * inner * side * side
            if s == 2 and repeat == 0:
                side = half(side)
            weights = 9 * inner + inner * out
            params += weights
            mult_adds += weights * side * side
            channels = out
    # Section 4.1: below one, the multiplier leaves the last convolution as it is.
    last = divisible(1280 * max(alpha, Fraction(1)))
    params += channels * last + last * 1000
    return params, mult_adds + channels * last * side * side + last * 1000


def test_mobilenet_v2_by_hand():
    # The first bottleneck, t = 1, at 112: 9*32 + 32*16 = 800 weights; the second, t = 6,
    # from 16 to 24 with stride 2: 16*96 at 112, 9*96 + 96*24 at 56.
    assert 9 * 32 + 32 * 16 == 800
    assert mobilenet_v2(Fraction(1), 224) == (3_469_760, 300_774_272)
    assert totals("mobilenet_v2") == (3_469_760, 300_774_272)


@pytest.mark.parametrize("alpha", ["1", "0.75", "0.5", "0.35", "1.4", "1.3", "0.1", "1/3"])
@pytest.mark.parametrize("res", [224, 192, 96, 161])
def test_mobilenet_v2_at_many_settings(alpha, res):
    assert totals("mobilenet_v2", alpha=alpha, res=res) == mobilenet_v2(Fraction(alpha), res)


# The collection ---------------------------------------------------------------------


def test_every_network_that_ships_has_a_family_and_a_year():
    """A spec needs 'family: mobile', a key of FAMILIES, and 'year: 2012' if not on arXiv."""
    specs = {network.spec: network for network in selected(Selection())}
    without = [
        name
        for name, network in specs.items()
        if not network.network.document.family or not network.year
    ]
    assert without == []
