"""Single layers of Keras: shapes, params and multiply-accumulates."""

import pytest

import costcalc
from costcalc.errors import SpecError
from tests.importers.keras.written import (
    call,
    events,
    functional,
    graph,
    image,
    layer,
    of,
    params,
    sequential,
    tensor,
    written,
)

CONV = {"filters": 4, "kernel_size": [3, 3]}


def last(folder, shape, *layers, **settings):
    """The last layer's shape, channels first, and the totals of all."""
    found = graph(folder, sequential(shape, *layers), **settings)
    every = events(found).values()
    return found.layers[-1].output, sum(map(params, every)), sum(each.macs for each in every)


@pytest.mark.parametrize(
    ("shape", "made", "output", "learned", "macs"),
    [
        # 3*3*2*4 + 4; every weight at 6 x 8 places
        ((8, 10, 2), of("Conv2D", **CONV), (4, 6, 8), 76, 72 * 48),
        ((8, 10, 2), of("Conv2D", **CONV, padding="same", use_bias=False), (4, 8, 10), 72, 5760),
        # TensorFlow's rule: a place for every stride begun, ceil(9 / 2) = 5
        ((9, 9, 2), of("Conv2D", **CONV, padding="same", strides=[2, 2]), (4, 5, 5), 76, 72 * 25),
        ((9, 9, 2), of("Conv2D", **CONV, dilation_rate=[2, 2]), (4, 5, 5), 76, 72 * 25),
        ((8, 8, 4), of("Conv2D", **CONV, groups=2), (4, 6, 6), 3 * 3 * 2 * 4 + 4, 72 * 36),
        # causal: as many places as before
        ((9, 2), of("Conv1D", filters=3, kernel_size=[4], padding="causal"), (3, 9), 27, 24 * 9),
        ((4, 5, 6, 1), of("Conv3D", filters=2, kernel_size=[2, 2, 2]), (2, 3, 4, 5), 18, 16 * 60),
        (
            (8, 8, 3),
            of("DepthwiseConv2D", kernel_size=[3, 3], depth_multiplier=2),
            (6, 6, 6),
            3 * 3 * 3 * 2 + 6,
            54 * 36,
        ),
        (
            (8, 8, 3),
            of("SeparableConv2D", **CONV, depth_multiplier=2),
            (4, 6, 6),
            3 * 3 * 3 * 2 + 6 * 4 + 4,  # a bias behind both alone
            54 * 36 + 24 * 36,
        ),
        # without an output padding: 5 * 2 + (3 - 2)
        ((5, 5, 2), of("Conv2DTranspose", **CONV, strides=[2, 2]), (4, 11, 11), 76, 72 * 25),
        # a kernel shorter than the stride: 5 * 4, no more
        ((5, 5, 2), of("Conv2DTranspose", **CONV, strides=[4, 4]), (4, 20, 20), 76, 72 * 25),
        (
            (5, 5, 2),
            of("Conv2DTranspose", **CONV, strides=[2, 2], padding="same", output_padding=[0, 0]),
            (4, 9, 9),  # 4 * 2 + 3 - 2 * (3 // 2)
            76,
            72 * 25,
        ),
        ((6,), of("Dense", units=5), (5,), 6 * 5 + 5, 30),
        ((7, 6), of("Dense", units=5), (5, 7), 6 * 5 + 5, 30 * 7),
        ((4, 7, 6), of("Dense", units=5, use_bias=False), (5, 4, 7), 30, 30 * 28),
        ((8, 9, 3), of("MaxPooling2D", pool_size=[2, 2]), (3, 4, 4), 0, 0),
        (
            (8, 9, 3),
            of("AveragePooling2D", pool_size=[3, 3], strides=[2, 2], padding="same"),
            (3, 4, 5),
            0,
            0,
        ),
        ((8, 9, 3), of("GlobalAveragePooling2D"), (3,), 0, 0),
        ((8, 9, 3), of("GlobalMaxPooling2D", keepdims=True), (3, 1, 1), 0, 0),
        ((8, 9, 3), of("ZeroPadding2D", padding=[[0, 1], [2, 3]]), (3, 9, 14), 0, 0),
        ((9, 3), of("ZeroPadding1D", padding=[1, 2]), (3, 12), 0, 0),
        ((8, 9, 3), of("Cropping2D", cropping=[[0, 1], [2, 3]]), (3, 7, 4), 0, 0),
        ((8, 9, 3), of("CenterCrop", height=4, width=5), (3, 4, 5), 0, 0),
        ((8, 9, 3), of("UpSampling2D", size=[2, 3], interpolation="bilinear"), (3, 16, 27), 0, 0),
        ((8, 9, 3), of("Resizing", height=4, width=5), (3, 4, 5), 0, 0),
        ((8, 9, 3), of("Flatten"), (216,), 0, 0),
        ((8, 9, 3), of("Reshape", target_shape=[-1, 27]), (27, 8), 0, 0),
        ((8, 9, 3), of("Permute", dims=[3, 1, 2]), (9, 3, 8), 0, 0),
        ((5,), of("RepeatVector", n=7), (5, 7), 0, 0),
        # gamma and beta of 3 channels; then one of the two
        ((8, 9, 3), of("BatchNormalization", axis=-1), (3, 8, 9), 6, 0),
        ((8, 9, 3), of("BatchNormalization", axis=[3], scale=False), (3, 8, 9), 3, 0),
        ((8, 9, 3), of("BatchNormalization", axis=1), (3, 8, 9), 16, 0),  # of 8 rows
        ((8, 9, 3), of("LayerNormalization", axis=[-1]), (3, 8, 9), 6, 0),
        ((8, 9, 3), of("LayerNormalization", axis=[1, 2, 3], center=False), (3, 8, 9), 216, 0),
        ((8, 9, 3), of("LayerNormalization", axis=-1, scale=False), (3, 8, 9), 3, 0),
        ((8, 9, 4), of("GroupNormalization", groups=2, axis=-1), (4, 8, 9), 8, 0),
        ((8, 9, 4), of("GroupNormalization", groups=-1, axis=-1), (4, 8, 9), 8, 0),
        ((8, 9, 3), of("PReLU", shared_axes=[1, 2]), (3, 8, 9), 3, 0),
        ((8, 9, 3), of("PReLU"), (3, 8, 9), 8 * 9 * 3, 0),
        ((8, 9, 3), of("PReLU", shared_axes=[1]), (3, 8, 9), 9 * 3, 0),
        ((8, 9, 3), of("PReLU", shared_axes=[1, 2, 3]), (3, 8, 9), 1, 0),
        ((7,), of("Embedding", input_dim=100, output_dim=5), (5, 7), 500, 0),
        # one matrix at every step of time
        ((7, 6), of("TimeDistributed", layer=of("Dense", units=5)), (5, 7), 35, 30 * 7),
    ],
    ids=lambda value: value["class_name"] if isinstance(value, dict) else "",
)
def test_a_layer(tmp_path, shape, made, output, learned, macs):
    assert last(tmp_path, shape, made) == (output, learned, macs)


