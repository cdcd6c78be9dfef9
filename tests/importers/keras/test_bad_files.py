"""Files that are damaged, hostile or not Keras: one message that names file and layer."""

import json
import struct
import zipfile

import pytest
from click.testing import CliRunner

import costcalc
from costcalc.cli import main
from costcalc.errors import CostcalcError, SpecError
from costcalc.spec import limits
from tests.importers.imported_kinds import keras_models
from tests.importers.keras.written import (
    call,
    functional,
    graph,
    image,
    layer,
    of,
    sequential,
    tensor,
    written,
)

CONV = {"filters": 3, "kernel_size": [3, 3]}
GOOD = sequential((8, 8, 3), of("Conv2D", **CONV))


def refused(path, *options):
    """The program's message about a bad file; nothing goes to standard output."""
    result = CliRunner().invoke(main, ["report", str(path), *options])
    assert result.exit_code == 2, result.output
    assert result.stdout == ""
    assert "Traceback" not in result.stderr
    assert str(path) in result.stderr
    return result.stderr


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b'{"class_name": "Sequential" ]', ":1:29: not JSON"),
        (b"\xff\xfe\xfd", "not JSON: byte"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"a":' * 100_000, "nested too deeply"),
        (b"1" * 5000, "a number has too many digits"),
        (b"[" + b"1," * (limits.NODES + 1) + b"1]", "has too many values"),
        (b" " * (limits.FILE_BYTES + 1), "too long"),
        (b'{"name": "costcalc", "version": "1.0"}', "not a Keras architecture"),
        (b"[1, 2]", "not a Keras architecture"),
        (b"null", "not a Keras architecture"),
        (b'{"class_name": "Conv2D", "config": {}}', "class_name: Conv2D"),
        (b'{"class_name": "Sequential"}', "its layers are not valid"),
        (b'{"class_name": "Sequential", "config": []}', "it has no layers"),
        (b'{"class_name": "Functional", "config": [1]}', "a mapping"),
        (b'{"class_name": "Functional", "config": {"layers": [1]}}', "its layer 1"),
        (b'{"class_name": "Functional", "config": {"layers": []}}', "input_layers"),
    ],
    ids=lambda value: value[:30].decode("latin-1") if isinstance(value, bytes) else None,
)
def test_a_file_that_is_not_an_architecture(tmp_path, text, message):
    path = tmp_path / "model.json"
    path.write_bytes(text)
    assert message in refused(path)


@pytest.mark.parametrize("name", ["missing.json", "missing.keras", "."])
def test_a_file_that_is_not_there(tmp_path, name):
    path = tmp_path / name
    if name == ".":
        path = tmp_path / "folder.keras"
        path.mkdir()
    refused(path)


def packed(folder, content=None, name="config.json", method=zipfile.ZIP_DEFLATED):
    path = folder / "model.keras"
    with zipfile.ZipFile(path, "w", method) as file:
        file.writestr(name, json.dumps(GOOD) if content is None else content)
    return path


def test_an_archive_without_a_config(tmp_path):
    assert "has no config.json" in refused(packed(tmp_path, name="other.json"))


def test_a_zip_bomb_is_unpacked_only_up_to_the_size_limit(tmp_path):
    path = packed(tmp_path, " " * 2 * limits.FILE_BYTES)
    assert path.stat().st_size < 50_000
    assert "too long" in refused(path)


def test_a_size_stated_by_the_archive_is_not_trusted(tmp_path):
    path = packed(tmp_path, " " * 4_000_000)
    text = path.read_bytes()
    stated = struct.pack("<I", 4_000_000)
    assert text.count(stated) == 2
    path.write_bytes(text.replace(stated, struct.pack("<I", 1000)))
    refused(path)


def test_an_encrypted_archive(tmp_path):
    path = packed(tmp_path)
    text = bytearray(path.read_bytes())
    for place in (text.find(b"PK\x03\x04") + 6, text.find(b"PK\x01\x02") + 8):
        text[place] |= 1
    path.write_bytes(text)
    assert "an encrypted one" in refused(path)


def test_another_compression(tmp_path):
    assert "another compression" in refused(packed(tmp_path, method=zipfile.ZIP_BZIP2))


