"""Recurrent layers: the matrices of every step at once, then what joins the steps.

A step's previous state is a rearrangement of what is computed: costs need its
shape alone.
"""

from __future__ import annotations

from costcalc.formulas.recurrent import LSTM_MATRICES
from costcalc.importers.model import Sides
from costcalc.importers.torch.calls import Call, Ref
from costcalc.importers.torch.lowering import Lowering, bound


def lstm(call: Call, to: Lowering) -> None:
    """``torch.lstm``: layers of one direction or of two, each with its own weights."""
    given = bound(
        call, "input", "hx", "params", "has_biases", "num_layers", "dropout", "train", "two_ways"
    )
    is_packed = isinstance(given["hx"], Ref)
    directions = 2 if given.get("two_ways") else 1
    cells = given["num_layers"] * directions
    width = len(given["params"]) // cells
    if is_packed or width > 4:
        to.refuse(call)
        return
    shape = to.shape(given["input"])
    node, positions = to.node(given["input"], shape), shape[:-1]
    for layer in range(given["num_layers"]):
        ends = []
        for direction in range(directions):
            start = (layer * directions + direction) * width
            weights = given["params"][start : start + width]
            ends.append(_cell(call, to, node, positions, weights))
        node = ends[0]
        if len(ends) > 1:
            held = (*positions, 2 * to.held(node)[-1])
            node = to.add(call, "concat", {"axis": -1}, ends, held, word="concat")
    to.give(call.outputs[0], node, shape[:-1] + to.held(node)[-1:])
    for output in call.outputs[1:]:
        state = to.shape(Ref(output))
        last = to.add(call, "rearrange", {"shape": state}, (node,), state, word="state")
        to.give(output, last, state)


def _cell(call: Call, to: Lowering, node: int, positions: Sides, weights: tuple[Ref, ...]) -> int:
    """One direction of a layer: c' = f c + i g and h' = o tanh(c') at every position."""
    hidden = to.shape(weights[1])[-1]
    states = (*positions, hidden)

    def matrix(node: int, of: int) -> int:
        bias = weights[of + 2] if len(weights) > 2 else None
        out = LSTM_MATRICES * hidden
        arguments = {"out": out, "bias": bias is not None, "per_position": True, "axis": -1}
        stored: dict[str, list[Ref | None]] = {"weights": [weights[of]], "biases": [bias]}
        return to.add(call, "fc", arguments, (node,), (*positions, out), stored, word="fc")

    def gate(kind: str, start: int, stop: int) -> int:
        """The activation of some of the matrices' results."""
        taken = (*positions, (stop - start) * hidden)
        arguments = {"start": start * hidden, "stop": stop * hidden, "axis": -1}
        cut = to.add(call, "slice", arguments, (gates,), taken, word="slice")
        return to.add(call, kind, {}, (cut,), taken, word=kind)

    def state(of: int) -> int:
        return to.add(call, "rearrange", {"shape": states}, (of,), states, word="state")

    def each(kind: str, *inputs: int) -> int:
        return to.add(call, kind, {}, inputs, states, word=kind)

    def one(of: int, part: int) -> int:
        arguments = {"parts": LSTM_MATRICES - 1, "part": part, "axis": -1}
        return to.add(call, "split", arguments, (of,), states, word="split")

    fed = matrix(node, 0)
    previous = state(fed)
    gates = to.add(call, "add", {}, (fed, matrix(previous, 1)), to.held(fed), word="add")
    opened, new = gate("sigmoid", 0, LSTM_MATRICES - 1), gate("tanh", LSTM_MATRICES - 1, 4)
    kept = each("multiply", one(opened, 1), state(new))
    cell = each("add", kept, each("multiply", one(opened, 2), new))
    return each("multiply", one(opened, 3), each("tanh", cell))
