"""What an unexplained figure pins, by a second route: the layers written out.

A figure that nothing explains is accepted for its pinned value alone, so that none may
rest on what the calculator itself says.
"""

from itertools import pairwise

import pytest

from costcalc.claims.networks import Networks
from costcalc.claims.sources import collect
from costcalc.claims.verdict import judge


def inception(c: int, side: int, *widths: int) -> tuple[int, int]:
    """Weights and mult-adds of an Inception module from its row in Table 1."""
    n1x1, reduce3, n3x3, reduce5, n5x5, pool = widths
    weights = c * (n1x1 + reduce3 + reduce5 + pool) + 9 * reduce3 * n3x3 + 25 * reduce5 * n5x5
    return weights, weights * side * side


MODULES = {
    "3a": inception(192, 28, 64, 96, 128, 16, 32, 32),
    "3b": inception(256, 28, 128, 128, 192, 32, 96, 64),
    "4a": inception(480, 14, 192, 96, 208, 16, 48, 64),
    "4b": inception(512, 14, 160, 112, 224, 24, 64, 64),
    "4c": inception(512, 14, 128, 128, 256, 24, 64, 64),
    "4d": inception(512, 14, 112, 144, 288, 32, 64, 64),
    "4e": inception(528, 14, 256, 160, 320, 32, 128, 128),
    "5a": inception(832, 7, 256, 160, 320, 32, 128, 128),
    "5b": inception(832, 7, 384, 192, 384, 48, 128, 128),
}
# 7 x 7 x 3 x 64, then 64 x 64 and 3 x 3 x 64 x 192, and 1024 x 1000 at the end.
STEM, SECOND, FC = 9_408, 4_096 + 110_592, 1_024_000
GOOGLENET_PARAMS = STEM + SECOND + FC + sum(weights for weights, _ in MODULES.values())
GOOGLENET_MULT_ADDS = (
    STEM * 112**2 + SECOND * 56**2 + FC + sum(mult_adds for _, mult_adds in MODULES.values())
)

# VGG-16 of 13 convolutions and three layers behind 7 x 7 x 512; AlexNet as in section 3.5.
VGG = [3, 64, 64, 128, 128, 256, 256, 256, *[512] * 6]
VGG16 = sum(9 * m * n for m, n in pairwise(VGG)) + 25_088 * 4096 + 4096**2 + 4096 * 1000
ALEXNET = 34_848 + 307_200 + 884_736 + 663_552 + 442_368 + 9216 * 4096 + 4096**2 + 4096 * 1000


def encoder(n: int, d: int) -> int:
    """Mult-adds of an encoder: four projections and an MLP of 4 d, two products of all tokens."""
    return 12 * n * d**2 + 2 * n**2 * d


