"""ONNX files, read back field by field."""

import math
import re
import struct
from fractions import Fraction

import numpy
import pytest
from click.testing import CliRunner

from costcalc import opening
from costcalc.cli import main
from costcalc.errors import SpecError
from costcalc.exporters.onnx import write
from costcalc.exporters.onnx.kinds import MISSING
from tests.collection import networks
from tests.exporters.every_kind import specs
from tests.exporters.networks import lacks, shipped
from tests.exporters.onnx_file import File

STATISTICS = re.compile(r"\.running_(mean|var)$")


def expanded(spec: str, tmp_path, **settings):
    path = tmp_path / "small.yaml"
    path.write_text(spec, encoding="utf-8")
    return opening.opened(str(path), settings).graph()


def file(graph, **options) -> File:
    return File(b"".join(write(graph, **options)))


def small(layers: str, tmp_path, input_="[4, 9, 9]", **options) -> File:
    spec = f"input: {input_}\nlayers:\n{layers}"
    return file(expanded(spec, tmp_path), **options)


def check(graph) -> None:
    """Check that a file has the shape of each layer, all params and all outputs of the network."""
    model = file(graph)
    shape, *_ = model.inputs.values()
    assert shape == (1, *graph.input)
    _, *learned = model.inputs.items()

    # Each layer's tensor is stated with its shape, and computed by one node.
    shapes = model.values | model.outputs | dict(learned)
    expected = {layer.name: (1, *layer.output) for layer in graph.layers}
    assert expected.items() <= shapes.items()
    assert len(model.values | model.outputs) + len(learned) == len(shapes)
    computed = set(model.inputs)
    for node in model.nodes:
        assert {name for name in node.inputs if name} <= computed, node.name
        assert computed.isdisjoint(node.outputs)
        computed.update(node.outputs)
    assert computed >= set(shapes)

    # The outputs are the graph's.
    assert list(model.outputs) == [graph.layers[index].name for index in graph.outputs]

    # Params and buffers are as many as the layers' events count.
    events = [layer.events() for layer in graph.layers if layer.shares is None]
    params = sum(
        layer.weights + layer.biases + layer.norm_params + layer.other_params for layer in events
    )
    given = {layer.name for layer in graph.layers if layer.kind.name == "input"}
    sizes = {name: math.prod(shape) for name, shape in learned if name not in given}
    buffers = sum(size for name, size in sizes.items() if STATISTICS.search(name))
    assert sum(sizes.values()) - buffers == params
    assert buffers == sum(layer.buffers for layer in events)


@pytest.mark.parametrize("name", networks())
def test_every_network_that_ships(name):
    graph = shipped(name)
    if lacks(graph, MISSING):
        with pytest.raises(SpecError, match="cannot be written for ONNX"):
            write(graph)
        return
    check(graph)
    model = file(graph)
    has_attention = lacks(graph, {"attention"})
    assert (model.opset, model.ir_version) == ((23, 11) if has_attention else (21, 10))
    assert next(iter(model.inputs)) == "input"


@pytest.mark.parametrize("name", specs())
def test_every_kind(name, tmp_path):
    path = tmp_path / "small.yaml"
    path.write_text(specs()[name], encoding="utf-8")
    graph = opening.opened(str(path)).graph()
    if any(layer.kind.name in MISSING for layer in graph.layers):
        with pytest.raises(SpecError, match="cannot be written for ONNX"):
            write(graph)
    else:
        check(graph)


def test_a_convolution_has_explicit_padding(tmp_path):
    model = small(
        "  - conv: {name: a, out: 8, kernel: 3x5, stride: 2, groups: 2}", tmp_path, "[4, 8, 9]"
    )
    node = model.node("a")
    assert node.operator == "Conv"
    assert node.inputs == ["input", "a.weight", "a.bias"]
    # rows: 3 * 2 + 3 - 8 = 1, all of it after; columns: 4 * 2 + 5 - 9 = 4, two on each side
    assert node.attributes == {
        "kernel_shape": (3, 5),
        "strides": (2, 2),
        "dilations": (1, 1),
        "pads": (0, 2, 1, 2),
        "group": 2,
    }
    assert model.inputs["a.weight"] == (8, 2, 3, 5)  # 4 channels / 2 groups
    assert model.inputs["a.bias"] == (8,)
    assert model.outputs == {"a": (1, 8, 4, 5)}


