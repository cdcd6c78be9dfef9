"""The operators of onnxruntime's ``com.microsoft``: what quantisers and optimisers write."""

from math import prod

import pytest

from costcalc.errors import SpecError
from tests.importers.onnx.counted import events, kinds, macs, outputs, params
from tests.importers.onnx.models import (
    UINT8,
    graph,
    model,
    node,
    scalar,
    tensor,
    value,
)

B, S, D, HEADS = 1, 5, 12, 3
TOKENS = (B, S, D)
IMAGE = (1, 3, 8, 8)


def of(operator, inputs, outs="y", **attributes):
    return node(operator, inputs, outs, name="it", domain="com.microsoft", **attributes)


def stored(name, *dims):
    return tensor(name, list(dims))


def attended(n, m, width=D):
    """The products of attention: queries with keys, and scores with values."""
    return 2 * n * m * width


@pytest.mark.parametrize(
    "made, x, weights, expected_kinds, expected_macs, expected_params",
    [
        (
            of("FusedConv", "x w b", activation="Relu", pads=(1, 1, 1, 1)),
            IMAGE,
            [stored("w", 4, 3, 3, 3), stored("b", 4)],
            ["conv", "relu"],
            108 * 64,
            112,
        ),
        (
            of("FusedConv", "x w b", activation="Clip", activation_params=(0.0, 6.0)),
            IMAGE,
            [stored("w", 4, 3, 3, 3), stored("b", 4)],
            ["conv", "relu6"],
            108 * 36,
            112,
        ),
        (
            of("FusedGemm", "x w b", activation="LeakyRelu", activation_alpha=0.1),
            (1, 6),
            [stored("w", 6, 4), stored("b", 4)],
            ["fc", "leaky_relu"],
            24,
            28,
        ),
        (
            of("FusedMatMul", "x w", alpha=0.5),
            TOKENS,
            [stored("w", D, 7)],
            ["fc", "scale"],
            420,
            84,
        ),
        (
            of("FusedMatMul", "x w", transB=1),
            TOKENS,
            [stored("w", 7, D)],
            ["fc"],
            S * D * 7,
            D * 7,
        ),
        (of("Gelu", "x"), TOKENS, [], ["gelu"], 0, 0),
        (of("QuickGelu", "x", alpha=1.702), TOKENS, [], ["quick_gelu"], 0, 0),
        (of("FastGelu", "x"), TOKENS, [], ["gelu_tanh"], 0, 0),
        (of("BiasGelu", "x b"), TOKENS, [stored("b", D)], ["learned", "add", "gelu"], 0, D),
        (
            of("SkipLayerNormalization", "x x g b c"),
            TOKENS,
            [stored("g", D), stored("b", D), stored("c", D)],
            ["add", "learned", "add", "layer_norm"],
            0,
            3 * D,
        ),
        (
            of("SkipSimplifiedLayerNormalization", "x x g"),
            TOKENS,
            [stored("g", D)],
            ["add", "rms_norm"],
            0,
            D,
        ),
        (
            of("GemmFastGelu", "x w b"),
            TOKENS,
            [stored("w", D, 7), stored("b", 7)],
            ["fc", "gelu_tanh"],
            S * D * 7,
            D * 7 + 7,
        ),
        (
            of("NhwcConv", "x w b", pads=(1, 1, 1, 1)),
            (1, 8, 8, 3),
            [stored("w", 4, 3, 3, 3), stored("b", 4)],
            ["transpose", "conv", "transpose"],
            108 * 64,
            112,
        ),
        (
            of("GemmFloat8", "x w b s s s", transB=1, activation="Relu"),
            (1, 6),
            [stored("w", 4, 6), stored("b", 4), tensor("s", [])],
            ["fc", "relu"],
            24,
            28,
        ),
        (
            of("CDist", "x c", metric="euclidean"),
            (1, 6),
            [stored("c", 7, 6)],
            ["reshape", "learned", "subtract", "square", "sum", "sqrt"],
            0,
            42,
        ),
        (
            of("GroupNorm", "x g b", groups=2, activation=1),
            (1, 8, 8, 6),
            [stored("g", 6), stored("b", 6)],
            ["transpose", "group_norm", "swish", "transpose"],
            0,
            12,
        ),
    ],
)
def test_fused_operators(network, made, x, weights, expected_kinds, expected_macs, expected_params):
    result = network([made], x, weights)
    assert kinds(result) == expected_kinds
    assert (macs(result), params(result)) == (expected_macs, expected_params)


@pytest.mark.parametrize(
    "made",
    [
        of("EmbedLayerNormalization", "x x words places kinds g b"),
        of("QEmbedLayerNormalization", f"x x words places kinds g b x {' '.join(['one'] * 10)}"),
    ],
    ids=["float", "quantised"],
)
def test_an_embedding_has_words_positions_and_types(network, made):
    tables = [stored("words", 100, D), stored("places", 20, D), stored("kinds", 2, D)]
    tables += [stored("g", D), stored("b", D), tensor("one", [])]
    result = network([made], (1, S), tables)
    assert kinds(result).count("embedding") == 2
    assert outputs(result)[-1] == (S, D)
    assert params(result) == (100 + 20 + 2) * D + 2 * D


