"""Activations that have attributes."""

from __future__ import annotations

from math import prod

from costcalc.importers.torch.calls import Call
from costcalc.importers.torch.lowering import Lowering, bound, sides
from costcalc.importers.torch.operations.elementwise import Operation, unary


def gelu(call: Call, to: Lowering) -> None:
    """``F.gelu``, exact or by tanh."""
    approximate = bound(call, "input", "approximate").get("approximate", "none")
    unary("gelu_tanh" if approximate == "tanh" else "gelu")(call, to)


def hard_tanh(call: Call, to: Lowering) -> None:
    """``F.hardtanh``; between 0 and 6 a ReLU6."""
    given = bound(call, "input", "min_val", "max_val")
    bounds = given.get("min_val", -1), given.get("max_val", 1)
    unary("relu6" if bounds == (0, 6) else "hard_tanh" if bounds == (-1, 1) else "clip")(call, to)


def prelu(call: Call, to: Lowering) -> None:
    """``F.prelu``; its slopes are of the second axis."""
    given = bound(call, "input", "weight")
    shape = sides(to.shape_of(call))
    arguments: dict[str, bool | int]
    arguments = {"shared": True} if prod(to.shape(given["weight"])) == 1 else {}
    if len(shape) == len(to.shape_of(call)) > 1:
        arguments |= {"axis": 1}
    stored = {"other_params": [given["weight"]]}
    node = to.add(call, "prelu", arguments, (to.node(given["input"]),), shape, stored)
    to.give(call.outputs[0], node)


def softmax(kind: str) -> Operation:
    """Along an axis."""

    def lower(call: Call, to: Lowering) -> None:
        given = bound(call, "input", "dim")
        shape = to.shape_of(call)
        axis = (-1 if given.get("dim") is None else given["dim"]) % max(len(shape), 1)
        held = shape if axis == 0 else sides(shape)
        arguments = {"axis": axis - (len(shape) - len(held))}
        node = to.add(call, kind, arguments, (to.node(given["input"], held),), held)
        to.give(call.outputs[0], node, held)

    return lower
