"""ShuffleNet V1 and V2 against what their papers print and against arithmetic."""

import pytest


@pytest.mark.parametrize(
    ("settings", "macs_without_fc", "printed"),
    [
        # Table 1's complexity, in millions, leaves out the fully connected layer.
        ("groups=1", 142_502_976, 143),
        ("groups=2", 140_036_512, 140),
        ("groups=3", 136_500_672, 137),
        ("groups=4", 133_251_776, 133),
        ("groups=8", 136_829_952, 137),
    ],
)
def test_shufflenet_v1_table_1(counts, settings, macs_without_fc, printed):
    fc = {"1": 576, "2": 800, "3": 960, "4": 1088, "8": 1536}[settings[-1]] * 1000
    assert counts(f"shufflenet_v1@{settings}").macs == macs_without_fc + fc
    assert round(macs_without_fc / 10**6) == printed


@pytest.mark.parametrize(
    ("settings", "weights", "macs"),
    [
        # Table 5, with the fully connected layer: 524 M, 292 M, and 527 M with
        # squeeze-and-excite.
        ("scale=2", 5_400_816, 524_045_184),
        ("scale=1.5", 3_404_448, 292_443_552),
        # 2 * c * c / 16 in each of 4, 8 and 4 units of 480, 960 and 1920 channels:
        # 4 * 28,800 + 8 * 115,200 + 4 * 460,800 = 2,880,000 more.
        ("scale=2,se=true", 8_280_816, 526_925_184),
        # Table 2: 38 M.
        ("scale=0.5", 705_084, 37_589_856),
    ],
)
def test_shufflenet_v1_scales(counts, settings, weights, macs):
    found = counts(f"shufflenet_v1@{settings}")
    assert (found.weights, found.macs) == (weights, macs)


def v1_by_hand(groups: int, widths: tuple[int, ...], stem: int) -> int:
    """Multiply-accumulates at 224 without the fully connected layer."""
    macs = 27 * stem * 112**2
    channels = stem
    for stage, (width, side, units) in enumerate(zip(widths, (28, 14, 7), (4, 8, 4), strict=True)):
        mid = width // 4
        for unit in range(units):
            first = 1 if stage == unit == 0 else groups
            entered = (2 * side) ** 2 if unit == 0 else side**2
            out = width - channels if unit == 0 else width
            macs += entered * channels * mid // first
            macs += side**2 * (9 * mid + mid * out // groups)
            channels = width
    return macs


@pytest.mark.parametrize(
    ("settings", "groups", "widths", "stem"),
    [
        ("groups=1", 1, (144, 288, 576), 24),
        ("groups=8", 8, (384, 768, 1536), 24),
        ("groups=3,scale=0.5", 3, (120, 240, 480), 12),
        ("groups=8,scale=0.5", 8, (192, 384, 768), 16),
        ("groups=3,scale=1.5", 3, (360, 720, 1440), 24),
        ("groups=3,scale=2", 3, (480, 960, 1920), 48),
    ],
)
def test_shufflenet_v1_by_hand(counts, settings, groups, widths, stem):
    macs = v1_by_hand(groups, widths, stem) + widths[-1] * 1000
    assert counts(f"shufflenet_v1@{settings}").macs == macs


@pytest.mark.parametrize(
    ("network", "weights", "macs"),
    [
        # Table 5: 41 M, 146 M, 299 M, 591 M; the first is 40.5 and rounded up.
        ("shufflenet_v2_x0_5", 1_357_840, 40_476_448),
        ("shufflenet_v2_x1_0", 2_262_580, 145_814_296),
        ("shufflenet_v2_x1_5", 3_483_280, 298_970_656),
        ("shufflenet_v2_x2_0", 7_368_884, 590_783_000),
        # Table 6: 2.3 G.
        ("shufflenet_v2_50", 16_521_282, 2_314_702_176),
    ],
)
def test_shufflenet_v2_as_printed(counts, network, weights, macs):
    found = counts(network)
    assert (found.weights, found.macs) == (weights, macs)


def v2_by_hand(widths: tuple[int, ...], last: int) -> int:
    """Multiply-accumulates at 224 of the released definition."""
    macs, channels = 27 * 24 * 112**2, 24
    for width, side, units in zip(widths, (28, 14, 7), (4, 8, 4), strict=True):
        half, before = width // 2, (2 * side) ** 2
        macs += side**2 * (9 * channels + channels * channels)  # left
        macs += before * channels * half + side**2 * (9 * half + half * (width - channels))
        macs += (units - 1) * side**2 * (half * half + 9 * half + half * half)
        channels = width
    return macs + 7**2 * channels * last + last * 1000


@pytest.mark.parametrize(
    ("network", "widths", "last"),
    [
        ("shufflenet_v2_x0_5", (48, 96, 192), 1024),
        ("shufflenet_v2_x1_0", (116, 232, 464), 1024),
        ("shufflenet_v2_x1_5", (176, 352, 704), 1024),
        ("shufflenet_v2_x2_0", (244, 488, 976), 2048),
    ],
)
def test_shufflenet_v2_by_hand(counts, network, widths, last):
    assert counts(network).macs == v2_by_hand(widths, last)
