"""One formula in every style, and exact numbers, as JSON holds them."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from costcalc.symbolic.writing import ASCII, LATEX, UNICODE, Node, written


def spellings(node: Node) -> dict[str, str]:
    """One formula in every style."""
    return {
        "text": written(node, UNICODE),
        "ascii": written(node, ASCII),
        "latex": written(node, LATEX),
    }


def exact_json(value: int | Fraction | None) -> Any:
    """A number that JSON holds exactly: an integer, or a ratio as text."""
    return f"{value.numerator}/{value.denominator}" if isinstance(value, Fraction) else value
