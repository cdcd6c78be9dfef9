"""Attention as one operator, and rotary embeddings: both came with opset 23."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod

from costcalc.errors import Refusal
from costcalc.importers import emit
from costcalc.importers.builder import Operand, dims_text
from costcalc.importers.model import Shape
from costcalc.importers.onnx.context import OnnxContext, Operator, OpView, Rule
from costcalc.importers.onnx.tensors import TensorInfo
from costcalc.records import NamedTuple


class Heads(NamedTuple):
    """Queries, keys or values: (batch, heads, n, width), or (batch, n, heads * width)."""

    heads: int
    n: int
    width: int


def attention(op: OpView) -> Rule:
    """Attention, with keys and values of earlier steps or without.

    Outputs (batch, heads, n, e), or (batch, n, heads * e); the keys and values of all steps,
    (batch, heads, m, width); and the scores, (batch, heads, n, m).
    """
    q, k, v = (_heads(op, index) for index in range(3))
    info, images = op.input(0), op.shape()[:1]
    steps = k.n + (_past(op, 4, k) if op.has(4) else 0)
    if len(info.shape) == 4:
        shape: Shape = (*images, q.heads, q.n, v.width)
    else:
        shape = (*images, q.n, q.heads * v.width)
    batch = op.leading_batch(info)
    ctx = yield [
        TensorInfo(shape, batch),
        TensorInfo((*images, k.heads, steps, k.width), batch),
        TensorInfo((*images, v.heads, steps, v.width), batch),
        TensorInfo((*images, q.heads, q.n, steps), batch),
    ]
    tensors = [_as_heads(ctx, index, heads) for index, heads in enumerate((q, k, v))]
    for index in (1, 2):
        if op.has(index + 3):
            past = ctx.operand(index + 3)
            tensors[index] = ctx.add("concat", (past, tensors[index]), {"axis": past.rank - 2})
        if ctx.is_read(index):
            ctx.set_output(tensors[index], index)
    inputs = [_repeated(ctx, x, q.heads) for x in tensors]
    if op.has(3):
        inputs.append(_mask(ctx, len(inputs[0].shape) + 1))
    y = ctx.add("attention", inputs)
    ctx.by_product(3, inputs[:2])
    if len(info.shape) == 3:
        *rest, a, b = range(y.rank - 1)
        y = emit.transpose(ctx, y, (*rest, b, a, y.rank - 1))
        y = ctx.view(y, ctx.output().image_shape)
    ctx.set_output(y)


def _heads(op: OpView, index: int) -> Heads:
    shape = op.shape(index)
    if len(shape) == 4:
        return Heads(*shape[1:])
    name = "q_num_heads" if index == 0 else "kv_num_heads"
    heads = op.integer(name, 0)
    if len(shape) != 3 or heads < 1 or shape[2] % heads:
        raise Refusal(
            "cannot divide its input into attention heads",
            found=f"{dims_text(shape)}, {heads} heads",
        )
    return Heads(heads, shape[1], shape[2] // heads)


def _past(op: OpView, index: int, heads: Heads) -> int:
    """How many earlier steps a cache holds."""
    shape = op.shape(index)
    if len(shape) != 4 or (shape[1], shape[3]) != (heads.heads, heads.width):
        raise Refusal(
            "has a cache of other heads than its keys",
            expected=f"(batch, {heads.heads}, steps, {heads.width})",
            found=dims_text(shape),
        )
    return shape[2]


def _as_heads(ctx: OnnxContext, index: int, heads: Heads) -> Operand:
    """An input as (heads, n, d), behind the batch if it is none of the network's."""
    info = ctx.input(index)
    rest = info.shape[:1] if ctx.leading_batch(info) is None else ()
    if len(info.shape) == 4:
        return ctx.operand(index, (*rest, *info.shape[1:]))
    x = ctx.operand(index, (*rest, heads.n, heads.heads, heads.width))
    axis = len(rest)
    return emit.transpose(ctx, x, (*range(axis), axis + 1, axis, axis + 2))


def _repeated(ctx: OnnxContext, x: Operand, heads: int) -> Operand:
    """Keys or values repeated for each head of the queries; a single head is read by all."""
    *rest, own, n, width = x.shape
    if own in (1, heads):
        return x
    return ctx.add("rearrange", (x,), {"shape": (*rest, heads, n, width)})


def _mask(ctx: OnnxContext, rank: int) -> Operand:
    """The mask, with as many axes as the scores of one image have."""
    mask = ctx.shape(3)
    full = (1,) * (4 - len(mask)) + mask
    return ctx.operand(3, full if rank > 4 else full[1:])


