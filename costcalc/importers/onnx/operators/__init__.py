"""The table of operators, each one function with two halves.

A new operator is a function in one of the modules beside this one, and a row of
that module's table:

    def softsign(op: OpView) -> Rule:
        ctx = yield [op.input(0)]        # what is known of its outputs: shapes, sizes
        ctx.emit_one("softsign")         # its layers, by costcalc.importers.emit

What stands before the ``yield`` reads the node, ``op``, and says what is known of each
output before anything runs.  Where the node is to become layers, what stands behind it
adds them to ``to``, which also has the tensors that the node reads as operands.
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
    layout,
    matrices,
    normalisation,
    picking,
    recurrent,
    reducing,
    resampling,
)

TABLE: Mapping[str, Operator] = {
    **activation.TABLE,
    **attention.TABLE,
    **constants.TABLE,
    **convolution.TABLE,
    **einsum.TABLE,
    **elementwise.TABLE,
    **layout.TABLE,
    **matrices.TABLE,
    **normalisation.TABLE,
    **picking.TABLE,
    **recurrent.TABLE,
    **reducing.TABLE,
    **resampling.TABLE,
}
"""Operators of ONNX's own domain by their names."""

PATTERNS: Mapping[str, Operator] = {
    **activation.PATTERNS,
    **layout.PATTERNS,
    **matrices.PATTERNS,
    **normalisation.PATTERNS,
    **reducing.PATTERNS,
}
"""What exporters write as several operators, by the pattern's name; its outputs are known."""
