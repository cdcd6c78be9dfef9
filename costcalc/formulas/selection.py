"""Comparisons of picking the largest elements, and of picking boxes that do not overlap."""

from __future__ import annotations

from costcalc.formulas.algebra import Size, exact_div, less

_DOUBLINGS = 64
"""Beyond any size."""


def doublings(n: Size) -> Size:
    """How often 1 is doubled to reach n: the logarithm to the base of 2, rounded up.

    >>> doublings(1), doublings(8), doublings(9)
    (0, 3, 4)
    """
    return sum(less(2**count, n) for count in range(_DOUBLINGS))


def selection_comparisons(n: Size, k: Size) -> Size:
    """Comparisons of finding the k largest of n elements, in order, by a tournament.

    The first is found by n - 1; each other by replaying the matches of the one before it
    (Knuth, The Art of Computer Programming, volume 3, section 5.2.3).  The k-th of n
    elements takes no more; a sort finds all n.

    >>> selection_comparisons(8, k=1), selection_comparisons(8, k=3)
    (7, 13)
    """
    return n - 1 + (k - 1) * doublings(n)


def pairs(n: Size) -> Size:
    """Pairs of n elements.

    >>> pairs(5)
    10
    """
    return exact_div(n * (n - 1), 2)
