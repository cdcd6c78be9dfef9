"""AlexNet, SqueezeNet and VGG against what their papers print and against arithmetic."""

from math import prod

import pytest

from costcalc import opening


@pytest.mark.parametrize(
    ("network", "weights", "biases", "macs"),
    [
        # 96 + 256 + 384 + 384 + 256 + 4096 + 4096 + 1000 = 10,568 biases, and weights
        # 11*11*3*96 = 34,848; 5*5*48*256 = 307,200; 3*3*256*384 = 884,736;
        # 3*3*192*384 = 663,552; 3*3*192*256 = 442,368; 6*6*256*4096 = 37,748,736;
        # 4096*4096 = 16,777,216; 4096*1000 = 4,096,000.
        ("alexnet", 60_954_656, 10_568, 724_406_816),
        # conv2, conv4 and conv5 have twice the weights: 307,200 + 663,552 + 442,368 more.
        ("alexnet@gpus=1", 62_367_776, 10_568, 1_135_256_096),
        # Table 1: 1,248,424 with biases.  ShuffleNet's Table 6 prints 833 MFLOPs.
        ("squeezenet", 1_244_448, 3_976, 832_667_936),
        # Padded to 15 x 15, conv10 has 512 * 1000 * (15 * 15 - 13 * 13) MACs more; the
        # README's 1.72 GFLOPS are two for each.
        ("squeezenet1_0@conv10_padding=1", 1_244_448, 3_976, 861_339_936),
        # Table 2, in millions with biases: 133, 133, 134, 138, 144.
        ("vgg11", 132_851_392, 11_944, 7_609_090_048),
        ("vgg11_lrn", 132_851_392, 11_944, 7_609_090_048),
        ("vgg13", 133_035_712, 12_136, 11_308_466_176),
        # 256*256 + 2 * 512*512 = 589,824 more than B, and 256 + 2 * 512 biases;
        # 256*256*56*56 + 512*512 * (28*28 + 14*14) = 462,422,016 MACs.
        ("vgg_c", 133_625_536, 13_416, 11_770_888_192),
        ("vgg16", 138_344_128, 13_416, 15_470_264_320),
        ("vgg19", 143_652_544, 14_696, 19_632_062_464),
    ],
)
def test_totals(counts, network, weights, biases, macs):
    found = counts(network)
    assert (found.weights, found.biases, found.macs) == (weights, biases, macs)


def test_alexnet_by_hand(counts):
    # Table of the comment above: weights, and how often each is used.
    layers = [
        (34_848, 55 * 55),
        (307_200, 27 * 27),
        (884_736, 13 * 13),
        (663_552, 13 * 13),
        (442_368, 13 * 13),
        (37_748_736, 1),
        (16_777_216, 1),
        (4_096_000, 1),
    ]
    found = counts("alexnet")
    assert found.weights == sum(weights for weights, _ in layers)
    assert found.macs == sum(weights * positions for weights, positions in layers)


@pytest.mark.parametrize(
    ("layer", "params"),
    [
        # Table 1, "#parameter before pruning".
        ("conv1", 14_208),
        ("fire2", 11_920),
        ("fire3", 12_432),
        ("fire4", 45_344),
        ("fire5", 49_440),
        ("fire6", 104_880),
        ("fire7", 111_024),
        ("fire8", 188_992),
        ("fire9", 197_184),
        ("conv10", 513_000),
    ],
)
def test_squeezenet_table_1(layer, params):
    found = 0
    for each in opening.opened("squeezenet").graph().layers:
        if each.name.split("/")[0] == layer:
            events = each.operation.events(each.input_shapes, each.output)
            found += events.weights + events.biases
    assert found == params


def test_alexnet_figure_2_in_neurons():
    # 186,624 + 64,896 + 64,896 + 43,264 behind conv2 to conv5; conv1's 55 * 55 * 96 is
    # 290,400 where the figure prints 253,440 = 55 * 48 * 96.
    graph = opening.opened("alexnet").graph()
    shapes = {layer.name: layer.output for layer in graph.layers}
    neurons = [prod(shapes[f"conv{number}"]) for number in range(1, 6)]
    assert neurons == [290_400, 186_624, 64_896, 64_896, 43_264]