def test_a_list_of_members_that_is_too_long(tmp_path):
    path = tmp_path / "model.keras"
    with zipfile.ZipFile(path, "w") as file:
        for index in range(20):
            file.writestr(f"{index}".zfill(60_000), b"")
    assert "list of members is too long" in refused(path)


@pytest.mark.parametrize("cut", [10, 60, 200, -1, -20, -40])
def test_a_truncated_archive(tmp_path, cut):
    path = packed(tmp_path)
    path.write_bytes(path.read_bytes()[:cut])
    refused(path)


@pytest.mark.parametrize("place", range(0, 400, 7))
def test_a_changed_byte(tmp_path, place):
    """The archive is read as before, or refused."""
    path = packed(tmp_path)
    text = bytearray(path.read_bytes())
    text[place % len(text)] ^= 0xFF
    path.write_bytes(text)
    result = CliRunner().invoke(main, ["report", str(path)])
    assert result.exit_code in (0, 2)
    assert result.exit_code == 2 or "81" in result.stdout  # 3*3*3*3 params


def test_an_old_file_of_weights(tmp_path):
    path = tmp_path / "model.keras"
    path.write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(100))
    assert "in HDF5" in refused(path)


@pytest.mark.parametrize(
    "model",
    [
        {**GOOD, "keras_version": "1.2.2"},
        sequential((8, 8, 3), of("Convolution2D", nb_filter=4, border_mode="same")),
        sequential((8,), of("Dense", output_dim=4, W_constraint=None)),
    ],
)
def test_an_architecture_of_keras_1(tmp_path, model):
    message = refused(written(tmp_path, model))
    assert "an architecture of Keras 1" in message
    assert "write model.to_json() again" in message


def test_text_inside_text_is_bounded_as_text_is(tmp_path):
    path = tmp_path / "model.json"
    path.write_text(json.dumps("[" + "1," * (limits.NODES + 1) + "1]").replace(",", "\\u002c"))
    assert "has too many values" in refused(path)
    path.write_text(json.dumps("[" * 100_000).replace("[", "\\u005b"))
    assert "nested too deeply" in refused(path)
    path.write_text('"\\ud800"')
    assert "not a Keras architecture" in refused(path)


def test_unknown_layers_are_listed_at_once(tmp_path):
    model = sequential(
        (8, 8, 3),
        layer("Lambda", "first", function="x"),
        of("Conv2D", **CONV),
        layer("Dense", "mine", module="my_package.layers", units=3),
        layer("StringLookup", "words"),
        layer("Conv2D", "odd", **CONV, activation="my_function"),
    )
    text = refused(written(tmp_path, model))
    for name in (
        "'first' (Lambda)",
        "'mine' (my_package.layers>Dense)",
        "'words' (StringLookup)",
    ):
        assert f"layer {name}: costcalc has no layer kind for it" in text
    assert "--allow-unknown" in text


@pytest.mark.parametrize(
    ("class_name", "config"),
    [("Dense", {"units": 3, "lora_rank": 2}), ("BatchNormalization", {"axis": -1, "renorm": True})],
)
def test_settings_that_add_params_no_kind_has(tmp_path, class_name, config):
    model = sequential((8, 8, 3), layer(class_name, "odd", **config))
    assert "layer 'odd' (" in refused(written(tmp_path, model))


def test_an_unknown_layer_that_is_allowed_has_the_shape_of_the_file(tmp_path):
    model = functional(
        [
            image(8, 8, 3),
            layer("Lambda", "mine", inbound=[call(tensor("image"))]),
            layer("Conv2D", "conv", **CONV, inbound=[call(tensor("mine", shape=[6, 6, 5]))],
                  activation="my_function"),
        ],
        ["image", 0, 0],
        ["conv", 0, 0],
    )  # fmt: skip
    found = graph(tmp_path, model, allow_unknown=True)
    assert [each.kind.name for each in found.layers] == ["uncounted", "conv", "uncounted"]
    assert found.layers[0].output == (5, 6, 6)
    with pytest.raises(SpecError, match="'mine'"):
        graph(tmp_path, model)


