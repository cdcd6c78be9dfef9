"""The gates of recurrent layers, for all time steps at once.

A previous state is a rearrangement of a computed tensor: costs depend only on its shape.
"""

from __future__ import annotations

from costcalc.graph.remarks import RECURRENT
from costcalc.importers.builder import OpContext, Operand
from costcalc.records import NamedTuple


class Gates(NamedTuple):
    """One direction of a layer, with the numbers of its gates side by side along an axis."""

    op: OpContext
    hidden: int
    axis: int
    part: str
    """The part of a node's name, with ``{}`` for its kind."""

    def elementwise(self, kind: str, *inputs: Operand) -> Operand:
        """An elementwise operation."""
        return self.op.add(kind, inputs, part=self.part.format(kind))

    def among(self, x: Operand, start: int, stop: int) -> Operand:
        """The part of a tensor that belongs to some of the gates."""
        arguments = {"start": start * self.hidden, "stop": stop * self.hidden, "axis": self.axis}
        return self.op.add("slice", (x,), arguments, part=self.part.format("slice"))

    def previous(self, x: Operand) -> Operand:
        """The states at the time steps before those of a tensor."""
        self.op.builder.remark(RECURRENT, self.op.path)
        shape = list(x.shape)
        shape[self.axis] = self.hidden
        part = self.part.format("rearrange")
        return self.op.add("rearrange", (x,), {"shape": tuple(shape)}, part=part)


def lstm_state(
    gates: Gates, from_input: Operand, from_state: Operand, *, is_coupled: bool = False
) -> Operand:
    """``c' = f c + i g`` and ``h' = o tanh(c')``; the order of the gates affects no count.

    ``i`` is ``1 - f`` if the two are coupled (Greff et al., arXiv 1503.04069, CIFG).
    """
    elementwise, among = gates.elementwise, gates.among
    sigmoid_gates = 2 if is_coupled else 3
    sums = elementwise("add", from_input, from_state)
    sigmoids = elementwise("sigmoid", among(sums, 0, sigmoid_gates))
    candidate = elementwise("tanh", among(sums, sigmoid_gates, sigmoid_gates + 1))
    forget = among(sigmoids, 0, 1)
    kept = elementwise("multiply", forget, gates.previous(candidate))
    chosen = elementwise("complement", forget) if is_coupled else among(sigmoids, 1, 2)
    added = elementwise("multiply", chosen, candidate)
    cell = elementwise("add", kept, added)
    output = among(sigmoids, sigmoid_gates - 1, sigmoid_gates)
    return elementwise("multiply", output, elementwise("tanh", cell))