@pytest.mark.parametrize(
    ("arguments", "pads", "extra", "output"),
    [
        ("kernel: 4, stride: 2, padding: 1", (1, 1, 1, 1), (0, 0), 18),  # 2 * 8 + 4 - 2
        ("kernel: 3, stride: 2", (0, 0, 1, 1), (0, 0), 18),  # 2 * 8 + 3 - 1
        ("kernel: 1, stride: 2", (0, 0, 0, 0), (1, 1), 18),  # 2 * 8 + 1 + 1
        ("kernel: 2, stride: 2, padding: 0, output_padding: 1", (0, 0, 0, 0), (1, 1), 19),
    ],
)
def test_a_transposed_convolution_crops_and_pads_its_output(
    arguments, pads, extra, output, tmp_path
):
    model = small(f"  - transposed_conv: {{name: a, out: 6, {arguments}}}", tmp_path)
    node = model.node("a")
    assert (node.attributes["pads"], node.attributes["output_padding"]) == (pads, extra)
    assert model.outputs == {"a": (1, 6, output, output)}


@pytest.mark.parametrize(
    ("arguments", "pads", "is_ceil", "output"),
    [
        ("kernel: 3, stride: 2", (0, 0, 0, 0), False, 4),  # floor(6 / 2) + 1
        ("kernel: 2, stride: 2, ceil_mode: true", (0, 0, 0, 0), True, 5),  # ceil(7 / 2) + 1
        (
            "kernel: 3, stride: 1, ceil_mode: true",
            (0, 0, 0, 0),
            False,
            7,
        ),  # nothing extends past it
        # the window is larger than the map by less than the stride
        ("kernel: 10, stride: 2, ceil_mode: true", (0, 0, 1, 1), False, 1),
        ("kernel: 3, stride: 2, padding: same", (1, 1, 1, 1), False, 5),  # 4 * 2 + 3 - 9 = 2
        # ceil(10 / 3) + 1 = 5 windows, the last of which would start at 12, beyond the
        # 10 of the map and the padding before it: 4 of them, as many as floor(10 / 3) + 1
        ("kernel: 1, stride: 3, padding: 1, ceil_mode: true", (1, 1, 1, 1), False, 4),
    ],
)
def test_a_last_window_that_extends_past_the_map(arguments, pads, is_ceil, output, tmp_path):
    model = small(f"  - max_pool: {{name: a, {arguments}}}", tmp_path)
    attributes = model.node("a").attributes
    assert attributes["pads"] == pads
    assert attributes.get("ceil_mode", 0) == is_ceil
    assert model.outputs == {"a": (1, 4, output, output)}


def test_all_parts_of_a_split_are_one_node(tmp_path):
    model = small(
        """
  - split: {name: b, parts: 4, part: 2, from: input}
  - split: {name: d, parts: 4, part: 4, from: input}
  - split: {name: again, parts: 4, part: 2, from: input}
  - split: {name: half, parts: 2, from: input}
  - concat: {from: [b, d, again, half]}
""",
        tmp_path,
    )
    whole = model.node("b")
    assert whole.operator == "Split"
    assert whole.attributes == {"axis": 1, "num_outputs": 4}
    assert whole.outputs == ["b.part1", "b", "b.part3", "d"]
    assert (model.node("again").operator, model.node("again").inputs) == ("Identity", ["b"])
    assert model.node("half").outputs == ["half", "half.part2"]


def test_shared_params_are_written_once(tmp_path):
    model = small(
        """
  - conv: {name: a, out: 4, kernel: 3, shares: filters}
  - conv: {name: b, out: 4, kernel: 3, shares: filters}
""",
        tmp_path,
    )
    assert model.node("b").inputs == ["a", "a.weight", "a.bias"]
    assert set(model.inputs) == {"input", "a.weight", "a.bias"}


def test_an_output_layer_multiplies_with_the_table_of_an_embedding(tmp_path):
    model = small(
        """
  - embedding: {name: table, rows: 9, out: 5, shares: words}
  - fc: {name: scores, out: 9, bias: false, per_position: true, axis: -1, shares: words}
""",
        tmp_path,
    )
    assert set(model.inputs) == {"input", "table.weight"}
    (transposed,) = [name for name in model.node("scores").inputs if name != "table"]
    assert model.node(transposed).inputs == ["table.weight"]


