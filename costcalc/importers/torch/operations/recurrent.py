"""Recurrent layers: the matrices of every step at once, then what joins the steps.

A step's previous state is a rearrangement of what is computed: costs need its
shape alone.
"""

from __future__ import annotations

from costcalc.importers.model import Sides
from costcalc.importers.torch.calls import Call, Ref
from costcalc.importers.torch.lowering import Lowering, bound
from costcalc.importers.torch.operations.elementwise import Operation

_NAMES = ("input", "hx", "params", "has_biases", "num_layers", "dropout", "train", "two_ways")


class Direction:
    """One direction of a layer, whose states have the sides ``states``."""

    matrices = 1

    def __init__(
        self, call: Call, to: Lowering, node: int, positions: Sides, weights: tuple[Ref, ...]
    ) -> None:
        self.call, self.to = call, to
        self.positions = positions
        self.weights = weights
        self.hidden = to.shape(weights[1])[-1]
        self.states = (*positions, self.hidden)
        self.fed = self.matrix(node, 0)
        self.previous = self.add("rearrange", (self.fed,), self.states, shape=self.states)
        self.returned = self.matrix(self.previous, 1)

    def run(self) -> int:
        """The node of the new states."""
        raise NotImplementedError

    def matrix(self, node: int, of: int) -> int:
        """All matrices of the input, or of the state, as one."""
        bias = self.weights[of + 2] if len(self.weights) > 2 else None
        out = self.matrices * self.hidden
        arguments = {"out": out, "bias": bias is not None, "per_position": True, "axis": -1}
        stored: dict[str, list[Ref | None]] = {"weights": [self.weights[of]], "biases": [bias]}
        held = (*self.positions, out)
        return self.to.add(self.call, "fc", arguments, (node,), held, stored, word="fc")

    def part(self, node: int, start: int, stop: int) -> int:
        """What some of the matrices give."""
        held = (*self.positions, (stop - start) * self.hidden)
        return self.add(
            "slice", (node,), held, start=start * self.hidden, stop=stop * self.hidden, axis=-1
        )

    def each(self, kind: str, *inputs: int) -> int:
        """An operation of every element."""
        return self.add(kind, inputs, self.to.held(inputs[0]))

    def add(self, kind: str, inputs: tuple[int, ...], held: Sides, **arguments: object) -> int:
        """A node of the layer."""
        return self.to.add(self.call, kind, arguments, inputs, held, word=kind)


class Lstm(Direction):
    """``c' = f c + i g`` and ``h' = o tanh(c')``."""

    matrices = 4

    def run(self) -> int:
        """The node of the new states."""
        gates = self.each("add", self.fed, self.returned)
        opened = self.each("sigmoid", self.part(gates, 0, 3))
        new = self.each("tanh", self.part(gates, 3, 4))
        cells = self.add("rearrange", (new,), self.states, shape=self.states)
        kept = self.each("multiply", self.part(opened, 0, 1), cells)
        cell = self.each("add", kept, self.each("multiply", self.part(opened, 1, 2), new))
        return self.each("multiply", self.part(opened, 2, 3), self.each("tanh", cell))


class Gru(Direction):
    """``n = tanh(W x + r (U h))`` and ``h' = (1 - z) n + z h``."""

    matrices = 3

    def run(self) -> int:
        """The node of the new states."""
        both = self.each("add", self.part(self.fed, 0, 2), self.part(self.returned, 0, 2))
        gates = self.each("sigmoid", both)
        reset, update = self.part(gates, 0, 1), self.part(gates, 1, 2)
        let_in = self.each("multiply", reset, self.part(self.returned, 2, 3))
        new = self.each("tanh", self.each("add", self.part(self.fed, 2, 3), let_in))
        fresh = self.each("multiply", self.each("complement", update), new)
        return self.each("add", fresh, self.each("multiply", update, self.previous))


def layers(direction: type[Direction]) -> Operation:
    """``torch.lstm`` and ``torch.gru``: layers of one direction or of two."""

    def lower(call: Call, to: Lowering) -> None:
        given = bound(call, *_NAMES)
        is_packed = not isinstance(given["has_biases"], bool)
        directions = 2 if given.get("two_ways") else 1
        width = 0 if is_packed else len(given["params"]) // (given["num_layers"] * directions)
        if width not in (2, 4):
            to.refuse(call)
            return
        shape = to.shape(given["input"])
        node, positions = to.node(given["input"], shape), shape[:-1]
        for layer in range(given["num_layers"]):
            ends = []
            for index in range(directions):
                start = (layer * directions + index) * width
                weights = given["params"][start : start + width]
                ends.append(direction(call, to, node, positions, weights).run())
            node = ends[0]
            if len(ends) > 1:
                held = (*positions, 2 * to.held(node)[-1])
                node = to.add(call, "concat", {"axis": -1}, ends, held, word="concat")
        to.give(call.outputs[0], node, to.held(node))
        for output in call.outputs[1:]:
            state = to.shape(Ref(output))
            last = to.add(call, "rearrange", {"shape": state}, (node,), state, word="state")
            to.give(output, last, state)

    return lower
