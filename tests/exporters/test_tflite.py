"""Networks as TFLite files: operators, weights, scales, and what TFLite cannot express."""

import struct
from collections import Counter

import pytest

from costcalc import opening, questions
from costcalc.errors import CostcalcError, SpecError
from costcalc.exporters import tflite
from costcalc.formats import tflite_schema as schema
from costcalc.formats.flatbuffers import FlatReader, root
from tests.collection import networks
from tests.exporters.every_kind import specs
from tests.exporters.networks import lacks, shipped

UNWRITABLE = {
    "transposed_conv: {out: 6, kernel: 3, stride: 2, groups: 2}": "neither groups nor dilation",
    "transposed_conv: {out: 6, kernel: 3, stride: 2, padding: 1, output_padding: [1, 0]}": (
        "pads only as 'same' or 'valid'"
    ),
    "transposed_depthwise: {kernel: 4, stride: 2, multiplier: 2}": "neither groups nor dilation",
    "fc: {out: 7, per_position: true, axis: 1, bias: false}": "works along the channels",
    "fc: {out: 7, per_position: true, axis: -1}": "works along the channels",
    "max_pool: {kernel: 2, dilation: 2, padding: 1}": "pools have no dilation",
    "softmax: {axis: -1}": "SOFTMAX works along the channels",
    "log_softmax: {axis: 2}": "LOG_SOFTMAX works along the channels",
    "concat": "a stored tensor of numbers would be read as learned",
    "zero_pad: {padding: [[0, 1], [1, 0], [2, 2]], axis: 0, mode: replicate}": "not 'replicate'",
    "zero_pad: {padding: 1, mode: circular}": "not 'circular'",
    "upsample: {scale: 2, mode: bicubic}": "nearest or bilinear",
}
"""The forms of kinds that TFLite cannot express, and why."""

LACKING = {
    **dict.fromkeys(
        ("skipnet50", "skipnet101", "skipnet_imagenet"), "TFLite's LSTM reads sequences"
    ),
    **dict.fromkeys(
        ("alexnet", "googlenet", "vgg11_lrn"), "LOCAL_RESPONSE_NORMALIZATION has no int8 form"
    ),
}
"""The networks that cannot be written in int8, and why."""


def table_of(data: bytes) -> schema.ModelTable:
    return root(FlatReader(data, "net.tflite", ".tflite file"), schema.MODEL, schema.IDENTIFIER)


@pytest.fixture
def export(tmp_path):
    def write(text, **options):
        path = tmp_path / "net.yaml"
        path.write_text(text, encoding="utf-8")
        return b"".join(tflite.write(opening.opened(str(path)).graph(), **options))

    return write


@pytest.mark.parametrize("name", UNWRITABLE)
def test_what_tflite_cannot_express(name, export):
    with pytest.raises(SpecError, match="cannot be written for TFLite") as caught:
        export(specs()[name])
    assert UNWRITABLE[name] in str(caught.value)


@pytest.mark.parametrize("name", LACKING)
def test_networks_that_cannot_be_written(name):
    with pytest.raises(SpecError) as caught:
        tflite.write(shipped(name), dtype="int8")
    assert LACKING[name] in str(caught.value)


def macs(graph):
    return sum(layer.events().macs for layer in graph.layers)


WEIGHTED = ("conv", "transposed_conv", "fc")


@pytest.mark.parametrize("name", networks(without=LACKING))
def test_a_network_comes_back(name, tmp_path):
    graph, path = shipped(name), tmp_path / "net.tflite"
    if lacks(graph, tflite.MISSING):
        with pytest.raises(SpecError, match="cannot be written for TFLite"):
            tflite.write(graph, dtype="int8")
        return
    path.write_bytes(b"".join(tflite.write(graph, dtype="int8")))
    back = opening.opened(str(path)).graph()
    assert macs(back) == macs(graph)
    rows = [
        [
            (layer.name, layer.kind.name, layer.output, layer.events().weights)
            for layer in each.layers
            if layer.kind.name in WEIGHTED
        ]
        for each in (graph, back)
    ]
    assert rows[0] == rows[1]


CONV = """
input: [3, 8, 8]
layers:
  - conv: {name: first, out: 4, kernel: 3, stride: 2, norm: batch, act: relu6, bias: false}
  - conv: {name: second, out: 5, kernel: 3, padding: 1, stride: 2, bias: false}
  - depthwise: {name: third, kernel: 2, padding: valid, bias: true}
"""


def operators(table):
    return [
        schema.OPERATORS[table.operator_codes[row.code].code]
        for row in table.subgraphs[0].operators
    ]


