"""MobileNet V1, V2 and V3 against what their papers print and against arithmetic."""

from itertools import pairwise

import pytest


@pytest.mark.parametrize(
    ("network", "weights", "macs"),
    [
        # Table 4: 4866 M without the fully connected layer, 29.3 M params with it.
        # 1024 * 1000 = 1,024,000 weights and as many MACs are the layer's.
        ("mobilenet_v1@convolution=full,classifier=false", 28_257_120, 4_866_269_184),
        ("mobilenet_v1@convolution=full", 29_281_120, 4_867_293_184),
        # Table 5: 307 M and 2.9 M.  Five rows of 14 x 14 x 512 less:
        # 5 * (9 + 512) * 512 = 1,333,760 weights, times 14 * 14 = 261,416,960 MACs;
        # 4,209,088 - 1,333,760 and 568,740,352 - 261,416,960.
        ("mobilenet_v1@shallow=true", 2_875_328, 307_323_392),
        # Table 12, 1.0 MobileNet-224: 568 M and 3.2 M.
        ("mobilenet_v1@classifier=false", 3_185_088, 567_716_352),
        # 29,281,120 - 5 * 9 * 512 * 512 weights, 4,867,293,184 - 14 * 14 times as many MACs.
        ("mobilenet_v1@convolution=full,shallow=true", 17_484_640, 2_555_183_104),
    ],
)
def test_mobilenet_v1_variants(counts, network, weights, macs):
    found = counts(network)
    assert (found.weights, found.macs) == (weights, macs)


def test_mobilenet_v1_of_full_convolutions_by_hand(counts):
    widths = [3, 32, 64, 128, 128, 256, 256, 512, *[512] * 5, 1024, 1024]
    sides = [112, 112, 56, 56, 28, 28, 14, *[14] * 5, 7, 7]
    weights = [9 * m * n for m, n in pairwise(widths)]
    found = counts("mobilenet_v1@convolution=full,classifier=false")
    assert found.weights == sum(weights)
    assert found.macs == sum(w * side * side for w, side in zip(weights, sides, strict=True))


@pytest.mark.parametrize(
    ("network", "weights", "macs"),
    [
        # Table 3: 219 M, the table's first 1 x 1 convolution counted.
        ("mobilenet_v3_large", 5_451_528, 219_801_024),
        # Table 3, 0.75: 155 M and 4.0 M.
        ("mobilenet_v3_large@alpha=0.75,first_expansion=false", 3_968_208, 154_560_624),
        # Table 3, Small: 56 M and 2.5 M.
        ("mobilenet_v3_small", 2_525_832, 56_510_400),
        # The earlier version's Table 2: 2.9 M.
        ("mobilenet_v3_small@features=1280", 2_929_288, 56_913_856),
        # Its 0.75: 44 M and 2.4 M.  2,027,880 + (1280 - 1024) * (432 + 1000) = 2,394,472.
        ("mobilenet_v3_small@features=1280,alpha=0.75", 2_394_472, 43_765_936),
    ],
)
def test_mobilenet_v3_as_printed(counts, network, weights, macs):
    found = counts(network)
    assert (found.weights, found.macs) == (weights, macs)


@pytest.mark.parametrize(("size", "more"), [("large", 256), ("small", 256)])
def test_the_first_expansion_is_one_convolution(counts, size, more):
    # 16 * 16 = 256 weights at 112 x 112 positions, and a norm of 2 * 16.
    without = counts(f"mobilenet_v3_{size}@first_expansion=false")
    found = counts(f"mobilenet_v3_{size}@first_expansion=true")
    assert found.weights - without.weights == more
    assert found.macs - without.macs == more * 112 * 112
    assert found.norm_params - without.norm_params == 32


def test_squeeze_and_excite_by_hand(counts):
    # Large has eight: exp channels, squeezed to a quarter as a multiple of 8.
    widths = [
        (72, 24),
        (120, 32),
        (120, 32),
        (480, 120),
        (672, 168),
        (672, 168),
        (960, 240),
        (960, 240),
    ]
    # Biases of both layers, then 1280 and 1000 of the last two.
    assert counts("mobilenet_v3_large").biases == sum(a + b for a, b in widths) + 1280 + 1000