def test_an_unknown_layer_without_a_stated_shape(tmp_path):
    model = sequential((8, 8, 3), layer("Lambda", "mine"), of("Conv2D", **CONV))
    message = refused(written(tmp_path, model), "--allow-unknown")
    assert "the shape of its output is not known" in message
    assert "--shape mine=C,H,W" in message


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({}, "'kernel_size' is not valid"),
        ({"filters": 0}, "a whole number from 1 to"),
        ({"filters": -3}, "a whole number from 1 to"),
        ({"filters": True}, "found    True"),
        ({"filters": "3"}, "found    '3'"),
        ({"filters": 3.5}, "found    3.5"),
        ({"filters": 10**400}, "found    1000"),
        ({"filters": [3] * 100}, "a list of 100"),
        ({"kernel_size": [3]}, "one number, or 2"),
        ({"kernel_size": [3, None]}, "found    nothing"),
        ({"kernel_size": 2**41}, "a whole number from 1 to"),
        ({"padding": "sam"}, "did you mean 'same'?"),
        ({"use_bias": 1}, "true or false"),
        ({"groups": 2}, "3 input channels cannot be split into 2 groups"),
        ({"data_format": "channels"}, "one of channels_last, channels_first"),
        ({"activation": 3}, "'activation' is not valid"),
    ],
)
def test_a_layer_that_is_wrong(tmp_path, config, message):
    if config:
        config = {**CONV, **config}
    model = sequential((8, 8, 3), layer("Conv2D", "stem", **(config or {"filters": 3})))
    text = refused(written(tmp_path, model))
    assert "layer 'stem' (Conv2D): " in text
    assert message in text


@pytest.mark.parametrize(
    ("inbound", "message"),
    [
        ([call(tensor("nobody"))], "layer 'a' reads 'nobody', which the file does not contain"),
        ([call(tensor("imag"))], "did you mean 'image'?"),
        ([call(tensor("b"))], "a cycle"),
        ([call(tensor("a"))], "a cycle"),
        ([call(tensor("image", 3))], "call 3 of 'image', which is not in the file"),
        ([call(tensor("image", -1))], "one of its input tensors is not valid"),
        ([call({"class_name": "__keras_tensor__"})], "one of its input tensors"),
        ([[["image", 0]]], "one of its input tensors"),
        ([3], "an inbound node is not valid"),
        (3, "its inbound_nodes are not valid"),
        ([call()], "layer 'a' (Conv2D): it reads no tensor"),
    ],
)
def test_a_call_that_is_wrong(tmp_path, inbound, message):
    first = {**layer("Conv2D", "a", **CONV), "inbound_nodes": inbound}
    second = layer("ReLU", "b", inbound=[call(tensor("a"))])
    model = functional([image(8, 8, 3), first, second], ["image", 0, 0], ["b", 0, 0])
    assert message in refused(written(tmp_path, model))


@pytest.mark.parametrize("settings", [{}, {"res": 9}])
def test_an_output_that_no_layer_has_is_not_left_out_in_silence(tmp_path, settings):
    relu = layer("ReLU", "relu", inbound=[call(tensor("image"))])
    conv = layer("Conv2D", "conv", inbound=[call(tensor("relu", 0, 1))], **CONV)
    model = functional([image(8, 8, 3), relu, conv], ["image", 0, 0], ["conv", 0, 0])
    with pytest.raises(SpecError, match=r"layer 'relu' \(ReLU\): its output 2 is read"):
        graph(tmp_path, model, **settings)
    ends = functional([image(8, 8, 3), relu], ["image", 0, 0], [["relu", 0, 0], ["relu", 0, 1]])
    with pytest.raises(SpecError, match="its output 2 is read"):
        graph(tmp_path, ends, **settings)


def test_sizes_stay_within_bounds(tmp_path):
    grown = [layer("UpSampling2D", f"up{index}", size=[2**20, 1]) for index in range(5)]
    text = refused(written(tmp_path, sequential((8, 8, 1), *grown)))
    # 8 rows times 2^20 are 2^23, and once more 2^43
    assert "layer 'up1' (UpSampling2D): its output has a dimension out of range" in text
    assert "up2" not in text


def nested(depth):
    """A model in a model, ``depth`` times, each called twice."""
    model = None
    for level in range(depth):
        inner = image(4, name="in")
        calls = [call(tensor("in")), call(tensor("m"))] if model else []
        layers = [inner, {**model, "name": "m", "inbound_nodes": calls}] if model else [inner]
        end = ["m", 1, 0] if model else ["in", 0, 0]
        model = functional(layers, ["in", 0, 0], end, name=f"level{level}")
    return model


