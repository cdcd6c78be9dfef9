"""Networks for microcontrollers: counts that others printed, and bytes worked out by hand."""

from __future__ import annotations

from itertools import pairwise

import pytest

import costcalc

MLPERF_TINY = {
    # multiply-accumulates, params as Keras counts them, those of the .tflite file, arena's head
    "ds_cnn": (2_656_768, 24_908, 22_604, 16_000),
    "mobilenet_v1_vww": (7_489_664, 221_794, 210_850, 73_728),
    "resnet8": (12_501_632, 78_666, 77_706, 49_152),
    "autoencoder_ad": (264_192, 269_992, 265_864, 768),
}
"""Of mlcommons/tiny's files, and of tflite-micro running them."""

NO_BIAS = {"mobilenet_v1_vww": 2736, "ds_cnn": 576, "autoencoder_ad": 1032}
"""The biases that Keras' layers have before a norm: one for each of its channels."""


@pytest.mark.parametrize("network", MLPERF_TINY)
def test_mlperf_tiny(network: str) -> None:
    macs, keras, folded, head = MLPERF_TINY[network]
    assert costcalc.totals(network).mult_adds == macs
    assert costcalc.totals(network, convention="keras").params + NO_BIAS.get(network, 0) == keras
    # one byte for each weight and each bias, norms folded
    assert costcalc.memory(network, storage="hello-edge").weight_bytes == folded
    assert costcalc.memory(network, storage="tflm").peak == head


def separable(channels: int, out: int, side: int) -> int:
    """Multiply-accumulates of a depthwise and a pointwise convolution that write ``side``."""
    return side * channels * 9 + side * channels * out


@pytest.mark.parametrize(
    ("size", "channels", "blocks", "kilobytes"),
    [("s", 64, 4, 38.6), ("m", 172, 4, 189.2), ("l", 276, 5, 497.6)],
)
def test_ds_cnn(size: str, channels: int, blocks: int, kilobytes: float) -> None:
    """Hello Edge's memory is that of weights, and of the largest input and output together."""
    network = f"ds_cnn_{size}"
    # 25 x 10, then 13 x 5 in the larger two; 25 x 5 in the smallest.
    before, side = (25 * 5, 25 * 5) if size == "s" else (25 * 10, 13 * 5)
    macs = before * 40 * channels + blocks * separable(channels, channels, side)
    assert costcalc.totals(network).mult_adds == macs + 12 * channels
    memory = costcalc.memory(network, storage="hello-edge")
    assert memory.peak == channels * (before + side)
    biases = channels * (1 + 2 * blocks) + 12
    weights = channels * (40 + 12) + blocks * separable(channels, channels, 1)
    assert memory.weight_bytes == weights + biases
    assert round((memory.weight_bytes + memory.peak) / 1000, 1) == kilobytes


@pytest.mark.parametrize(
    ("network", "mops", "kib"),
    [
        # MicroNets' Table 4; largest input and output together by hand
        ("micronet_ad@size=L", 129.0, 16 * 16 * (4 * 276 + 276) / 1024),
        ("micronet_ad@size=M", 124.7, 16 * 16 * (4 * 192 + 192) / 1024),
        ("micronet_ad@size=S", 37.5, 16 * 16 * (164 + 220) / 1024),
    ],
)
def test_micronets_of_anomaly_detection(network: str, mops: float, kib: float) -> None:
    assert round(2 * costcalc.totals(network).mult_adds / 1e6, 1) == mops
    assert costcalc.memory(network, storage="hello-edge").peak == kib * 1024


def test_micronets_of_keyword_spotting() -> None:
    # Table 5: 49 x 10 of 84 channels, then 25 x 5
    widths = [84, 112, 84, 84, 84, 196]
    macs = 490 * 40 * 84 + 12 * 196
    for before, after in pairwise(widths):
        macs += separable(before, after, 25 * 5)
    assert costcalc.totals("micronet_kws").mult_adds == macs
    assert costcalc.memory("micronet_kws", storage="hello-edge").peak == 84 * (490 + 125)


MEASURED = {
    # MicroNets' Table 4, of boards whose runtime needs more than tensors; and mcunet's README.
    "micronet_ad@size=L": 383_700,
    "micronet_ad@size=M": 274_500,
    "micronet_ad@size=S": 114_200,
    "micronet_kws@size=L": 208_800,
    "micronet_kws@size=M": 103_300,
    "micronet_kws@size=S": 53_200,
    "ds_cnn_s": 47_200,
    "mobilenet_v2@alpha=0.35,res=144": 308 * 1024,
}


@pytest.mark.parametrize("network", MEASURED)
def test_what_boards_needed_is_more_than_the_bound(network: str) -> None:
    assert costcalc.memory(network, storage="int8").lower_bound < MEASURED[network]
