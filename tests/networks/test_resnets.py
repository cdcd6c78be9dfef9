"""ResNets that no framework publishes, by arithmetic from the paper's own words."""

import pytest

CLASSES = 10


def cifar_resnet(n: int) -> tuple[int, int]:
    """Weights and multiply-accumulates of section 4.2: 1 + 6n convolutions, then 64 x 10."""
    weights = 3 * 3 * 3 * 16
    macs = weights * 32 * 32
    channels = 16
    for c, side in ((16, 32), (32, 16), (64, 8)):
        for _ in range(2 * n):
            weights += 3 * 3 * channels * c
            macs += 3 * 3 * channels * c * side * side
            channels = c
    return weights + 64 * CLASSES, macs + 64 * CLASSES


# n = 3, 5, 7, 9, 18, 200; "depth, # params" of Table 6 in millions.
@pytest.mark.parametrize(
    ("depth", "n", "printed"),
    [
        (20, 3, "0.27"),
        (32, 5, "0.46"),
        (44, 7, "0.66"),
        (56, 9, "0.85"),
        (110, 18, "1.7"),
        (1202, 200, "19.4"),
    ],
)
def test_cifar_resnets_have_6n_plus_2_layers(counts, depth, n, printed):
    found = counts(f"resnet{depth}_cifar")
    assert (found.weights, found.macs) == cifar_resnet(n)
    # Each of the 6n + 1 convolutions has a norm: a scale and a shift per channel.
    assert found.norm_params == 2 * (16 + 2 * n * (16 + 32 + 64))
    in_all = found.weights + found.biases + found.norm_params
    digits = len(printed.partition(".")[2])
    assert f"{in_all / 10**6:.{digits}f}" == printed


def test_the_papers_own_stride_stands_on_the_first_1x1(counts):
    # Striding on the 3x3, the 1x1 before it still runs over the larger map; there are
    # three such blocks, with 256 -> 128, 512 -> 256 and 1024 -> 512 channels.
    larger = 256 * 128 * 56 * 56 + 512 * 256 * 28 * 28 + 1024 * 512 * 14 * 14
    strided = larger // 4
    as_run = 4_089_184_256
    assert counts("resnet50@stride_on=1").macs == as_run - (larger - strided)
    # "3.8 x 10^9" of Table 1.
    assert as_run - (larger - strided) == 3_857_973_248


@pytest.mark.parametrize(
    ("network", "projections"),
    [
        # Option B of the basic blocks: 64 -> 128, 128 -> 256, 256 -> 512.
        ("resnet34", 64 * 128 + 128 * 256 + 256 * 512),
        # and of the bottlenecks, whose first widens without a stride.
        ("resnet50", 64 * 256 + 256 * 512 + 512 * 1024 + 1024 * 2048),
    ],
)
def test_option_a_has_no_params(counts, network, projections):
    option_a, option_b = counts(f"{network}@shortcut=A"), counts(network)
    assert option_b.weights - option_a.weights == projections


def test_option_c_projects_in_every_block(counts):
    # Twelve more projections than option B: the 2, 3, 5 and 2 identities of ResNet-50.
    identities = 2 * 256**2 + 3 * 512**2 + 5 * 1024**2 + 2 * 2048**2
    option_c, option_b = counts("resnet50@shortcut=C"), counts("resnet50")
    assert option_c.weights - option_b.weights == identities
