"""How many positions a sliding window has: the one rule for every kind that slides.

Dumoulin and Visin, "A guide to convolution arithmetic for deep learning"
(arXiv 1603.07285), chapters 2 and 4.
"""

from __future__ import annotations

from costcalc.formulas.algebra import Size, ceil_div, gcd, less, maximum


def window_extent(kernel: Size, dilation: Size) -> Size:
    """Positions that a dilated kernel covers: dilation * (kernel - 1) + 1.

    >>> window_extent(3, dilation=2)
    5
    """
    return dilation * (kernel - 1) + 1


def window_output(
    size: Size, kernel: Size, stride: Size, before: Size, after: Size, dilation: Size
) -> Size:
    """Positions of a window over ``size`` padded by ``before`` and ``after``.

    Relationship 6: floor((i + 2p - k - (k - 1)(d - 1)) / s) + 1.

    >>> window_output(224, kernel=3, stride=2, before=1, after=1, dilation=1)
    112
    """
    return (size + before + after - window_extent(kernel, dilation)) // stride + 1


def window_output_ceil(
    size: Size, kernel: Size, stride: Size, before: Size, after: Size, dilation: Size
) -> Size:
    """Positions of a window that may extend past the end, as in Caffe's pooling.

    Rounded up, without a last window that would start beyond the input and its
    left padding.

    >>> window_output_ceil(112, kernel=3, stride=2, before=0, after=0, dilation=1)
    56
    """
    extent = window_extent(kernel, dilation)
    positions = ceil_div(size + before + after - extent, stride) + 1
    return positions - less(size + before - 1, (positions - 1) * stride)


def window_output_same(size: Size, stride: Size) -> Size:
    """Positions under TensorFlow's ``same`` padding: one for every stride begun.

    >>> window_output_same(7, stride=2)
    4
    """
    return ceil_div(size, stride)


def same_padding(size: Size, kernel: Size, stride: Size, dilation: Size) -> Size:
    """Rows that ``same`` padding adds to an axis, before and after together.

    They are what the last window lacks; TensorFlow adds the smaller half before.

    >>> same_padding(224, kernel=3, stride=2, dilation=1)  # none before, one after
    1
    """
    covered = (window_output_same(size, stride) - 1) * stride + window_extent(kernel, dilation)
    return maximum(covered - size, 0)


def transposed_output(
    size: Size,
    kernel: Size,
    stride: Size,
    before: Size,
    after: Size,
    dilation: Size,
    extra: Size,
) -> Size:
    """Output side of a transposed convolution, ``extra`` being its output padding.

    Relationship 13: s(i' - 1) + a + k - 2p.

    >>> transposed_output(10, 2, stride=2, before=0, after=0, dilation=1, extra=0)
    20
    """
    spread = (size - 1) * stride + window_extent(kernel, dilation)
    return spread - before - after + extra


def adaptive_rows(size: Size, windows: Size) -> Size:
    """Rows of all windows of an adaptive pool together: n + m - gcd(n, m).

    Window i of m over n rows runs from floor(i n / m) to ceil((i + 1) n / m), as
    PyTorch's AdaptiveAvgPool2d cuts them: m windows cover n rows, and two
    neighbours share one wherever m does not divide the row where they meet.

    >>> adaptive_rows(7, 3)  # rows 0-2, 2-4 and 4-6
    9
    """
    return size + windows - gcd(size, windows)
