"""Layers of several tensors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from costcalc.formulas.algebra import product
from costcalc.importers import emit
from costcalc.importers.builder import Operand
from costcalc.importers.keras.config import wholes
from costcalc.importers.keras.context import KerasContext, Result, Rule
from costcalc.importers.keras.layers.normalisation import unit_length


def elementwise(kind: str) -> Rule:
    """``Add``, ``Multiply`` and the like; a single tensor is unchanged."""

    def rule(op: KerasContext) -> Result:
        if len(op.inputs) == 1:
            return op.add("identity", (op.input,))
        return join(op, kind, op.inputs)

    return rule


def join(op: KerasContext, kind: str, inputs: Sequence[Operand], part: str = "") -> Operand:
    """Tensors element by element; missing leading axes are added with dimensions of 1."""
    rank = max(tensor.rank for tensor in inputs)
    padded = [
        op.reshape(tensor, (*(1,) * (rank - tensor.rank), *op.keras_shape(tensor)), ".axes")
        if tensor.rank < rank
        else tensor
        for tensor in inputs
    ]
    return emit.join(op, kind, padded, part=part)


def average(op: KerasContext) -> Result:
    """``Average``: a sum, scaled by a constant."""
    if len(op.inputs) == 1:
        return op.add("identity", (op.input,))
    total = join(op, "add", op.inputs, "/add")
    return op.add("scale", (total,), part="/scale")


def concatenate(op: KerasContext) -> Result:
    """``Concatenate`` along an axis, the last by default."""
    value = op.option("axis") if len(op.inputs) > 1 else None
    return emit.concat(op, op.inputs, op.axis(value))


def dot(op: KerasContext) -> Result:
    """``Dot``: the product along one axis of each tensor, as a matrix product."""
    left, right = op.pair
    value = wholes(op.config.raw("axes"), "'axes'", -8, least=1, most=2)
    places = (value * 2)[:2]
    kept: list[int] = []
    matrices = []
    if op.config.flag("normalize", False):
        left = unit_length(op, left, (op.axis(places[0], left),), "/left")
        right = unit_length(op, right, (op.axis(places[1], right),), "/right")
    for tensor, place, is_left in ((left, places[0], True), (right, places[1], False)):
        dims = op.keras_shape(tensor)
        summed = op.layout.to_keras(range(tensor.rank)).index(op.axis(place, tensor))
        others = [axis for axis in range(tensor.rank) if axis != summed]
        order = [*others, summed] if is_left else [summed, *others]
        transposed = emit.transpose(op, tensor, op.layout.permutation(order))
        own = [dims[axis] for axis in others]
        kept += own
        matrix = (product(own), dims[summed]) if is_left else (dims[summed], product(own))
        matrices.append(op.add("reshape", (transposed,), {"shape": matrix}, ".matrix"))
    return op.reshape(op.add("matmul", matrices), kept or [1], ".reshape", is_sized=True)


def scaled_sum(op: KerasContext) -> Result:
    """InceptionResNetV2's ``CustomScaleLayer``: a tensor, plus another times a constant."""
    tensor, other = op.pair
    scaled = op.add("scale", (other,), part="/scale")
    return join(op, "add", (tensor, scaled), "/add")


TABLE: Mapping[str, Rule] = {
    "Add": elementwise("add"),
    "Subtract": elementwise("subtract"),
    "Multiply": elementwise("multiply"),
    "Maximum": elementwise("maximum"),
    "Minimum": elementwise("minimum"),
    "Average": average,
    "Concatenate": concatenate,
    "Dot": dot,
    "CustomScaleLayer": scaled_sum,
}
