"""Recurrent operators, and layers that keep what they computed before."""

from __future__ import annotations

from collections.abc import Mapping

from costcalc.errors import Refusal
from costcalc.importers import emit
from costcalc.importers.builder import UnknownOp, dims_text
from costcalc.importers.recurrent import Cell, Stored, direction
from costcalc.importers.tflite.context import Rule, TfliteContext

_INPUT_WEIGHTS, _RECURRENT_WEIGHTS = range(1, 5), range(5, 9)
_PEEPHOLES, _BIASES = range(9, 12), range(12, 16)
_PROJECTION, _PROJECTION_BIAS = 16, 17
_NORMS = range(20, 24)


def lstm(op: TfliteContext) -> None:
    """UNIDIRECTIONAL_SEQUENCE_LSTM: the products of all steps, then the gates.

    Without an input gate's weights, that gate is what the forget gate leaves.
    """
    if any(op.has(index) for index in (*_PEEPHOLES, *_NORMS)):
        raise UnknownOp("costcalc has no layers for an LSTM with peepholes or layer norms")
    hidden, width = op.ranked(2, 2)
    x = op.operand()
    if x.shape[0] != width:
        raise _misfit(op, width)
    matrices = sum(op.has(index) for index in _INPUT_WEIGHTS)
    cell = Cell(
        "lstm",
        hidden,
        bias_vectors=1,
        projection=op.ranked(_PROJECTION, 2)[0] if op.has(_PROJECTION) else 0,
        has_projection_bias=op.has(_PROJECTION_BIAS),
        is_coupled=matrices == 3,
    )
    stored = Stored(
        {"weights": op.params(*_INPUT_WEIGHTS), "biases": op.params(*_BIASES)},
        {"weights": op.params(*_RECURRENT_WEIGHTS)},
        {"weights": op.params(_PROJECTION), "biases": op.params(_PROJECTION_BIAS)},
    )
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
    "SVDF": filters_in_time,
}
