"""How calls are written: shared layers, models inside models, the format of Keras 2.

The files of Keras 2 are written here by its published format; Keras 2 was not run.
"""

import json
import zipfile

import pytest

import costcalc
from costcalc import opening
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

CONV = {"filters": 3, "kernel_size": [3, 3], "padding": "same"}


def totals(found):
    own = [each for each in found.layers if each.shares is None]
    every = events(found)
    return sum(params(every[each.name]) for each in own), sum(e.macs for e in every.values())


def test_a_layer_called_twice_has_its_params_once_and_its_macs_twice(tmp_path):
    twice = [call(tensor("image")), call(tensor("conv"))]
    model = functional(
        [
            image(8, 8, 3),
            layer("Conv2D", "conv", inbound=twice, **CONV),
            layer("Add", "add", inbound=[call([tensor("conv", 0), tensor("conv", 1)])]),
        ],
        ["image", 0, 0],
        ["add", 0, 0],
    )
    found = graph(tmp_path, model)
    assert [each.name for each in found.layers] == ["conv", "conv_2", "add"]
    assert found.layers[2].inputs == (0, 1)
    assert totals(found) == (3 * 3 * 3 * 3 + 3, 2 * 81 * 64)


def test_statistics_are_shared_as_params_are(tmp_path):
    twice = [call(tensor("image")), call(tensor("norm"))]
    norm = layer("BatchNormalization", "norm", scale=False, center=False, inbound=twice)
    activation = layer("ReLU", "relu", inbound=[call(tensor("norm", 0)), call(tensor("norm", 1))])
    model = functional([image(8, 8, 3), norm, activation], ["image", 0, 0], ["relu", 1, 0])
    found = graph(tmp_path, model)
    assert [each.shares for each in found.layers] == [None, 0, None, None]


def block(*inbound):
    """A model with an input, a convolution and a batch norm."""
    inner = functional(
        [
            image(8, 8, 3, name="in"),
            layer("Conv2D", "conv", inbound=[call(tensor("in"))], **CONV),
            layer("BatchNormalization", "norm", axis=-1, inbound=[call(tensor("conv"))]),
        ],
        ["in", 0, 0],
        ["norm", 0, 0],
        name="block",
    )
    return {**inner, "name": "block", "inbound_nodes": list(inbound)}


def test_a_model_called_twice(tmp_path):
    model = functional(
        [image(8, 8, 3), block(call(tensor("image")), call(tensor("block")))],
        ["image", 0, 0],
        ["block", 1, 0],
    )
    found = graph(tmp_path, model)
    assert [each.name for each in found.layers] == [
        "block/conv",
        "block/norm",
        "block_2/conv",
        "block_2/norm",
    ]
    assert found.blocks == {}  # each call is one row
    assert [each.inputs for each in found.layers] == [(-1,), (0,), (1,), (2,)]
    assert totals(found) == (84 + 6, 2 * 81 * 64)


def test_keras_2_counts_the_calls_of_a_model_from_one(tmp_path):
    model = functional(
        [
            {
                "class_name": "InputLayer",
                "name": "image",
                "inbound_nodes": [],
                "config": {"batch_input_shape": [None, 8, 8, 3], "name": "image"},
            },
            block([["image", 0, 0, {}]], [["block", 1, 0, {}]]),
        ],
        [["image", 0, 0]],
        [["block", 2, 0]],
    )
    assert totals(graph(tmp_path, model)) == (84 + 6, 2 * 81 * 64)


def old(class_name, name, inbound, **config):
    return {
        "class_name": class_name,
        "config": {"name": name, **config},
        "name": name,
        "inbound_nodes": inbound,
    }