def test_norms_and_activations_are_part_of_their_layer(export):
    data = export(CONV, weights="random", seed=3)
    table = table_of(data)
    # Padding of 1 at a stride of 2 on 4 x 4 is not TensorFlow's, which is 0 and 1.
    assert operators(table) == ["CONV_2D", "PAD", "CONV_2D", "DEPTHWISE_CONV_2D"]
    first, _, second, third = table.subgraphs[0].operators
    assert first.options[1]["padding"] == schema.Padding.SAME
    assert first.options[1]["activation"] == schema.Activation.RELU6
    assert second.options[1]["padding"] == third.options[1]["padding"] == schema.Padding.VALID
    tensors = table.subgraphs[0].tensors
    names = [tensor.name for tensor in tensors]
    # The norm gives the first a bias; the second has none but zeros that runtimes want.
    assert names == [
        "input",
        "first.weight",
        "first.bias",
        "first",
        "constant_0_0_1_1_1_1_0_0",
        "second.pad",
        "second.weight",
        "second.no_bias",
        "second",
        "third.weight",
        "third.bias",
        "third",
    ]
    shapes = {tensor.name: tensor.shape for tensor in tensors}
    assert shapes["first.weight"] == (4, 3, 3, 3)
    assert shapes["third.weight"] == (1, 2, 2, 5)
    assert (shapes["input"], shapes["first"]) == ((1, 8, 8, 3), (1, 4, 4, 4))


def test_whole_numbers_have_scales(export):
    table = table_of(export(CONV, weights="random", seed=3, dtype="int8"))
    data = export(CONV, weights="random", seed=3, dtype="int8")
    by_name = {tensor.name: tensor for tensor in table.subgraphs[0].tensors}

    def floats(span):
        return struct.unpack(f"<{(span.end - span.start) // 4}f", data[span.start : span.end])

    scales = {name: floats(tensor.quantization.scales) for name, tensor in by_name.items()
              if tensor.quantization}  # fmt: skip
    assert scales["input"] == scales["first"] == (1 / 16,)
    assert (len(scales["first.weight"]), by_name["first.weight"].quantization.axis) == (4, 0)
    assert (len(scales["third.weight"]), by_name["third.weight"].quantization.axis) == (5, 3)
    # A bias is in units of the product of an input and a weight.
    assert scales["third.bias"] == pytest.approx([each / 16 for each in scales["third.weight"]])
    assert schema.TYPES[by_name["third.bias"].type].name == "INT32"
    stored = {
        name: data[slice(*table.buffers[tensor.buffer].data)]
        for name, tensor in by_name.items()
        if tensor.buffer
    }
    assert len(stored["first.weight"]) == 108
    values = struct.unpack("<108b", stored["first.weight"])
    assert min(values) >= -127 and len(set(values)) > 50
    assert stored["second.no_bias"] == bytes(20)
    assert any(stored["first.bias"])


def test_outputs_whose_scale_runtimes_fix(export):
    """Of a probability 1/256 from -128 on, of a tangent 1/128, as the kernels insist."""
    layers = "input: [8]\nlayers: [sigmoid, tanh, log_softmax, softmax]\n"
    data = export(layers, dtype="int8")
    tensors = {tensor.name: tensor for tensor in table_of(data).subgraphs[0].tensors}

    def stated(name):
        scales, points = tensors[name].quantization.scales, tensors[name].quantization.zero_points
        scale = struct.unpack("<f", data[scales.start : scales.end])
        return *scale, *struct.unpack("<q", data[points.start : points.end])

    assert stated("sigmoid1") == stated("softmax1") == (1 / 256, -128)
    assert stated("tanh1") == (1 / 128, 0)
    assert stated("log_softmax1") == (1 / 16, 127)


def test_weights_are_zeros_or_the_same_for_a_seed(export):
    zeros = export(CONV)
    assert export(CONV, weights="random", seed=1) == export(CONV, weights="random", seed=1)
    assert export(CONV, weights="random", seed=1) != export(CONV, weights="random", seed=2)
    table = table_of(zeros)
    sizes = [buffer.bytes for buffer in table.buffers]
    # An empty buffer is an activation to a runtime.
    assert sizes[0] == 0 and min(sizes[1:]) > 0
    weights = zeros[slice(*table.buffers[1].data)]
    assert weights == bytes(4 * 4 * 27)


def test_buffers_are_aligned(export):
    table = table_of(export(CONV, weights="random"))
    assert all(buffer.data.start % 16 == 0 for buffer in table.buffers[1:])