@pytest.mark.parametrize(
    ("made", "kinds"),
    [
        (of("ReLU", max_value=6.0), ["relu6"]),
        (of("ReLU"), ["relu"]),
        (of("ReLU", negative_slope=0.1), ["leaky_relu"]),
        (of("ReLU", negative_slope=0.1, max_value=6.0), ["leaky_relu", "clip"]),
        (of("Activation", activation="hard_silu"), ["h_swish"]),
        (of("Activation", activation="swish"), ["swish"]),
        (of("Activation", activation="linear"), ["identity"]),
        (of("Softmax", axis=-1), ["softmax"]),
        (of("LeakyReLU"), ["leaky_relu"]),
        (of("Dropout", rate=0.5), ["dropout"]),
        (of("RandomFlip"), ["identity"]),
        (of("Rescaling", scale=0.5, offset=-1), ["scale", "shift"]),
        (of("Rescaling", scale=0.5, offset=0), ["scale"]),
        (of("Normalization", axis=[-1], mean=[1, 2, 3], variance=[1, 1, 1]), ["scale", "shift"]),
        (of("Normalization", axis=[-1]), ["batch_norm"]),
        (of("Conv2D", **CONV, activation="relu"), ["conv", "relu"]),
        (
            of("Dense", units=2, activation={"class_name": "ReLU", "config": {"max_value": 6.0}}),
            ["fc", "relu6"],
        ),
        (
            of("Dense", units=2, activation={"class_name": "function", "config": "gelu"}),
            ["fc", "gelu"],
        ),
    ],
    ids=lambda value: value["class_name"] if isinstance(value, dict) else "",
)
def test_the_kinds_of_a_layer(tmp_path, made, kinds):
    found = graph(tmp_path, sequential((8, 9, 3), made))
    assert [each.kind.name for each in found.layers] == kinds


