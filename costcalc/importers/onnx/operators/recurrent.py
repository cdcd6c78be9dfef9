"""Recurrent operators, over sequences of any length."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from costcalc.errors import Refusal
from costcalc.importers import emit
from costcalc.importers.builder import NOTHING, Operand, Params, dims_text
from costcalc.importers.model import Shape
from costcalc.importers.onnx.context import OnnxContext, Operator, OpView, Rule, StepsFirst
from costcalc.importers.onnx.tensors import TensorInfo
from costcalc.importers.recurrent import ACTIVATIONS, GATES, Cell, States, Stored, direction
from costcalc.records import NamedTuple

X, W, R, B, LENGTHS, HIDDEN, CELL, PEEPHOLES = range(8)
"""The inputs: of the operators of ONNX, only the LSTM has the last two."""


class SequenceSizes(NamedTuple):
    """The sizes of a recurrent operator."""

    steps: int
    images: int
    features: int
    directions: int
    hidden: int
    is_batch_first: bool

    def output(self) -> Shape:
        """The hidden states of all steps."""
        if self.is_batch_first:
            return (self.images, self.steps, self.directions, self.hidden)
        return (self.steps, self.directions, self.images, self.hidden)

    def state(self) -> Shape:
        """The state after the last step."""
        if self.is_batch_first:
            return (self.images, self.directions, self.hidden)
        return (self.directions, self.images, self.hidden)


def recurrent(kind: str) -> Operator:
    """LSTM, GRU and RNN: all hidden states, the last one, and an LSTM's cell."""

    def rule(op: OpView) -> Rule:
        sizes, cells = _sizes(op, kind), _cells(op, kind)
        has_batch = _has_batch(op, sizes)
        first = 0 if sizes.is_batch_first else 1
        last = TensorInfo(sizes.state(), first if has_batch else None)
        every = TensorInfo(sizes.output(), 2 * first if has_batch else None)
        ctx = yield [every, last, last][: 3 if kind == "lstm" else 2]
        if _is_step(ctx, sizes, cells):
            _add_step(ctx, sizes)
        else:
            _add_layers(ctx, sizes, cells)

    return rule


def _sizes(op: OpView, kind: str) -> SequenceSizes:
    """The sizes, which the matrices must fit.

    Raises:
        Refusal: they do not, or the input is no sequence.
    """
    shape, w, r = (op.shape(index) for index in (X, W, R))
    is_batch_first = bool(op.integer("layout", 0))
    if len(shape) != 3:
        expected = "(images, steps, numbers)" if is_batch_first else "(steps, images, numbers)"
        raise Refusal("does not read a sequence", expected, dims_text(shape))
    steps, images = shape[:2][:: -1 if is_batch_first else 1]
    directions = 2 if op.string("direction", "forward") == "bidirectional" else 1
    hidden = r[-1] if r else 0
    rows = GATES[kind] * hidden
    if hidden < 1 or r != (directions, rows, hidden) or w != (directions, rows, shape[2]):
        raise Refusal(
            "has matrices that do not fit its input and its direction",
            expected=f"{dims_text((directions, rows, shape[2]))} and "
            f"{dims_text((directions, rows, hidden))}",
            found=f"{dims_text(w)} and {dims_text(r)}",
        )
    return SequenceSizes(steps, images, shape[2], directions, hidden, is_batch_first)


def _has_batch(op: OpView, sizes: SequenceSizes) -> bool:
    """Whether the axis between steps and numbers is the batch.

    Raises:
        StepsFirst: the axis of the steps is taken as the batch.
    """
    info, axis = op.input(X), 0 if sizes.is_batch_first else 1
    if info.batch == 0 and axis == 1 and (sizes.steps > 1 or info.is_input):
        raise StepsFirst
    return info.batch == axis or (op.images == 1 and sizes.images == 1)


_ACTIVATIONS: Mapping[str, str] = {
    "sigmoid": "sigmoid",
    "tanh": "tanh",
    "relu": "relu",
    "leakyrelu": "leaky_relu",
    "hardsigmoid": "h_sigmoid",
    "elu": "elu",
    "softsign": "softsign",
    "softplus": "softplus",
}
"""The layer kinds of activations, by their names in lower case."""


