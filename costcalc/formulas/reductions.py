"""Operations of reducing elements to results, along some or all axes."""

from __future__ import annotations

from costcalc.formulas.algebra import Size


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