def rotary(op: OpView) -> Rule:
    """RotaryEmbedding: pairs of numbers turned by the angle of their position.

    ``x cos - y sin`` and ``x sin + y cos``: two products and a sum for each number.
    """
    info = op.input(0)
    heads = _rotated_heads(op)
    dims = op.integer("rotary_embedding_dim", 0) or heads.width
    if not 0 < dims <= heads.width or dims % 2:
        expected = f"an even number up to {heads.width}"
        raise Refusal("cannot rotate so many numbers of each head", expected, f"{dims}")
    ctx = yield [info._replace(values=None)]
    ctx.ignore_params(1, 2)
    rest = info.shape[:1] if ctx.leading_batch(info) is None else ()
    x = ctx.operand(0, (*rest, prod(info.shape[1:]) // heads.width, heads.width))
    axis = x.rank - 1
    turned = emit.take(ctx, x, axis, range(dims))
    tables = [_angles(ctx, index, turned) for index in (1, 2)]
    swapped = ctx.add("rearrange", (turned,), {"shape": turned.shape})
    y = emit.join(ctx, "multiply", (turned, tables[0]))
    z = emit.join(ctx, "multiply", (swapped, tables[1]))
    y = emit.join(ctx, "add", (y, z))
    if dims < heads.width:
        y = emit.concat(ctx, (y, emit.take(ctx, x, axis, range(dims, heads.width))), axis)
    ctx.set_output(ctx.view(y, ctx.output().image_shape))


def _rotated_heads(op: OpView) -> Heads:
    shape = op.shape()
    if len(shape) == 4:
        return Heads(*shape[1:])
    heads = op.integer("num_heads", 0)
    if len(shape) != 3 or heads < 1 or shape[2] % heads:
        found = f"{dims_text(shape)}, {heads} heads"
        raise Refusal("cannot divide its input into attention heads", found=found)
    return Heads(heads, shape[1], shape[2] // heads)


def _angles(ctx: OnnxContext, index: int, x: Operand) -> Operand:
    """The cosines or sines for each number: a table, or what the network computes."""
    info = ctx.input(index)
    if info.is_static:
        return ctx.add("constant", (), {"shape": x.shape}, ".angles")
    angles = ctx.operand(index)
    return ctx.add("rearrange", (angles,), {"shape": x.shape})


def linear_attention(op: OpView) -> Rule:
    """LinearAttention: a state of keys times values, updated and read at every step.

    ``S' = g S + k v^T`` and ``o = q^T S'``; with a delta rule, ``v - S^T k`` is written in
    place of v.  All steps are layers at once: a state is a rearrangement of the values.
    """
    q_heads, heads = (op.integer(f"{name}_num_heads", 0, lowest=1) for name in ("q", "kv"))
    q, k, v = (op.shape(index) for index in range(3))
    is_packed = all(len(shape) == 3 for shape in (q, k, v)) and q[:2] == k[:2] == v[:2]
    fits = is_packed and q_heads % heads == 0
    if not fits or q[2] % q_heads or k[2] % heads or v[2] % heads or 0 in (*q, *k, *v):
        found = " and ".join(map(dims_text, (q, k, v)))
        raise Refusal("cannot divide its inputs into heads", "(batch, n, heads * width)", found)
    images, steps = q[:2]
    keys, values = k[2] // heads, v[2] // heads
    batch = op.leading_batch(op.input(0))
    shape = (images, steps, q_heads * values)
    ctx = yield [
        TensorInfo(shape, batch),
        TensorInfo((images, heads, keys, values), batch),
    ]
    ctx.fold()
    rest = 1 if batch == 0 else images
    rows, read = rest * steps * heads, rest * steps * q_heads

    def add(kind: str, *inputs: Operand, part: str = "", **arguments: Shape) -> Operand:
        return ctx.add(kind, inputs, arguments, f"/{part or kind}")

    key = ctx.view(ctx.operand(1), (rows, keys, 1))
    value = ctx.view(ctx.operand(2), (rows, 1, values))
    given = [value, *([ctx.operand(3)] if ctx.has(3) else [])]
    state = add("rearrange", *given, part="previous", shape=(rows, keys, values))
    rule = op.string("update_rule", "gated_delta")
    if "gated" in rule and ctx.has(4):
        decay = add("exp", ctx.operand(4), part="decay")
        factors = add("rearrange", decay, part="decays", shape=(rows, keys, 1))
        state = emit.join(ctx, "multiply", (state, factors), part="/decayed")
    if "delta" in rule:
        turned = add("transpose", state, axes=(0, 2, 1))
        retrieved = ctx.view(add("matmul", turned, key, part="retrieved"), (rows, 1, values))
        value = emit.join(ctx, "subtract", (value, retrieved), part="/difference")
        if ctx.has(5):
            rates = add("rearrange", ctx.operand(5), part="rates", shape=(rows, 1, 1))
            value = emit.join(ctx, "multiply", (value, rates), part="/rate")
    state = add("add", state, add("matmul", key, value, part="outer"), part="state")
    seen = state
    if q_heads != heads:
        seen = add("rearrange", state, part="shared", shape=(read, keys, values))
    query = ctx.view(ctx.operand(0), (read, 1, q[2] // q_heads))
    y = add("scale", add("matmul", query, seen, part="read"), part="output")
    ctx.set_output(ctx.view(y, ctx.output().image_shape))
    ctx.by_product(1, (state,))


TABLE: Mapping[str, Operator] = {
    "Attention": attention,
    "LinearAttention": linear_attention,
    "RotaryEmbedding": rotary,
}
