"""The table of operators: the rule of each, a function in two halves.

A new operator is a function in one of the modules of this folder, and a row of that
module's table:

    def softsign(op: OpView) -> Rule:
        ctx = yield [op.input(0)]        # what is known of its outputs: shapes, values
        ctx.add_output("softsign")       # its layers, by costcalc.importers.emit

The half before the ``yield`` reads the node's attributes and inputs from ``op``, and
yields what is known of each output.  The half after it adds the node's layers to
``ctx``, which has the node's inputs as operands.
"""

from __future__ import annotations

from collections.abc import Mapping

from costcalc.importers.onnx.context import Operator
from costcalc.importers.onnx.operators import (
    activation,
    attention,
    constants,
    convolution,
    einsum,
    elementwise,
    experts,
    layout,
    losses,
    matrices,
    normalisation,
    picking,
    recurrent,
    reducing,
    resampling,
    sampling,
    selection,
    transforms,
)

TABLE: Mapping[str, Operator] = {
    **activation.TABLE,
    **attention.TABLE,
    **constants.TABLE,
    **convolution.TABLE,
    **einsum.TABLE,
    **elementwise.TABLE,
    **experts.TABLE,
    **layout.TABLE,
    **losses.TABLE,
    **matrices.TABLE,
    **normalisation.TABLE,
    **picking.TABLE,
    **recurrent.TABLE,
    **reducing.TABLE,
    **resampling.TABLE,
    **sampling.TABLE,
    **selection.TABLE,
    **transforms.TABLE,
}
"""The operators of ONNX's own domain, by name."""

PATTERNS: Mapping[str, Operator] = {
    **activation.PATTERNS,
    **convolution.PATTERNS,
    **layout.PATTERNS,
    **matrices.PATTERNS,
    **normalisation.PATTERNS,
    **reducing.PATTERNS,
}
"""The patterns, by name.  Shapes are inferred before they are matched: rules yield nothing."""

INTERNAL: Mapping[str, Operator] = elementwise.INTERNAL
"""Operators that no file has, and that stand in for parts of others."""
