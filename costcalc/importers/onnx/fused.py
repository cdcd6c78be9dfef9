"""The operators of onnxruntime's domain ``com.microsoft``, as operators of ONNX's own.

Each function adds what its operator computes, node by node.  Their inputs and attributes
are those of ``docs/ContribOperators.md`` (https://github.com/microsoft/onnxruntime).
"""

from __future__ import annotations

from collections.abc import Mapping

from costcalc.errors import Refusal
from costcalc.importers.builder import dims_text
from costcalc.importers.onnx.expansion import Expander, Expansion
from costcalc.importers.onnx.signatures import MICROSOFT
from costcalc.importers.onnx.tensors import positive_axis

# Operators with an activation, a bias or a transposition inside.


def renamed(operator: str, *inputs: int, scales: tuple[int, ...] = ()) -> Expander:
    """Another operator, of some of the inputs; ``scales`` are those that are configuration."""

    def expand(e: Expansion) -> None:
        chosen = e.names(*inputs) if inputs else e.op.node.inputs
        e.configuration(*scales)
        e.output(e.apply(operator, *chosen, **e.others()))

    return expand


def fused_conv(e: Expansion) -> None:
    """FusedConv: a convolution, a sum with another tensor, and an activation."""
    y = e.apply("Conv", *e.names(0, 1, 2), **e.others("activation", "activation_params"))
    if e.op.has(3):
        y = e.apply("Add", y, e.name(3))
    params = e.op.number_list("activation_params") or ()
    e.output(_activated(e, y, tuple(map(float, params))))


def fused_gemm(e: Expansion) -> None:
    """FusedGemm and GemmFloat8: a Gemm and an activation; scales of eight-bit numbers."""
    e.configuration(3, 4, 5)
    y = e.apply("Gemm", *e.names(0, 1, 2), **e.others("activation", *_ACTIVATION_NUMBERS))
    e.output(_activated(e, y, _activation_numbers(e)))


def fused_matmul(e: Expansion) -> None:
    """FusedMatMul: a product of transposed matrices, scaled, and an activation if it has one."""
    a, b = (_transposed(e, e.name(index), letter) for index, letter in enumerate("AB"))
    y = _scaled(e, e.apply("MatMul", a, b))
    e.output(_activated(e, y, _activation_numbers(e)) if e.op.attribute("activation") else y)


def _transposed(e: Expansion, x: str, letter: str) -> str:
    """A factor with its stack or its last two axes transposed, as attributes say."""
    order = list(range(len(e.shape(x))))
    if len(order) > 1 and e.op.integer(f"transBatch{letter}", 0):
        order = [*order[1:-1], order[0], order[-1]]
    if len(order) > 1 and e.op.integer(f"trans{letter}", 0):
        order[-2:] = order[:-3:-1]
    return x if order == sorted(order) else e.apply("Transpose", x, perm=tuple(order))


def _scaled(e: Expansion, x: str) -> str:
    alpha = e.op.attribute("alpha", 1.0)
    return x if alpha == 1 else e.apply("Mul", x, e.number(alpha))


_ACTIVATION_NUMBERS = ("activation_alpha", "activation_beta", "activation_gamma")


def _activation_numbers(e: Expansion) -> tuple[float, ...]:
    values = (e.op.attribute(name) for name in _ACTIVATION_NUMBERS)
    return tuple(value for value in values if value is not None)


def _activated(e: Expansion, x: str, numbers: tuple[float, ...]) -> str:
    """The activation that the attribute names; ``numbers`` are its own attributes."""
    name = e.op.string("activation", "")
    if not name:
        return x
    if name not in _ACTIVATIONS:
        raise Refusal(
            "has an activation that costcalc does not know",
            expected=", ".join(_ACTIVATIONS),
            found=name,
        )
    attributes = dict(zip(_ACTIVATIONS[name], numbers, strict=False))
    return e.apply(name, x, **attributes)


_ACTIVATIONS: Mapping[str, tuple[str, ...]] = {
    "Relu": (),
    "Sigmoid": (),
    "Tanh": (),
    "LeakyRelu": ("alpha",),
    "HardSigmoid": ("alpha", "beta"),
    "HardSwish": (),
    "Clip": ("min", "max"),
    "Elu": ("alpha",),
    "Selu": ("alpha", "gamma"),
    "Softplus": (),
    "Softsign": (),
    "Gelu": (),
    "Softmax": (),
}
"""The activations that are part of other operators, and the attributes that they take."""


