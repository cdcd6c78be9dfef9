"""Params and operations of normalisations, as they run at inference."""

from __future__ import annotations

from costcalc.formulas.algebra import Size


def norm_params(C: Size) -> Size:
    """Learned params of a normalisation: a scale and a shift for every channel.

    Ioffe and Szegedy (arXiv 1502.03167), algorithm 1: gamma and beta.

    >>> norm_params(32)
    64
    """
    return 2 * C


def norm_scales(C: Size) -> Size:
    """Learned params of a normalisation without a shift: a scale for every channel.

    Zhang and Sennrich (arXiv 1910.07467), equation (4): the gain g.

    >>> norm_scales(32)
    32
    """
    return C


def batch_norm_buffers(C: Size) -> Size:
    """Running statistics that training leaves behind: a mean and a variance for every channel.

    Ioffe and Szegedy, algorithm 2, lines 9 to 11.

    >>> batch_norm_buffers(32)
    64
    """
    return 2 * C


def scale_and_shift(elements: Size) -> Size:
    """Multiplications, and as many additions, of scaling and shifting every element.

    Ioffe and Szegedy, algorithm 2, line 11: at inference this is all of batch norm.

    >>> scale_and_shift(32 * 112 * 112)
    401408
    """
    return elements


def centring_additions(elements: Size, statistics: Size) -> Size:
    """Additions of normalising by means and variances of the input itself.

    Each element is added to a mean and centred; its square is added to a variance.
    Each variance gets an epsilon.

    >>> centring_additions(elements=100, statistics=10)
    310
    """
    return 3 * elements + statistics


def centring_multiplications(elements: Size) -> Size:
    """Multiplications of the same: each element is squared, and multiplied by one over a root.

    >>> centring_multiplications(100)
    200
    """
    return 2 * elements


def centring_divisions(statistics: Size) -> Size:
    """Divisions of the same: the mean and the variance of every group.

    >>> centring_divisions(10)
    20
    """
    return 2 * statistics


def mean_square_additions(elements: Size, statistics: Size) -> Size:
    """Additions of mean squares: each element's square is added, each mean gets an epsilon.

    >>> mean_square_additions(elements=100, statistics=10)
    110
    """
    return elements + statistics


def lrn_additions(elements: Size, neighbours: Size) -> Size:
    """Additions of local response normalisation: squares over neighbouring channels.

    AlexNet (Krizhevsky et al., 2012), section 3.3.

    >>> lrn_additions(elements=100, neighbours=5)
    500
    """
    return elements * neighbours
