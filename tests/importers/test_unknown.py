"""Unknown operations: left out with a word, at the shapes that a file or the caller states."""

import json

import pytest
from click.testing import CliRunner

import costcalc
from costcalc import opening
from costcalc.cli import main
from costcalc.errors import SpecError
from tests.importers.caffe import written as caffe
from tests.importers.keras import written as keras
from tests.importers.onnx import models as onnx
from tests.importers.tflite.models import Sample

OWN = {"filters": 4, "kernel_size": [3, 3]}


def keras_file(folder):
    model = keras.sequential((8, 8, 3), keras.layer("Mystery", "mine"), keras.of("Conv2D", **OWN))
    path = folder / "net.json"
    path.write_text(json.dumps(model), encoding="utf-8")
    return str(path)


def onnx_file(folder):
    nodes = [onnx.node("Mystery", "x", "m", "mine"), onnx.node("Conv", "m w", "y")]
    weight = onnx.tensor("w", (4, 3, 3, 3), (0.5,) * 108)
    inside = onnx.graph(nodes, [onnx.value("x", 1, 3, 8, 8)], [onnx.value("y")], [weight])
    path = folder / "net.onnx"
    path.write_bytes(onnx.model(inside))
    return str(path)


def caffe_file(folder):
    conv = "convolution_param { num_output: 4 kernel_size: 3 }"
    layers = caffe.layer("Mystery", "data", "mine"), caffe.layer("Convolution", "mine", "y", conv)
    path = folder / "net.prototxt"
    path.write_text(caffe.network((3, 8, 8), *layers), encoding="utf-8")
    return str(path)


FILES = {"Keras": keras_file, "ONNX": onnx_file, "Caffe": caffe_file}
"""A network of an unknown operation, ``mine``, and a convolution of it; no shape is stated."""


def run(*line):
    return CliRunner().invoke(main, [*line])


def advised(text):
    """The options in a message's last line."""
    return text.splitlines()[-1].strip().removeprefix("try").split(", or")[0].split()


@pytest.mark.parametrize("name", ["Keras", "ONNX"])
def test_the_missing_shape_is_asked_for_and_how_to_give_it_is_said(name, tmp_path):
    path = FILES[name](tmp_path)
    refused = run("report", path)
    assert refused.exit_code == 2
    assert "--allow-unknown" in refused.stderr
    allowed = run("report", path, "--allow-unknown")
    assert allowed.exit_code == 2
    assert advised(allowed.stderr) == ["--shape", "mine=C,H,W"]
    with pytest.raises(SpecError, match=r'shape=\{"mine": \(C, H, W\)\}'):
        costcalc.report(path, allow_unknown=True)


@pytest.mark.parametrize("name", FILES)
def test_a_shape_on_the_command_line_and_in_python(name, tmp_path):
    path = FILES[name](tmp_path)
    shown = run("report", path, "--allow-unknown", "--shape", "mine=3,6,5", "--format", "json")
    assert shown.exit_code == 0, shown.stderr
    report = costcalc.report(path, allow_unknown=True, shape={"mine": (3, 6, 5)})
    assert json.loads(shown.stdout) == report.data()
    assert report.totals.mult_adds == 3 * 3 * 3 * 4 * 4 * 3
    assert ([*report.uncounted], report.guessed) == (["Mystery"], ())
    reference = costcalc.report(f"{path}@allow_unknown=true,shape.mine=3x6x5")
    assert reference.totals == report.totals


@pytest.mark.parametrize("name", FILES)
def test_a_shape_of_an_operation_that_is_not_unknown(name, tmp_path):
    shapes = {"mine": (3, 6, 5), "mime": (3, 6, 5)}
    with pytest.raises(SpecError, match="'mime' is not an unknown operation of the model") as error:
        costcalc.report(FILES[name](tmp_path), allow_unknown=True, shape=shapes)
    assert "did you mean 'mine'?" in str(error.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("mine", "--shape mine is not a shape"),
        ("=3", "--shape =3 is not a shape"),
        ("mine=big", "--shape mine=big is not a shape"),
        ("mine=0", "the shape of 'mine' cannot be 0"),
    ],
)
def test_what_is_no_shape(text, message, tmp_path):
    result = run("report", keras_file(tmp_path), "--allow-unknown", "--shape", text)
    assert (result.exit_code, result.stdout) == (2, "")
    assert message in result.stderr


def test_a_spec_has_no_unknown_operations():
    result = run("report", "mobilenet_v1", "--shape", "conv1=3,6,5")
    assert result.exit_code == 2
    assert "a spec states all shapes" in result.stderr