def biased(operator: str, **attributes: str) -> Expander:
    """An activation behind a sum with a vector, which may be left out."""

    def expand(e: Expansion) -> None:
        y = e.apply("Add", *e.names(0, 1)) if e.op.has(1) else e.name(0)
        e.output(e.apply(operator, y, **{key: word.encode() for key, word in attributes.items()}))

    return expand


def quick_gelu(e: Expansion) -> None:
    """QuickGelu: ``x sigmoid(alpha x)``."""
    alpha = e.op.attribute("alpha", 1.702)
    gate = e.apply("Sigmoid", e.apply("Mul", e.name(0), e.number(alpha)))
    e.output(e.apply("Mul", e.name(0), gate))


def bias_softmax(e: Expansion) -> None:
    """BiasSoftmax: a softmax over the axes from one on, of a sum."""
    summed = e.apply("Add", *e.names(0, 1))
    e.output(e.apply("Softmax", summed, axis=e.op.integer("axis", 1)))


def bias_add(e: Expansion) -> None:
    """BiasAdd: a map channels last, its biases, and a skip connection."""
    e.output(e.apply("Add", e.apply("Add", *e.names(0, 1)), e.name(2)))


def bias_split_gelu(e: Expansion) -> None:
    """BiasSplitGelu: one half of a sum times the GELU of the other."""
    summed = e.apply("Add", *e.names(0, 1))
    halves = e.apply_many(2, "Split", (summed,), {"axis": -1})
    e.output(e.apply("Mul", halves[0], e.apply("Gelu", halves[1])))


def distances(e: Expansion) -> None:
    """CDist: the distance of each row of a matrix from each of another, squared or not."""
    differences = e.apply("Sub", e.apply("Unsqueeze", e.name(0), axes=(1,)), e.name(1))
    y = e.apply("ReduceSumSquare", differences, axes=(2,), keepdims=0)
    e.output(y if e.op.string("metric", "sqeuclidean") == "sqeuclidean" else e.apply("Sqrt", y))


def gemm_fast_gelu(e: Expansion) -> None:
    """GemmFastGelu: a product, a bias, and the GELU in its tanh form."""
    y = e.apply("MatMul", *e.names(0, 1))
    y = e.apply("Add", y, e.name(2)) if e.op.has(2) else y
    e.output(e.apply("Gelu", y, approximate=b"tanh"))


# Normalisations.


def skip_norm(norm: str, shift: int | None, bias: int) -> Expander:
    """A norm of the sum of two tensors, and of a bias if there is one; the sum is an output."""

    def expand(e: Expansion) -> None:
        summed = e.apply("Add", *e.names(0, 1))
        if e.op.has(bias):
            summed = e.apply("Add", summed, e.name(bias))
        params = e.names(2) if shift is None or not e.op.has(shift) else e.names(2, shift)
        _refuse_statistics(e, 1, 2)
        e.output(e.apply(norm, summed, *params))
        e.output(summed, 3)

    return expand


def _refuse_statistics(e: Expansion, *indexes: int) -> None:
    if any(map(e.wants, indexes)):
        raise Refusal("has outputs that onnxruntime does not compute", "the norm and the sum")


def embed_norm(scales: tuple[int, ...], place: int | None) -> Expander:
    """EmbedLayerNormalization: the sum of two or three embeddings, and its layer norm."""

    def expand(e: Expansion) -> None:
        ids, words, positions = e.names(0, 2, 3)
        if len(e.shape(ids)) < 2:
            raise Refusal("does not read rows of tokens", "(images, n)", dims_text(e.shape(ids)))
        e.configuration(*scales)
        summed = e.apply("Gather", words, ids)
        if place is not None and e.op.has(place):
            places = e.apply("Gather", positions, e.name(place))
        else:
            length = e.shape(ids)[-1]
            places = e.apply("Slice", positions, starts=(0,), ends=(length,), axes=(0,))
        summed = e.apply("Add", summed, places)
        if e.op.has(1) and e.op.has(4):
            summed = e.apply("Add", summed, e.apply("Gather", e.name(4), e.name(1)))
        e.output(e.apply("LayerNormalization", summed, *e.names(5, 6)))
        e.output(summed, 2)
        if e.wants(1):
            mask = e.name(7) or ids
            e.output(e.apply("ReduceSum", mask, axes=(1,), keepdims=0), 1)

    return expand


