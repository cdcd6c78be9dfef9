"""Operations of pooling: no weights, no mult-adds."""

from __future__ import annotations

from collections.abc import Sequence

from costcalc.formulas.algebra import Size, product


def pooled_elements(kernel: Sequence[Size], C: Size, output: Sequence[Size]) -> Size:
    """Elements in all windows of a pool together, padding included.

    >>> pooled_elements((3, 3), C=64, output=(56, 56))
    1806336
    """
    return product(kernel) * C * product(output)


def max_pool_comparisons(elements: Size, results: Size) -> Size:
    """A comparison for every element but the first of each window.

    >>> max_pool_comparisons(36, results=4)
    32
    """
    return elements - results


def avg_pool_additions(elements: Size, results: Size) -> Size:
    """An addition for every element but the first of each window.

    >>> avg_pool_additions(49, results=1)
    48
    """
    return elements - results


def avg_pool_divisions(results: Size) -> Size:
    """A division for every window.

    >>> avg_pool_divisions(4)
    4
    """
    return results
