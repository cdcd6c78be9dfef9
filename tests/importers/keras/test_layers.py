"""Single layers of Keras: shapes, params and multiply-accumulates."""

import pytest

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


def test_attention_of_another_form_is_unknown(tmp_path):
    with pytest.raises(
        SpecError, match=r"layer 'mha' \(MultiHeadAttention\): costcalc has no layer kind"
    ):
        graph(tmp_path, attention(sliding_window=2))


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
            layer("LSTM", "lstm", units=3),
            r"layer 'steps/lstm' \(LSTM\): costcalc has no layer kind",
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