def group_norm(skips: bool) -> Expander:
    """GroupNorm and SkipGroupNorm, of maps channels last, and Swish if they ask for it."""

    def expand(e: Expansion) -> None:
        x = e.name(0)
        if skips:
            x = e.apply("Add", x, e.name(3))
            if e.op.has(4):
                x = e.apply("Add", x, e.name(4))
            e.output(x, 1)
        is_last = bool(e.op.integer("channels_last", 1))
        y = _channels_first(e, x) if is_last else x
        groups = e.op.integer("groups", 1, lowest=1)
        y = e.apply("GroupNormalization", y, *e.names(1, 2), num_groups=groups)
        if e.op.integer("activation", 0):
            y = e.apply("Swish", y)
        e.output(_channels_last(e, y) if is_last else y)

    return expand


def _channels_first(e: Expansion, x: str) -> str:
    rank = len(e.shape(x))
    return e.apply("Transpose", x, perm=(0, rank - 1, *range(1, rank - 1)))


def _channels_last(e: Expansion, x: str) -> str:
    return e.apply("Transpose", x, perm=(0, *range(2, len(e.shape(x))), 1))


def channels_last(
    operator: str, *inputs: int, scales: tuple[int, ...] = (), is_option: bool = False
) -> Expander:
    """An operator of maps channels last; if ``is_option``, where an attribute says so."""

    def expand(e: Expansion) -> None:
        first, *others = e.names(*inputs)
        e.configuration(*scales)
        is_last = bool(e.op.integer("channels_last", 0)) if is_option else True
        x = _channels_first(e, first) if is_last else first
        activation = ("activation", "activation_params")
        y = e.apply(operator, x, *others, **e.others("channels_last", *activation))
        e.output(_channels_last(e, y) if is_last else y)

    return expand


def nhwc_conv(e: Expansion) -> None:
    """NhwcConv and NhwcFusedConv: maps and filters channels last."""
    x, w = (_channels_first(e, name) for name in e.names(0, 1))
    y = e.apply("Conv", x, w, e.name(2), **e.others("activation", "activation_params"))
    if e.op.has(3):
        y = e.apply("Add", y, _channels_first(e, e.name(3)))
    params = e.op.number_list("activation_params") or ()
    e.output(_channels_last(e, _activated(e, y, tuple(map(float, params)))))


# Quantised operators.


def quantised_concat(e: Expansion) -> None:
    """QLinearConcat: tensors, each with its scale and its zero point."""
    places = range(2, len(e.op.node.inputs))
    e.configuration(0, 1, *(place for place in places if place % 3 != 2))
    tensors = e.names(*(place for place in places if place % 3 == 2))
    e.output(e.apply("Concat", *tensors, axis=e.op.integer("axis", 0)))


def quantised_matmul(*configuration: int, bias: int) -> Expander:
    """A product of quantised matrices, and a bias if there is one."""

    def expand(e: Expansion) -> None:
        e.configuration(*configuration)
        y = e.apply("MatMul", *e.names(0, 1))
        e.output(e.apply("Add", y, e.name(bias)) if e.op.has(bias) else y)

    return expand


def quantised_gemm(e: Expansion) -> None:
    """QGemm: a Gemm of quantised matrices."""
    e.configuration(1, 2, 4, 5, 7, 8)
    e.output(e.apply("Gemm", *e.names(0, 3, 6), **e.others()))


def quantised_lstm(e: Expansion) -> None:
    """DynamicQuantizeLSTM: an LSTM, whose matrices are stored transposed."""
    e.configuration(8, 9, 10, 11)
    w, r = (e.apply("Transpose", name, perm=(0, 2, 1)) for name in e.names(1, 2))
    inputs = (e.name(0), w, r, *e.names(3, 4, 5, 6, 7))
    for index, y in enumerate(e.apply_many(3, "LSTM", inputs, e.others())):
        e.output(y, index)


# Attention.