@pytest.mark.parametrize(
    ("config", "has_gamma", "has_beta"),
    [({}, True, True), ({"scale": False}, False, True), ({"center": False}, True, False)],
)
def test_gamma_and_beta_of_a_batch_norm(tmp_path, config, has_gamma, has_beta):
    made = of("BatchNormalization", axis=-1, **config)
    (norm,) = graph(tmp_path, sequential((8, 9, 3), made)).layers
    assert (norm.operation.scale, norm.operation.bias) == (has_gamma, has_beta)


def test_channels_first(tmp_path):
    first = {"data_format": "channels_first"}
    found = graph(
        tmp_path,
        sequential(
            (3, 8, 9),
            of("Conv2D", **CONV, **first),
            of("BatchNormalization", axis=1),
            of("MaxPooling2D", pool_size=[2, 2], **first),
            of("Dense", units=5),  # the last axis: 3 columns
        ),
    )
    outputs = [each.output for each in found.layers]
    assert outputs == [(4, 6, 7), (4, 6, 7), (4, 3, 3), (4, 3, 5)]
    assert params(events(found)["dense"]) == 3 * 5 + 5


def test_a_layer_of_another_data_format_is_transposed_around(tmp_path):
    found = graph(
        tmp_path,
        sequential(
            (8, 9, 3),
            layer("Conv2D", "last", **CONV, data_format="channels_last"),
            layer("Conv2D", "first", **CONV, data_format="channels_first"),
        ),
    )
    # (6, 7, 4) read as 6 channels of 7 x 4
    assert found.layers[-1].output == (2, 4, 5)
    assert params(events(found)["first"]) == 3 * 3 * 6 * 4 + 4


def attention(**config):
    config = {"num_heads": 2, "key_dim": 3, "value_dim": None, "use_bias": True, **config}
    inbound = [call(tensor("tokens"), tensor("tokens"))]
    return functional(
        [image(5, 8, name="tokens"), layer("MultiHeadAttention", "mha", inbound=inbound, **config)],
        ["tokens", 0, 0],
        ["mha", 0, 0],
    )


def test_attention(tmp_path):
    found = graph(tmp_path, attention(value_dim=4))
    each = events(found)
    assert found.layers[-1].output == (8, 5)
    assert found.blocks["mha"] == "MultiHeadAttention"
    assert params(each["mha/query"]) == params(each["mha/key"]) == 8 * 6 + 6
    assert params(each["mha/value"]) == 8 * 8 + 8
    assert params(each["mha/output"]) == 8 * 8 + 8
    # two heads: 5 x 5 scores of 3 products, and of 4
    assert each["mha/attention"].macs == 2 * 5 * 5 * (3 + 4)
    assert each["mha/query"].macs == 5 * 8 * 6


