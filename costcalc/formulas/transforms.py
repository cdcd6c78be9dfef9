"""Additions and multiplications of Fourier transforms."""

from __future__ import annotations

from collections.abc import Sequence

from costcalc.formulas.algebra import Size, product
from costcalc.formulas.selection import doublings


def butterflies(sizes: Sequence[Size]) -> Size:
    """Butterflies of a transform of radix 2 along axes of some sizes (Cooley and Tukey, 1965).

    Each of ceil(log2 n) stages combines all elements in pairs: half as many butterflies as
    elements.  Twice as many are given here, since transforms of real numbers take half.

    >>> butterflies((8,)), butterflies((14, 14))
    (24, 1568)
    """
    return product(sizes) * sum(doublings(size) for size in sizes)
