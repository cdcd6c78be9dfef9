"""Formulas in every style, exact numbers and settings, as several pages show them."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from textwrap import wrap
from typing import Any

from costcalc.reporting.figures import exact
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


def at_settings(parameters: Mapping[str, Any]) -> list[str]:
    """``At alpha = 1, res = 224:`` in lines of at most 80 characters."""
    settings = ", ".join(
        f"{name}\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}{exact(value)}"
        for name, value in parameters.items()
        if value is not None
    )
    return [line.replace("\N{NO-BREAK SPACE}", " ") for line in wrap(f"At {settings}:", 80)]