@pytest.mark.parametrize(
    ("config", "output", "learned", "macs"),
    [
        # projections of 8 channels to 2 x 3, three times, and back; scores and sums of 2 x 3
        ({}, (8, 5), 3 * (48 + 6) + 48 + 8, 5 * 4 * 48 + 2 * 25 * 6),
        ({"sliding_window": 2}, (8, 5), 3 * (48 + 6) + 48 + 8, 5 * 4 * 48 + 2 * 25 * 6),
        # the gate is one projection more
        ({"use_gate": True}, (8, 5), 4 * (48 + 6) + 48 + 8, 5 * 5 * 48 + 2 * 25 * 6),
        ({"output_shape": 7}, (7, 5), 3 * (48 + 6) + 42 + 7, 5 * (3 * 48 + 42) + 2 * 25 * 6),
        ({"output_shape": [2, 3]}, (3, 5, 2), 3 * 54 + 36 + 6, 5 * (3 * 48 + 36) + 2 * 25 * 6),
    ],
)
def test_attention_of_another_form(tmp_path, config, output, learned, macs):
    found = graph(tmp_path, attention(**config))
    each = events(found).values()
    assert found.layers[-1].output == output
    assert (sum(map(params, each)), sum(every.macs for every in each)) == (learned, macs)


@pytest.mark.parametrize(("axes", "macs"), [([2], 4 * 5 * 5), ([1], 5 * 4 * 4), ([1, 2], 20 * 20)])
def test_attention_along_some_axes(tmp_path, axes, macs):
    """Tokens of 4 x 5 places: each row, each column, or all of them attend to each other."""
    made = attention(attention_axes=axes)
    made["config"]["layers"][0] = image(4, 5, 8, name="tokens")
    found = graph(tmp_path, made)
    assert found.layers[-1].output == (8, 4, 5)
    assert events(found)["mha/attention"].macs == 2 * macs * (3 + 3)


def test_queries_that_share_keys(tmp_path):
    config = {"head_dim": 4, "num_query_heads": 6, "num_key_value_heads": 2}
    inbound = [call(tensor("tokens"), tensor("tokens"))]
    made = layer("GroupedQueryAttention", "gqa", inbound=inbound, **config)
    model = functional([image(5, 8, name="tokens"), made], ["tokens", 0, 0], ["gqa", 0, 0])
    each = events(graph(tmp_path, model))
    assert params(each["gqa/query"]) == params(each["gqa/output"]) + 16 == 8 * 24 + 24
    assert params(each["gqa/key"]) == params(each["gqa/value"]) == 8 * 8 + 8
    assert each["gqa/attention"].macs == 6 * 25 * (4 + 4)


@pytest.mark.parametrize(
    ("name", "config", "kinds", "learned"),
    [
        ("Attention", {}, ["matmul", "softmax", "matmul"], 0),
        (
            "Attention",
            {"use_scale": True},
            ["matmul", "learned", "multiply", "softmax", "matmul"],
            1,
        ),
        (
            "Attention",
            {"score_mode": "concat"},
            ["add", "tanh", "sum", "learned", "multiply", "softmax", "matmul"],
            1,
        ),
        (
            "AdditiveAttention",
            {"use_scale": True},
            ["add", "tanh", "learned", "multiply", "sum", "softmax", "matmul"],
            8,
        ),
    ],
)
def test_attention_of_two_inputs(tmp_path, name, config, kinds, learned):
    inbound = [call([tensor("few"), tensor("many")])]
    model = functional(
        [
            image(3, 8, name="few"),
            image(5, 8, name="many"),
            layer(name, "a", inbound=inbound, **config),
        ],
        [["few", 0, 0], ["many", 0, 0]],
        ["a", 0, 0],
    )
    found = graph(tmp_path, model)
    views = ("reshape", "transpose", "constant", "input")
    assert [each.kind.name for each in found.layers if each.kind.name not in views] == kinds
    assert found.layers[-1].output == (8, 3)
    each = events(found).values()
    assert sum(map(params, each)) == learned
    products = 2 if kinds[0] == "matmul" else 1
    assert sum(every.macs for every in each) == products * 3 * 5 * 8
    if kinds[0] == "add":
        assert sum(every.functions for every in each) == 3 * 5 * 8 + 3 * 5  # tanh, and exp


def dense(equation, output, bias=None):
    config = {"equation": equation, "output_shape": output, "bias_axes": bias}
    return of("EinsumDense", **config)


