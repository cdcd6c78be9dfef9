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
    ("resnet18", 11_678_912, 1_000, 9_600, 1_814_073_344),
    ("resnet34", 21_779_648, 1_000, 17_024, 3_663_761_408),
    ("resnet50", 25_502_912, 1_000, 53_120, 4_089_184_256),
    ("resnet101", 44_442_816, 1_000, 105_344, 7_801_405_440),
    ("resnet152", 60_040_384, 1_000, 151_424, 11_513_626_624),
    ("resnext50_32x4d", 24_959_680, 1_000, 68_224, 4_230_479_872),
    ("resnext101_32x4d", 44_038_848, 1_000, 137_856, 7_969_996_800),
    ("resnext101_64x4d", 83_251_392, 1_000, 202_880, 15_460_270_080),
    ("densenet121", 7_894_208, 1_000, 83_648, 2_834_161_664),
    ("densenet161", 28_460_064, 1_000, 219_936, 7_727_907_072),
    ("densenet169", 13_990_080, 1_000, 158_400, 3_359_843_328),
    ("densenet201", 19_783_872, 1_000, 229_056, 4_291_365_888),
    # torchvision's DenseNet at growth 32 and blocks of 6, 12, 64 and 48 layers.
    ("densenet264", 32_938_176, 1_000, 398_528, 5_751_653_376),
    ("inception_v3", 23_799_136, 1_000, 34_432, 5_713_216_096),
    ("xception", 22_800_424, 1_000, 54_528, 8_357_403_496),
    ("nasnetalarge", 88_555_482, 1_000, 196_668, 23_783_414_658),
]


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module[0])
def test_counts_equal_the_published_module(counts, module):
    network, *published = module
    assert counts(network) == tuple(published)
