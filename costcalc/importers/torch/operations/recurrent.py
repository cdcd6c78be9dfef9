"""Recurrent layers and cells."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from costcalc.importers.builder import Operand, UnknownOp
from costcalc.importers.recurrent import GATES, Cell, States, Stored, direction, recurrent
from costcalc.importers.torch.calls import ValueRef
from costcalc.importers.torch.context import Rule, TorchContext, without_batch


def layers(kind: str, activation: str = "") -> Rule:
    """``torch.lstm``, ``gru``, ``rnn_tanh`` and ``rnn_relu``: layers of one or two directions."""

    def rule(op: TorchContext) -> list[Operand]:
        names = ("hx", "params", "has_biases", "num_layers", "dropout", "train", "bidirectional")
        args = op.bind("input", *names)
        if not isinstance(args["has_biases"], bool):  # packed: the sizes of batches come first
            args = op.bind("input", "batch_sizes", *names)
        count = args["num_layers"] * (2 if args.get("bidirectional") else 1)
        width = len(args["params"]) // count
        parts = [args["params"][at : at + width] for at in range(0, count * width, width)]
        cell, stored = _cell(op, kind, activation, parts)
        step = count // args["num_layers"]
        by_layer = [stored[at : at + step] for at in range(0, count, step)]
        x, initial = op.tensor(args["input"]), _initial(op, args["hx"])
        output, states = recurrent(op, x, cell, by_layer, initial=initial)
        flat = [each for directions in states for each in directions]
        last: list[list[Operand]] = [[each.hidden for each in flat]]
        last.append([each.cell for each in flat if each.cell is not None])
        return [
            output,
            *(
                op.add("rearrange", of_layers, {"shape": _shape(op, value)}, part="_state")
                for value, of_layers in zip(op.call.outputs[1:], last, strict=False)
                if op.builder.is_read(value)
            ),
        ]

    return rule


def step(kind: str, activation: str = "") -> Rule:
    """``torch.lstm_cell``, ``gru_cell``, ``rnn_tanh_cell`` and ``rnn_relu_cell``."""

    def rule(op: TorchContext) -> list[Operand]:
        args = op.bind("input", "hx", "w_ih", "w_hh", "b_ih", "b_hh")
        matrices = [args[name] for name in ("w_ih", "w_hh")]
        biases = [args.get(name) for name in ("b_ih", "b_hh")]
        cell, (stored,) = _cell(op, kind, activation, [[*matrices, *filter(None, biases)]])
        x, initial = op.tensor(args["input"]), _initial(op, args["hx"])
        states = direction(op, x, cell, stored, initial=initial)
        return [each for each in states if each is not None]

    return rule


def _shape(op: TorchContext, value: int) -> tuple[int, ...]:
    return without_batch(op.shape_of(ValueRef(value)))


def _initial(op: TorchContext, states: Any) -> States | None:
    """The first states, unless they are constant."""
    given = states if isinstance(states, tuple) and not isinstance(states, ValueRef) else (states,)
    if all(op.is_constant(state) for state in given):
        return None
    return States(*(op.tensor(state) for state in given))


def _cell(
    op: TorchContext, kind: str, activation: str, directions: Sequence[Sequence[ValueRef]]
) -> tuple[Cell, list[Stored]]:
    """The cell of some directions, and where each has its params.

    Each has the matrices of its input and of its state, then the biases of both if there are
    any, then an LSTM's projection.

    Raises:
        UnknownOp: the matrices depend on the network's input.
    """
    if any(op.is_computed(value) for values in directions for value in values):
        raise UnknownOp("costcalc has no recurrent layer whose weights are computed")
    rows, size = op.shape_of(directions[0][1])
    hidden, width = rows // GATES[kind], len(directions[0])
    cell = Cell(
        kind,
        hidden,
        bias_vectors=2 if width > 3 else 0,
        activations=(activation,) if activation else (),
        projection=size if width % 2 else 0,
    )
    return cell, [_stored(op, values) for values in directions]


def _stored(op: TorchContext, values: Sequence[ValueRef]) -> Stored:
    biases = values[2:4] if len(values) > 3 else (None, None)
    input_, state = (
        {"weights": op.stored(matrix), "biases": op.stored(bias)}
        for matrix, bias in zip(values, biases, strict=False)
    )
    projection = {"weights": op.stored(values[-1])} if len(values) % 2 else {}
    return Stored(input_, state, projection)
