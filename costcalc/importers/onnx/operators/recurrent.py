"""Recurrent cells: one step of each."""

from __future__ import annotations

from costcalc.errors import Refusal
from costcalc.importers.builder import sides_text
from costcalc.importers.onnx.context import OnnxContext
from costcalc.importers.onnx.op_view import OpView
from costcalc.importers.onnx.tensors import TensorInfo


def lstm_shapes(op: OpView) -> list[TensorInfo]:
    """All hidden states ``(steps, 1, batch, hidden)``, the last one, and the cell's.

    Raises:
        Refusal: there are several steps or directions.
    """
    steps, images, _ = _sides(op)
    if steps != 1 or op.word("direction", "forward") == "bidirectional":
        raise Refusal(
            "is more than one step of one cell", expected="a sequence of 1", found=f"{steps} steps"
        )
    hidden = _hidden(op)
    last = TensorInfo((1, images, hidden), 1)
    return [TensorInfo((steps, 1, images, hidden), 2), last, last]


def lstm(op: OnnxContext) -> None:
    """A step of a cell, whose states begin as zeros.

    Raises:
        Refusal: there are states to begin with.
    """
    _, _, width = _sides(op)
    for index in (5, 6, 7):
        if op.has(index):
            raise Refusal("reads states of an earlier step", expected="none")
    if len(op.node.outputs) > 2:
        op.unread(2)
    params = {"weights": op.stored(1, 2), "biases": op.stored(3)}
    arguments = {"hidden": _hidden(op), "bias_vectors": 2 if op.has(3) else 0}
    state = op.add("lstm", (op.source(0, (width,)),), arguments, params=params)
    for index, name in enumerate(op.node.outputs[:2]):
        if name:
            op.set_output(state, index)


def _sides(op: OpView) -> tuple[int, int, int]:
    """Steps, images and numbers of a sequence.

    Raises:
        Refusal: it is none, or one that has the images ahead.
    """
    shape = op.shape()
    if len(shape) != 3 or op.whole("layout", 0):
        raise Refusal("reads no sequence", "(steps, images, numbers)", sides_text(shape))
    return shape


def _hidden(op: OpView) -> int:
    """The numbers of a state: the columns of the second matrix.

    Raises:
        Refusal: it is none.
    """
    shape = op.shape(2)
    if len(shape) != 3 or shape[0] != 1:
        raise Refusal("has no matrix for one direction", "(1, rows, numbers)", sides_text(shape))
    return shape[2]