def test_the_calls_of_keras_2(tmp_path):
    # x * relu6(x + 3) * (1 / 6), as MobileNetV3 stands in the files of TensorFlow 2.
    model = functional(
        [
            old("InputLayer", "image", [], batch_input_shape=[None, 8, 8, 3]),
            old("Conv2D", "conv", [[["image", 0, 0, {}]]], use_bias=False, **CONV),
            old("TFOpLambda", "plus", [["conv", 0, 0, {"y": 3.0, "name": None}]],
                function="__operators__.add"),
            old("ReLU", "relu", [[["plus", 0, 0, {}]]], max_value=6.0),
            old("TFOpLambda", "sixth", [["relu", 0, 0, {"y": 1 / 6, "name": None}]],
                function="math.multiply"),
            old("Multiply", "mul", [[["conv", 0, 0, {}], ["sixth", 0, 0, {}]]]),
            old("TFOpLambda", "sum", [["mul", 0, 0, {"y": ["conv", 0, 0], "name": None}]],
                function="math.add"),
            old("TFOpLambda", "mean", [["sum", 0, 0, {"axis": [1, 2], "keepdims": False}]],
                function="math.reduce_mean"),
            old("SlicingOpLambda", "some", [["mean", 0, 0, {"slice_spec": [
                {"start": None, "stop": None, "step": None}, {"start": 0, "stop": 2, "step": None},
            ]}]], function="__operators__.getitem"),
        ],
        [["image", 0, 0]],
        [["some", 0, 0]],
    )  # fmt: skip
    found = graph(tmp_path, {**model, "keras_version": "2.9.0", "backend": "tensorflow"})
    kinds = [each.kind.name for each in found.layers]
    assert kinds == ["conv", "shift", "relu6", "scale", "multiply", "add", "mean", "slice"]
    assert found.layers[-1].output == (2,)
    assert totals(found) == (81, 81 * 64)


def test_a_sequence_of_keras_2_states_its_input_in_its_first_layer(tmp_path):
    layers = [
        {"class_name": "Conv2D",
         "config": {"name": "c", "batch_input_shape": [None, 8, 8, 3], **CONV}},
        {"class_name": "Flatten", "config": {"name": "f"}},
        {"class_name": "Dense", "config": {"name": "d", "units": 10}},
    ]  # fmt: skip
    listed = {"class_name": "Sequential", "config": layers}
    named = {"class_name": "Sequential", "config": {"name": "s", "layers": layers}}
    for model in (listed, named):
        found = graph(tmp_path, model)
        assert found.input == (3, 8, 8)
        assert totals(found) == (84 + 192 * 10 + 10, 81 * 64 + 1920)


def test_the_config_of_an_archive_is_the_same(tmp_path):
    model = sequential((8, 8, 3), of("Conv2D", **CONV), of("Flatten"), of("Dense", units=10))
    path = tmp_path / "model.keras"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("metadata.json", "{}")
        archive.writestr("config.json", json.dumps(model))
        archive.writestr("model.weights.h5", bytes(100_000))
    stored, text = opening.opened(str(path)).graph(), graph(tmp_path, model)
    assert [each.operation for each in stored.layers] == [each.operation for each in text.layers]
    assert totals(stored) == (84 + 1930, 81 * 64 + 1920)


SMALL = sequential((8, 8, 3), of("Conv2D", **CONV))


@pytest.mark.parametrize(
    "value",
    [
        json.dumps(SMALL),  # json.dump(model.to_json(), file)
        {"modelTopology": {"keras_version": "2.15.0", "model_config": SMALL}},  # from Python
        {"format": "layers-model", "modelTopology": SMALL, "weightsManifest": []},  # from JS
        {"modelTopology": json.dumps(SMALL)},
        SMALL["config"],  # model.get_config()
    ],
    ids=["string", "TensorFlow.js of Python", "TensorFlow.js", "string in it", "config"],
)
def test_an_architecture_inside_another_text(tmp_path, value):
    assert totals(graph(tmp_path, value)) == (84, 81 * 64)


OPEN = sequential((None, None, 3), of("Conv2D", **CONV), of("GlobalAveragePooling2D"))