@pytest.mark.parametrize(
    ("layer", "operators"),
    [
        ("layer_norm: {axes: [-1]}", ["LayerNormalization"]),
        ("layer_norm: {}", ["Transpose", "LayerNormalization", "Transpose"]),
        ("fc: {out: 2, per_position: true, axis: -1}", ["MatMul", "Add"]),
        ("fc: {out: 2, per_position: true}", ["Transpose", "MatMul", "Add", "Transpose"]),
        ("fc: 2", ["Flatten", "Gemm"]),
        ("swish: {}", ["Sigmoid", "Mul"]),
        ("channel_shuffle: 2", ["Reshape", "Transpose", "Reshape"]),
    ],
)
def test_operators(layer, operators, tmp_path):
    model = small(f"  - {layer}", tmp_path)
    assert [node.operator for node in model.nodes if node.operator != "Constant"] == operators


def test_equal_constants_are_written_once(tmp_path):
    model = small(
        "  - slice: {start: 1, stop: 3}\n  - relu6\n  - relu6\n  - zero_pad: {padding: 1}",
        tmp_path,
    )
    constants = [node for node in model.nodes if node.operator == "Constant"]
    values = [node.attributes["value"] for node in constants]
    # start 1, stop 3, axis 1, step 1; bounds; one more at both ends of rows and columns
    assert values == [(1,), (3,), 0.0, 6.0, (0, 0, 1, 1, 0, 0, 1, 1)]


def test_axes_are_moved_to_the_end_and_back(tmp_path):
    model = small("  - layer_norm: {name: a, axes: [0, 2]}", tmp_path, "[4, 9, 8]")
    transpose, norm, back = (node for node in model.nodes if node.operator != "Constant")
    assert transpose.attributes == {"perm": (0, 2, 1, 3)}  # rows first, then channels and columns
    assert norm.attributes == {"axis": -2}
    assert back.attributes == {"perm": (0, 2, 1, 3)}
    assert model.inputs["a.weight"] == (4, 8)


def test_newer_operators_raise_the_opset(tmp_path):
    assert small("  - rms_norm: {axes: [-1]}", tmp_path).opset == 23
    assert small("  - rms_norm: {axes: [-1]}", tmp_path).ir_version == 11


def test_names_that_are_taken_get_a_number(tmp_path):
    model = small(
        """
  - conv: {name: a.weight, out: 4, kernel: 1}
  - conv: {name: a, out: 4, kernel: 1, act: swish}
  - swish: {name: a.swish.sigmoid}
""",
        tmp_path,
    )
    assert model.node("a").inputs == ["a.weight", "a.weight_2", "a.bias"]
    assert model.node("a.swish").inputs == ["a", "a.swish.sigmoid_2"]


def test_a_name_is_any_text(tmp_path):
    graph = expanded("input: [4, 9, 9]\nlayers: [relu, sigmoid]", tmp_path)
    hostile = 'a"b\n\x00,=1+é\ud800' * 50
    first = graph.layers[0]._replace(name=hostile)
    model = file(graph._replace(name=hostile, layers=(first, graph.layers[1])))
    spelled = hostile.encode(errors="backslashreplace").decode()
    assert model.name == model.nodes[0].name == spelled
    assert model.nodes[1].inputs == [spelled]


@pytest.mark.parametrize(
    ("name", "settings"),
    [("mobilenet_v2", {"alpha": Fraction(1, 4)}), ("skipnet38", {"gate": "rnn"})],
)
def test_random_weights_have_the_size_of_their_shape(name, settings):
    graph = opening.opened(name, settings).graph()
    bare, filled = file(graph), file(graph, weights="random")
    assert list(filled.inputs) == ["input"]
    assert {"input": bare.inputs["input"], **filled.weights} == bare.inputs
    sizes = {name: len(data) for name, data in filled.data.items()}
    assert sizes == {name: 4 * math.prod(shape) for name, shape in filled.weights.items()}