def test_models_that_grow_exponentially_are_stopped(tmp_path, monkeypatch):
    monkeypatch.setattr(limits, "STEPS", 2000)
    assert "too many layers" in refused(written(tmp_path, nested(40)))


def test_models_nested_too_deeply(tmp_path):
    model = image(4, name="in")
    for _ in range(limits.NESTING + 10):
        model = {**sequential((4,), model), "name": "m"}
    text = refused(written(tmp_path, model))
    assert "nested too deeply" in text


def test_a_chain_of_any_length_is_read(tmp_path):
    chain = [
        layer("ReLU", f"r{index}", inbound=[call(tensor(f"r{index + 1}"))]) for index in range(5000)
    ]
    model = functional([*chain, image(4, name="r5000")], ["r5000", 0, 0], ["r0", 0, 0])
    assert len(graph(tmp_path, model).layers) == 5000


def test_names_steer_no_terminal(tmp_path):
    name = "\x1b[31mred\n"
    text = refused(written(tmp_path, sequential((8, 8, 3), layer("Lambda", name))))
    assert "\x1b" not in text
    found = graph(tmp_path, sequential((8, 8, 3), layer("ReLU", name)))
    assert found.layers[0].name.isprintable()


def test_a_layer_may_be_named_as_the_input_is(tmp_path):
    found = graph(tmp_path, sequential((8, 8, 3), layer("ReLU", "input"), layer("ReLU", "r")))
    assert [each.inputs for each in found.layers] == [(-1,), (0,)]


OTHERS = (None, -1, 2**70, "x", [None], {})
"""Values of other types."""


def places(value, path=()):
    """The place of every value in a structure of JSON."""
    if path:
        yield path
    items = value.items() if isinstance(value, dict) else ()
    items = enumerate(value) if isinstance(value, list) else items
    for key, inner in items:
        yield from places(inner, (*path, key))


def changed(model, path, *other):
    """The model with another value at a place, or without one."""
    copy = json.loads(json.dumps(model))
    value = copy
    for key in path[:-1]:
        value = value[key]
    if other:
        value[path[-1]] = other[0]
    else:
        del value[path[-1]]
    return copy


@pytest.mark.slow
def test_any_value_of_a_model_may_be_of_another_type(tmp_path):
    path = tmp_path / "net.json"
    for model in keras_models():
        for place in places(json.loads(json.dumps(model))):
            for other in (*((value,) for value in OTHERS), ()):
                path.write_text(json.dumps(changed(model, place, *other)), encoding="utf-8")
                try:
                    costcalc.totals(path)
                except CostcalcError as error:
                    assert str(error)


@pytest.mark.parametrize(
    "own",
    [{"module": "mine"}, {"module": None, "registered_name": "Mine>Dense"}],
    ids=["module", "registered"],
)
@pytest.mark.parametrize(
    "place", ["layer", "TimeDistributed", "Bidirectional", "RNN", "activation"]
)
def test_a_class_of_its_own_is_not_keras_own_wherever_it_stands(tmp_path, own, place):
    """It may do anything, whatever it is called."""
    name = {"Bidirectional": "LSTM", "RNN": "LSTMCell", "activation": "LeakyReLU"}.get(
        place, "Dense"
    )
    inner = {**layer(name, "mine", units=3), **own}
    if "registered_name" in own:
        inner["registered_name"] = f"Mine>{name}"
    entry = {
        "layer": lambda: inner,
        "RNN": lambda: layer("RNN", "odd", cell=inner),
        "activation": lambda: layer("Dense", "odd", units=3, activation=inner),
    }.get(place, lambda: layer(place, "odd", layer=inner))()
    assert f">{name}" in refused(written(tmp_path, sequential((5, 4), entry)))


def test_a_registered_function_is_not_the_one_of_that_name(tmp_path):
    function = {"module": "builtins", "class_name": "function", "config": "mine>relu"}
    model = sequential((4,), layer("Dense", "odd", units=3, activation=function))
    assert "the activation 'mine>relu': it is none of Keras' own" in refused(
        written(tmp_path, model)
    )
