"""Params and mult-adds of convolutions.

Symbols are those of MobileNetV1 (arXiv 1704.04861, section 3): kernel D_K x D_K,
M input channels, N output channels, an output of D_F x D_F positions, g groups.
Kernels and maps are given by their sides, so that 1-D, 2-D and 3-D, square or
not, are one formula.
"""

from __future__ import annotations

from collections.abc import Sequence

from costcalc.formulas.algebra import Size, exact_div, product


def conv_weights(kernel: Sequence[Size], M: Size, N: Size, g: Size = 1) -> Size:
    """Weights of a convolution: each of N filters sees M/g channels.

    MobileNetV1, section 3.1: D_K * D_K * M * N; with groups, ResNeXt
    (arXiv 1611.05431), section 3.2.

    >>> conv_weights((3, 3), M=32, N=64)
    18432
    """
    return product(kernel) * exact_div(M, g) * N


def conv_mult_adds(
    kernel: Sequence[Size], M: Size, N: Size, output: Sequence[Size], g: Size = 1
) -> Size:
    """Mult-adds of a convolution: every weight once per output position.

    MobileNetV1, equation (2): D_K * D_K * M * N * D_F * D_F.

    >>> conv_mult_adds((3, 3), M=32, N=64, output=(112, 112))
    231211008
    """
    return conv_weights(kernel, M, N, g) * product(output)


def depthwise_weights(kernel: Sequence[Size], M: Size) -> Size:
    """Weights of a depthwise convolution: one filter for each of M channels.

    MobileNetV1, section 3.1: D_K * D_K * M.

    >>> depthwise_weights((3, 3), M=32)
    288
    """
    return conv_weights(kernel, M, M, g=M)


def depthwise_mult_adds(kernel: Sequence[Size], M: Size, output: Sequence[Size]) -> Size:
    """Mult-adds of a depthwise convolution.

    MobileNetV1, equation (4): D_K * D_K * M * D_F * D_F.

    >>> depthwise_mult_adds((3, 3), M=32, output=(112, 112))
    3612672
    """
    return conv_mult_adds(kernel, M, M, output, g=M)


def transposed_conv_mult_adds(
    kernel: Sequence[Size], M: Size, N: Size, input: Sequence[Size], g: Size = 1
) -> Size:
    """Mult-adds of a transposed convolution: every weight once per input position.

    The transpose scatters where the convolution gathers (Dumoulin and Visin,
    arXiv 1603.07285, chapter 4), so the map that counts is the input's.

    >>> transposed_conv_mult_adds((2, 2), M=8, N=4, input=(10, 10))
    12800
    """
    return conv_weights(kernel, M, N, g) * product(input)