def test_a_second_output_has_a_number(tmp_path):
    two = keras.layer("Mystery", "mine", inbound=[keras.call(keras.tensor("image"))])
    add = keras.layer(
        "Concatenate",
        "join",
        inbound=[keras.call([keras.tensor("mine"), keras.tensor("mine", 0, 1)])],
    )
    model = keras.functional([keras.image(8, 8, 3), two, add], ["image", 0, 0], ["join", 0, 0])
    path = tmp_path / "net.json"
    path.write_text(json.dumps(model))
    shape = {"mine": (3, 4, 4), "mine.2": (5, 4, 4)}
    graph = opening.opened(
        str(path), opening.exact({"allow_unknown": True, "shape": shape})
    ).graph()
    assert graph.layers[-1].output == (8, 4, 4)


def test_an_operator_of_a_tflite_file_at_another_size(tmp_path):
    path = tmp_path / "net.tflite"
    path.write_bytes(Sample("ethos-u").net().bytes())
    report = costcalc.report(str(path), allow_unknown=True)
    (name,) = next(iter(report.uncounted.values()))
    resized = run("report", str(path), "--allow-unknown", "--res", "13")
    assert resized.exit_code == 2
    assert advised(resized.stderr) == ["--shape", f"{name}=C,H,W"]
    given = costcalc.report(str(path), allow_unknown=True, res=13, shape={name: (7, 3, 2)})
    assert given.layers[-1].output == (7, 3, 2)


def test_what_is_behind_a_guess_is_marked_and_the_total_says_so(tmp_path):
    """Caffe states no shapes: the unknown layer is guessed to keep that of its input."""
    path = caffe_file(tmp_path)
    report = costcalc.report(path, allow_unknown=True)
    assert report.totals.mult_adds == 3 * 3 * 3 * 4 * 6 * 6
    assert report.guessed == ("y",)
    assert [layer["guessed"] for layer in report.data()["layers"] if "guessed" in layer] == [
        True,  # the shape of the unknown layer itself
        True,
    ]
    text = str(report)
    assert "Mystery (not counted, shape guessed)" in text
    assert "Conv / s1 (shape guessed)" in text
    assert "Counted at guessed shapes: y." in text
    assert text.rstrip().endswith("at guessed shapes.")
    assert "shape guessed" in report.rendered("csv")


def test_the_row_of_a_folded_block_says_what_rests_on_a_guess(tmp_path):
    conv = "convolution_param { num_output: 4 kernel_size: 3 }"
    layers = [
        caffe.layer("Mystery", "data", "block/mine"),
        caffe.layer("Convolution", "block/mine", "block/first", conv),
        caffe.layer("Convolution", "block/first", "block/second", conv),
    ]
    path = tmp_path / "net.prototxt"
    path.write_text(caffe.network((3, 8, 8), *layers), encoding="utf-8")
    shown = run("report", str(path), "--allow-unknown", "--depth", "1")
    assert "block, 1 not counted, 2 at guessed shapes" in " ".join(shown.stdout.split())
    shape = ["--shape", "block/mine=3,8,8"]
    shown = run("report", str(path), "--allow-unknown", "--depth", "1", *shape)
    assert "1 not counted" in shown.stdout
    assert "guessed" not in shown.stdout


ANSWERS = [
    ["report", "PATH"],
    ["compare", "PATH", "mobilenet_v1"],
    ["diff", "PATH", "mobilenet_v1"],
    ["memory", "PATH"],
    ["training", "PATH"],
    ["latency", "PATH", "--device", "stm32f746"],
    ["fits", "PATH", "--device", "stm32f746"],
    ["fits", "PATH"],
    ["formula", "PATH", "--in", "alpha"],
    ["sweep", "PATH", "--alpha", "0.5,1"],
    ["solve", "PATH", "--for", "alpha", "--max-params", "1K"],
    ["reconcile", "PATH"],
]
"""Every command that states a total."""


@pytest.mark.parametrize("line", ANSWERS, ids=" ".join)
def test_every_answer_says_what_rests_on_a_guess(line, tmp_path):
    path = f"{caffe_file(tmp_path)}@allow_unknown=true"
    result = run(*[path if word == "PATH" else word for word in line])
    assert result.exit_code in (0, 1), result.stderr
    assert "Counted at guessed shapes" in result.stdout


