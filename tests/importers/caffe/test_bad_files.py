"""Prototxt that is damaged, hostile or not a network: file, line, column and layer are named."""

import re

import pytest
from click.testing import CliRunner

import costcalc
from costcalc.cli import main
from costcalc.errors import CostcalcError
from costcalc.exporters import prototxt
from costcalc.graph.expand import expand
from costcalc.spec.reader import read
from tests.exporters.every_kind import forms, specs
from tests.exporters.test_prototxt import is_inexpressible
from tests.importers.caffe.written import graph, layer, network, written
from tests.importers.imported_kinds import caffe_layers

MAP = (4, 9, 12)


def refused(path, *options):
    """The program's message about a bad file; nothing goes to standard output."""
    result = CliRunner().invoke(main, ["report", str(path), *options])
    assert result.exit_code == 2, result.output
    assert result.stdout == ""
    assert "Traceback" not in result.stderr
    assert str(path) in result.stderr
    return result.stderr


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("layer {\n name: 'x'\n", "net.prototxt:1:1: ", "not prototxt: 'layer' is not closed"),
        ("name: 'x'", "net.prototxt", "not a Caffe network"),
        ("laier { }", "net.prototxt", "did you mean 'layer'?"),
        ('net: "a.prototxt" base_lr: 0.1', "net.prototxt", "the settings of a training"),
    ],
)
def test_text_that_is_not_a_network(tmp_path, text, place, message):
    said = refused(written(tmp_path, text))
    assert place in said
    assert message in said


@pytest.mark.parametrize("name", ["missing.prototxt", "folder.prototxt"])
def test_a_file_that_is_not_there(tmp_path, name):
    (tmp_path / "folder.prototxt").mkdir()
    refused(tmp_path / name)


def conv(fields, kind="Convolution", bottom="data"):
    return layer(kind, bottom, "x", f"\n convolution_param {{\n {fields} }}", name="stem")


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (conv("kernel_size: 3"), "'num_output' is missing"),
        (conv("num_output: 8"), "'kernel_size' is missing"),
        (conv("num_output: 0 kernel_size: 3"), "'num_output' is not valid"),
        (conv("num_output: -8 kernel_size: 3"), "'num_output' is not valid"),
        (conv("num_output: '8' kernel_size: 3"), "'num_output' is not valid"),
        (conv("num_output: 8.5 kernel_size: 3"), "'num_output' is not valid"),
        (conv(f"num_output: {'9' * 5000} kernel_size: 3"), "'num_output' is not valid"),
        (conv("num_output: 1e30 kernel_size: 3"), "'num_output' is not valid"),
        (conv("num_output: 8 num_output: 9 kernel_size: 3"), "'num_output' is given twice"),
        (conv("num_output { } kernel_size: 3"), "'num_output' must be a value"),
        (conv("num_output: 8 kernal_size: 3"), "did you mean 'kernel_size'?"),
        (conv("num_output: 8 kernel_size: 3 bias_term: maybe"), "true or false"),
        (conv("num_output: 8 kernel_size: 3 kernel_size: 3 kernel_size: 3"), "is given 3 times"),
        (conv("num_output: 8 kernel_size: 30"), "the window is larger than its input"),
        (conv("num_output: 8 kernel_size: 3 group: 3"), "cannot be split into 3 groups"),
        (conv("num_output: 6 kernel_size: 3", "DepthwiseConvolution"), "a group for each channel"),
        (conv("num_output: 8 kernel_size: 3", bottom="dta"), "no layer above outputs 'dta'"),
        (conv("num_output: 8 kernel_size: 3", bottom="dta"), "did you mean 'data'?"),
        (conv("num_output: 8 kernel_size: 3", bottom=""), "it reads 0 blobs"),
        (
            layer(
                "Pooling", "data", "x", "pooling_param { kernel_size: 1 stride: 4 }", name="stem"
            ),
            "lies beyond the 12 places",
        ),
        (layer("Eltwise", "data", "x", name="stem"), "it reads 1 blobs"),
        (layer("Concat", "data", "x", "concat_param { axis: 7 }", name="stem"), "axis 7"),
        (layer("Concat", "data", "x", "concat_param { axis: 0 }", name="stem"), "the batch"),
        (
            layer("Slice", "data", "a b", "slice_param { slice_point: [1, 2] }", name="stem"),
            "2 slice points",
        ),
        (layer("Mystery", "data", "x", name="stem"), "costcalc has no layer kind for it"),
        (layer("Convolutoin", "data", "x", name="stem"), "did you mean 'Convolution'?"),
    ],
)
def test_a_layer_that_is_wrong(tmp_path, made, message):
    said = refused(written(tmp_path, network(MAP, made)))
    assert "layer 'stem' (" in said
    assert message in said
    assert ".prototxt:" in said