@pytest.mark.parametrize(
    ("shape", "made", "output", "learned", "macs"),
    [
        ((6,), dense("ab,bc->ac", 5, "c"), (5,), 6 * 5 + 5, 30),
        ((7, 6), dense("abc,cd->abd", [None, 5], "d"), (5, 7), 35, 7 * 30),
        ((7, 6), dense("...x,xy->...y", 5), (5, 7), 30, 7 * 30),
        ((7, 6), dense("ab...,bc->ac...", 5), (6, 5), 35, 6 * 35),
        # to heads, and back from them
        ((7, 6), dense("abc,cde->abde", [None, 2, 3], "de"), (3, 7, 2), 42, 7 * 36),
        ((7, 2, 3), dense("abde,dec->abc", [None, 6], "c"), (6, 7), 42, 7 * 36),
        # a bias for each place
        ((7, 6), dense("abc,cd->abd", [7, 5], "bd"), (5, 7), 30 + 35, 7 * 30),
        # a matrix for each place: 7 of 6 x 5
        ((7, 6), dense("abc,bcd->abd", [None, 5], "bd"), (5, 7), 7 * 30 + 35, 7 * 30),
        ((7, 6), dense("abc,bcd->adb", [5, None]), (7, 5), 7 * 30, 7 * 30),
        # a factor for each channel
        ((7, 6), dense("abc,c->abc", [None, None]), (6, 7), 6, 42),
        # summed along an axis first
        ((7, 6), dense("abc,cd->ad", 5), (5,), 30, 30),
    ],
)
def test_products_along_any_axes(tmp_path, shape, made, output, learned, macs):
    assert last(tmp_path, shape, made) == (output, learned, macs)


@pytest.mark.parametrize(
    ("equation", "message"),
    [
        ("abc,cd", "'equation' is not valid"),
        ("ab,bc->ac", "'equation' is not valid"),
        ("aab,bc->aac", "'equation' is not valid"),
        ("abc,cd->bad", "moves the batch"),
        ("abc,cde->abd", "summed by itself"),
        (7, "'equation' is not valid"),
    ],
)
def test_an_equation_that_is_no_dense_layer(tmp_path, equation, message):
    with pytest.raises(SpecError, match=message):
        last(tmp_path, (7, 6), dense(equation, [None, 5]))


@pytest.mark.parametrize(("is_tied", "learned"), [(True, 20 * 6), (False, 2 * 20 * 6)])
def test_an_embedding_in_reverse(tmp_path, is_tied, learned):
    inbound = [call(tensor("ids")), call(tensor("table"), reverse=True)]
    config = {"input_dim": 20, "output_dim": 6, "tie_weights": is_tied, "logit_soft_cap": 30.0}
    table = layer("ReversibleEmbedding", "table", inbound=inbound, **config)
    model = functional([image(5, name="ids"), table], ["ids", 0, 0], ["table", 1, 0])
    path = written(tmp_path, model)
    report = costcalc.report(path, convention="keras")
    assert (report.totals.params, report.layers[-1].output) == (learned, (20, 5))
    assert costcalc.report(path).totals.mult_adds == 5 * 20 * 6


def test_a_spectrogram_is_two_convolutions(tmp_path):
    made = of("STFTSpectrogram", frame_length=50, frame_step=20, fft_length=64, mode="log")
    # 33 frequencies of 50 samples at floor((200 - 50) / 20) + 1 = 8 steps, of 2 channels
    shape, learned, macs = last(tmp_path, (200, 2), made)
    assert (shape, learned, macs) == ((66, 8), 2 * 33 * 50, 2 * 2 * 33 * 50 * 8)


def test_tensors_passed_by_name(tmp_path):
    inbound = [call(query=tensor("few"), value=tensor("many"), use_causal_mask=False)]
    made = layer("MultiHeadAttention", "mha", inbound=inbound, num_heads=2, key_dim=3)
    model = functional(
        [image(5, 8, name="few"), image(7, 8, name="many"), made],
        [["few", 0, 0], ["many", 0, 0]],
        ["mha", 0, 0],
    )
    found = graph(tmp_path, model)
    assert found.layers[-1].output == (8, 5)
    assert events(found)["mha/attention"].macs == 2 * 5 * 7 * (3 + 3)


