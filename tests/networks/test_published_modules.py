"""Counts of the modules that torchvision 0.29.1 and timm 1.0.31 publish, as they count them.

Each row was read off the framework: numel of the weights of convolutions and
fully connected layers, of their biases, of the norms' scale and shift, and the
multiply-accumulates of one image of the resolution.
"""

import pytest

MODULES = [
    # network, weights, biases, norm params, MACs
    ("vgg11", 132_851_392, 11_944, 0, 7_609_090_048),
    ("vgg11_bn", 132_851_392, 11_944, 5_504, 7_609_090_048),
    ("vgg13", 133_035_712, 12_136, 0, 11_308_466_176),
    ("vgg13_bn", 133_035_712, 12_136, 5_888, 11_308_466_176),
    ("vgg16", 138_344_128, 13_416, 0, 15_470_264_320),
    ("vgg16_bn", 138_344_128, 13_416, 8_448, 15_470_264_320),
    ("vgg19", 143_652_544, 14_696, 0, 19_632_062_464),
    ("vgg19_bn", 143_652_544, 14_696, 11_008, 19_632_062_464),
]


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module[0])
def test_counts_equal_the_published_module(counts, module):
    network, *published = module
    assert counts(network) == tuple(published)
