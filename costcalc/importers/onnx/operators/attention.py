"""Attention as one operator, version 23 of ONNX's."""

from __future__ import annotations

from collections.abc import Mapping

from costcalc.errors import Refusal
from costcalc.importers import emit
from costcalc.importers.builder import Operand, dims_text
from costcalc.importers.model import Shape
from costcalc.importers.onnx.context import OnnxContext, Operator, Rule
from costcalc.importers.onnx.op_view import OpView
from costcalc.importers.onnx.tensors import TensorInfo


def attention(op: OpView) -> Rule:
    """A value for every query: ``(batch, heads, n, e)``, or heads within the last axis."""
    q, v = op.input(0), op.input(2)
    n, _, heads = _heads(op, 0)
    _, width, _ = _heads(op, 2)
    if len(q.shape) == 4:
        shape: Shape = (q.shape[0], heads, n, width)
    else:
        shape = (q.shape[0], n, heads * width)
    to = yield [TensorInfo(shape, op.image_batch(q)), *[TensorInfo(v.shape, v.batch)] * 2]
    to.unread(1)
    if op.has(4) or op.has(5):
        raise Refusal("reads keys and values of an earlier run", expected="none")
    inputs = [_as_heads(to, index, heads) for index in range(3)]
    if op.has(3):
        mask = op.shape(3)
        inputs.append(to.source(3, ((1,) * (4 - len(mask)) + mask)[1:]))
    given = to.add("attention", inputs)
    if len(q.shape) == 3:
        given = to.view(emit.transpose(to, given, (1, 0, 2)), (n, heads * width))
    to.set_output(given)


def _heads(op: OpView, index: int) -> tuple[int, int, int]:
    """How many positions an input has, of how many numbers, in how many heads."""
    shape = op.shape(index)
    if len(shape) == 4:
        return shape[2], shape[3], shape[1]
    name = "q_num_heads" if index == 0 else "kv_num_heads"
    heads = op.whole(name, 0)
    if len(shape) != 3 or heads < 1 or shape[2] % heads:
        raise Refusal(
            "cannot divide its input into attention heads",
            found=f"{dims_text(shape)}, {heads} heads",
        )
    return shape[1], shape[2] // heads, heads


def _as_heads(to: OnnxContext, index: int, heads: int) -> Operand:
    """An input as ``(heads, n, d)``, its heads repeated until they are as many as the queries'."""
    known = to.input(index)
    if to.image_batch(known) != 0:
        raise Refusal("attends to images that are not a batch", found=dims_text(known.shape))
    n, width, own = _heads(to, index)
    x = to.source(index, known.shape[1:])
    if len(known.shape) == 3:
        x = emit.transpose(to, to.view(x, (n, own, width)), (1, 0, 2))
    return x if own == heads else to.add("rearrange", (x,), {"shape": (heads, n, width)})


TABLE: Mapping[str, Operator] = {"Attention": attention}