@pytest.mark.parametrize(
    ("name", "kind", "macs"),
    [
        ("Add", "add", 0),
        ("Multiply", "multiply", 0),
        ("Maximum", "maximum", 0),
        ("Subtract", "subtract", 0),
        ("Minimum", "minimum", 0),
    ],
)
def test_layers_of_several_tensors(tmp_path, name, kind, macs):
    joined = [call([tensor("a"), tensor("b")])]
    model = functional(
        [image(4, 5, 3, name="a"), image(4, 5, 3, name="b"), layer(name, "j", inbound=joined)],
        [["a", 0, 0], ["b", 0, 0]],
        ["j", 0, 0],
    )
    found = graph(tmp_path, model)
    assert [each.kind.name for each in found.layers] == ["input", kind]
    assert found.layers[-1].output == (3, 4, 5)


def test_a_vector_joins_a_map_as_keras_broadcasts_it(tmp_path):
    model = functional(
        [
            image(4, 5, 3),
            layer("GlobalAveragePooling2D", "gap", inbound=[call(tensor("image"))]),
            layer("Multiply", "scale", inbound=[call([tensor("image"), tensor("gap")])]),
            layer(
                "Concatenate", "join", axis=2, inbound=[call([tensor("image"), tensor("scale")])]
            ),
        ],
        ["image", 0, 0],
        ["join", 0, 0],
    )
    assert graph(tmp_path, model).layers[-1].output == (3, 4, 10)


def operation(name, *args, module="keras.src.ops.numpy", **config):
    return layer(name, "op", module=module, inbound=[call(*args)], **config)


SLICE = {"class_name": "__slice__", "config": {"start": None, "stop": None, "step": None}}


def sliced(start=None, stop=None, step=None):
    return {"class_name": "__slice__", "config": {"start": start, "stop": stop, "step": step}}


ELLIPSIS = {"class_name": "__ellipsis__", "config": {}}


@pytest.mark.parametrize(
    ("made", "kinds", "output"),
    [
        (operation("Add", tensor("image"), 3.0), ["shift"], (4, 8, 6)),
        (operation("Multiply", tensor("image"), 0.5), ["scale"], (4, 8, 6)),
        (operation("Add", tensor("image"), tensor("image")), ["add"], (4, 8, 6)),
        (operation("Subtract", 1, tensor("image")), ["complement"], (4, 8, 6)),
        (operation("Subtract", 2, tensor("image")), ["shift"], (4, 8, 6)),
        (operation("Power", tensor("image"), 2), ["square"], (4, 8, 6)),
        (operation("Power", tensor("image"), 3), ["constant", "power"], (4, 8, 6)),
        (operation("Greater", tensor("image"), 0.5), ["constant", "compare"], (4, 8, 6)),
        (operation("Less", tensor("image"), tensor("image")), ["compare"], (4, 8, 6)),
        (operation("LogicalNot", tensor("image")), ["logical_not"], (4, 8, 6)),
        (
            operation("Where", tensor("image"), tensor("image"), tensor("image")),
            ["where"],
            (4, 8, 6),
        ),
        (operation("Argmax", tensor("image"), axis=1, keepdims=True), ["argmax"], (4, 1, 6)),
        (
            operation("Norm", tensor("image"), ord=2, axis=[3], keepdims=True),
            ["l2_norm"],
            (1, 8, 6),
        ),
        (operation("Mean", tensor("image"), axis=[1, 2], keepdims=True), ["mean"], (4, 1, 1)),
        (operation("Mean", tensor("image"), axis=[1, 2], keepdims=False), ["mean"], (4,)),
        # rows and columns are left, of which Keras has the columns last
        (
            operation("Max", tensor("image"), axis=-1, keepdims=False),
            ["reduce_max", "transpose"],
            (6, 8),
        ),
        (
            operation("Relu6", tensor("image"), module="keras.src.ops.nn"),
            ["relu6"],
            (4, 8, 6),
        ),
        (
            operation("HardSilu", tensor("image"), module="keras.src.ops.nn"),
            ["h_swish"],
            (4, 8, 6),
        ),
        (operation("Transpose", tensor("image"), axes=[0, 3, 1, 2]), ["transpose"], (6, 4, 8)),
        (operation("Reshape", tensor("image"), newshape=[-1, 48, 4]), ["reshape"], (4, 48)),
        (operation("GetItem", tensor("image"), [ELLIPSIS, sliced(0, 2)]), ["slice"], (2, 8, 6)),
        (
            operation("GetItem", tensor("image"), [SLICE, sliced(1, None, 2)]),
            ["slice"],
            (4, 4, 6),  # rows 1, 3, 5 and 7
        ),
        (
            operation("GetItem", tensor("image"), [SLICE, SLICE, 0]),
            ["slice", "reshape"],
            (4, 8),
        ),
        (
            operation("GetItem", tensor("image"), [SLICE, sliced(None, None, -1)]),
            ["rearrange"],
            (4, 8, 6),
        ),
    ],
    ids=lambda value: value["class_name"] if isinstance(value, dict) else "",
)
def test_operations_between_layers(tmp_path, made, kinds, output):
    model = functional([image(8, 6, 4), made], ["image", 0, 0], ["op", 0, 0])
    found = graph(tmp_path, model)
    assert [each.kind.name for each in found.layers] == kinds
    assert found.layers[-1].output == output