@pytest.mark.parametrize("format", ["table", "json", "csv", "markdown", "latex", "html"])
@pytest.mark.parametrize("line", ANSWERS, ids=" ".join)
def test_every_answer_says_what_a_model_says_of_its_totals(line, format, tmp_path):
    # A matrix of which neither axis is a batch: counts are of the whole input.
    nodes = [onnx.node("MatMul", "w x", "y")]
    weight = onnx.tensor("w", (4, 8), (0.5,) * 32)
    path = tmp_path / "net.onnx"
    inside = onnx.graph(nodes, [onnx.value("x", 8, 3)], [onnx.value("y")], [weight])
    path.write_bytes(onnx.model(inside))
    result = run(*[str(path) if word == "PATH" else word for word in line], "--format", format)
    if result.exit_code == 2:
        assert "is not one of" in result.stderr  # a format that the command does not have
        return
    has_totals = format != "csv" or line[0] not in ("memory", "training", "latency", "fits")
    where = result.stderr if format == "csv" else result.stdout
    assert not has_totals or "has no batch" in where


@pytest.mark.parametrize(
    "line",
    [
        ["layers", "PATH"],
        ["types", "PATH"],
        ["memory", "PATH"],
        ["sweep", "PATH", "--alpha", "0.5,1", "--res", "8,16"],
    ],
    ids=lambda line: line[0],
)
def test_every_picture_of_a_total_says_what_it_leaves_out(line, tmp_path):
    path = f"{onnx_file(tmp_path)}@allow_unknown=true,shape.mine=3x8x8"
    result = run("plot", *[path if word == "PATH" else word for word in line])
    assert result.exit_code == 0, result.stderr
    assert "Not counted" in result.stderr


def test_a_guess_ends_behind_a_fully_connected_layer(tmp_path):
    dense = "inner_product_param { num_output: 4 }"
    layers = [
        caffe.layer("Mystery", "data", "mine"),
        caffe.layer("InnerProduct", "mine", "first", dense),
        caffe.layer("InnerProduct", "first", "second", dense),
    ]
    path = tmp_path / "net.prototxt"
    path.write_text(caffe.network((3, 8, 8), *layers), encoding="utf-8")
    assert costcalc.report(str(path), allow_unknown=True).guessed == ("first",)


def test_a_layer_that_cannot_be_read_behind_a_guess_asks_for_the_shape(tmp_path):
    layers = [
        caffe.layer("Mystery", "data", "mine"),
        caffe.layer("ReLU", "mine", "act"),
        caffe.layer("Concat", "data", "y", 'bottom: "act"', "concat_param { axis: 1 }"),
        caffe.layer("Slice", "act", "z", "slice_param { axis: 1 slice_point: 9 }", 'top: "z2"'),
    ]
    path = tmp_path / "net.prototxt"
    path.write_text(caffe.network((3, 8, 8), *layers), encoding="utf-8")
    result = run("report", str(path), "--allow-unknown")
    assert result.exit_code == 2
    assert advised(result.stderr) == ["--shape", "mine=C,H,W"]
    shapes = {"mine": (12, 8, 8)}
    assert costcalc.report(str(path), allow_unknown=True, shape=shapes).guessed == ()


@pytest.mark.parametrize("name", FILES)
def test_at_another_width_a_stated_shape_is_a_guess(name, tmp_path):
    settings = {"allow_unknown": True, "shape": {"mine": (3, 6, 5)}}
    path = FILES[name](tmp_path)
    assert costcalc.report(path, **settings).guessed == ()
    assert len(costcalc.report(path, **settings, alpha=0.5).guessed) == 1


def test_an_unknown_layer_is_read_again_at_another_resolution(tmp_path):
    path = caffe_file(tmp_path)
    rows = list(costcalc.sweep(path, allow_unknown=True, res=[8, 10]).rows())
    assert [row.mult_adds for row in rows] == [27 * 4 * 36, 27 * 4 * 64]


def test_axes_that_a_tflite_file_computes_are_left_to_it(tmp_path):
    path = tmp_path / "net.tflite"
    types = ("FLOAT32", "INT32", "FLOAT32")
    sample = Sample("MEAN", ((1, 4, 4, 2), (2,)), outputs=((1, 2),), types=types)
    path.write_bytes(sample.net().bytes())
    refused = run("report", str(path))
    assert "decides a shape, and cannot be computed" in refused.stderr
    assert "--allow-unknown" in refused.stderr
    report = costcalc.report(str(path), allow_unknown=True)
    assert (report.layers[-1].output, [*report.uncounted]) == ((2,), ["MEAN"])