def test_a_wrong_value_is_pointed_at(tmp_path):
    made = "layer { type: 'Convolution' bottom: 'data'\n convolution_param {\n  num_output: x } }"
    text = network(MAP, made)
    assert "net.prototxt:6:15: layer 'convolution1' (Convolution): 'num_output'" in refused(
        written(tmp_path, text)
    )


def test_all_unknown_layers_are_listed_at_once(tmp_path):
    text = network(
        MAP,
        layer("Enigma", "data", "a"),
        layer("Mystery", "data", "b"),
        layer("Convolution", "data", "c"),
    )
    said = refused(written(tmp_path, text))
    for name in ("'a' (Enigma)", "'b' (Mystery)", "'num_output' is missing"):
        assert name in said
    assert "--allow-unknown" in said


def test_an_unknown_layer_that_is_allowed_keeps_the_shape_of_its_input(tmp_path):
    text = network(MAP, layer("Mystery", "data", "a"), layer("ReLU", "a", "b"))
    found = graph(tmp_path, text, allow_unknown=True)
    assert [each.kind.name for each in found.layers] == ["uncounted", "relu"]
    assert found.layers[-1].output == MAP


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("layer { name: 'x' }", "'type' is missing"),
        ("layers { layer { name: 'x' type: 'conv' } }", "no longer reads"),
        ("layer: 3", "'layer' must be a message"),
        ("layer { type: 'ReLU' include: 3 }", "'include' must be a message"),
        ("layer { type: 'ReLU' include { phase: MAYBE } }", "one of TRAIN, TEST"),
        ("layer { type: 'ReLU' }", "no input in the test phase"),
        ("layer { type: 'Data' top: 'data' include { phase: TRAIN } }", "not a Caffe network"),
        ("input: 'a' input_dim: 1 input_dim: 3 layer { type: 'ReLU' }", "2 input_dim for 1"),
        ("input: 'a' input_shape { dim: -1 } layer { type: 'ReLU' }", "'dim' is not valid"),
        (
            "input: 'a' input_shape { dim: [1,1,1,1,1,1,1,1,1,1,1] } layer { type: 'ReLU' }",
            "too many axes",
        ),
    ],
)
def test_a_network_that_is_wrong(tmp_path, text, message):
    assert message in refused(written(tmp_path, text))


def test_names_steer_no_terminal(tmp_path):
    text = network(MAP, layer("Mystery", "data", "x", name="\\033[31m"))
    assert "\x1b" not in refused(written(tmp_path, text))
    found = graph(tmp_path, network(MAP, layer("ReLU", "data", "x", name="\\033[31m")))
    assert found.layers[0].name.isprintable()


FIELD = re.compile(r'(\w+):\s*("[^"]*"|[-\w.]+)')
OTHERS = ("-1", "0", "9" * 20, "1.5", '"x"', "true", "MAX", "{ a: 1 }", "[1, 2]", "")
"""Values of other types."""


@pytest.mark.slow
def test_any_value_of_a_network_may_be_of_another_type(tmp_path):
    path = tmp_path / "net.prototxt"
    texts = [network((4, 9, 8), each) for each in caffe_layers()]
    for name, (kind, _) in forms().items():
        if (kind.becomes or kind.name) in prototxt.KINDS and not is_inexpressible(name):
            graph_ = expand(read(specs()[name].encode(), "net.yaml", lambda name: None), {})
            texts.append(prototxt.write(graph_))
    for text in texts:
        for field in FIELD.finditer(text):
            start, end = field.span(2)
            versions = [text[:start] + other + text[end:] for other in OTHERS]
            versions += [text[: field.start()] + text[end:], f"{text[:end]} {field[0]}{text[end:]}"]
            for version in versions:
                path.write_text(version, encoding="utf-8")
                try:
                    costcalc.totals(path)
                except CostcalcError as error:
                    assert str(error)


def test_an_output_that_no_layer_has_is_not_left_out_in_silence(tmp_path):
    conv = "convolution_param { num_output: 3 kernel_size: 1 }"
    text = network(MAP, layer("ReLU", "data", "a b"), layer("Convolution", "b", "c", conv))
    said = refused(written(tmp_path, text))
    assert "layer 'c' (Convolution): reads output 2 of layer 'a' (ReLU)" in said