def test_attention_projects_and_attends(network):
    weights = [stored("w", D, 3 * D), stored("b", 3 * D)]
    result = network([of("Attention", "x w b", num_heads=HEADS)], TOKENS, weights)
    assert macs(result) == S * D * 3 * D + attended(S, S)
    assert params(result) == D * 3 * D + 3 * D
    assert outputs(result)[-1] == (S, D)


def test_attention_with_a_cache_sees_earlier_steps(opened):
    made = of("Attention", "x w b mask past", "y present", num_heads=HEADS)
    inputs = [value("x", *TOKENS), value("mask", 1, S + 7), value("past", 2, B, HEADS, 7, 4)]
    weights = [stored("w", D, 3 * D), stored("b", 3 * D)]
    ends = [value("y"), value("present", 2, B, HEADS, S + 7, 4)]
    result = opened(model(graph([made], inputs, ends, weights)))
    assert macs(result) == S * D * 3 * D + attended(S, S + 7)


def test_a_single_head_of_keys_is_read_by_all(opened):
    # 4 heads of queries, each of 8 numbers, read one head of keys and values without copies.
    made = of("GroupQueryAttention", "q k v", "y", num_heads=4, kv_num_heads=1)
    inputs = [value("q", 1, S, 32), value("k", 1, S, 8), value("v", 1, S, 8)]
    result = opened(model(graph([made], inputs, [value("y")])))
    (attention,) = [layer for layer in result.layers if layer.kind.name == "attention"]
    assert attention.input_shapes[1] == (1, S, 8)
    assert macs(result) == attended(S, S, 32)


def test_fewer_heads_of_keys_are_shared(opened):
    # 4 heads of queries and 2 of keys, each of 8 numbers, and 7 earlier steps.
    made = of(
        "GroupQueryAttention",
        "q k v pk pv lengths total",
        "y keys values",
        num_heads=4,
        kv_num_heads=2,
    )
    inputs = [
        value("q", 1, S, 32),
        value("k", 1, S, 16),
        value("v", 1, S, 16),
        value("pk", 1, 2, "past", 8),
        value("pv", 1, 2, "past", 8),
        value("lengths", 1),
        scalar("total"),
    ]
    ends = [value("y"), value("keys", 1, 2, "total", 8)]
    data = model(graph([made], inputs, ends))
    assert macs(opened(data, past=7)) == attended(S, S + 7, 32)
    with pytest.raises(SpecError, match="leaves dimensions open: past"):
        opened(data)
    # A cache that is as long after the call as before it is written in place.
    fixed = [*inputs[:3], value("pk", 1, 2, 40, 8), value("pv", 1, 2, 40, 8), *inputs[5:]]
    data = model(graph([made], fixed, [value("y"), value("keys", 1, 2, 40, 8)]))
    assert macs(opened(data)) == attended(S, 40, 32)


def test_queries_keys_and_values_may_be_packed(network):
    packed = of("MultiHeadAttention", "x", num_heads=HEADS)
    assert macs(network([packed], (B, S, HEADS, 3, 4))) == attended(S, S)
    grouped = of("GroupQueryAttention", "x", num_heads=4, kv_num_heads=2, do_rotary=1)
    result = network([grouped], (B, S, 64))
    assert macs(result) == attended(S, S, 32)
    # Two products and a sum for each number that is rotated: 4 + 2 heads of 8.
    turned = [events(layer) for layer in result.layers if layer.kind.name == "multiply"]
    assert sum(each.multiplications for each in turned) == 2 * S * 48


@pytest.mark.parametrize("bits, packed", [(4, (7, 2, 16)), (8, (7, 2, 32)), (2, (7, 2, 8))])
def test_weights_of_few_bits_count_as_numbers(network, bits, packed):
    made = of("MatMulNBits", "x w s", K=64, N=7, bits=bits, block_size=32)
    weights = [tensor("w", list(packed), [0] * prod(packed), UINT8), stored("s", 14)]
    result = network([made], (B, S, 64), weights)
    assert (kinds(result), macs(result), params(result)) == (["fc"], S * 64 * 7, 64 * 7)


def test_packed_embeddings_count_as_numbers(network):
    made = of("GatherBlockQuantized", "w x s", bits=4, block_size=16, quantize_axis=1)
    weights = [tensor("w", [10, 16], [0] * 160, UINT8), stored("s", 10, 2)]
    result = network([made], (1, S), weights)
    assert (kinds(result), outputs(result), params(result)) == (["embedding"], [(S, 32)], 320)


