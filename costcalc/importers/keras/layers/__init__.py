"""The table of Keras layers: for each class, the rule that lowers a call of it.

To support another layer, write a rule in a module of this folder and add a row to
that module's table.
"""

from __future__ import annotations

from collections.abc import Mapping

from costcalc.importers.keras.context import Rule
from costcalc.importers.keras.layers import (
    activation,
    attention,
    convolution,
    einsum,
    joining,
    normalisation,
    operations,
    pooling,
    recurrent,
    reshaping,
    spectral,
)
from costcalc.importers.keras.structure import KerasLayer

TABLE: Mapping[str, Rule] = {
    **activation.TABLE,
    **attention.TABLE,
    **convolution.TABLE,
    **einsum.TABLE,
    **joining.TABLE,
    **normalisation.TABLE,
    **pooling.TABLE,
    **recurrent.TABLE,
    **reshaping.TABLE,
    **spectral.TABLE,
}


def rule_for(layer: KerasLayer) -> Rule | None:
    """The rule for a layer's class; None for an unknown class."""
    if layer.is_operation:
        return operations.TABLE.get(layer.class_name)
    if layer.class_name in ("TFOpLambda", "SlicingOpLambda"):
        function = layer.config.raw("function")
        name = operations.TENSORFLOW.get(function) if isinstance(function, str) else None
        return operations.TABLE.get(name or "")
    return TABLE.get(layer.class_name)