def _cells(op: OpView, kind: str) -> list[Cell]:
    """The cell of each direction.

    Raises:
        Refusal: an activation is of no layer kind.
    """
    count = 2 if op.string("direction", "forward") == "bidirectional" else 1
    names = [name.decode("utf-8", "replace").lower() for name in op.attribute("activations", ())]
    each = len(ACTIVATIONS[kind])
    if any(name not in _ACTIVATIONS for name in names) or len(names) not in (0, each * count):
        raise Refusal(
            "has activations that costcalc does not know",
            expected=f"{each * count} of {', '.join(_ACTIVATIONS)}",
            found=", ".join(names),
        )
    cell = Cell(
        kind,
        op.shape(R)[-1],
        bias_vectors=2 if op.has(B) else 0,
        is_coupled=bool(op.integer("input_forget", 0)) and kind == "lstm",
        has_peepholes=op.has(PEEPHOLES) and kind == "lstm",
        resets_before=kind == "gru" and not op.integer("linear_before_reset", 0),
        is_clipped=op.attribute("clip") is not None,
    )
    kinds = [_ACTIVATIONS[name] for name in names]
    parts = (kinds[at : at + each] for at in range(0, each * count, each))
    return [cell._replace(activations=tuple(part)) for part in parts]


def _is_step(ctx: OnnxContext, sizes: SequenceSizes, cells: Sequence[Cell]) -> bool:
    """Whether it is one step of a plain LSTM cell from zeros, whose cell nothing reads."""
    plain = Cell("lstm", sizes.hidden, bias_vectors=2 if ctx.has(B) else 0)
    has_states = ctx.has(HIDDEN) or ctx.has(CELL) or ctx.is_read(2)
    is_single = sizes.steps == sizes.images == 1 and list(cells) == [plain]
    return is_single and not has_states


def _add_step(ctx: OnnxContext, sizes: SequenceSizes) -> None:
    """One step, as a layer of a kind of its own."""
    params = {"weights": ctx.weights(W, R), "biases": ctx.stored(B)}
    arguments = {"hidden": sizes.hidden, "bias_vectors": 2 if ctx.has(B) else 0}
    state = ctx.add("lstm", (ctx.operand(X, (sizes.features,)),), arguments, params=params)
    for index, name in enumerate(ctx.node.outputs[:2]):
        if name:
            ctx.set_output(state, index)


def _add_layers(ctx: OnnxContext, sizes: SequenceSizes, cells: Sequence[Cell]) -> None:
    """The layers of each direction, and their states side by side."""
    x, initial = ctx.operand(X), _initial(ctx)
    names = ("/forward", "/reverse") if len(cells) > 1 else ("",)
    states = [
        direction(ctx, x, cell, _stored(ctx), part=name, initial=initial)
        for name, cell in zip(names, cells, strict=True)
    ]
    if ctx.is_read(0):
        ctx.set_output(_side_by_side(ctx, sizes, [state.hidden for state in states]))
    ctx.by_product(1, [state.hidden for state in states])
    ctx.by_product(2, [state.cell for state in states if state.cell is not None])


def _side_by_side(ctx: OnnxContext, sizes: SequenceSizes, states: Sequence[Operand]) -> Operand:
    """The hidden states of all steps, (..., numbers), with an axis for the directions."""
    joined = emit.concat(ctx, states, states[0].rank - 1) if len(states) > 1 else states[0]
    *rest, _ = joined.shape
    y = ctx.view(joined, (*rest, sizes.directions, sizes.hidden))
    if len(rest) > 1 and not sizes.is_batch_first:
        return emit.transpose(ctx, y, (0, 2, 1, 3))
    return y


def _stored(ctx: OnnxContext) -> Stored:
    peepholes: Params = {"other_params": ctx.stored(PEEPHOLES)} if ctx.has(PEEPHOLES) else NOTHING
    return Stored(
        {"weights": ctx.weights(W), "biases": ctx.stored(B)},
        {"weights": ctx.weights(R), "biases": ctx.stored(B)},
        peepholes=peepholes,
    )


def _initial(ctx: OnnxContext) -> States | None:
    """The first states, unless they are constant.

    Exporters store zeros; a learned state is named like a module's parameter.
    """
    given: list[Operand | None] = []
    for index in (HIDDEN, CELL):
        is_given = ctx.has(index) and (not ctx.input(index).is_static or ctx.is_named(index))
        if not is_given:
            ctx.ignore_params(index)
        given.append(ctx.operand(index) if is_given else None)
    hidden, cell = given
    first = hidden or cell
    return None if first is None else States(hidden or first, cell)


TABLE: Mapping[str, Operator] = {
    "LSTM": recurrent("lstm"),
    "GRU": recurrent("gru"),
    "RNN": recurrent("rnn"),
}
