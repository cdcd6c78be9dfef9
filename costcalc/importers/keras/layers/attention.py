"""Embeddings and attention, which work on tokens in Keras' order, (T, C)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from costcalc.errors import Refusal
from costcalc.formulas.algebra import product
from costcalc.importers import emit
from costcalc.importers.builder import (
    Operand,
    Params,
    StoredParams,
    UnknownOp,
    axis_without_batch,
)
from costcalc.importers.keras.config import wholes
from costcalc.importers.keras.context import KerasContext, Result, Rule
from costcalc.importers.keras.layout import KERAS_ORDER
from costcalc.records import NamedTuple


def embedding(op: KerasContext) -> Result:
    """``Embedding``."""
    arguments = {"rows": op.config.whole("input_dim"), "out": op.config.whole("output_dim")}
    rows = op.add("embedding", (op.input,), arguments)
    return op.from_layout(rows, KERAS_ORDER)


def reversible_embedding(op: KerasContext) -> Result:
    """``ReversibleEmbedding``: rows of a table, or called in reverse a product with the table."""
    rows, out = op.config.whole("input_dim"), op.config.whole("output_dim")
    is_tied = op.config.flag("tie_weights", True)
    calls = [call.kwargs.get("reverse") is True for call in op.layer.calls]
    if not is_tied and len({*calls}) < 2:
        raise UnknownOp("costcalc has no layer kind for a table that is built and not used")

    def table(name: str) -> Params:
        return {"weights": [StoredParams(f"{op.shares or op.path}.{name}", rows * out)]}

    if op.option("reverse", 1) is not True:
        arguments = {"rows": rows, "out": out}
        found = op.add("embedding", (op.input,), arguments, params=table("embeddings"))
        return op.from_layout(found, KERAS_ORDER)
    params = table("embeddings" if is_tied else "reverse_embeddings")
    axis = op.layout.last(op.rank)
    x = emit.dense(op, op.input, out=rows, bias=False, axis=axis, params=params)
    if op.config.number("logit_soft_cap") is None:
        return x
    x = op.add("tanh", (op.add("scale", (x,), part=".soft_cap"),), part=".tanh")
    return op.add("scale", (x,), part=".capped")


class _Tokens(NamedTuple):
    """Which axes of a tensor are attended along; the others are a stack of such sequences."""

    stack: tuple[int, ...]
    attended: tuple[int, ...]

    @property
    def order(self) -> tuple[int, ...]:
        """The axes in the order that attention needs, the channels last."""
        axes = (*self.stack, *self.attended)
        return (*axes, len(axes))

    def sizes(self, dims: Sequence[int]) -> tuple[tuple[int, ...], int]:
        """The size of the stack, empty if there is none, and the number of tokens."""
        sequences = (product([dims[axis] for axis in self.stack]),) if self.stack else ()
        return sequences, product([dims[axis] for axis in self.attended])


def multi_head_attention(op: KerasContext) -> Result:
    """``MultiHeadAttention`` of queries, values and, if they differ, keys.

    Axes that are not attended along, those besides ``attention_axes``, are a stack.
    """
    config = op.config
    query, value, key, mask = _attended(op)
    heads, size = config.whole("num_heads"), config.whole("key_dim")
    has_value_size = config.raw("value_dim") is not None
    value_size = config.whole("value_dim") if has_value_size else size
    return _multi_head(op, (query, key, value), mask, (heads, heads), (size, value_size))


def grouped_query_attention(op: KerasContext) -> Result:
    """``GroupedQueryAttention``: several heads of queries share one of keys and values."""
    heads = op.config.whole("num_query_heads"), op.config.whole("num_key_value_heads")
    if heads[0] % heads[1]:
        raise Refusal(
            "its heads of queries are not a multiple of those of keys", f"{heads[1]}", f"{heads[0]}"
        )
    query, value, key, mask = _attended(op)
    return _multi_head(op, (query, key, value), mask, heads, (op.config.whole("head_dim"),) * 2)


def _attended(op: KerasContext) -> tuple[Operand, Operand, Operand, Operand | None]:
    """Queries, values, keys (the values by default), and the mask if there is one."""
    query, value, key = (op.option(name, at) for at, name in enumerate(("query", "value", "key")))
    if not isinstance(query, Operand) or not isinstance(value, Operand):
        raise Refusal("it needs queries and values", "two or three tensors")
    key, mask = key if isinstance(key, Operand) else value, op.option("attention_mask", 6)
    given = [query, value, *[tensor for tensor in (key, mask) if isinstance(tensor, Operand)]]
    if len(op.inputs) > len(given):
        raise UnknownOp("costcalc has no layer kind for attention with other masks")
    return query, value, key, mask if isinstance(mask, Operand) else None


def _multi_head(
    op: KerasContext,
    tensors: Sequence[Operand],
    mask: Operand | None,
    heads: tuple[int, int],
    sizes: tuple[int, int],
) -> Result:
    """Projections to heads, attention, and the projection of its result; its scores if asked for.

    Args:
        op: the layer.
        tensors: queries, keys and values.
        mask: the scores' mask, if there is one.
        heads: how many of queries, and of keys and values.
        sizes: of a head's queries and keys, and of its values.
    """
    config, query = op.config, tensors[0]
    has_bias = config.flag("use_bias", True)
    dims = op.keras_shape(query)
    if len(dims) < 2:
        raise Refusal("its queries are not sequences of tokens", "two axes or more", f"{len(dims)}")
    tokens = _tokens(op, len(dims) - 1)
    inputs = []
    for name, tensor, count, size in (
        ("query", query, heads[0], sizes[0]),
        ("key", tensors[1], heads[1], sizes[0]),
        ("value", tensors[2], heads[1], sizes[1]),
    ):
        x = _project(op, tensor, tokens, (count, size), has_bias, f"/{name}")
        if count < heads[0]:
            repeated = (*x.shape[:-3], heads[0], *x.shape[-2:])
            x = op.add("rearrange", (x,), {"shape": repeated}, f"/{name}.repeat")
        inputs.append(x)
    if mask is not None:
        inputs.append(op.to_layout(mask, KERAS_ORDER, "/mask.transpose"))
    elif config.raw("sliding_window") is not None:
        scores = (inputs[0].shape[-2], inputs[1].shape[-2])
        inputs.append(op.add("constant", (), {"shape": scores}, "/mask"))
    attended = op.add("attention", inputs, part="/attention")
    if config.flag("use_gate", False):
        gate = _project(op, query, tokens, (heads[0], sizes[1]), has_bias, "/gate")
        gate = op.add("sigmoid", (gate,), part="/gate.sigmoid")
        attended = emit.join(op, "multiply", (attended, gate), part="/gate.multiply")
    place = attended.rank - 3
    order = (*range(place), place + 1, place, place + 2)
    merged = emit.transpose(op, attended, order, part="/attention.transpose")
    width = heads[0] * sizes[1]
    flat = op.add("reshape", (merged,), {"shape": (-1, width)}, "/attention.reshape")
    wanted = config.raw("output_shape")
    last = dims[-1:] if wanted is None else wholes(wanted, "'output_shape'", 1, least=1)
    result = emit.dense(op, flat, out=product(last), bias=has_bias, part="/output")
    if len(dims) > 2 or len(last) > 1:
        op.builder.is_sized = True
        shape = (*(dims[axis] for axis in tokens.order[:-1]), *last)
        result = op.add("reshape", (result,), {"shape": shape}, "/output.reshape")
    back = [tokens.order.index(axis) for axis in range(len(dims) - 1)]
    back += range(len(back), result.rank)
    result = op.from_layout(
        emit.transpose(op, result, back, part="/output.axes"), KERAS_ORDER, "/output.transpose"
    )
    if op.option("return_attention_scores", 7) is not True:
        return result
    # Attention computes its scores anyway.
    rows, columns = inputs[0].shape[:-1], inputs[1].shape[-2]
    table = op.add("rearrange", inputs[:2], {"shape": (*rows, columns)}, "/scores")
    return result, op.from_layout(table, KERAS_ORDER, "/scores.transpose")


def _tokens(op: KerasContext, rank: int) -> _Tokens:
    """The axes that are attended along, of ``rank`` before the channels; all by default."""
    value = op.config.raw("attention_axes")
    if value is None:
        return _Tokens((), tuple(range(rank)))
    places = wholes(value, "'attention_axes'", -rank - 1, least=1)
    attended = sorted({axis_without_batch(place, rank) for place in places})
    stack = tuple(axis for axis in range(rank) if axis not in attended)
    return _Tokens(stack, tuple(attended))


def _project(
    op: KerasContext,
    tensor: Operand,
    tokens: _Tokens,
    head: tuple[int, int],
    has_bias: bool,
    part: str,
) -> Operand:
    """The projection of tokens to heads, (heads, T, size), behind the stack."""
    heads, size = head
    x = op.to_layout(tensor, KERAS_ORDER, f"{part}.tokens")
    x = emit.transpose(op, x, tokens.order, part=f"{part}.axes")
    stack, count = tokens.sizes(op.keras_shape(tensor))
    if tensor.rank > 2:
        x = op.add("reshape", (x,), {"shape": (-1, x.shape[-1])}, f"{part}.positions")
    projected = emit.dense(op, x, out=heads * size, bias=has_bias, part=part)
    rows = (*stack, count) if stack else (-1,)
    op.builder.is_sized |= bool(stack)
    split = op.add("reshape", (projected,), {"shape": (*rows, heads, size)}, f"{part}.heads")
    order = (0, 2, 1, 3) if stack else (1, 0, 2)
    return emit.transpose(op, split, order, part=f"{part}.transpose")


def dot_attention(op: KerasContext) -> Result:
    """``Attention``: the softmax of products of queries and keys, or of sums of both."""
    if op.config.word("score_mode", "dot", ("dot", "concat")) == "concat":
        return _scored(op, has_scalar_weight=True)
    query, value, key = _sequences(op)
    scores = op.add("matmul", (query, emit.transpose(op, key, swapped(key))), part="/scores")
    if op.config.flag("use_scale", False):
        scores = _times_learned(op, scores, 1, "scale")
    return _weighed(op, scores, value)


def additive_attention(op: KerasContext) -> Result:
    """``AdditiveAttention`` (Bahdanau et al., arXiv 1409.0473): sums of queries and keys."""
    return _scored(op, has_scalar_weight=False)


def _scored(op: KerasContext, has_scalar_weight: bool) -> Result:
    """Scores ``sum(v tanh(q + k))`` over the channels.

    The weight ``v`` is a number for each channel, or one behind the sum; then ``use_scale``
    adds one inside the tanh.
    """
    query, value, key = _sequences(op)
    pair = [
        op.view(x, (*x.shape[:-2], *place(x.shape[-2]), x.shape[-1]), f"/{name}.reshape")
        for name, x, place in (
            ("query", query, lambda count: (count, 1)),
            ("key", key, lambda count: (1, count)),
        )
    ]
    op.builder.is_sized = True
    x = emit.join(op, "add", pair, part="/add")
    is_scaled = op.config.flag("use_scale", not has_scalar_weight)
    if has_scalar_weight and is_scaled:
        x = _times_learned(op, x, 1, "scale")
    x = op.add("tanh", (x,), part="/tanh")
    if not has_scalar_weight and is_scaled:
        x = _times_learned(op, x, x.shape[-1], "scale")
    scores = emit.reduce(op, x, "sum", (x.rank - 1,), keep=False, part="/scores")
    if has_scalar_weight:
        scores = _times_learned(op, scores, 1, "weight")
    return _weighed(op, scores, value)


def _sequences(op: KerasContext) -> tuple[Operand, Operand, Operand]:
    """Queries, values and keys (the values by default), in Keras' order."""
    if len(op.inputs) not in (2, 3):
        raise Refusal("it needs queries and values", "two or three tensors", f"{len(op.inputs)}")
    query, value, *keys = (
        op.to_layout(x, KERAS_ORDER, f"/{name}.transpose")
        for name, x in zip(("query", "value", "key"), op.inputs, strict=False)
    )
    if any(x.rank < 2 for x in (query, value, *keys)):
        raise Refusal("its inputs are not sequences of tokens", "two axes or more")
    return query, value, keys[0] if keys else value


