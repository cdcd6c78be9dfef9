"""Recurrent cells, of a single step."""

from __future__ import annotations

from collections.abc import Mapping

from costcalc.errors import Refusal
from costcalc.importers.builder import dims_text
from costcalc.importers.onnx.context import Operator, OpView, Rule
from costcalc.importers.onnx.tensors import TensorInfo


def lstm(op: OpView) -> Rule:
    """LSTM, of one step that starts from zeros.

    Outputs all hidden states (steps, 1, batch, hidden), the last one, and the cell state.
    """
    shape = op.shape()
    if len(shape) != 3 or op.integer("layout", 0):
        raise Refusal("does not read a sequence", "(steps, images, numbers)", dims_text(shape))
    steps, images, width = shape
    if steps != 1 or op.string("direction", "forward") == "bidirectional":
        raise Refusal(
            "is more than one step of one cell", expected="a sequence of 1", found=f"{steps} steps"
        )
    recurrence = op.shape(2)
    if len(recurrence) != 3 or recurrence[0] != 1:
        raise Refusal(
            "does not have one matrix for one direction",
            "(1, rows, numbers)",
            dims_text(recurrence),
        )
    hidden = recurrence[2]
    last = TensorInfo((1, images, hidden), 1)
    ctx = yield [TensorInfo((steps, 1, images, hidden), 2), last, last]
    if any(op.has(index) for index in (5, 6, 7)):
        raise Refusal("reads states of an earlier step", expected="none")
    ctx.require_unread(2)
    params = {"weights": ctx.weights(1, 2), "biases": ctx.stored(3)}
    arguments = {"hidden": hidden, "bias_vectors": 2 if op.has(3) else 0}
    state = ctx.add("lstm", (ctx.operand(0, (width,)),), arguments, params=params)
    for index, name in enumerate(op.node.outputs[:2]):
        if name:
            ctx.set_output(state, index)


TABLE: Mapping[str, Operator] = {"LSTM": lstm}