def mobilenet_v1(eighths: int, side: int, strides: str = "1212121111121") -> int:
    """Mult-adds of MobileNetV1 without its classifier; alpha in eighths."""
    widths = [32, 64, 128, 128, 256, 256, *[512] * 6, 1024, 1024]
    widths = [width * eighths // 8 for width in widths]
    side = (side + 1) // 2
    mult_adds = 27 * widths[0] * side**2
    for (m, n), stride in zip(pairwise(widths), strides, strict=True):
        side = (side + int(stride) - 1) // int(stride)
        mult_adds += (9 * m + m * n) * side**2
    return mult_adds


def micronet_kws(*widths: int) -> int:
    """Operations of a MicroNet for keyword spotting, Table 5: 49 x 10, then half of each."""
    blocks = sum((9 * m + m * n) * 49 * 10 for m, n in pairwise(widths))
    return 2 * (10 * 4 * widths[0] * 49 * 10 + blocks // 4 + widths[-1] * 12)


def mobilenet_v2_at_513() -> int:
    """Mult-adds up to the 320 channels, with output stride 16."""
    side, m = 257, 32
    mult_adds = 27 * m * side**2
    rows = [(1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1)]
    for t, c, n, s in [*rows, (6, 160, 3, 1), (6, 320, 1, 1)]:
        for stride in [s] + [1] * (n - 1):
            expand = m * t * m * side**2 if t > 1 else 0
            side = (side + stride - 1) // stride
            mult_adds += expand + (9 * t * m + t * m * c) * side**2
            m = c
    return mult_adds


def deeplab(c: int, aspp: bool) -> int:
    """Mult-adds of the heads at 33 x 33: the 1 x 1, the pooled image, three 3 x 3, 256, 21."""
    branches = 5 if aspp else 2
    dilated = 3 * 9 * c * 256 if aspp else 0
    at_33 = c * 256 + dilated + branches * 256 * 256 + 256 * 21
    return at_33 * 33**2 + c * 256


def rounded(width: float) -> int:
    """A width in multiples of 8, never below nine tenths of it."""
    multiple = max(8, int(width + 4) // 8 * 8)
    return multiple if multiple >= 0.9 * width else multiple + 8


# Expanded width, kernel, channels, whether with squeeze-and-excite, and stride: MobileNetV3's
# Tables 1 and 2 up to C4, whose last three bottlenecks are halved and dilated.
LARGE = [
    *[(16, 3, 16, False, 1), (64, 3, 24, False, 2), (72, 3, 24, False, 1), (72, 5, 40, True, 2)],
    *[(120, 5, 40, True, 1)] * 2,
    *[(240, 3, 80, False, 2), (200, 3, 80, False, 1)],
    *[(184, 3, 80, False, 1)] * 2,
    *[(480, 3, 112, True, 1), (672, 3, 112, True, 1)],
]
LARGE_WHOLE = [*LARGE, (672, 5, 160, True, 1), *[(960, 5, 160, True, 1)] * 2]
LARGE_HALVED = [*LARGE, (336, 5, 80, True, 1), *[(480, 5, 80, True, 1)] * 2]
SMALL_HALVED = [
    *[(16, 3, 16, True, 2), (72, 3, 24, False, 2), (88, 3, 24, False, 1), (96, 5, 40, True, 2)],
    *[(240, 5, 40, True, 1)] * 2,
    *[(120, 5, 48, True, 1), (144, 5, 48, True, 1)],
    *[(144, 5, 48, True, 1), *[(288, 5, 48, True, 1)] * 2],
]


def v2_bottlenecks(alpha: float, tail: int) -> list[tuple[int, int, int, bool, int]]:
    """The same of MobileNetV2's Table 2."""
    table = [(1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1)]
    rows, c = [], rounded(32 * alpha)
    for t, n, repeat, stride in [*table, (6, 160 / tail, 3, 1), (6, 320 / tail, 1, 1)]:
        for s in [stride] + [1] * (repeat - 1):
            rows.append((t * c, 3, rounded(n * alpha), False, s))
            c = rows[-1][2]
    return rows


def segmentation(
    c: int,
    rows: list[tuple[int, int, int, bool, int]],
    filters: int,
    last: int = 0,
    low: int = 0,
    expand_first: bool = False,
) -> tuple[int, int]:
    """Params with norms and mult-adds of a row of MobileNetV3's Table 7, at 1025 x 2049.

    Behind the bottlenecks a 1 x 1 convolution to ``last``, then R-ASPP, or Lite R-ASPP if it
    reads ``low`` channels of stride 8.
    """
    h, w = 513, 1025
    params, mult_adds = (27 + 2) * c, 27 * c * h * w
    for index, (e, k, n, squeezes, stride) in enumerate(rows):
        if index or expand_first:
            params += (c + 2) * e
            mult_adds += c * e * h * w
        h, w = -(-h // stride), -(-w // stride)
        params += (k * k + 2) * e + (e + 2) * n
        mult_adds += (k * k * e + e * n) * h * w
        if squeezes:
            squeeze = rounded(e / 4)
            params += 2 * e * squeeze + squeeze + e
            mult_adds += 2 * e * squeeze
        c = n
    if last:
        params += (c + 2) * last
        mult_adds += c * last * h * w
        c = last
    if low:
        params += (c + 2) * filters + c * filters + (filters + 1 + low + 1) * 19
        mult_adds += c * filters * (h * w + 1) + (filters + low) * 19 * 129 * 257
    else:
        params += 2 * (c + 2) * filters + (2 * filters + 2) * filters + (filters + 1) * 19
        mult_adds += (c + 2 * filters + 19) * filters * h * w + c * filters
    return params, mult_adds


SEGMENTATION = {
    1: segmentation(32, v2_bottlenecks(1, 1), 256),
    2: segmentation(32, v2_bottlenecks(1, 2), 256),
    3: segmentation(32, v2_bottlenecks(1, 2), 256, low=192),
    4: segmentation(32, v2_bottlenecks(1, 2), 128, low=192),
    5: segmentation(16, LARGE_WHOLE, 256, last=960, expand_first=True),
    6: segmentation(16, LARGE_HALVED, 256, last=480, expand_first=True),
    7: segmentation(16, LARGE_HALVED, 256, last=480, low=120, expand_first=True),
    8: segmentation(16, LARGE_HALVED, 128, last=480, low=120, expand_first=True),
    9: segmentation(16, v2_bottlenecks(0.5, 2), 128, low=6 * 16),
    10: segmentation(16, v2_bottlenecks(0.35, 2), 128, low=6 * 16),
    11: segmentation(16, SMALL_HALVED, 128, last=288, low=88),
}


def fire(side: int, c: int, squeeze: int, expand: int) -> int:
    """Mult-adds of a fire module with as many 1 x 1 as 3 x 3 expand filters."""
    return (c * squeeze + 10 * squeeze * expand) * side**2


def squeezenet_v1_1() -> int:
    """Mult-adds at 227: 113, pooled to 56, 28 and 14."""
    return (
        27 * 64 * 113**2
        + fire(56, 64, 16, 64)
        + fire(56, 128, 16, 64)
        + fire(28, 128, 32, 128)
        + fire(28, 256, 32, 128)
        + fire(14, 256, 48, 192)
        + fire(14, 384, 48, 192)
        + fire(14, 384, 64, 256)
        + fire(14, 512, 64, 256)
        + 512 * 1000 * 14**2
    )


def shallow_shufflenet() -> int:
    """Mult-adds of 0.5x with 3 groups and half the units, including its classifier."""
    mult_adds, m = 27 * 12 * 112**2, 12
    for c, side, units in ((120, 28, 2), (240, 14, 4), (480, 7, 2)):
        mid = c // 4
        for unit in range(units):
            before = (2 * side) ** 2 if unit == 0 else side**2
            first = m * mid if m == 12 else m * mid // 3
            out = c - m if unit == 0 else c
            mult_adds += first * before + (9 * mid + mid * out // 3) * side**2
            m = c
    return mult_adds + 480 * 1000


def convnext(c: int, b: int, side: int) -> int:
    """Mult-adds of ConvNeXt, with c channels in the first stage and b blocks in the third."""
    side //= 4
    mult_adds = 4 * 4 * 3 * c * side**2
    for stage, blocks in enumerate((3, 3, b, 3)):
        if stage:
            side //= 2
            mult_adds += 2 * 2 * c * 2 * c * side**2
            c *= 2
        mult_adds += blocks * (49 * c + c * 4 * c + 4 * c * c) * side**2
    return mult_adds + c * 1000


def starnet(c: int, expand: int, *depths: int) -> int:
    """What fvcore counts of StarNet: mult-adds, two for an element of a norm, one for a pool's."""
    side, m = 112, 32
    count = (27 * m + 2 * m) * side**2
    for depth in depths:
        side //= 2
        block = 49 * c + 3 * c * expand * c + 49 * c + 2 * 2 * c
        count += (9 * m * c + 2 * c + depth * block) * side**2
        m, c = c, 2 * c
    return count + 3 * m * side**2 + m * 1000


def pnasnet(n: int, filters: int, stem: int, side: int) -> int:
    """Mult-adds of PNASNet-5: five pairs in every cell, separable convolutions twice each."""
    side = (side - 1) // 2
    mult_adds = 27 * stem * side**2
    before, m = stem, stem
    widths = [filters // 4, filters // 2, *[filters] * n, *[2 * filters] * n, *[4 * filters] * n]
    for index, c in enumerate(widths):
        halves = index < 2 or (c != filters and c != widths[index - 1])
        out = (side + 1) // 2 if halves else side
        p = c if index else m
        # A separable convolution of kernel k, from m to c channels and from c to c.
        pairs = sum(k * k * (c + c) + c * c + c * c for k in (7, 5, 3, 3))
        pairs += sum(k * k * (p + c) + p * c + c * c for k in (5, 3))
        mult_adds += (pairs + (c * c if halves else 0)) * out**2 + m * c * side**2
        mult_adds += before * c * side**2 if index else m * c * out**2
        before, m, side = m, 5 * c, out
    return mult_adds + 5 * widths[-1] * 1000


# ResNet-50 as everybody runs it, 4,089,184,256, with the stride of three blocks a layer
# earlier: three quarters of these 1 x 1 convolutions are saved.
STRIDED = 256 * 128 * 56**2 + 512 * 256 * 28**2 + 1024 * 512 * 14**2

# MobileNetV1: 3 x 3 x 3 x 32, the rows of Table 1, and 1024 x 1000; norms have as many channels
# as convolutions have outputs.
V1 = [32, 64, 128, 128, 256, 256, *[512] * 6, 1024, 1024]
V1_PARAMS = 27 * 32 + sum(9 * m + m * n for m, n in pairwise(V1)) + 1024 * 1000
V1_NORMED = 32 + sum(m + n for m, n in pairwise(V1))

# AlexNet's maps, those of its convolutions and after its pools, and its other neurons.
ALEX_MAPS = 96 * 55**2 + 256 * 27**2 + (384 + 384 + 256) * 13**2
ALEX_POOLED = 96 * 27**2 + 256 * 13**2 + 256 * 6**2
ALEXNET_MULT_ADDS = (
    34_848 * 55**2
    + 307_200 * 27**2
    + (884_736 + 663_552 + 442_368) * 13**2
    + (9216 * 4096 + 4096**2 + 4096 * 1000)
)

OWN_WAYS = {
    "mn.KWS-L.ops": micronet_kws(276, 248, 276, 276, 248, 248, 248, 248),
    "mn.KWS-M.ops": micronet_kws(140, 140, 140, 140, 112, 196),
    "mn.KWS-S.ops": micronet_kws(84, 112, 84, 84, 84, 196),
    "tf.v1.p": V1_PARAMS + 1000 + 3 * V1_NORMED,
    # Biases once, activations twice, and two for each of the four positions of a pool's stride.
    "cb.alex": ALEXNET_MULT_ADDS
    + (ALEX_MAPS + 2 * 4096 + 1000)
    + 2 * (ALEX_MAPS + 2 * 4096)
    + 2 * 4 * ALEX_POOLED,
    # Table 12's network with a first convolution of 16 channels, which costs 8 channels more
    # of 3 x 3 x 3, of 3 x 3 and of 16 than alpha = 0.25 does.
    "v1.T12.0.25.224": mobilenet_v1(2, 224) + 8 * (27 + 9 + 16) * 112**2,
    "v1.T12.0.25.128": mobilenet_v1(2, 128) + 8 * (27 + 9 + 16) * 64**2,
    "tf.v1.192": mobilenet_v1(2, 192) + 8 * (27 + 9 + 16) * 96**2 + 256 * 1000,
}
"""Figures that a paper counts in a way of its own, by the same way written out."""

WRITTEN_OUT = {
    "g.T1o.5a": MODULES["5a"][1],
    **{f"g.T1p.{name}": MODULES[name][0] for name in ("4a", "4b", "4c", "4d", "4e", "5a", "5b")},
    "v1.T8.goog.macs": GOOGLENET_MULT_ADDS,
    "i3.g": GOOGLENET_PARAMS,
    "v1.T14.1.160": mobilenet_v1(8, 160),
    "v1.T14.0.75.128": mobilenet_v1(6, 128),
    "v2.v1.macs": mobilenet_v1(8, 224) + 1024 * 1000,
    "v2.T7.MNetV1OS16ASPP": mobilenet_v1(8, 513, "1212121111111") + deeplab(1024, aspp=True),
    "v2.T7.MNetV2*OS16ASPP": mobilenet_v2_at_513() + deeplab(320, aspp=True),
    "v2.T7.MNetV2*OS16noASPP": mobilenet_v2_at_513() + deeplab(320, aspp=False),
    **{f"v3.T7.{row}": mult_adds for row, (_, mult_adds) in SEGMENTATION.items()},
    "lraspp:Table 7, and torchvision's network:3:params": SEGMENTATION[3][0],
    "sq.rd11": 2 * squeezenet_v1_1(),
    "s1.T5.sh": shallow_shufflenet(),
    "cn.T1f.ConvNeXt-B384": convnext(128, 27, 384),
    "cn.R1f.ConvNeXt-B384": convnext(128, 27, 384),
    "starnet:Tables 6 and 14:S100:mult_adds": starnet(20, 4, 1, 2, 4, 1),
    "starnet:Tables 6 and 14:S150:mult_adds": starnet(24, 3, 1, 2, 4, 2),
    "starnet:Tables 6 and 14:S4:mult_adds": starnet(32, 4, 3, 3, 12, 5),
    "pnas.T5m": pnasnet(4, 216, 96, 331),
    "tf.r50": 4_089_184_256 - STRIDED * 3 // 4,
    # 24 encoders of width 1024 over 24 x 24 patches and a class, patches of 16 x 16 x 3.
    "deit.swin.ViT-L/16f": 24 * encoder(577, 1024) + 576 * 768 * 1024 + 1024 * 1000,
    # torchvision's module has 2048 x 1000 weights behind its pooling: 880 classes fewer.
    "v1.T10.incv3.params": 23_799_136 - 2048 * 880,
}

# Read off torchvision's and timm's modules: see tests/networks/test_published_modules.py and
# tests/frameworks/test_models.py.
PUBLISHED = {
    "v2.min": 11_934_128,
    "v2.14.macs": 582_195_824,
    "v2.14.params": 6_059_840,
    "s2.T8.v214": 582_195_824,
    "e.T2f.B4": 4_393_771_024,
    "e.T2f.B5": 10_266_384_752,
    "e.T2f.DenseNet-169": 3_359_843_328,
    "nas.v1m": 1_498_376_192,
    "x.T3i": 23_799_136 + 1_000 + 34_432,
    "ev2.T7f.EfficientNetV2-L": 56_079_699_008,
    "tinynet:the comparison on ImageNet:A:mult_adds": 336_867_712,
    "tinynet:the comparison on ImageNet:B:mult_adds": 200_709_360,
    "mixnet:Table 2:S:mult_adds": 239_173_360,
    "mixnet:Table 2:M:mult_adds": 339_172_672,
    "mixnet:Table 2:L:mult_adds": 555_251_792,
    "efficientformerv2:snap-research/EfficientFormer, README.md:L:mult_adds": 2_552_546_880,
    "mv.MobileViT-XS": 1_025_911_808,
    "mv2.MobileViTv2-2.0f": 7_155_785_728,
    "fb.T4f.FBNet-C": 384_960_160,
    "mnas.T4m.MnasNet-A1": 61_681_920,
}

# SkipNet's gates on 16 channels of 32 x 32: FFGate-I pools to 16 x 16 and has two 3 x 3 of 16
# channels, the second with stride 2, and two outputs; the recurrent gate has 10 values from 16,
# an LSTM of 10 and one output.
BLOCK = 2 * 9 * 16 * 16 * 32**2
FFGATE_I = 9 * 16 * 16 * (16**2 + 8**2) + 16 * 2
RNN_GATE = 16 * 10 + 4 * 10 * (10 + 10) + 10

RATIOS = {
    "i3.v": f"{VGG16 / ALEXNET:.2f} x",
    "i3.25x": f"{5_713_216_096 / GOOGLENET_MULT_ADDS:.2f} x",
    "g.12x": f"{ALEXNET / GOOGLENET_PARAMS:.2f} x",
    "sk.I": f"{FFGATE_I / BLOCK:.2%}",
    "sk.R": f"{RNN_GATE / BLOCK:.4%}",
}


COUNTS = WRITTEN_OUT | PUBLISHED


@pytest.fixture(scope="module")
def networks():
    return Networks()


@pytest.fixture(scope="module")
def claims(networks):
    files = collect((), networks, shipped=True)
    return {claim.id: claim for file in files for claim in file.claims}


@pytest.fixture(scope="module")
def pinned(claims):
    figures = {
        claim.id: claim.unexplained or (claim.erratum.computed if claim.erratum else None)
        for claim in claims.values()
    }
    return {name: figure for name, figure in figures.items() if figure}


@pytest.mark.parametrize("claim", COUNTS)
def test_a_pinned_count_equals_the_sum_over_the_layers(pinned, claim):
    assert pinned[claim].text == f"{COUNTS[claim]:,}"


@pytest.mark.parametrize("claim", RATIOS)
def test_a_pinned_ratio_equals_that_of_the_counts(pinned, claim):
    assert pinned[claim].text.replace(" %", "%") == RATIOS[claim]


@pytest.mark.parametrize("claim", OWN_WAYS)
def test_a_papers_own_way_of_counting_is_the_one_written_out(claims, networks, claim):
    result = judge(claims[claim], networks)
    assert result.verdict == "convention"
    assert result.computed == OWN_WAYS[claim]


def test_every_unexplained_figure_is_computed_independently(claims, pinned):
    unexplained = {name for name, claim in claims.items() if claim.unexplained}
    assert unexplained <= {*COUNTS, *RATIOS} <= set(pinned)