def test_dynamically_quantised_products_are_products(network):
    # As onnxruntime's quantiser writes a linear layer.
    nodes = [
        node("DynamicQuantizeLinear", "x", "q scale zero"),
        node("MatMulInteger", "q w zero wz", "p"),
        node("Cast", "p", "f", to=1),
        node("Mul", "scale ws", "s"),
        node("Mul", "f s", "m"),
        node("Add", "m b", "y"),
    ]
    whole = tensor("w", [D, 7], [1] * 7 * D, UINT8)
    weights = [whole, stored("ws", 7), stored("b", 7), tensor("wz", [], [0], UINT8)]
    result = network(nodes, TOKENS, weights)
    assert kinds(result) == ["fc"]
    assert (macs(result), params(result)) == (S * D * 7, D * 7 + 7)  # scales are not params


def test_dynamically_quantised_convolutions_are_convolutions(network):
    nodes = [
        node("DynamicQuantizeLinear", "x", "q scale zero"),
        node("ConvInteger", "q w zero", "p"),
        node("Cast", "p", "f", to=1),
        node("Mul", "scale ws", "s"),
        node("Mul", "f s", "m"),
        node("Add", "m b", "y"),
    ]
    whole = tensor("w", [4, 3, 3, 3], [1] * 108, UINT8)
    weights = [whole, tensor("ws", [], [0.5]), stored("b", 1, 4, 1, 1)]
    result = network(nodes, IMAGE, weights)
    assert kinds(result) == ["conv"]
    assert (macs(result), params(result)) == (108 * 36, 108 + 4)


@pytest.mark.parametrize(
    "operator, scales", [("DynamicQuantizeMatMul", "p q"), ("MatMulIntegerToFloat", "p q r s")]
)
def test_quantised_products_with_a_bias(network, operator, scales):
    whole = tensor("w", [D, 7], [1] * 7 * D, UINT8)
    numbers = [tensor(name, [7], [0.5] * 7) for name in scales.split()]
    made = of(operator, f"x w {scales} b")
    result = network([made], TOKENS, [whole, *numbers, stored("b", 7)])
    assert (macs(result), params(result)) == (S * D * 7, D * 7 + 7)  # scales are not params


def test_quantised_elementwise_operators_are_those_of_numbers(network):
    scales = [tensor(name, [], [0.5]) for name in ("s", "z")]
    made = of("QLinearAdd", "x s z x s z s z")
    assert kinds(network([made], IMAGE, scales)) == ["add"]
    made = of("QLinearConcat", "s z x s z x s z", axis=1)
    assert outputs(network([made], IMAGE, scales)) == [(6, 8, 8)]
    made = of("QLinearGlobalAveragePool", "x s z s z")
    assert kinds(network([made], IMAGE, scales)) == ["global_avg_pool"]


def test_of_experts_each_token_uses_some_and_all_have_params(network):
    # Two of four experts, each of 12 x 8 and 8 x 12, for each of 5 tokens.
    made = of("MoE", "x r w b v", k=2, activation_type="gelu")
    experts = [stored("r", S, 4), stored("w", 4, 8, D), stored("b", 4, 8), stored("v", 4, D, 8)]
    result = network([made], TOKENS, experts)
    router = S * 4  # which is an input in a network, and stored here
    assert macs(result) == S * 2 * (D * 8 + 8 * D)
    assert params(result) == 4 * (2 * D * 8 + 8) + router
    # A gate has a matrix as large as the first, or is the other half of it.
    gated = of("QMoE", "x r w s b v", k=1, activation_type="swiglu", expert_weight_bits=4)
    halves = [
        stored("r", S, 4),
        tensor("w", [4, 16, D // 2], [0] * 4 * 16 * 6, UINT8),
        stored("s", 4, 16),
        stored("b", 4, 16),
        tensor("v", [4, D, 4], [0] * 4 * D * 4, UINT8),
    ]
    result = network([gated], TOKENS, halves)
    assert macs(result) == S * (D * 16 + 8 * D)
    assert params(result) == 4 * (D * 16 + 16 + 8 * D) + router


def test_a_graph_for_the_blocks_of_one_processor_is_refused_with_what_to_read_instead(network):
    # Its filters are padded to 16 channels, of which 12 are the network's.
    blocked = node("Conv", "x w", "y", domain="com.microsoft.nchwc")
    with pytest.raises(SpecError, match="report the file that onnxruntime read"):
        network([blocked], IMAGE, [stored("w", 16, 3, 3, 3)])


def test_a_shape_is_asked_for_and_inference_only_for_operators_that_it_knows(network):
    for domain, advised in (("", "or onnx.shape_inference"), ("my.own", "--shape it=C,H,W")):
        unknown = node("Mystery", "x", "y", name="it", domain=domain)
        with pytest.raises(SpecError) as caught:
            network([unknown], IMAGE, [], allow_unknown=True)
        assert advised in str(caught.value).splitlines()[-1]
        assert ("shape_inference" in str(caught.value)) == (not domain)
