"""The symbols that papers write their formulas in, and their meanings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from costcalc.symbolic.formula import Name


class Symbol(NamedTuple):
    """A symbol of a notation."""

    name: Name
    meaning: str
    scaled_by: str = ""
    """The multiplier that scales it, ``alpha`` or ``rho``; empty if none does."""


class Sizes(NamedTuple):
    """The sizes in layer formulas, in any algebra."""

    kernel: tuple[Any, ...]
    M: Any
    N: Any
    output: tuple[Any, ...]
    g: Any
    t: Any


class Notation(NamedTuple):
    """One paper's symbols, in the order it writes them in a product."""

    source: str
    symbols: tuple[Symbol, ...]
    sizes: Sizes
    """The name of the symbol for each size."""


def _plain(name: str) -> Name:
    return Name(name, name, name, name)


ALPHA = Symbol(Name("alpha", "α", "alpha", r"\alpha"), "width multiplier")
RHO = Symbol(Name("rho", "ρ", "rho", r"\rho"), "resolution multiplier")
MULTIPLIERS = (ALPHA, RHO)
SCALING = "MobileNetV1 (arXiv 1704.04861), sections 3.3 and 3.4, on alpha and rho"
"""The source of the multipliers."""

_T = Symbol(_plain("t"), "expansion factor")

MOBILENET_V1 = Notation(
    "MobileNetV1 (arXiv 1704.04861), section 3",
    (
        Symbol(_plain("D_K"), "side of the kernel"),
        Symbol(_plain("M"), "input channels", "alpha"),
        Symbol(_plain("N"), "output channels", "alpha"),
        Symbol(_plain("D_F"), "side of the output map", "rho"),
        Symbol(_plain("g"), "groups"),
        _T,
    ),
    Sizes(("D_K", "D_K"), "M", "N", ("D_F", "D_F"), "g", "t"),
)
MOBILENET_V2 = Notation(
    "MobileNetV2 (arXiv 1801.04381), section 3",
    (
        Symbol(_plain("h"), "height of the map", "rho"),
        Symbol(_plain("w"), "width of the map", "rho"),
        Symbol(Name("d'", "d′", "d'", "d'"), "input channels", "alpha"),
        _T,
        Symbol(_plain("k"), "side of the kernel"),
        Symbol(Name("d''", "d″", "d''", "d''"), "output channels", "alpha"),
        Symbol(_plain("g"), "groups"),
    ),
    Sizes(("k", "k"), "d'", "d''", ("h", "w"), "g", "t"),
)

SPELLINGS: Mapping[str, str] = {"α": "alpha", "ρ": "rho", "d′": "d'", "d″": "d''"}
"""Other spellings of a symbol's name."""


def scaled(symbol: Symbol, multiplier: Symbol) -> Name:
    """The symbol times its multiplier, as one name: αM.

    >>> scaled(MOBILENET_V1.symbols[1], ALPHA).text
    'αM'
    """
    name, by = symbol.name, multiplier.name
    return Name(
        f"{by.name}*{name.name}",
        by.text + name.text,
        f"{by.ascii}*{name.ascii}",
        f"{by.latex} {name.latex}",
        is_product=True,
    )


def title(metric: str, unit: str = "mult-adds") -> str:
    """A metric's name for people: mult-adds in their unit, ``norm params``."""
    return unit if metric == "mult_adds" else metric.replace("_", " ")


def sizes_of(notation: Notation, values: Mapping[str, Any]) -> Sizes:
    """A notation's sizes, each with the value of its symbol."""
    return Sizes(
        *(
            tuple(values[side] for side in name) if isinstance(name, tuple) else values[name]
            for name in notation.sizes
        )
    )