def attention(scales: tuple[int, ...], past: int, mask: int | None) -> Expander:
    """Attention and QAttention: one product for queries, keys and values, and the attention."""

    def expand(e: Expansion) -> None:
        x, weights, bias = e.names(0, 1, 2)
        e.configuration(*scales)
        heads = _heads(e)
        qkv = e.apply("MatMul", x, weights)
        qkv = e.apply("Add", qkv, bias) if bias else qkv
        width = e.shape(qkv)[-1]
        sizes = e.op.number_list("qkv_hidden_sizes") or (width // 3,) * 3
        q, k, v = e.apply_many(3, "Split", (qkv,), {"axis": 2, "split": tuple(map(int, sizes))})
        if e.op.integer("do_rotary", 0):
            q, k = (_rotated(e, part, heads) for part in (q, k))
        before = ("", "")
        if e.op.has(past):
            both = e.name(past)
            one, two = e.apply_many(2, "Split", (both,), {"axis": 0})
            before = (e.apply("Squeeze", one, axes=(0,)), e.apply("Squeeze", two, axes=(0,)))
        added = e.name(mask) if mask is not None else ""
        y, keys, values = _attended(e, (q, k, v), added, before, heads, heads)
        e.output(y)
        if e.wants(1):
            stacked = [e.apply("Unsqueeze", part, axes=(0,)) for part in (keys, values)]
            e.output(e.apply("Concat", *stacked, axis=0), 1)

    return expand


def multi_head_attention(bias: int | None, mask: int | None, past: int | None) -> Expander:
    """MultiHeadAttention and its relatives: queries, keys and values, apart or packed."""

    def expand(e: Expansion) -> None:
        heads = _heads(e)
        q, k, v = _unpacked(e, heads)
        if bias is not None and e.op.has(bias):
            widths = tuple(e.shape(part)[-1] for part in (q, k, v) if len(e.shape(part)) == 3)
            offsets = e.apply_many(
                len(widths), "Split", (e.name(bias),), {"axis": 0, "split": widths}
            )
            parts = [q, k, v]
            for index, offset in enumerate(offsets):
                parts[index] = e.apply("Add", parts[index], offset)
            q, k, v = parts
        before = ("", "") if past is None else e.names(past, past + 1)
        added = e.name(mask) if mask is not None else ""
        y, keys, values = _attended(e, (q, k, v), added, before, heads, heads)
        e.output(y)
        e.output(keys, 1)
        e.output(values, 2)

    return expand


def grouped_attention(e: Expansion) -> None:
    """GroupQueryAttention: fewer heads of keys and values than of queries, and a cache."""
    heads = _heads(e)
    shared = e.op.integer("kv_num_heads", 0, lowest=1)
    q, k, v = e.names(0, 1, 2)
    if not k:
        width = e.shape(q)[-1] // (heads + 2 * shared)
        sizes = (heads * width, shared * width, shared * width)
        q, k, v = e.apply_many(3, "Split", (q,), {"axis": 2, "split": sizes})
    e.configuration(7, 8, 12, 13)
    if e.op.integer("do_rotary", 0):
        q, k = _rotated(e, q, heads), _rotated(e, k, shared)
    before = e.names(3, 4)
    is_filled = bool(before[0]) and e.stated(1) == e.shape(before[0])
    if is_filled:
        # The cache has its full length from the start; keys are written into it.
        y = _attended(e, (q, before[0], before[1]), e.name(10), ("", ""), heads, shared)[0]
        e.output(before[0], 1)
        e.output(before[1], 2)
    else:
        y, keys, values = _attended(e, (q, k, v), e.name(10), before, heads, shared)
        e.output(keys, 1)
        e.output(values, 2)
    e.output(y)


def _heads(e: Expansion) -> int:
    return e.op.integer("num_heads", 0, lowest=1)


def _unpacked(e: Expansion, heads: int) -> tuple[str, str, str]:
    """Queries, keys and values; packed, (batch, n, heads, 3, width) or keys and values alone."""
    q, k, v = e.names(0, 1, 2)
    packed = k or q
    if v or len(e.shape(packed)) != 5:
        return q, k or q, v or k or q
    count = 3 if not k else 2
    shape = e.shape(packed)
    if shape[3] != count or shape[2] != heads:
        expected = f"(batch, n, {heads}, {count}, width)"
        raise Refusal("packs its tensors otherwise than it says", expected, dims_text(shape))
    parts = e.apply_many(count, "Split", (packed,), {"axis": 3})
    parts = tuple(e.apply("Squeeze", part, axes=(3,)) for part in parts)
    flat = [_merged(e, part) for part in parts]
    return (flat[0], flat[1], flat[2]) if count == 3 else (q, flat[0], flat[1])


def _merged(e: Expansion, x: str) -> str:
    """(batch, n, heads, width) as (batch, n, heads * width)."""
    *lead, heads, width = e.shape(x)
    return e.apply("Reshape", x, shape=(*lead, heads * width), allowzero=1)


def _rotated(e: Expansion, x: str, heads: int) -> str:
    """Queries or keys with their positions: cosines and sines are tables, not params."""
    dims = e.op.integer("rotary_embedding_dim", 0)
    attributes = {"num_heads": heads, "rotary_embedding_dim": dims}
    return e.apply("RotaryEmbedding", x, *_tables(e, x, heads), **attributes)


def _tables(e: Expansion, x: str, heads: int) -> tuple[str, str]:
    """The cosines and sines of each position, of which the operator has the values inside."""
    shape = e.shape(x)
    if len(shape) != 3 or shape[2] % heads:
        found = f"{dims_text(shape)}, {heads} heads"
        raise Refusal("cannot divide its input into attention heads", found=found)
    half = (e.op.integer("rotary_embedding_dim", 0) or shape[2] // heads) // 2
    return e.table((*shape[:2], half)), e.table((*shape[:2], half))


def _attended(
    e: Expansion,
    tensors: tuple[str, str, str],
    mask: str,
    before: tuple[str, ...],
    heads: int,
    shared: int,
) -> tuple[str, str, str]:
    """The attention, and the keys and values with those of earlier steps."""
    attributes = {"q_num_heads": heads, "kv_num_heads": shared}
    y, keys, values = e.apply_many(3, "Attention", (*tensors, mask, *before), attributes)
    return y, keys, values


def rotary(e: Expansion) -> None:
    """RotaryEmbedding, with its inputs in another order than ONNX's."""
    x, places, cosines, sines = e.names(0, 1, 2, 3)
    e.configuration(2, 3)
    shape, heads = e.shape(x), e.op.integer("num_heads", 0)
    if len(shape) == 3 and not heads:
        heads = shape[-1] // (2 * e.shape(cosines)[-1])
    attributes = {**e.others("num_heads", "scale", "is_packed_batching"), "num_heads": heads}
    ids = places if len(e.shape(places)) == 2 else ""
    e.output(e.apply("RotaryEmbedding", x, cosines, sines, ids, **attributes))


def causal_conv(e: Expansion) -> None:
    """CausalConvWithState: a depthwise convolution over the last steps, kept for the next call."""
    x, weight = e.name(0), e.name(1)
    if len(e.shape(x)) != 3 or len(e.shape(weight)) != 3 or not e.shape(weight)[2]:
        raise Refusal("does not read steps of channels", found=dims_text(e.shape(x)))
    channels, kept = e.shape(x)[1], e.shape(weight)[2] - 1
    if e.op.has(3):
        padded = e.apply("Concat", e.name(3), x, axis=2)
    else:
        padded = e.apply("Pad", x, pads=(0, 0, kept, 0, 0, 0))
    y = e.apply("Conv", padded, weight, e.name(2), group=channels)
    activation = e.op.string("activation", "none").lower()
    if activation in ("silu", "swish"):
        y = e.apply("Swish", y)
    e.output(y)
    if e.wants(1):
        total = e.shape(padded)[2]
        e.output(e.apply("Slice", padded, starts=(total - kept,), ends=(total,), axes=(2,)), 1)


# Products of packed weights.


def packed_matmul(bias: int | None, *configuration: int) -> Expander:
    """MatMulNBits and its relatives: weights of few bits, packed, by the attributes K and N."""

    def expand(e: Expansion) -> None:
        e.configuration(*configuration)
        rows, columns = (e.op.integer(name, 0, lowest=1) for name in ("K", "N"))
        weights = e.unpacked(1, (rows, columns))
        y = e.apply("MatMul", e.name(0), weights)
        if bias is not None and e.op.has(bias):
            y = e.apply("Add", y, e.name(bias))
        e.output(y)

    return expand


def packed_gather(e: Expansion) -> None:
    """GatherBlockQuantized: rows of an embedding whose numbers are packed in bytes."""
    e.configuration(2, 3)
    shape, bits = e.shape(e.name(0)), e.op.integer("bits", 4, lowest=1)
    axis = positive_axis(e.op.integer("gather_axis", 0), len(shape))
    per_byte = max(8 // bits, 1) if e.are_bytes(0) else 1
    data = e.unpacked(0, (*shape[:-1], shape[-1] * per_byte))
    e.output(e.apply("Gather", data, e.name(1), axis=axis))


EXPANSIONS: Mapping[str, Expander] = {
    "CausalConvWithState": causal_conv,
    "SimplifiedLayerNormalization": renamed("RMSNormalization"),
    **{
        f"{MICROSOFT}.{name}": expander
        for name, expander in {
            "Attention": attention((), 4, 5),
            "BiasAdd": bias_add,
            "BiasGelu": biased("Gelu"),
            "BiasSoftmax": bias_softmax,
            "BiasSplitGelu": bias_split_gelu,
            "CDist": distances,
            "DecoderMaskedMultiHeadAttention": multi_head_attention(10, 4, 5),
            "DequantizeLinear": renamed("DequantizeLinear"),
            "DynamicQuantizeLSTM": quantised_lstm,
            "DynamicQuantizeMatMul": quantised_matmul(2, 3, bias=4),
            "EmbedLayerNormalization": embed_norm((), 8),
            "ExpandDims": renamed("Unsqueeze"),
            "FastGelu": biased("Gelu", approximate="tanh"),
            "FusedConv": fused_conv,
            "FusedGemm": fused_gemm,
            "FusedMatMul": fused_matmul,
            "FusedMatMulActivation": fused_matmul,
            "GatherBlockQuantized": packed_gather,
            "GatherND": renamed("GatherND"),
            "Gelu": renamed("Gelu"),
            "GemmFastGelu": gemm_fast_gelu,
            "GemmFloat8": fused_gemm,
            "GridSample": renamed("GridSample"),
            "GroupNorm": group_norm(skips=False),
            "GroupQueryAttention": grouped_attention,
            "LinearAttention": renamed("LinearAttention"),
            "MatMulBnb4": packed_matmul(None, 2),
            "MatMulIntegerToFloat": quantised_matmul(2, 3, 4, 5, bias=6),
            "MatMulNBits": packed_matmul(5, 2, 3, 4),
            "MultiHeadAttention": multi_head_attention(3, 5, 6),
            "NGramRepeatBlock": renamed("Identity", 1),
            "NhwcConv": nhwc_conv,
            "NhwcFusedConv": nhwc_conv,
            "NhwcMaxPool": channels_last("MaxPool", 0),
            "Pad": renamed("Pad"),
            "QAttention": attention((3, 4, 6, 7), 8, None),
            "QEmbedLayerNormalization": embed_norm(tuple(range(8, 18)), None),
            "QGemm": quantised_gemm,
            "QLinearAdd": renamed("Add", 0, 3, scales=(1, 2, 4, 5, 6, 7)),
            "QLinearAveragePool": channels_last(
                "AveragePool", 0, scales=(1, 2, 3, 4), is_option=True
            ),
            "QLinearConcat": quantised_concat,
            "QLinearConv": channels_last("QLinearConv", *range(9), scales=(), is_option=True),
            "QLinearGlobalAveragePool": channels_last(
                "GlobalAveragePool", 0, scales=(1, 2, 3, 4), is_option=True
            ),
            "QLinearLeakyRelu": renamed("LeakyRelu", 0, scales=(1, 2, 3, 4)),
            "QLinearMul": renamed("Mul", 0, 3, scales=(1, 2, 4, 5, 6, 7)),
            "QLinearReduceMean": renamed("ReduceMean", 0, scales=(1, 2, 3, 4)),
            "QLinearSigmoid": renamed("Sigmoid", 0, scales=(1, 2, 3, 4)),
            "QLinearSoftmax": renamed("Softmax", 0, scales=(1, 2, 3, 4)),
            "QLinearWhere": renamed("Where", 0, 1, 4, scales=(2, 3, 5, 6, 7, 8)),
            "QuantizeLinear": renamed("QuantizeLinear"),
            "QuickGelu": quick_gelu,
            "Range": renamed("Range"),
            "RotaryEmbedding": rotary,
            "SkipGroupNorm": group_norm(skips=True),
            "SkipLayerNormalization": skip_norm("LayerNormalization", 3, 4),
            "SkipSimplifiedLayerNormalization": skip_norm("RMSNormalization", None, 3),
            "SwiGLU": renamed("SwiGLU"),
            "TorchEmbedding": renamed("Gather", 0, 1),
            "TransposeMatMul": fused_matmul,
            "Trilu": renamed("Trilu"),
        }.items()
    },
}
"""What each operator expands to."""