def test_random_weights_are_uniform_and_preserve_the_variance(tmp_path):
    model = small(
        "  - conv: {name: a, out: 400, kernel: 3, norm: batch, bias: true}",
        tmp_path,
        "[100, 9, 9]",
        weights="random",
    )
    weights = {name: numpy.frombuffer(data, "<f4") for name, data in model.data.items()}
    fan_in = 3 * 3 * 100
    assert abs(weights["a.weight"]).max() <= math.sqrt(6 / fan_in)
    assert weights["a.weight"].var() == pytest.approx(2 / fan_in, rel=0.01)
    assert weights["a.weight"].mean() == pytest.approx(0, abs=0.001)
    assert weights["a.batch_norm.running_var"].min() > 0.9
    assert len({bytes(data) for data in model.data.values()}) == len(model.data)
    # The streams are NumPy's: the 24 high bits of PCG64, for the first tensor of (seed, 0).
    raw = numpy.random.PCG64(numpy.random.SeedSequence((0, 0))).random_raw()
    uniform = 2 * (raw >> 40) / 2**24 - 1
    assert (
        weights["a.weight"][0]
        == struct.unpack("<f", struct.pack("<f", uniform * math.sqrt(6 / fan_in)))[0]
    )


def test_a_seed_gives_the_same_bytes(tmp_path):
    graph = expanded("input: [8]\nlayers: [fc: 70000]", tmp_path)  # 560,000: three blocks
    one, two = (b"".join(write(graph, "random", seed)) for seed in (1, 2))
    assert one == b"".join(write(graph, "random", 1))
    assert one != two


def test_a_file_that_would_be_too_large_is_refused():
    graph = opening.opened("vgg16", {"alpha": 4}).graph()
    with pytest.raises(SpecError, match=r"at most 2,147,483,647 bytes(.|\n)*--weights none"):
        write(graph, "random")
    assert len(file(graph).inputs) == 33  # 16 weights and biases, and the image


def test_all_layers_that_onnx_cannot_express_are_named_at_once(tmp_path):
    graph = expanded(
        """
input: [4, 9, 9]
layers:
  - adaptive_avg_pool: {name: uneven, size: 5}
  - lstm: {name: keras, hidden: 3, bias_vectors: 1}
  - rearrange: {name: moved, shape: [3]}
  - uncounted: {name: unknown, op: NonMaxSuppression, shape: [3]}
  - upsample: {name: enlarged, size: 4, mode: area, from: input}
  - argmax: {name: place, axes: [0, 2], from: input}
  - fc: {name: tied, out: 5, borrows: {biases: 5}}
""",
        tmp_path,
    )
    with pytest.raises(SpecError) as caught:
        write(graph)
    message = str(caught.value)
    assert "small.yaml:4:5: layer 'uneven' cannot be written for ONNX: " in message
    assert "small.yaml:5:5: layer 'keras' cannot be written for ONNX: " in message
    assert "bias_vectors: 2" in message
    for name in ("moved", "unknown", "enlarged", "place", "tied"):
        assert f"layer '{name}' cannot be written for ONNX: " in message
    assert "'NonMaxSuppression'" in message


def test_the_command(tmp_path):
    path = tmp_path / "net.onnx"
    run = CliRunner().invoke
    done = run(main, ["export", "squeezenet1_1", "-o", str(path)])
    assert (done.exit_code, done.output) == (0, "")
    assert path.read_bytes() == b"".join(write(shipped("squeezenet1_1")))
    command = ["export", "squeezenet1_1@alpha=1/8", "--to", "onnx", "--weights", "random"]
    done = run(main, [*command, "--seed", "7"])
    assert done.stdout_bytes == b"".join(
        write(opening.opened("squeezenet1_1", {"alpha": Fraction(1, 8)}).graph(), "random", 7)
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--to", "torch", "--weights", "none"], "--weights does not apply to an export to torch"),
        (["--to", "onnx", "--seed", "1"], "--seed needs random weights"),
        (["--to", "caffe"], "'csv-scalesim'. Did you mean 'prototxt'?"),
        (["--to", "onnx", "--weights", "ones"], "'ones' is not one of 'none', 'zeros', 'random'"),
    ],
)
def test_options_that_do_not_apply_are_refused(options, message):
    done = CliRunner().invoke(main, ["export", "alexnet", *options])
    assert done.exit_code == 2
    assert message in done.stderr
    assert not done.stdout
