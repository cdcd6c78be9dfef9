"""Params and mult-adds of blocks with a closed form in their papers."""

from __future__ import annotations

from collections.abc import Sequence

from costcalc.formulas.algebra import Size, product
from costcalc.formulas.convolution import conv_weights, depthwise_weights

POINTWISE = (1, 1)


def separable_weights(kernel: Sequence[Size], M: Size, N: Size) -> Size:
    """Weights of a depthwise separable convolution: depthwise, then pointwise.

    MobileNetV1 (arXiv 1704.04861), section 3.1: D_K * D_K * M + M * N.

    >>> separable_weights((3, 3), M=16, N=32)
    656
    """
    return depthwise_weights(kernel, M) + conv_weights(POINTWISE, M, N)


def separable_mult_adds(kernel: Sequence[Size], M: Size, N: Size, output: Sequence[Size]) -> Size:
    """Mult-adds of a depthwise separable convolution.

    MobileNetV1, equation (5): D_K * D_K * M * D_F * D_F + M * N * D_F * D_F.

    >>> separable_mult_adds((3, 3), M=512, N=512, output=(14, 14))
    52283392
    """
    return separable_weights(kernel, M, N) * product(output)


def bottleneck_weights(kernel: Sequence[Size], M: Size, N: Size, t: Size) -> Size:
    """Weights of an inverted residual: expand M to t*M, filter each, project to N.

    MobileNetV2 (arXiv 1801.04381), Table 1.

    >>> bottleneck_weights((3, 3), M=24, N=24, t=6)
    8208
    """
    return (
        conv_weights(POINTWISE, M, t * M)
        + depthwise_weights(kernel, t * M)
        + conv_weights(POINTWISE, t * M, N)
    )


def bottleneck_mult_adds(
    kernel: Sequence[Size], M: Size, N: Size, t: Size, output: Sequence[Size]
) -> Size:
    """Mult-adds of an inverted residual of stride 1.

    MobileNetV2, section 3.3: h * w * d' * t * (d' + k^2 + d'').

    >>> bottleneck_mult_adds((3, 3), M=24, N=24, t=6, output=(56, 56))
    25740288
    """
    return bottleneck_weights(kernel, M, N, t) * product(output)


def residual_weights(kernel: Sequence[Size], M: Size, N: Size) -> Size:
    """Weights of a residual block of two convolutions: M to N, then N to N.

    ResNet (arXiv 1512.03385), figure 5 (left); the shortcut has none.

    >>> residual_weights((3, 3), M=64, N=64)
    73728
    """
    return conv_weights(kernel, M, N) + conv_weights(kernel, N, N)


def residual_mult_adds(kernel: Sequence[Size], M: Size, N: Size, output: Sequence[Size]) -> Size:
    """Mult-adds of a residual block of stride 1.

    >>> residual_mult_adds((3, 3), M=64, N=64, output=(56, 56))
    231211008
    """
    return residual_weights(kernel, M, N) * product(output)
