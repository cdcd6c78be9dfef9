"""Recurrent operators, and layers that keep what they computed before."""

from __future__ import annotations

from collections.abc import Mapping

from costcalc.errors import Refusal
from costcalc.importers import emit
from costcalc.importers.builder import UnknownOp, dims_text
from costcalc.importers.recurrent import Cell, States, Stored, direction
from costcalc.importers.tflite.context import ACTIVATIONS, Rule, TfliteContext
from costcalc.records import NamedTuple


class _Places(NamedTuple):
    """Which inputs hold the params of one direction of an LSTM."""

    input: range
    """Weights of the input: of the input, forget, cell and output gate."""
    recurrent: range
    peepholes: range
    biases: range
    projection: int
    projection_bias: int


_FORWARD = _Places(range(1, 5), range(5, 9), range(9, 12), range(12, 16), 16, 17)
_REVERSE = _Places(range(18, 22), range(22, 26), range(26, 29), range(29, 33), 33, 34)
_NORMS = range(20, 24)


def lstm(op: TfliteContext) -> None:
    """UNIDIRECTIONAL_SEQUENCE_LSTM: the products of all steps, then the gates.

    Without an input gate's weights, that gate is what the forget gate leaves.

    Raises:
        UnknownOp: it has layer norms.
    """
    if any(op.has(index) for index in _NORMS):
        raise UnknownOp("costcalc has no layers for an LSTM with layer norms")
    op.set_output(_lstm(op, _FORWARD, "").hidden)


def both_ways(op: TfliteContext) -> None:
    """BIDIRECTIONAL_SEQUENCE_LSTM, whose outputs are one tensor or two.

    Raises:
        UnknownOp: it has another input beside its first.
    """
    if any(op.has(index) for index in range(39, 48)):
        raise UnknownOp("costcalc reads it with one input alone")
    hidden = [
        _lstm(op, places, part).hidden
        for places, part in ((_FORWARD, "/forward"), (_REVERSE, "/reverse"))
    ]
    if op.options["merge_outputs"]:
        op.set_output(op.add("concat", hidden, {"axis": 0}, "/concat"))
    else:
        for index, states in enumerate(hidden):
            op.set_output(states, index)


def _lstm(op: TfliteContext, places: _Places, part: str) -> States:
    """One direction of an LSTM."""
    hidden, width = op.ranked(places.input[1], 2)
    x = op.operand()
    if x.shape[0] != width:
        raise _misfit(op, width)
    matrices = sum(op.has(index) for index in places.input)
    cell = Cell(
        "lstm",
        hidden,
        bias_vectors=1,
        projection=op.ranked(places.projection, 2)[0] if op.has(places.projection) else 0,
        has_projection_bias=op.has(places.projection_bias),
        is_coupled=matrices == 3,
        has_peepholes=op.has(places.peepholes[-1]),
    )
    stored = Stored(
        {"weights": op.params(*places.input), "biases": op.params(*places.biases)},
        {"weights": op.params(*places.recurrent)},
        {
            "weights": op.params(places.projection),
            "biases": op.params(places.projection_bias),
        },
        {"other_params": op.params(*places.peepholes)},
    )
    return direction(op, x, cell, stored, axis=0, part=part)


def plain(op: TfliteContext) -> None:
    """RNN and UNIDIRECTIONAL_SEQUENCE_RNN: one product of the input and one of the state."""
    hidden, width = op.ranked(1, 2)
    x = op.operand()
    if x.shape[0] != width:
        raise _misfit(op, width)
    activation = ACTIVATIONS.get(op.options["activation"], "identity")
    cell = Cell("rnn", hidden, bias_vectors=1, activations=(activation,))
    stored = Stored({"weights": op.params(1), "biases": op.params(3)}, {"weights": op.params(2)})
    op.set_output(direction(op, x, cell, stored, axis=0).hidden)


def filters_in_time(op: TfliteContext) -> None:
    """SVDF (Nakkiran et al., Interspeech 2015): filters of rank 1 over features and over time."""
    filters, width = op.ranked(1, 2)
    memory = op.ranked(2, 2)[1]
    rank = max(op.options["rank"], 1)
    x = op.operand()
    if x.shape[0] != width or filters % rank:
        raise _misfit(op, width)
    params = {"weights": op.params(1)}
    features = emit.dense(op, x, out=filters, axis=0, bias=False, params=params, part="/features")
    features = op.view(features, (filters, 1))
    if memory > 1:
        earlier = op.add_source("constant", f"{op.path}/state", (filters, memory - 1))
        features = op.add("concat", (earlier, features), {"axis": 1}, part="/states")
    params = {"weights": op.params(2)}
    y = emit.conv(
        op, features, out=filters, kernel=(memory,), groups=filters, bias=False,
        padding="valid", params=params, part="/time",
    )  # fmt: skip
    if rank > 1:
        y = op.view(y, (filters // rank, rank))
        y = emit.reduce(op, y, "sum", (1,), keep=True, part="/sum")
    y = op.view(y, (filters // rank,))
    if op.has(3):
        params = {"biases": op.params(3)}
        bias = op.add("learned", (), {"shape": y.shape, "of": "bias"}, "/bias", params=params)
        y = emit.join(op, "add", (y, bias), part="/add")
    op.finish(y)


def _misfit(op: TfliteContext, width: int) -> Refusal:
    shape = dims_text(op.shape())
    return Refusal("its matrices do not fit its input", f"{width} numbers", shape)


TABLE: Mapping[str, Rule] = {
    "UNIDIRECTIONAL_SEQUENCE_LSTM": lstm,
    "BIDIRECTIONAL_SEQUENCE_LSTM": both_ways,
    "UNIDIRECTIONAL_SEQUENCE_RNN": plain,
    "RNN": plain,
    "SVDF": filters_in_time,
}
