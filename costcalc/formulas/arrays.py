"""The algebra of NumPy integer arrays: what :mod:`.algebra` has no operator for."""

from __future__ import annotations

from typing import Any

import numpy

maximum = numpy.maximum
minimum = numpy.minimum
gcd = numpy.gcd


def less(a: Any, b: Any) -> Any:
    """1 where ``a < b``, else 0."""
    return numpy.less(a, b).astype(numpy.int64)


def quotient(a: Any, b: Any) -> Any:
    """``a / b``, which must be whole in every element.

    Raises:
        ValueError: some element is not a whole number.
    """
    whole, rest = numpy.divmod(a, b)
    if numpy.any(rest):
        raise ValueError("an integer array can only hold whole quotients")
    return whole


def is_whole(a: Any) -> bool:
    """True for integer arrays, which hold nothing else."""
    return bool(numpy.issubdtype(a.dtype, numpy.integer))
