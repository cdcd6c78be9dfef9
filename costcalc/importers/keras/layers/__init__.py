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

_OPERATIONS = ("keras.src.ops", "keras.ops")
_OWN = ("keras", "tf_keras", "tensorflow")
"""Packages of Keras itself; a class of any other package is a custom one."""


def is_operation(layer: KerasLayer) -> bool:
    """Whether it is a function of ``keras.ops``."""
    return layer.module.startswith(_OPERATIONS)


def rule_for(layer: KerasLayer) -> Rule | None:
    """The rule for a layer's class; None for an unknown class."""
    module = layer.module
    if is_operation(layer):
        return operations.TABLE.get(layer.class_name)
    if layer.class_name in ("TFOpLambda", "SlicingOpLambda"):
        function = layer.config.raw("function")
        name = operations.TENSORFLOW.get(function) if isinstance(function, str) else None
        return operations.TABLE.get(name or "")
    if module and module.partition(".")[0] not in _OWN:
        return None
    return TABLE.get(layer.class_name)