def test_a_resolution_sets_unknown_dimensions(tmp_path):
    assert totals(graph(tmp_path, OPEN, res=8)) == (84, 81 * 64)
    assert totals(graph(tmp_path, OPEN, res=(8, 16))) == (84, 81 * 128)
    assert graph(tmp_path, OPEN, input=(3, 8, 16)).input == (3, 8, 16)
    found = graph(tmp_path, OPEN, image=16)
    assert found.input == (3, 16, 16)
    assert found.parameters["image"] == 16


def test_a_resolution_replaces_the_dimensions_of_the_file(tmp_path):
    model = functional(
        [
            image(8, 8, 3),
            layer("Conv2D", "conv", inbound=[call(tensor("image", shape=[8, 8, 3]))], **CONV),
            layer("Flatten", "flat", inbound=[call(tensor("conv", shape=[8, 8, 3]))]),
        ],
        ["image", 0, 0],
        ["flat", 0, 0],
    )
    assert totals(graph(tmp_path, model, res=16)) == (84, 81 * 256)


def test_the_length_of_tokens_is_set_by_name(tmp_path):
    tokens = sequential((None,), of("Embedding", input_dim=10, output_dim=4))
    assert graph(tmp_path, tokens, image=7).layers[0].output == (7, 4)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({}, r"layer 'image' \(InputLayer\): its shape \? x \? x 3 leaves 2 dimensions open"),
        ({"input": (8, 8, 3)}, "does not take an input of 8x8x3"),
        ({"image": (8, 8)}, "does not take image=8x8"),
    ],
)
def test_a_dimension_that_stays_open_is_an_error(tmp_path, settings, message):
    with pytest.raises(SpecError, match=message):
        graph(tmp_path, OPEN, **settings)


def test_a_stated_shape_is_checked_against_the_computed_one(tmp_path):
    model = functional(
        [
            image(8, 8, 3),
            layer("Conv2D", "conv", inbound=[call(tensor("image"))], **CONV),
            layer("Flatten", "flat", inbound=[call(tensor("conv", shape=[8, 9, 3]))]),
        ],
        ["image", 0, 0],
        ["flat", 0, 0],
    )
    with pytest.raises(SpecError, match=r"conv.*8 x 9 x 3, but it is 8 x 8 x 3"):
        graph(tmp_path, model)


def test_inputs_after_the_first_are_inputs(tmp_path):
    model = functional(
        [
            image(8, 8, 3),
            image(8, 8, 1, name="mask"),
            layer("Multiply", "mul", inbound=[call([tensor("image"), tensor("mask")])]),
        ],
        [["image", 0, 0], ["mask", 0, 0]],
        [["mul", 0, 0]],
    )
    found = graph(tmp_path, model)
    assert [each.kind.name for each in found.layers] == ["input", "multiply"]
    assert found.layers[-1].output == (3, 8, 8)


def test_layers_that_depend_on_the_size_are_reread_for_a_sweep(tmp_path):
    path = written(
        tmp_path, sequential((8, 8, 3), of("Cropping2D", cropping=1), of("Conv2D", **CONV))
    )
    for res in (8, 16):
        report = costcalc.report(path, res=res)
        assert report.totals.mult_adds == 81 * (res - 2) ** 2


@pytest.mark.parametrize(("left", "right"), [(False, True), (True, False)])
def test_a_product_of_a_transposed_matrix(tmp_path, left, right):
    settings = {"b": ["x", 0, 0], "transpose_a": left, "transpose_b": right}
    product = {
        "class_name": "TFOpLambda",
        "config": {"name": "y", "function": "linalg.matmul"},
        "name": "y",
        "inbound_nodes": [["x", 0, 0, settings]],
    }
    model = functional([image(7, 5, name="x"), product], [["x", 0, 0]], [["y", 0, 0]])
    found = graph(tmp_path, model)
    side, summed = (5, 7) if left else (7, 5)
    assert found.layers[-1].output == (side, side)
    assert sum(own.macs for own in events(found).values()) == side * side * summed
