"""Recurrent layers over all time steps at once: LSTM, GRU and plain RNN.

    y, states = recurrent(op, x, Cell("lstm", hidden=64), [[Stored(), Stored()]])

adds a bidirectional LSTM of one layer: the products of all steps, then the gates.  Its
nodes are parts of the operation, ``rnn/forward/input``, which reports show as one row.

A previous state is a rearrangement of a computed tensor: costs depend only on its shape.
Products with an initial state of zeros are counted as frameworks compute them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from costcalc.graph.in_training import RECURRENT
from costcalc.importers import emit
from costcalc.importers.builder import NOTHING, OpContext, Operand, Params
from costcalc.records import NamedTuple

GATES = {"lstm": 4, "gru": 3, "rnn": 1}
"""The kinds of cells, and how many matrices each has for its input and for its state."""

ACTIVATIONS = {
    "lstm": ("sigmoid", "tanh", "tanh"),
    "gru": ("sigmoid", "tanh"),
    "rnn": ("tanh",),
}
"""The layer kinds of each cell's activations: of the gates, of the candidate, of an LSTM's cell."""


Convolve = Callable[[Operand, int, bool, str], Operand]
"""A convolution of a tensor to some channels, with or without a bias; the last is the node's
part, which ends in ``/input`` or in ``/recurrent``."""


class Cell(NamedTuple):
    """One step of a recurrent layer."""

    kind: str
    """One of :data:`GATES`."""
    hidden: int
    bias_vectors: int = 2
    """Two as in PyTorch and ONNX, one (the input's) as in Keras, or none."""
    activations: tuple[str, ...] = ()
    """Layer kinds in place of :data:`ACTIVATIONS`."""
    projection: int = 0
    """The size that an LSTM's hidden state is projected to; 0 for no projection."""
    has_projection_bias: bool = False
    is_coupled: bool = False
    """Whether an LSTM's input gate is ``1 - f`` (Greff et al., arXiv 1503.04069, CIFG)."""
    has_peepholes: bool = False
    """Whether an LSTM's gates see its cell (Gers et al., 2002)."""
    resets_before: bool = False
    """Whether a GRU resets its state before the product (Cho et al., arXiv 1406.1078, equation
    8) and not after it, as in cuDNN, PyTorch, and Keras with ``reset_after``."""
    is_clipped: bool = False
    """Whether the gates' inputs are limited to a range."""

    @property
    def size(self) -> int:
        """The size of the hidden state."""
        return self.projection or self.hidden

    @property
    def matrices(self) -> int:
        """How many matrices there are for the input, and as many for the state."""
        return GATES[self.kind] - self.is_coupled

    def activation(self, place: int) -> str:
        """The layer kind of one of :attr:`activations`."""
        return (self.activations or ACTIVATIONS[self.kind])[place]


class Stored(NamedTuple):
    """Where one direction of a layer stores its params; what is empty is the layer's own.

    A tensor may hold the params of several matrices, directions and layers.
    """

    input: Params = NOTHING
    """The matrices of the input, and the biases beside them."""
    state: Params = NOTHING
    """The matrices of the hidden state, and the biases beside them."""
    projection: Params = NOTHING
    peepholes: Params = NOTHING
    """The diagonals, as ``other_params``."""


OWN_PARAMS = Stored()
"""Params that no tensor of the model is named for."""


class States(NamedTuple):
    """The states of one direction of a layer, at all steps."""

    hidden: Operand
    cell: Operand | None = None
    """An LSTM's."""


class Recurrence(NamedTuple):
    """What a recurrent layer computes."""

    output: Operand
    """The hidden states of the last layer, both directions side by side."""
    states: Sequence[Sequence[States]]
    """By layer, by direction."""


def recurrent(
    op: OpContext,
    x: Operand,
    cell: Cell,
    layers: Sequence[Sequence[Stored]],
    *,
    axis: int = -1,
    initial: States | None = None,
) -> Recurrence:
    """Recurrent layers of one or two directions, each reading the one before it.

    Args:
        op: the operation; its nodes become one row of the tables.
        x: the sequence, (steps, features); any number of axes around the features.
        cell: the cell of every layer.
        layers: where the params are stored: by layer, by direction.
        axis: the axis of the features.
        initial: the first states of all layers and directions, if they are computed.
    """
    states = []
    for number, directions in enumerate(layers, 1):
        part = f"/layer{number}" if len(layers) > 1 else ""
        names = ("/forward", "/reverse") if len(directions) > 1 else ("",)
        states.append(
            [
                direction(op, x, cell, stored, part=part + name, axis=axis, initial=initial)
                for name, stored in zip(names, directions, strict=True)
            ]
        )
        outputs = [each.hidden for each in states[-1]]
        x = outputs[0]
        if len(outputs) > 1:
            x = op.add("concat", outputs, {"axis": axis}, part=f"{part}/concat")
    return Recurrence(x, states)


def direction(
    op: OpContext,
    x: Operand,
    cell: Cell,
    stored: Stored = OWN_PARAMS,
    *,
    part: str = "",
    axis: int = -1,
    initial: States | None = None,
    convolve: Convolve | None = None,
    beside: Operand | None = None,
    kept: Operand | None = None,
) -> States:
    """One direction of one layer; arguments as :func:`recurrent`'s, ``part`` names its nodes.

    ``convolve`` takes the place of products with matrices (Shi et al., arXiv 1506.04214);
    ``beside`` is added to the input's product, and ``kept`` multiplies the states before a step.
    """
    op.fold()
    gates = _Gates(op, cell, stored, axis, part, initial, convolve, kept)
    from_input = gates.product(x, cell.matrices, "input", stored.input)
    if beside is not None:
        from_input = gates.elementwise("add", from_input, beside)
    return _CELLS[cell.kind](gates, from_input)


class _Gates(NamedTuple):
    """One direction of a layer, with the numbers of its gates side by side along an axis."""

    op: OpContext
    cell: Cell
    stored: Stored
    axis: int
    part: str
    initial: States | None
    convolve: Convolve | None
    kept: Operand | None

    def elementwise(self, kind: str, *inputs: Operand) -> Operand:
        """An elementwise operation."""
        return self.op.add(kind, inputs, part=f"{self.part}/{kind}")

    def activation(self, place: int, x: Operand) -> Operand:
        """One of the cell's activations."""
        if self.cell.is_clipped:
            x = self.elementwise("clip", x)
        return self.elementwise(self.cell.activation(place), x)

    def product(self, x: Operand, matrices: int, name: str, params: Params) -> Operand:
        """The product with some of the matrices."""
        has_bias = self.cell.bias_vectors > (0 if name == "input" else 1)
        out, part = matrices * self.cell.hidden, f"{self.part}/{name}"
        if self.convolve is not None:
            return self.convolve(x, out, has_bias, part)
        return emit.dense(
            self.op, x, out=out, axis=self.axis, bias=has_bias,
            params=self.numbers(params, name), part=part,
        )  # fmt: skip

    def numbers(self, params: Params, name: str) -> Params:
        """The part of stored params that a node has: tensors may hold those of several."""
        return {
            event: [each._replace(part=(each.part, f"{self.part}/{name}")) for each in stored]
            for event, stored in params.items()
        }

    def among(self, x: Operand, start: int, stop: int) -> Operand:
        """The part of a tensor that belongs to some of the gates."""
        hidden = self.cell.hidden
        arguments = {"start": start * hidden, "stop": stop * hidden, "axis": self.axis}
        return self.op.add("slice", (x,), arguments, part=f"{self.part}/slice")

    def previous(self, x: Operand, size: int, initial: Operand | None, repeats: int = 1) -> Operand:
        """The states at the time steps before those of a tensor."""
        self.op.builder.note_training(RECURRENT, self.op.path)
        shape = list(x.shape)
        shape[self.axis] = size * repeats
        inputs = (x,) if initial is None else (x, initial)
        part = f"{self.part}/previous"
        before = self.op.add("rearrange", inputs, {"shape": tuple(shape)}, part=part)
        return before if self.kept is None else self.elementwise("multiply", before, self.kept)

    def previous_hidden(self, from_input: Operand) -> Operand:
        """The hidden states of the steps before."""
        return self.previous(
            from_input, self.cell.size, self.initial.hidden if self.initial else None
        )

    def previous_cell(self, x: Operand, repeats: int = 1) -> Operand:
        """The cells of the steps before, once or once for each of some gates."""
        initial = self.initial.cell if self.initial else None
        return self.previous(x, self.cell.hidden, initial, repeats)

    def seen(self, x: Operand, cell: Operand, gates: int) -> Operand:
        """The input of some gates, and the cell's share in it through peepholes."""
        diagonals = [1] * cell.rank
        diagonals[self.axis] = gates * self.cell.hidden
        peepholes = self.op.add(
            "learned", (), {"shape": tuple(diagonals), "of": "other"}, f"{self.part}/peepholes",
            params=self.numbers(self.stored.peepholes, f"peepholes of {gates}"),
        )  # fmt: skip
        return self.elementwise("add", x, self.elementwise("multiply", cell, peepholes))


def _lstm(gates: _Gates, from_input: Operand) -> States:
    """``c' = f c + i g`` and ``h' = o tanh(c')``; the order of the gates affects no count."""
    cell, elementwise, among = gates.cell, gates.elementwise, gates.among
    previous = gates.previous_hidden(from_input)
    from_state = gates.product(previous, cell.matrices, "recurrent", gates.stored.state)
    output = cell.matrices - 2  # the last of the sigmoid gates
    sums = elementwise("add", from_input, from_state)
    if cell.has_peepholes:
        seen = gates.previous_cell(sums, repeats=output)
        sigmoids = gates.activation(0, gates.seen(among(sums, 0, output), seen, output))
    else:
        sigmoids = gates.activation(0, among(sums, 0, output + 1))
    candidate = gates.activation(1, among(sums, output + 1, output + 2))
    forget = among(sigmoids, 0, 1)
    kept = elementwise("multiply", forget, gates.previous_cell(candidate))
    chosen = elementwise("complement", forget) if cell.is_coupled else among(sigmoids, 1, 2)
    state = elementwise("add", kept, elementwise("multiply", chosen, candidate))
    if cell.has_peepholes:
        opened = gates.activation(0, gates.seen(among(sums, output, output + 1), state, 1))
    else:
        opened = among(sigmoids, output, output + 1)
    hidden = elementwise("multiply", opened, elementwise(cell.activation(2), state))
    if cell.projection:
        hidden = emit.dense(
            gates.op, hidden, out=cell.projection, axis=gates.axis, bias=cell.has_projection_bias,
            params=gates.numbers(gates.stored.projection, "projection"),
            part=f"{gates.part}/projection",
        )  # fmt: skip
    return States(hidden, state)


def _gru(gates: _Gates, from_input: Operand) -> States:
    """``n = tanh(W x + r (U h))``, or ``tanh(W x + U (r h))``, and ``h' = (1 - z) n + z h``."""
    elementwise, among = gates.elementwise, gates.among
    previous, params = gates.previous_hidden(from_input), gates.stored.state
    if gates.cell.resets_before:
        from_state = gates.product(previous, 2, "recurrent", params)
        sums = elementwise("add", among(from_input, 0, 2), from_state)
    else:
        from_state = gates.product(previous, 3, "recurrent", params)
        sums = elementwise("add", among(from_input, 0, 2), among(from_state, 0, 2))
    sigmoids = gates.activation(0, sums)
    reset, update = among(sigmoids, 0, 1), among(sigmoids, 1, 2)
    if gates.cell.resets_before:
        reset_state = elementwise("multiply", reset, previous)
        proposed = gates.product(reset_state, 1, "candidate", params)
    else:
        proposed = elementwise("multiply", reset, among(from_state, 2, 3))
    sums = elementwise("add", among(from_input, 2, 3), proposed)
    candidate = gates.activation(1, sums)
    added = elementwise("multiply", elementwise("complement", update), candidate)
    return States(elementwise("add", added, elementwise("multiply", update, previous)))


def _rnn(gates: _Gates, from_input: Operand) -> States:
    """``h' = tanh(W x + U h)`` (Elman, 1990)."""
    previous = gates.previous_hidden(from_input)
    from_state = gates.product(previous, 1, "recurrent", gates.stored.state)
    return States(gates.activation(0, gates.elementwise("add", from_input, from_state)))


_CELLS = {"lstm": _lstm, "gru": _gru, "rnn": _rnn}
