"""Layers that join several tensors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from costcalc.errors import Refusal
from costcalc.formulas.algebra import product
from costcalc.importers import emit
from costcalc.importers.builder import Operand, UnknownOp
from costcalc.importers.keras.config import wholes
from costcalc.importers.keras.context import KerasContext, Rule, Result


def elementwise(kind: str) -> Rule:
    """``Add``, ``Multiply`` and the like; one tensor by itself is as it was."""

    def rule(op: KerasContext) -> Result:
        if len(op.inputs) == 1:
            return op.add("identity", (op.input,))
        return joined(op, kind, op.inputs)

    return rule


def joined(op: KerasContext, kind: str, inputs: Sequence[Operand], part: str = "") -> Operand:
    """Tensors element by element; where one has fewer axes, sides of 1 stand first."""
    rank = max(tensor.rank for tensor in inputs)
    level = [
        op.reshape(tensor, ((1,) * (rank - tensor.rank) + op.keras_shape(tensor)), ".axes")
        for tensor in inputs
    ]
    return emit.join(op, kind, level, part=part)


def average(op: KerasContext) -> Result:
    """``Average``: the sum, times a constant."""
    if len(op.inputs) == 1:
        return op.add("identity", (op.input,))
    total = joined(op, "add", op.inputs, "/add")
    return op.add("scale", (total,), part="/scale")


def concatenate(op: KerasContext) -> Result:
    """``Concatenate`` along an axis, the last by default."""
    value = op.option("axis") if len(op.inputs) > 1 else None
    return emit.concat(op, op.inputs, op.axis(-1 if value is None else value))


def dot(op: KerasContext) -> Result:
    """``Dot``: the product along an axis of each, a matrix product once it stands last."""
    if len(op.inputs) != 2:
        raise Refusal("it needs two tensors", found=f"{len(op.inputs)}")
    if op.config.flag("normalize", False):
        raise UnknownOp
    value = wholes(op.config.raw("axes"), "'axes'", -8)
    places = (value * 2)[:2]
    left, right = op.inputs
    kept: list[int] = []
    matrices = []
    for tensor, place, is_left in ((left, places[0], True), (right, places[1], False)):
        sides = op.keras_shape(tensor)
        rank = len(sides)
        index = op.layout.to_keras(range(rank)).index(op.axis(place, tensor))
        others = [each for each in range(rank) if each != index]
        order = [*others, index] if is_left else [index, *others]
        turned = emit.transpose(op, tensor, op.layout.permutation(order))
        own = [sides[each] for each in others]
        kept += own
        n = product(own)
        flat = (n, sides[index]) if is_left else (sides[index], n)
        matrices.append(_plain(op, turned, flat))
    op.builder.is_sized = True
    result = op.add("matmul", matrices)
    return op.add("reshape", (result,), {"shape": op.layout.from_keras(kept or [1])}, ".reshape")


def _plain(op: KerasContext, tensor: Operand, sides: tuple[int, int]) -> Operand:
    return op.add("reshape", (tensor,), {"shape": sides}, ".matrix")


def scaled_sum(op: KerasContext) -> Result:
    """InceptionResNetV2's ``CustomScaleLayer``: a tensor, and another times a constant."""
    if len(op.inputs) != 2:
        raise Refusal("it needs two tensors", found=f"{len(op.inputs)}")
    scaled = op.add("scale", op.inputs[1:], part="/scale")
    return joined(op, "add", (op.input, scaled), "/add")


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
