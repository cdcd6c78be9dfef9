"""Counts of the modules that torchvision 0.29.1 and timm 1.0.31 publish, as they count them.

Each row was read off the framework: numel of the weights of convolutions and
fully connected layers, of their biases, of the norms' scale and shift, and the
multiply-accumulates of one image of the resolution.
"""

import pytest

MODULES = [
    # network, weights, biases, norm params, MACs
    ("mobilenet_v1@alpha=0.25", 463_600, 1_000, 5_472, 41_030_272),
    ("mobilenet_v1@alpha=0.5", 1_319_648, 1_000, 10_944, 149_497_088),
    ("mobilenet_v1@alpha=0.75", 2_568_144, 1_000, 16_416, 325_400_448),
    ("mobilenet_v1", 4_209_088, 1_000, 21_888, 568_740_352),
    ("mobilenet_v2@alpha=0.25", 1_507_456, 1_000, 10_656, 37_201_312),
    ("mobilenet_v2@alpha=0.35", 1_662_048, 1_000, 14_080, 59_285_808),
    ("mobilenet_v2@alpha=0.35,res=96", 1_662_048, 1_000, 14_080, 11_934_128),
    ("mobilenet_v2@alpha=0.5", 1_949_136, 1_000, 18_544, 97_131_840),
    ("mobilenet_v2@alpha=0.75", 2_608_784, 1_000, 26_640, 209_069_792),
    ("mobilenet_v2", 3_469_760, 1_000, 34_112, 300_774_272),
    ("mobilenet_v2@res=192", 3_469_760, 1_000, 34_112, 221_316_608),
    ("mobilenet_v2@res=160", 3_469_760, 1_000, 34_112, 154_083_200),
    ("mobilenet_v2@res=128", 3_469_760, 1_000, 34_112, 99_074_048),
    ("mobilenet_v2@res=96", 3_469_760, 1_000, 34_112, 56_289_152),
    ("mobilenet_v2@alpha=1.3", 5_341_536, 1_000, 44_256, 509_374_560),
    ("mobilenet_v2@alpha=1.4", 6_059_840, 1_000, 47_936, 582_195_824),
    # timm at 0.75 expands multiples of the width, and leaves the last layer unscaled.
    ("mobilenet_v3_large@first_expansion=false", 5_451_272, 7_360, 24_400, 216_589_760),
    ("mobilenet_v3_large@first_expansion=false,alpha=0.75", 3_968_208, 6_232, 19_088, 154_560_624),
    ("mobilenet_v3_small", 2_525_832, 4_912, 12_112, 56_510_400),
    ("mobilenet_v3_small@alpha=0.75", 2_027_880, 4_312, 9_680, 43_399_344),
    # torchvision at other widths scales the expanded widths, and the last layer too.
    (
        "mobilenet_v3_large@first_expansion=false,expansion=scaled,alpha=0.5,features=640",
        1_718_016,
        4_208,
        12_352,
        64_962_192,
    ),
    (
        "mobilenet_v3_large@first_expansion=false,expansion=scaled,alpha=0.75,features=960",
        3_353_384,
        5_776,
        18_416,
        140_033_816,
    ),
    (
        "mobilenet_v3_large@first_expansion=false,expansion=scaled,alpha=1.25",
        8_125_200,
        8_952,
        30_592,
        343_461_000,
    ),
    (
        "mobilenet_v3_small@expansion=scaled,alpha=0.5,features=512",
        908_144,
        2_976,
        6_144,
        18_970_736,
    ),
    (
        "mobilenet_v3_small@expansion=scaled,alpha=0.75,features=768",
        1_640_752,
        3_968,
        9_200,
        39_115_576,
    ),
    ("mobilenet_v3_small@expansion=scaled,alpha=1.25", 3_623_768, 5_912, 15_232, 88_155_944),
    ("shufflenet_v2_x0_5@stride_2_unit=halves", 1_357_840, 1_000, 7_952, 40_476_448),
    ("shufflenet_v2_x1_0@stride_2_unit=halves", 2_261_424, 1_000, 16_180, 144_907_992),
    ("shufflenet_v2_x1_5@stride_2_unit=halves", 3_479_184, 1_000, 23_440, 295_759_392),
    ("shufflenet_v2_x2_0@stride_2_unit=halves", 7_359_280, 1_000, 33_716, 583_253_464),
    ("alexnet_one_column", 61_090_496, 10_344, 0, 714_188_480),
    # torchvision reads 224, where the released models read 227.
    ("squeezenet1_0@res=224", 1_244_448, 3_976, 0, 818_924_576),
    ("squeezenet1_1@res=224", 1_231_552, 3_944, 0, 349_151_936),
    ("efficientnet_b0", 5_236_192, 10_340, 42_016, 385_814_752),
    ("efficientnet_b1", 7_716_976, 15_160, 62_048, 686_802_832),
    ("efficientnet_b2", 9_026_016, 16_410, 67_568, 993_561_872),
    ("efficientnet_b2@res=288", 9_026_016, 16_410, 67_568, 1_087_529_456),
    ("efficientnet_b3", 12_124_856, 21_080, 87_296, 1_827_141_392),
    ("efficientnet_b4", 19_186_376, 30_040, 125_200, 4_393_771_024),
    ("efficientnet_b5", 30_175_728, 41_320, 172_736, 10_266_384_752),
    ("efficientnet_b6", 42_762_672, 53_600, 224_432, 19_067_593_536),
    ("efficientnet_b7", 65_963_040, 74_200, 310_720, 37_745_884_192),
    ("mnasnet0_5", 2_196_888, 1_000, 20_624, 104_455_968),
    ("mnasnet0_75", 3_139_400, 1_000, 29_808, 215_493_104),
    ("mnasnet1_0", 4_344_392, 1_000, 37_920, 314_415_872),
    ("mnasnet1_3", 6_232_440, 1_000, 48_816, 526_362_432),
    ("mnasnet_a1", 3_848_312, 5_238, 33_488, 311_579_072),
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
    ("googlenet_bn", 6_609_344, 1_000, 14_560, 1_498_376_192),
    ("xception", 22_800_424, 1_000, 54_528, 8_357_403_496),
    ("nasnetalarge", 88_555_482, 1_000, 196_668, 23_783_414_658),
    ("pnasnet5large", 85_879_680, 1_000, 176_988, 24_937_395_792),
    ("mnasnet_small", 2_009_736, 3_600, 16_928, 68_339_184),
    ("ghostnet_050@implementation=timm", 2_571_564, 4_744, 10_984, 42_328_152),
    ("ghostnet_100@implementation=timm", 5_153_336, 7_204, 21_968, 141_150_512),
    ("ghostnet_130@implementation=timm", 7_321_608, 8_676, 28_536, 227_003_256),
    ("ghostnetv2_100", 6_087_320, 7_204, 62_384, 167_048_288),
    ("ghostnetv2_130", 8_870_680, 8_676, 81_048, 269_322_976),
    ("ghostnetv2_160", 12_282_674, 10_152, 99_872, 398_607_224),
    ("mobileone_s0", 2_069_024, 9_480, 0, 275_110_400),
    ("mobileone_s0@merged=false,implementation=timm", 5_204_080, 1_000, 88_192, 1_051_935_232),
    ("mobileone_s1", 4_748_736, 16_104, 0, 825_057_024),
    ("mobileone_s1@merged=false,implementation=timm", 4_755_840, 1_000, 68_352, 830_062_080),
    ("mobileone_s4", 14_796_672, 41_680, 0, 2_979_269_760),
    ("mobileone_s4@merged=false,implementation=timm", 14_809_856, 13_648, 127_744, 2_986_802_432),
    ("repvgg_a0", 8_303_888, 5_496, 0, 1_361_451_008),
    ("repvgg_a0@merged=false", 9_084_320, 1_000, 23_648, 1_512_581_120),
    ("repvgg_b1g4", 36_112_064, 13_352, 0, 7_306_870_784),
    ("repvgg_b1g4@merged=false", 39_896_960, 1_000, 68_096, 8_118_517_760),
    ("repvgg_b3", 110_941_888, 18_984, 0, 26_208_882_688),
    ("repvgg_b3@merged=false", 122_984_320, 1_000, 99_968, 29_120_696_320),
    ("repvit_m0_9", 5_044_296, 22_760, 0, 815_617_344),
    ("repvit_m0_9@merged=false", 5_432_376, 8_424, 48_528, 817_280_832),
    ("repvit_m2_3", 22_855_480, 71_312, 0, 4_515_958_720),
    ("repvit_m2_3@merged=false", 23_509_640, 24_672, 154_480, 4_521_490_880),
    ("starnet_s1", 2_844_288, 17_760, 7_120, 421_877_376),
    ("starnet_s4", 7_433_120, 35_656, 13_952, 1_049_561_600),
    ("starnet_s050", 535_872, 4_584, 2_272, 91_285_248),
]


PARAMS = [
    # pytorchcv, which asserts how many params its modules have.
    ("proxylessnas_mobile", 4_080_512),
    ("proxylessnas_mobile_14", 6_857_568),
    ("proxylessnas_cpu", 4_361_648),
    ("proxylessnas_gpu", 7_119_848),
]


@pytest.mark.parametrize(("network", "params"), PARAMS)
def test_params_equal_those_of_pytorchcvs_module(counts, network, params):
    found = counts(network)
    assert found.weights + found.biases + found.norm_params == params


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module[0])
def test_counts_equal_the_published_module(counts, module):
    network, *published = module
    assert counts(network) == tuple(published)