def test_layers_that_share_params_read_one_tensor(export):
    text = (
        "input: [4, 8, 8]\nlayers:\n"
        "  - conv: {name: a, out: 4, kernel: 3, shares: w}\n"
        "  - conv: {name: b, out: 4, kernel: 3, shares: w}\n"
    )
    table = table_of(export(text))
    reads = [row.inputs[1:] for row in table.subgraphs[0].operators]
    assert reads[0] == reads[1]


def test_norms_of_layers_that_share_params_are_not_in_their_weights(export):
    """One tensor of weights cannot have two norms in it."""
    line = "conv: {out: 4, kernel: 3, norm: batch_norm, shares: kernel"
    text = f"input: [4, 8, 8]\nlayers:\n  - {line}, name: one}}\n  - {line}, name: two}}\n"
    data = export(text)
    found = Counter(name for name in operators(table_of(data)))
    assert found == {"CONV_2D": 2, "MUL": 2, "ADD": 2}
    apart = text.replace(", shares: kernel", "")
    assert Counter(operators(table_of(export(apart)))) == {"CONV_2D": 2}


def test_options_that_do_not_apply():
    for options, message in (
        ({"weights": "none"}, "--weights of an export to tflite cannot be 'none'"),
        ({"seed": 1}, "--seed needs random weights"),
        ({"dtype": "int4"}, "--dtype of an export to tflite cannot be 'int4'"),
    ):
        with pytest.raises(CostcalcError, match=message):
            questions.export("mobilenet_v2", "tflite", **options)
    with pytest.raises(CostcalcError, match="--weights of an export to onnx cannot be 'zeros'"):
        questions.export("mobilenet_v2", "onnx", weights="zeros")
    with pytest.raises(CostcalcError, match="--dtype does not apply to an export to torch"):
        questions.export("mobilenet_v2", "torch", dtype="int8")


def test_a_split_is_one_operator(export):
    text = (
        "input: [6, 4, 4]\nlayers:\n"
        "  - split: {name: a, parts: 3, part: 3, from: input}\n"
        "  - split: {name: b, parts: 3, part: 1, from: input}\n"
        "  - add: {from: [a, b]}\n"
    )
    table = table_of(export(text))
    assert Counter(operators(table)) == {"SPLIT": 1, "ADD": 1}
    names = [tensor.name for tensor in table.subgraphs[0].tensors]
    assert [names[index] for index in table.subgraphs[0].operators[0].outputs] == [
        "b",
        "a.part2",
        "a",
    ]


def test_a_file_that_would_be_too_large():
    graph = opening.opened("vgg16", {"alpha": 3}).graph()
    with pytest.raises(SpecError) as caught:
        tflite.write(graph)
    text = str(caught.value)
    assert "a .tflite file holds at most 2,147,483,648 bytes" in text
    assert "--dtype int8" in text
    # 1,220,510,784 weights of a byte each fit.
    assert next(iter(tflite.write(graph, dtype="int8")))


SCALES = """
input: [4, 6, 6]
layers:
  - sigmoid: {name: gate, from: input}
  - concat: {name: joined, from: [input, gate]}
  - add: {name: sum, from: [gate, input, gate]}
  - maximum: {name: largest, from: [sum, gate]}
  - concat: {from: [joined, largest]}
"""
"""Joins of tensors that whole numbers hold at two scales."""


def test_tensors_are_brought_to_one_scale(export):
    table = table_of(export(SCALES, dtype="int8"))
    names = operators(table)
    # The gate before each join that wants one scale; the sum's is that of its first input.
    assert names.count("QUANTIZE") == 3
    assert "QUANTIZE" not in operators(table_of(export(SCALES)))


def test_a_network_may_end_in_a_single_number(export):
    text = "input: [4]\nlayers:\n  - fc: 1\n  - reshape: []\n"
    tensors = table_of(export(text)).subgraphs[0].tensors
    assert tensors[-1].shape == (1,)


def test_a_layer_that_others_read_or_that_is_an_output_keeps_its_norm_apart(export):
    text = (
        "input: [4, 8, 8]\nlayers:\n"
        "  - conv: {name: a, out: 4, kernel: 1, bias: false}\n"
        "  - batch_norm: {name: b}\n"
    )
    assert operators(table_of(export(text))) == ["CONV_2D"]
    assert operators(table_of(export(f"{text}  - add: {{from: [a, b]}}\n"))) == [
        "CONV_2D",
        "MUL",
        "ADD",
        "ADD",
    ]
