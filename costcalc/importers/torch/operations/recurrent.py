"""Recurrent layers: the products of all time steps at once, then the gates."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from costcalc.importers import emit
from costcalc.importers.builder import Operand, UnknownOp
from costcalc.importers.recurrent import Gates, lstm_state
from costcalc.importers.torch.calls import ValueRef
from costcalc.importers.torch.context import Rule, TorchContext

Weights = Sequence[ValueRef]
"""The input and hidden weights, then the biases of both if there are any."""


class RecurrentStep(NamedTuple):
    """The products of one direction of a layer, with its gates side by side."""

    gates: Gates
    from_input: Operand
    """The product of the input and its matrices."""
    previous: Operand
    """The previous hidden state."""
    from_state: Operand
    """The product of the previous hidden state and its matrices."""


def lstm(op: TorchContext, x: Operand, weights: Weights) -> Operand:
    """An LSTM's states."""
    step = _step(op, x, weights, 4)
    return lstm_state(step.gates, step.from_input, step.from_state)


def gru(op: TorchContext, x: Operand, weights: Weights) -> Operand:
    """``n = tanh(W x + r (U h))`` and ``h' = (1 - z) n + z h``."""
    step = _step(op, x, weights, 3)
    elementwise, among = step.gates.elementwise, step.gates.among
    sums = elementwise("add", among(step.from_input, 0, 2), among(step.from_state, 0, 2))
    sigmoids = elementwise("sigmoid", sums)
    reset, update = among(sigmoids, 0, 1), among(sigmoids, 1, 2)
    reset_state = elementwise("multiply", reset, among(step.from_state, 2, 3))
    candidate = elementwise("tanh", elementwise("add", among(step.from_input, 2, 3), reset_state))
    added = elementwise("multiply", elementwise("complement", update), candidate)
    return elementwise("add", added, elementwise("multiply", update, step.previous))


def _step(op: TorchContext, x: Operand, weights: Weights, matrices: int) -> RecurrentStep:
    hidden = op.shape_of(weights[1])[-1]
    gates = Gates(op, hidden, -1, "_{}")

    def product(x: Operand, place: int) -> Operand:
        bias = weights[place + 2] if len(weights) > 2 else None
        params = {"weights": op.stored(weights[place]), "biases": op.stored(bias)}
        has_bias, out = bias is not None, matrices * hidden
        return emit.dense(op, x, out=out, bias=has_bias, params=params, part="_fc")

    from_input = product(x, 0)
    previous = gates.previous(from_input)
    return RecurrentStep(gates, from_input, previous, product(previous, 1))


def layers(direction: Callable[[TorchContext, Operand, Weights], Operand]) -> Rule:
    """``torch.lstm`` and ``torch.gru``: layers of one or two directions."""

    def rule(op: TorchContext) -> list[Operand]:
        names = ("has_biases", "num_layers", "dropout", "train", "bidirectional")
        args = op.bind("input", "hx", "params", *names)
        is_packed = not isinstance(args["has_biases"], bool)
        directions = 2 if args.get("bidirectional") else 1
        width = 0 if is_packed else len(args["params"]) // (args["num_layers"] * directions)
        if width not in (2, 4):
            raise UnknownOp
        x = op.tensor(args["input"], op.shape_of(args["input"]))
        weights = [args["params"][at : at + width] for at in range(0, len(args["params"]), width)]
        for layer in range(args["num_layers"]):
            first = layer * directions
            outputs = [direction(op, x, each) for each in weights[first : first + directions]]
            x = outputs[0]
            if len(outputs) > 1:
                x = op.add("concat", outputs, {"axis": -1}, part="_concat")
        shapes = [op.shape_of(ValueRef(output)) for output in op.call.outputs[1:]]
        states = [op.add("rearrange", (x,), {"shape": each}, part="_state") for each in shapes]
        return [x, *states]

    return rule
