"""Recurrent layers, of T steps of N sequences: their first axis is time, their second the batch.

A network of these is read whole: every blob keeps its first axis, as a list does.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import prod

from costcalc.errors import Refusal
from costcalc.importers import emit
from costcalc.importers.builder import Operand
from costcalc.importers.caffe.context import CaffeContext, Result, Rule
from costcalc.importers.recurrent import GATES, Cell, States, direction

FIELDS = ("num_output", "weight_filler", "bias_filler", "debug_info", "expose_hidden")


def lstm(op: CaffeContext) -> Result:
    """``LSTM`` (Donahue et al., arXiv 1411.4389): one bias, no peepholes."""
    states = _run(op, "lstm")
    return _tops(op, states.hidden, states)


def rnn(op: CaffeContext) -> Result:
    """``RNN``: behind the hidden state, a product and another tanh at each step."""
    states = _run(op, "rnn")
    output = emit.dense(op, states.hidden, out=states.hidden.shape[-1], part="/output")
    return _tops(op, op.add("tanh", (output,), part="/output.tanh"), states)


def _run(op: CaffeContext, kind: str) -> States:
    """The states at all steps of all sequences, (T * N, num_output).

    Raises:
        Refusal: its blobs do not fit.
    """
    param = op.param("recurrent_param", FIELDS)
    hidden = param.whole("num_output")
    x, kept, *rest = op.reads(2)
    steps, count = x.shape[:2] if x.rank > 2 else (0, 0)
    if not count or prod(kept.shape) != steps * count:
        raise Refusal(
            "its blobs do not fit",
            "T x N x ..., and T x N numbers that say whether a sequence goes on",
            f"{'x'.join(map(str, x.shape))} and {'x'.join(map(str, kept.shape))}",
        )
    exposed = 2 if kind == "lstm" else 1
    initial = rest[len(rest) - exposed :] if param.flag("expose_hidden", False) else []
    constant = rest[: len(rest) - len(initial)]
    if len(constant) > 1 or any(blob.shape[0] != count for blob in constant):
        raise Refusal(f"it reads {len(op.inputs)} blobs", "one more at most, of N sequences")
    beside = [_beside(op, blob, steps, GATES[kind] * hidden) for blob in constant]
    op.builder.is_sized = True
    return direction(
        op,
        op.add("reshape", (x,), {"shape": (steps * count, -1)}, "/steps"),
        Cell(kind, hidden, bias_vectors=1),
        initial=States(*initial) if len(initial) == exposed else None,
        beside=beside[0] if beside else None,
        kept=op.view(kept, (steps * count, 1), "/kept"),
    )


def _beside(op: CaffeContext, blob: Operand, steps: int, out: int) -> Operand:
    """The product of an input that is the same at all steps, (T * N, out)."""
    flat = op.view(blob, (blob.shape[0], prod(blob.shape[1:])), "/static.rows")
    product = emit.dense(op, flat, out=out, bias=False, part="/static")
    shape = (steps * blob.shape[0], out)
    return op.add("rearrange", (product,), {"shape": shape}, "/static.steps")


def _tops(op: CaffeContext, output: Operand, states: States) -> Result:
    """The output of all steps, and the last states if they are exposed."""
    steps, count = op.shape[:2]
    tops = [op.add("reshape", (output,), {"shape": (steps, count, -1)}, "/sequences")]
    last = [state for state in states if state is not None] if len(op.layer.tops) > 1 else []
    for state in last:
        shape = (1, count, state.shape[-1])
        tops.append(op.add("rearrange", (state,), {"shape": shape}, "/last"))
    return tuple(tops)


TABLE: Mapping[str, Rule] = {"LSTM": lstm, "RNN": rnn}
