"""Shapes of inputs by their names, whichever file they are of."""

import json

import pytest
from click.testing import CliRunner

import costcalc
from costcalc.cli import main
from costcalc.errors import SpecError
from tests.importers.caffe import written as caffe
from tests.importers.keras import written as keras
from tests.importers.onnx import models as onnx
from tests.importers.tflite.models import Sample


def keras_file(folder):
    inputs = [keras.image(8, 8, 3, name="a"), keras.image(8, 8, 3, name="b")]
    add = keras.layer("Add", "sum", inbound=[keras.call([keras.tensor("a"), keras.tensor("b")])])
    ends = [["a", 0, 0], ["b", 0, 0]], ["sum", 0, 0]
    path = folder / "net.json"
    path.write_text(json.dumps(keras.functional([*inputs, add], *ends)), encoding="utf-8")
    return str(path)


def onnx_file(folder):
    inputs = [onnx.value(name, 1, 3, 8, 8) for name in ("a", "b")]
    path = folder / "net.onnx"
    node = onnx.node("Add", "a b", "y")
    path.write_bytes(onnx.model(onnx.graph([node], inputs, [onnx.value("y")])))
    return str(path)


def caffe_file(folder):
    dims = "input_shape { dim: 1 dim: 3 dim: 8 dim: 8 }\n"
    text = f'input: "a"\n{dims}input: "b"\n{dims}' + caffe.layer("Eltwise", "a b", "y")
    path = folder / "net.prototxt"
    path.write_text(text, encoding="utf-8")
    return str(path)


def tflite_file(folder):
    shape = (1, 8, 8, 3)
    path = folder / "net.tflite"
    path.write_bytes(Sample("ADD", (shape, shape), outputs=(shape,)).net().bytes())
    return str(path)


FILES = {"Keras": keras_file, "ONNX": onnx_file, "Caffe": caffe_file, "TFLite": tflite_file}


def names(path):
    """The inputs' names, as a refusal lists them."""
    with pytest.raises(SpecError, match="the model has no input 'zzz'") as caught:
        costcalc.report(path, input={"zzz": (3, 4, 4)})
    return caught.value.problems[0].expected.removeprefix("one of ").split(", ")


@pytest.mark.parametrize("name", FILES)
def test_every_input_is_set_by_its_name(name, tmp_path):
    path = FILES[name](tmp_path)
    first, second = names(path)
    shapes = {first: (3, 5, 6), second: (3, 5, 6)}
    report = costcalc.report(path, input=shapes)
    assert (report.input, report.layers[-1].output) == ((3, 5, 6), (3, 5, 6))
    line = ["report", path, "--format", "json"]
    for each in shapes:
        line += ["--input", f"{each}=3,5,6"]
    shown = CliRunner().invoke(main, line)
    assert json.loads(shown.stdout)["layers"] == report.data()["layers"]
    (row,) = costcalc.sweep(path, input=shapes).rows()
    assert row.mult_adds == report.totals.mult_adds
    assert "5 × 6 × 3" in costcalc.page(path, input=shapes).html


@pytest.mark.parametrize("name", FILES)
def test_one_input_alone_no_longer_fits_the_other(name, tmp_path):
    path = FILES[name](tmp_path)
    _, second = names(path)
    with pytest.raises(SpecError):
        costcalc.report(path, input={second: (3, 5, 6)})
    with pytest.raises(SpecError):
        costcalc.report(path, input={second: (3, 5)})


@pytest.mark.parametrize("name", FILES)
def test_a_report_lists_the_inputs(name, tmp_path):
    path = FILES[name](tmp_path)
    rows = costcalc.report(path).data()["inputs"]
    assert [row["name"] for row in rows] == names(path)
    assert [row["shape"] for row in rows] == [[3, 8, 8]] * 2
    dtypes = {"ONNX": "float32", "TFLite": "float32"}
    assert [row.get("dtype") for row in rows] == [dtypes.get(name)] * 2
    assert f"input {rows[0]['name']}" in str(costcalc.report(path))


@pytest.mark.parametrize("name", FILES)
def test_the_file_states_the_types(name, tmp_path):
    path = FILES[name](tmp_path)
    _, second = names(path)
    for given in ("3,8,8:int8", f"{second}=3,8,8:int8"):
        result = CliRunner().invoke(main, ["report", path, "--input", given])
        assert (result.exit_code, result.stdout) == (2, "")
        assert "the file states what its inputs hold" in result.stderr


@pytest.mark.parametrize("name", FILES)
def test_an_input_is_set_once(name, tmp_path):
    path = FILES[name](tmp_path)
    first, _ = names(path)
    line = ["report", path, "--input", "3,5,6", "--input", f"{first}=3,7,7"]
    result = CliRunner().invoke(main, line)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "is set twice" in result.stderr


def test_a_list_of_boxes_is_set_by_its_name(tmp_path):
    pooled = "roi_pooling_param { pooled_w: 2 pooled_h: 2 }"
    rois = 'input: "rois"\ninput_shape { dim: 1 dim: 5 }\n'
    layers = [
        caffe.layer("ROIPooling", "data rois", "roi", pooled),
        caffe.layer("InnerProduct", "roi", "fc", "inner_product_param { num_output: 7 }"),
    ]
    path = tmp_path / "net.prototxt"
    path.write_text(caffe.network((3, 8, 8), rois, *layers), encoding="utf-8")
    assert costcalc.report(str(path)).totals.mult_adds == 12 * 7
    assert costcalc.report(str(path), input={"rois": (300, 5)}).totals.mult_adds == 300 * 12 * 7


def test_an_input_of_caffe_without_a_shape_is_not_left_out_in_silence(tmp_path):
    conv = "convolution_param { num_output: 4 kernel_size: 3 }"
    path = tmp_path / "net.prototxt"
    path.write_text(
        caffe.network(
            (3, 8, 8),
            caffe.layer("Input", "", "more"),
            caffe.layer("Convolution", "more", "y", conv),
            caffe.layer("ReLU", "data", "z"),
        ),
        encoding="utf-8",
    )
    with pytest.raises(SpecError, match="the file does not state the shape of 'more'"):
        costcalc.report(str(path))
    report = costcalc.report(str(path), input={"more": (3, 5, 5)})
    assert report.totals.mult_adds == 27 * 4 * 9
