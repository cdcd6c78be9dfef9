"""Embeddings and attention, which work on tokens in Keras' order, (T, C)."""

from __future__ import annotations

from collections.abc import Mapping

from costcalc.errors import Refusal
from costcalc.importers import emit
from costcalc.importers.builder import Operand, UnknownOp
from costcalc.importers.keras.context import KerasContext, Result, Rule
from costcalc.importers.keras.layout import KERAS_ORDER

_UNKNOWN = ("output_shape", "use_gate", "sliding_window")
"""Settings with which attention computes something else than the layer kind."""


def embedding(op: KerasContext) -> Result:
    """``Embedding``."""
    arguments = {"rows": op.config.whole("input_dim"), "out": op.config.whole("output_dim")}
    rows = op.add("embedding", (op.input,), arguments)
    return op.from_layout(rows, KERAS_ORDER)


def multi_head_attention(op: KerasContext) -> Result:
    """``MultiHeadAttention`` of queries, values and, if they differ, keys."""
    config = op.config
    if len(op.inputs) not in (2, 3) or any(config.raw(each) for each in _UNKNOWN):
        raise UnknownOp
    if config.raw("attention_axes") not in (None, [*range(1, op.rank)]):
        raise UnknownOp
    query, value = op.option("query", 0), op.option("value", 1)
    key = op.option("key", 2)
    if not isinstance(query, Operand) or not isinstance(value, Operand):
        raise Refusal("it needs queries and values", "two or three tensors")
    key = key if isinstance(key, Operand) else value
    heads, size = config.whole("num_heads"), config.whole("key_dim")
    has_value_size = config.raw("value_dim") is not None
    value_size = config.whole("value_dim") if has_value_size else size
    has_bias = config.flag("use_bias", True)
    dims = op.keras_shape(query)
    if len(dims) < 2:
        raise Refusal("its queries are not sequences of tokens", "two axes or more", f"{len(dims)}")
    projected = [
        _project(op, tensor, heads, head_size, has_bias, f"/{name}")
        for name, tensor, head_size in (
            ("query", query, size),
            ("key", key, size),
            ("value", value, value_size),
        )
    ]
    attended = op.add("attention", projected, part="/attention")
    merged = emit.transpose(op, attended, (1, 0, 2), part="/attention.transpose")
    flat = op.add("reshape", (merged,), {"shape": (-1, heads * value_size)}, "/attention.reshape")
    result = emit.dense(op, flat, out=dims[-1], bias=has_bias, part="/output")
    if len(dims) > 2:
        op.builder.is_sized = True
        result = op.add("reshape", (result,), {"shape": dims}, "/output.reshape")
    return op.from_layout(result, KERAS_ORDER, "/output.transpose")


def _project(
    op: KerasContext, tensor: Operand, heads: int, size: int, has_bias: bool, part: str
) -> Operand:
    """The projection of tokens to heads, (heads, T, size)."""
    tokens = op.to_layout(tensor, KERAS_ORDER, f"{part}.tokens")
    if tensor.rank > 2:
        width = tokens.shape[-1]
        tokens = op.add("reshape", (tokens,), {"shape": (-1, width)}, f"{part}.positions")
    projected = emit.dense(op, tokens, out=heads * size, bias=has_bias, part=part)
    split = op.add("reshape", (projected,), {"shape": (-1, heads, size)}, f"{part}.heads")
    return emit.transpose(op, split, (1, 0, 2), part=f"{part}.transpose")


TABLE: Mapping[str, Rule] = {
    "Embedding": embedding,
    "MultiHeadAttention": multi_head_attention,
}
