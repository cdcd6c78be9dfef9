"""The rules of operators, by the names of the schema.

An operator that is not here is unknown: refused by name, or not counted.
"""

from __future__ import annotations

from collections.abc import Mapping

from costcalc.importers.tflite.context import Rule
from costcalc.importers.tflite.operators import (
    control,
    convolution,
    elementwise,
    layout,
    picking,
    recurrent,
    reducing,
)

TABLE: Mapping[str, Rule] = {
    **convolution.TABLE,
    **elementwise.TABLE,
    **layout.TABLE,
    **picking.TABLE,
    **reducing.TABLE,
    **recurrent.TABLE,
    **control.TABLE,
}
