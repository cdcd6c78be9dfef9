"""The width multiplier: how many channels a nominal width becomes.

MobileNetV1 (arXiv 1704.04861), section 3.3: "the number of input channels M
becomes alpha M and the number of output channels N becomes alpha N".
"""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

from costcalc.formulas import algebra
from costcalc.spec.document import Rounding

WidthOrigin: TypeAlias = Literal["scaled", "written", "derived"]
"""Where a layer's width comes from: scaled by the multiplier, as it is written in the spec, or
derived from other channels, which it has to fit."""


def scaled(width: Any, alpha: Any, rounding: Rounding) -> Any:
    """``alpha * width``, rounded by the spec's rule.

    >>> from fractions import Fraction
    >>> scaled(720, Fraction(7, 20), Rounding("divisible_by", 8))
    256
    """
    exact = algebra.whole(width * alpha)
    if rounding.rule == "divisible_by":
        return algebra.round_to_multiple(exact, rounding.divisor)
    if rounding.rule == "nearest_multiple":
        return algebra.nearest_multiple(exact, rounding.divisor)
    if rounding.rule == "nearest":
        return algebra.round_half_up(exact)
    return algebra.floor(exact)