def test_an_index_may_count_from_the_end(tmp_path):
    made = operation("GetItem", tensor("image"), [SLICE, -2])
    found = graph(tmp_path, functional([image(8, 6, 4), made], ["image", 0, 0], ["op", 0, 0]))
    first = found.layers[0].operation
    assert (first.start, first.stop, first.axis) == (6, 7, 1)
    assert found.layers[-1].output == (4, 6)


def test_a_layer_at_every_time_step(tmp_path):
    made = layer("TimeDistributed", "steps", layer=layer("Conv2D", "conv", **CONV))
    found = graph(tmp_path, sequential((5, 8, 9, 3), made))
    # 5 steps of 3*3*3*4 weights at 6 x 7 places; params once
    assert found.layers[-1].output == (4, 5, 6, 7)
    assert found.blocks == {"steps": "TimeDistributed"}
    own = [each for each in found.layers if each.shares is None]
    assert sum(params(events(found)[each.name]) for each in own) == 108 + 4
    assert sum(each.macs for each in events(found).values()) == 5 * 108 * 42


@pytest.mark.parametrize(
    ("inner", "message"),
    [
        (
            layer("Mystery", "odd"),
            r"layer 'steps' .*no layer kind for its layer 'odd' \(Mystery\)",
        ),
        (None, r"layer 'steps' \(TimeDistributed\)"),
        (layer("Conv2D", "conv"), r"layer 'steps/conv' \(Conv2D\): 'filters'"),
    ],
)
def test_an_error_at_every_time_step_names_the_layer(tmp_path, inner, message):
    with pytest.raises(SpecError, match=message):
        graph(tmp_path, sequential((5, 8, 9, 3), layer("TimeDistributed", "steps", layer=inner)))


def test_a_split_has_several_outputs(tmp_path):
    split = operation("Split", tensor("image"), 2, axis=-1)
    parts = layer("Conv2D", "conv", **CONV, inbound=[call(tensor("op", number=1))])
    found = graph(
        tmp_path, functional([image(8, 6, 4), split, parts], ["image", 0, 0], ["conv", 0, 0])
    )
    assert [each.output for each in found.layers] == [(2, 8, 6), (2, 8, 6), (4, 6, 4)]
    assert found.layers[-1].inputs == (1,)


def test_dot_is_a_matrix_product(tmp_path):
    model = functional(
        [
            image(5, 8, name="a"),
            layer("Dot", "dot", axes=[2, 2], inbound=[call([tensor("a"), tensor("a")])]),
        ],
        ["a", 0, 0],
        ["dot", 0, 0],
    )
    found = graph(tmp_path, model)
    assert found.layers[-1].output == (5, 5)
    assert sum(each.macs for each in events(found).values()) == 5 * 8 * 5


