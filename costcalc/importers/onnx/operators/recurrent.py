"""Recurrent cells: one step of each."""

from __future__ import annotations

from costcalc.formulas.recurrent import LSTM_MATRICES
from costcalc.importers.onnx.call import Call
from costcalc.importers.onnx.known import Known, NodeProblem, text
from costcalc.importers.onnx.site import Site


def lstm_shapes(call: Call) -> list[Known]:
    """All hidden states ``(steps, 1, batch, hidden)``, the last one, and the cell's.

    Raises:
        NodeProblem: there are several steps or directions.
    """
    steps, images, _ = _sides(call)
    if steps != 1 or call.word("direction", "forward") == "bidirectional":
        raise NodeProblem(
            "is more than one step of one cell", expected="a sequence of 1", found=f"{steps} steps"
        )
    hidden = _hidden(call)
    last = Known((1, images, hidden), 1)
    return [Known((steps, 1, images, hidden), 2), last, last]


def lstm(site: Site) -> None:
    """A step of a cell, whose states begin as zeros.

    Raises:
        NodeProblem: there are states to begin with.
    """
    _, _, width = _sides(site)
    for index in (5, 6, 7):
        if site.has(index):
            raise NodeProblem("reads states of an earlier step", expected="none")
    if len(site.operation.outputs) > 2:
        site.unread(2)
    hidden = _hidden(site)
    rows = LSTM_MATRICES * hidden
    owned = [("weights", 1, rows * width), ("weights", 2, rows * hidden)]
    if site.has(3):
        owned.append(("biases", 3, 2 * rows))
    arguments = {"hidden": hidden, "bias_vectors": 2 if site.has(3) else 0}
    state = site.layer("lstm", arguments, (site.source(0, (width,)),), (hidden,), owned)
    for index, name in enumerate(site.operation.outputs[:2]):
        if name:
            site.give(state, index)


def _sides(call: Call) -> tuple[int, int, int]:
    """Steps, images and numbers of a sequence.

    Raises:
        NodeProblem: it is none, or one that has the images ahead.
    """
    shape = call.shape()
    if len(shape) != 3 or call.whole("layout", 0):
        raise NodeProblem("reads no sequence", "(steps, images, numbers)", text(shape))
    return shape


def _hidden(call: Call) -> int:
    """The numbers of a state: the columns of the second matrix.

    Raises:
        NodeProblem: it is none.
    """
    shape = call.shape(2)
    if len(shape) != 3 or shape[0] != 1:
        raise NodeProblem("has no matrix for one direction", "(1, rows, numbers)", text(shape))
    return shape[2]