def _times_learned(op: KerasContext, x: Operand, size: int, name: str) -> Operand:
    """A tensor times learned numbers along its last axis, or times a single one."""
    shape = (*(1,) * (x.rank - 1), size)
    return emit.with_learned(
        op, "multiply", x, shape, of="other", part=f"/{name}.multiply", stored=f"/{name}"
    )


def _weighed(op: KerasContext, scores: Operand, value: Operand) -> Result:
    """The sum of values, weighed by the softmax of their scores."""
    of_queries, of_values = _masks(op)
    if op.option("use_causal_mask", 4) is True:
        mask = op.add("constant", (), {"shape": scores.shape}, "/mask")
        scores = emit.join(op, "add", (scores, mask), part="/mask.add")
    elif of_values is not None:
        row = op.view(of_values, (1, *of_values.shape), "/values.mask")
        scores = op.masked(scores, row, part="/values.masked")
    weights = op.add("softmax", (scores,), {"axis": scores.rank - 1}, "/softmax")
    attended = op.add("matmul", (weights, value), part="/attention")
    if of_queries is not None:
        column = op.view(of_queries, (*of_queries.shape, 1), "/queries.mask")
        attended = op.masked(attended, column, part="/queries.masked")
    attended = op.from_layout(attended, KERAS_ORDER, "/output.transpose")
    if op.option("return_attention_scores", 3) is True:
        return attended, op.from_layout(weights, KERAS_ORDER, "/scores.transpose")
    return attended


def _masks(op: KerasContext) -> tuple[Operand | None, Operand | None]:
    """The masks of queries and of values."""
    given = op.option("mask", 1)
    places = [*given, None, None] if isinstance(given, list) else [None, None]
    queries, values = (mask if isinstance(mask, Operand) else None for mask in places[:2])
    return queries, values


def swapped(x: Operand) -> tuple[int, ...]:
    """The order of axes with the last two exchanged."""
    return (*range(x.rank - 2), x.rank - 1, x.rank - 2)


TABLE: Mapping[str, Rule] = {
    "Embedding": embedding,
    "ReversibleEmbedding": reversible_embedding,
    "MultiHeadAttention": multi_head_attention,
    "GroupQueryAttention": grouped_query_attention,
    "GroupedQueryAttention": grouped_query_attention,
    "Attention": dot_attention,
    "AdditiveAttention": additive_attention,
}
