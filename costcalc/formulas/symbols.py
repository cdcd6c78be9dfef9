"""The algebra of SymPy expressions: what :mod:`.algebra` has no operator for."""

from __future__ import annotations

from typing import Any

import sympy

maximum = sympy.Max
minimum = sympy.Min


def less(a: Any, b: Any) -> Any:
    """1 where ``a < b``, else 0."""
    return sympy.Piecewise((1, sympy.Lt(a, b)), (0, True))


def quotient(a: Any, b: Any) -> Any:
    """``a / b``."""
    return sympy.sympify(a, strict=True) / b


def is_whole(a: Any) -> bool:
    """Whether SymPy can prove that ``a`` is whole."""
    return bool(a.is_integer)


class gcd(sympy.Function):  # type: ignore[misc]  # noqa: N801  # a function, as SymPy writes one
    """The greatest common divisor of two whole numbers, unevaluated while either is a symbol.

    SymPy's own is that of polynomials: for 6 x and 4 it is 2, whatever x is.
    """

    @classmethod
    def eval(cls, a: Any, b: Any) -> Any:
        """The divisor, if both are numbers."""
        if a.is_Integer and b.is_Integer:
            return sympy.igcd(a, b)
        return None