@pytest.mark.parametrize(
    "made",
    [
        operation("Power", tensor("image"), "two"),
        operation("Where", tensor("image"), 1.0, 0.0),
        operation("Norm", tensor("image"), ord="fro", axis=[1, 2]),
        operation("Norm", tensor("image"), ord=2),
    ],
)
def test_operations_of_another_form_are_unknown(tmp_path, made):
    model = functional([image(8, 6, 4), made], ["image", 0, 0], ["op", 0, 0])
    with pytest.raises(SpecError, match=r"layer 'op' .*has no layer kind for it"):
        graph(tmp_path, model)


def of_two(name, *args, module="keras.src.ops.numpy", **config):
    """An operation of two inputs, ``x`` of (5, 4) and ``y`` of (6, 4)."""
    made = layer(name, "op", module=module, inbound=[call(*args)], **config)
    inputs = [image(5, 4, name="x"), image(6, 4, name="y")]
    return functional([*inputs, made], [["x", 0, 0], ["y", 0, 0]], ["op", 0, 0])


X, Y = tensor("x"), tensor("y")


def test_products_of_tensors_along_any_axes(tmp_path):
    found = graph(tmp_path, of_two("Einsum", X, Y, subscripts="btc,bsc->bts"))
    assert found.layers[-1].output == (6, 5)
    assert sum(each.macs for each in events(found).values()) == 5 * 6 * 4
    with pytest.raises(SpecError, match="moves the batch"):
        graph(tmp_path, of_two("Einsum", X, Y, subscripts="btc,bsc->tsb"))
    with pytest.raises(SpecError, match="a letter for each axis"):
        graph(tmp_path, of_two("Einsum", X, Y, subscripts="...tc,...sc->...ts"))


def test_running_sums(tmp_path):
    found = graph(tmp_path, of_two("Cumsum", X, axis=1))
    assert sum(each.additions for each in events(found).values()) == 4 * 4  # four sums a channel


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (of_two("Cumsum", X, axis=None), "a running sum of all images"),
        (of_two("Repeat", X, repeats=2, axis=None), "a repetition of the batch"),
        (of_two("Tile", X, repeats=[2, 1, 1]), "a repetition of the batch"),
        (of_two("Pad", X, pad_width=[[1, 1], [0, 0], [0, 0]]), "a padding of the batch"),
        (of_two("Pad", X, pad_width=7), "a padding of the batch"),
        (of_two("Take", X, [1], axis=None), "places of all images together"),
        (of_two("Take", X, [1], axis=0), "axis 0 is the batch"),
        (of_two("Stack", [X, Y], axis=0), "axis 0 is the batch"),
        (of_two("Split", X, indices_or_sections=[3, 2], axis=1), "cannot be split at these"),
        (of_two("Split", X, indices_or_sections=[9], axis=1), "cannot be split at these"),
        (of_two("Swapaxes", X, axis1=0, axis2=1), "axis 0 is the batch"),
        (of_two("Moveaxis", X, source=[1, 2], destination=[1]), "its axes do not fit"),
        (of_two("Qr", X, module="keras.src.ops.linalg"), "it takes a matrix apart"),
        (of_two("Einsum", X, Y, subscripts=7), "a letter for each axis"),
        (of_two("Einsum", X, Y, subscripts="bt,bs->ts"), "costcalc has no layer kind"),
    ],
)
def test_a_function_of_arrays_that_is_not_read(tmp_path, made, message):
    with pytest.raises(SpecError, match=message):
        graph(tmp_path, made)


@pytest.mark.parametrize("wrapper", ["PruneLowMagnitude", "QuantizeWrapperV2", "ClusterWeights"])
def test_a_layer_that_a_toolkit_wraps_for_training_is_that_layer(tmp_path, wrapper):
    inner = layer("Conv2D", "conv", filters=4, kernel_size=[3, 3], activation="relu")
    model = sequential((8, 9, 3), of("QuantizeLayer"), layer(wrapper, "wrapped", layer=inner))
    found = graph(tmp_path, model)
    assert [each.kind.name for each in found.layers] == ["identity", "conv", "relu"]
    assert params(events(found)["wrapped"]) == 27 * 4 + 4
