"""Attention as one operator, which came with opset 23."""

from __future__ import annotations

from collections.abc import Mapping

from costcalc.errors import Refusal
from costcalc.importers import emit
from costcalc.importers.builder import Operand, dims_text
from costcalc.importers.model import Shape
from costcalc.importers.onnx.context import OnnxContext, Operator, OpView, Rule
from costcalc.importers.onnx.tensors import TensorInfo


def attention(op: OpView) -> Rule:
    """Attention: outputs (batch, heads, n, e), or (batch, n, heads * e)."""
    q, v = op.input(0), op.input(2)
    n, _, heads = _heads(op, 0)
    _, width, _ = _heads(op, 2)
    if len(q.shape) == 4:
        shape: Shape = (q.shape[0], heads, n, width)
    else:
        shape = (q.shape[0], n, heads * width)
    ctx = yield [TensorInfo(shape, op.leading_batch(q)), *[TensorInfo(v.shape, v.batch)] * 2]
    ctx.require_unread(1)
    if op.has(4) or op.has(5):
        raise Refusal("reads keys and values of an earlier step", expected="none")
    inputs = [_as_heads(ctx, index, heads) for index in range(3)]
    if op.has(3):
        mask = op.shape(3)
        inputs.append(ctx.operand(3, ((1,) * (4 - len(mask)) + mask)[1:]))
    y = ctx.add("attention", inputs)
    if len(q.shape) == 3:
        y = ctx.view(emit.transpose(ctx, y, (1, 0, 2)), (n, heads * width))
    ctx.set_output(y)


def _heads(op: OpView, index: int) -> tuple[int, int, int]:
    """The number of an input's positions, the width of a head, and the number of heads."""
    shape = op.shape(index)
    if len(shape) == 4:
        return shape[2], shape[3], shape[1]
    name = "q_num_heads" if index == 0 else "kv_num_heads"
    heads = op.integer(name, 0)
    if len(shape) != 3 or heads < 1 or shape[2] % heads:
        raise Refusal(
            "cannot divide its input into attention heads",
            found=f"{dims_text(shape)}, {heads} heads",
        )
    return shape[1], shape[2] // heads, heads


def _as_heads(ctx: OnnxContext, index: int, heads: int) -> Operand:
    """An input as (heads, n, d), its heads repeated to match those of the queries."""
    info = ctx.input(index)
    if ctx.leading_batch(info) != 0:
        raise Refusal("attends to images that are not a batch", found=dims_text(info.shape))
    n, width, own = _heads(ctx, index)
    x = ctx.operand(index, info.shape[1:])
    if len(info.shape) == 3:
        x = emit.transpose(ctx, ctx.view(x, (n, own, width)), (1, 0, 2))
    return x if own == heads else ctx.add("rearrange", (x,), {"shape": (heads, n, width)})


TABLE: Mapping[str, Operator] = {"Attention": attention}
