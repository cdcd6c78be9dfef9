"""The table of Keras' layers: each class, and the function that lowers a call of it to kinds.

A new layer is a function in one of the modules beside this one, and a row of
that module's table.
"""

from __future__ import annotations

from collections.abc import Mapping

from costcalc.importers.keras.context import Lower
from costcalc.importers.keras.layers import (
    activation,
    attention,
    convolution,
    joining,
    normalisation,
    operations,
    pooling,
    reshaping,
)
from costcalc.importers.keras.structure import KerasLayer

TABLE: Mapping[str, Lower] = {
    **activation.TABLE,
    **attention.TABLE,
    **convolution.TABLE,
    **joining.TABLE,
    **normalisation.TABLE,
    **pooling.TABLE,
    **reshaping.TABLE,
}

_OPERATIONS = ("keras.src.ops", "keras.ops")
_OWN = ("keras", "tf_keras", "tensorflow")
"""Packages whose classes are Keras' own, whatever others are called."""


def lowering(layer: KerasLayer) -> Lower | None:
    """The function for a layer's class; None for one that is not known."""
    module = layer.module
    if module.startswith(_OPERATIONS):
        return operations.TABLE.get(layer.class_name)
    if layer.class_name in ("TFOpLambda", "SlicingOpLambda"):
        function = layer.config.raw("function")
        name = operations.TENSORFLOW.get(function) if isinstance(function, str) else None
        return operations.TABLE.get(name or "")
    if module and module.partition(".")[0] not in _OWN:
        return None
    return TABLE.get(layer.class_name)
