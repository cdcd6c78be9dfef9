"""Operations of reducing elements to results: over windows, or along axes."""

from __future__ import annotations

from collections.abc import Sequence

from costcalc.formulas.algebra import Size, product


def pooled_elements(kernel: Sequence[Size], C: Size, output: Sequence[Size]) -> Size:
    """Elements in all windows of a pool together, padding included.

    >>> pooled_elements((3, 3), C=64, output=(56, 56))
    1806336
    """
    return product(kernel) * C * product(output)


def folds(elements: Size, results: Size) -> Size:
    """Operations of folding every element but the first into its result.

    >>> folds(49, results=1)
    48
    """
    return elements - results


def variance_additions(elements: Size, results: Size) -> Size:
    """Additions of variances: a sum for the mean, every element centred, a sum of squares.

    >>> variance_additions(49, results=1)
    145
    """
    return folds(elements, results) + elements + folds(elements, results)
