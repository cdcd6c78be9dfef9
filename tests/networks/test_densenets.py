"""DenseNets for images of 32 x 32, by arithmetic from section 3 of the paper."""

import pytest


def cifar_densenet(depth: int, k: int, is_bc: bool) -> tuple[int, int, int]:
    """Weights, norm params and multiply-accumulates."""
    channels = 2 * k if is_bc else 16
    layers = (depth - 4) // (6 if is_bc else 3)
    weights, norms = 3 * 3 * 3 * channels, 0
    macs = weights * 32 * 32
    for side in (32, 16, 8):
        for _ in range(layers):
            if is_bc:
                filters = channels * 4 * k + 3 * 3 * 4 * k * k
                norms += 2 * (channels + 4 * k)
            else:
                filters = 3 * 3 * channels * k
                norms += 2 * channels
            weights += filters
            macs += filters * side * side
            channels += k
        norms += 2 * channels
        if side > 8:
            kept = channels // 2 if is_bc else channels
            weights += channels * kept
            macs += channels * kept * side * side
            channels = kept
    return weights + 10 * channels, norms, macs + 10 * channels


# Params in millions as Table 2 prints them.
@pytest.mark.parametrize(
    ("depth", "k", "is_bc", "printed"),
    [
        (40, 12, False, "1.0"),
        (100, 12, False, "7.0"),
        (100, 24, False, "27.2"),
        (100, 12, True, "0.8"),
        (250, 24, True, "15.3"),
        (190, 40, True, "25.6"),
    ],
)
def test_cifar_densenets(counts, depth, k, is_bc, printed):
    found = counts(f"densenet_cifar@depth={depth},k={k},bottleneck={str(is_bc).lower()}")
    assert (found.weights, found.norm_params, found.macs) == cifar_densenet(depth, k, is_bc)
    in_all = found.weights + found.biases + found.norm_params
    assert f"{in_all / 10**6:.1f}" == printed
