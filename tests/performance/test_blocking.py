"""Traffic through a fast memory: the bounds by hand, and tiles that a loop counts."""

from fractions import Fraction
from math import sqrt

import pytest

import costcalc
from costcalc.errors import CostcalcError
from costcalc.performance.blocking import words_moved


@pytest.mark.parametrize("macs", [0, 1, 1000, 64**3, 10**9, 10**15 + 7])
@pytest.mark.parametrize("words", [1, 2, 3, 256, 4096])
@pytest.mark.parametrize("reuse", [Fraction(1), Fraction(9), Fraction(9, 4)])
def test_the_bound_is_rounded_up_exactly(macs, words, reuse):
    moved = words_moved(macs, words, reuse) + 2 * words
    least = 2 * macs / sqrt(words * reuse)
    if moved > 2 * words:
        assert moved**2 * words * reuse >= 4 * macs**2
        assert (moved - 1) ** 2 * words * reuse < 4 * macs**2
        assert moved == pytest.approx(least, rel=1e-9, abs=1)
    else:
        assert least <= 2 * words + 1


def tiled(n, tile):
    """The words that a product of n x n matrices moves in square tiles, by a loop over tiles."""
    moved = 0
    for _ in range(0, n, tile):
        for _ in range(0, n, tile):
            for _ in range(0, n, tile):
                moved += 2 * tile * tile  # a tile of each operand
            moved += tile * tile  # the result, once
    return moved


@pytest.mark.parametrize(("n", "tile"), [(64, 8), (128, 16), (96, 4), (256, 32)])
def test_square_tiles_move_at_least_the_bound(n, tile):
    """Three tiles of t x t fit in 3 t^2 words: 2 n^3 / t + n^2, above 2 n^3 / (sqrt(3) t)."""
    assert tiled(n, tile) == 2 * n**3 // tile + n * n
    assert words_moved(n**3, 3 * tile * tile) <= tiled(n, tile)


SPEC = """\
name: square
input: [256]
layers:
  - fc: {out: 256, bias: false, name: product}
  - conv: {out: 8, kernel: 3, bias: false, name: after}
"""

DEVICE = """\
name: mine
title: mine
class: gpu
processor: p
source: s
clock: 1 GHz
peak: {fp32: 1 TOP/s}
dram: {bandwidth: 1 GB/s}
"""


@pytest.fixture
def device(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(DEVICE)
    return str(path)


def test_a_product_of_a_batch_through_a_small_memory(tmp_path, device):
    """A batch of 256: 256^3 multiply-accumulates through 1 KiB, 256 words of 4 bytes."""
    spec = tmp_path / "net.yaml"
    spec.write_text(SPEC[: SPEC.index("  - conv")])
    plain = costcalc.latency(str(spec), device, batch=256).steps[0]
    assert plain.bytes == 4 * 3 * 256 * 256
    (step,) = costcalc.latency(str(spec), device, batch=256, fast_memory="1KiB").steps
    assert step.bytes == 4 * (2 * 256**3 // 16 - 2 * 256)
    large = costcalc.latency(str(spec), device, batch=256, fast_memory="1 MiB").steps[0]
    assert large == plain


@pytest.mark.parametrize(
    ("options", "words"),
    [
        # 3 x 3 x 64 x 64 x 32 x 32 multiply-accumulates, R = 9: sqrt(400 R) is 60.
        ("", -(-2 * 9 * 64 * 64 * 32 * 32 // 60) - 2 * 400),
        # Four products of a sixteenth of these each.
        (", groups: 4", 4 * (-(-2 * 9 * 16 * 16 * 32 * 32 // 60) - 2 * 400)),
        # A stride of 2: a quarter of the places, R = 9 / 4, and sqrt(400 R) is 30.
        (", stride: 2", -(-2 * 9 * 64 * 64 * 16 * 16 // 30) - 2 * 400),
    ],
)
def test_a_convolution_serves_several_windows_with_a_word(options, words, tmp_path, device):
    """Through 1600 bytes, 400 words."""
    spec = tmp_path / "net.yaml"
    layer = f"conv: {{out: 64, kernel: 3, bias: false, name: c{options}}}"
    spec.write_text(f"name: n\ninput: [64, 32, 32]\nlayers:\n  - {layer}\n")
    (step,) = costcalc.latency(str(spec), device, fast_memory=1600).steps
    assert step.bytes == 4 * words


def test_a_depthwise_convolution_is_many_small_products():
    plain = costcalc.latency("mobilenet_v1", "rpi4")
    cut = costcalc.latency("mobilenet_v1", "rpi4", fast_memory="32KiB")
    for one, other, type_ in zip(plain.steps, cut.steps, plain.types, strict=True):
        assert other.bytes >= one.bytes
        if type_ == "Conv DW 3x3":
            assert other.bytes == one.bytes
    assert cut.bound == plain.bound <= cut.roofline <= cut.serial <= 2 * cut.roofline
    assert "Hong and Kung" in str(cut)


@pytest.mark.parametrize("size", ["0", "32", "big", "-1KiB", "5M"])
def test_sizes(size):
    if size == "32":
        assert costcalc.latency("mobilenet_v1", "rpi4", fast_memory=size).run.fast_bytes == 32
        return
    with pytest.raises(CostcalcError, match="fast_memory"):
        costcalc.latency("mobilenet_v1", "rpi4", fast_memory=size)
