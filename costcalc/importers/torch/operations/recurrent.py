"""Recurrent layers: the matrices of every step at once, then what joins the steps.

A step's previous state is a rearrangement of what is computed: costs need its
shape alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from costcalc.importers import emit
from costcalc.importers.builder import Operand, UnknownOp
from costcalc.importers.torch.calls import ValueRef
from costcalc.importers.torch.context import Rule, TorchContext

Weights = Sequence[ValueRef]
"""The matrices of the input and of the state, and the biases of both where there are any."""


class RecurrentStep(NamedTuple):
    """One direction of a layer, all matrices of which stand side by side."""

    op: TorchContext
    hidden: int
    fed: Operand
    """What the matrices make of the input."""
    previous: Operand
    """The state before."""
    returned: Operand
    """What the matrices make of it."""

    def each(self, kind: str, *inputs: Operand) -> Operand:
        """An operation of every element."""
        return self.op.add(kind, inputs, part=f"_{kind}")

    def part(self, x: Operand, start: int, stop: int) -> Operand:
        """What some of the matrices give."""
        arguments = {"start": start * self.hidden, "stop": stop * self.hidden, "axis": -1}
        return self.op.add("slice", (x,), arguments, part="_slice")


def lstm(op: TorchContext, x: Operand, weights: Weights) -> Operand:
    """``c' = f c + i g`` and ``h' = o tanh(c')``."""
    step = _step(op, x, weights, 4)
    each, part = step.each, step.part
    gates = each("add", step.fed, step.returned)
    opened = each("sigmoid", part(gates, 0, 3))
    new = each("tanh", part(gates, 3, 4))
    cells = _before(op, new, step.hidden)
    kept = each("multiply", part(opened, 0, 1), cells)
    cell = each("add", kept, each("multiply", part(opened, 1, 2), new))
    return each("multiply", part(opened, 2, 3), each("tanh", cell))


def gru(op: TorchContext, x: Operand, weights: Weights) -> Operand:
    """``n = tanh(W x + r (U h))`` and ``h' = (1 - z) n + z h``."""
    step = _step(op, x, weights, 3)
    each, part = step.each, step.part
    both = each("add", part(step.fed, 0, 2), part(step.returned, 0, 2))
    gates = each("sigmoid", both)
    reset, update = part(gates, 0, 1), part(gates, 1, 2)
    let_in = each("multiply", reset, part(step.returned, 2, 3))
    new = each("tanh", each("add", part(step.fed, 2, 3), let_in))
    fresh = each("multiply", each("complement", update), new)
    return each("add", fresh, each("multiply", update, step.previous))


def _step(op: TorchContext, x: Operand, weights: Weights, matrices: int) -> RecurrentStep:
    hidden = op.shape_of(weights[1])[-1]

    def product(x: Operand, place: int) -> Operand:
        bias = weights[place + 2] if len(weights) > 2 else None
        params = {"weights": op.stored(weights[place]), "biases": op.stored(bias)}
        has_bias, out = bias is not None, matrices * hidden
        return emit.dense(op, x, out=out, bias=has_bias, params=params, part="_fc")

    fed = product(x, 0)
    previous = _before(op, fed, hidden)
    return RecurrentStep(op, hidden, fed, previous, product(previous, 1))


def _before(op: TorchContext, x: Operand, hidden: int) -> Operand:
    """The states of the steps before those that a tensor is computed for."""
    shape = {"shape": (*x.shape[:-1], hidden)}
    return op.add("rearrange", (x,), shape, part="_rearrange")


def layers(direction: Callable[[TorchContext, Operand, Weights], Operand]) -> Rule:
    """``torch.lstm`` and ``torch.gru``: layers of one direction or of two."""

    def rule(op: TorchContext) -> list[Operand]:
        names = ("has_biases", "num_layers", "dropout", "train", "two_ways")
        args = op.bind("input", "hx", "params", *names)
        is_packed = not isinstance(args["has_biases"], bool)
        directions = 2 if args.get("two_ways") else 1
        width = 0 if is_packed else len(args["params"]) // (args["num_layers"] * directions)
        if width not in (2, 4):
            raise UnknownOp
        x = op.tensor(args["input"], op.shape_of(args["input"]))
        weights = [args["params"][at : at + width] for at in range(0, len(args["params"]), width)]
        for layer in range(args["num_layers"]):
            first = layer * directions
            ends = [direction(op, x, each) for each in weights[first : first + directions]]
            x = ends[0]
            if len(ends) > 1:
                x = op.add("concat", ends, {"axis": -1}, part="_concat")
        states = [op.shape_of(ValueRef(output)) for output in op.call.outputs[1:]]
        return [x, *(op.add("rearrange", (x,), {"shape": each}, part="_state") for each in states)]

    return rule
