"""The node models of the onnx package: each is read at the sizes of its data, or says why not."""

import json
import re
import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from fractions import Fraction
from functools import cache
from math import prod
from pathlib import Path
from typing import Any, NamedTuple

import numpy
import onnx
import pytest
from onnx.backend.test.loader import load_model_tests

from costcalc import opening
from costcalc.errors import SpecError
from costcalc.graph.layer import LayerGraph
from costcalc.importers.onnx import unread

OUTCOMES = Path(__file__).parent.parent / "data" / "onnx_nodes.json"
"""How many are read, and the names of those that are not, by the reason."""

REASONS = {
    re.escape(unread.STRINGS): "strings",
    re.escape(unread.SEQUENCES): "sequences and optional tensors",
    re.escape(unread.TRAINING): "training",
    re.escape(unread.CLASSICAL): "classical machine learning",
    re.escape(unread.DECODED): "the size is in the bytes of a file",
    re.escape(unread.NO_KIND): "no layer kind",
    r"is not a tensor": "sequences and optional tensors",
    r"takes '.*' from its branch, which does not compute it": "sequences and optional tensors",
    r"the graph has no inputs": "no input",
    r"no output depends on the network's input": "no output depends on the input",
    r"decides a shape, and cannot be computed": "its first input is numbers that decide a shape",
    r"leaves dimensions open": "an input without elements",
    r"cannot reshape its input to this shape\n.*\n.*, 0\)": "an input without elements",
    r"runs until a value says so": "its first input decides how often it runs",
    r"scans each image of a batch": "the Scan of opset 8",
}
"""What a message says, and the reason in a few words."""


class NodeModel(NamedTuple):
    """A model of one operator, and the shapes that its test data have."""

    proto: onnx.ModelProto
    inputs: Sequence[Any]
    outputs: Sequence[Any]


@cache
def node_models() -> dict[str, NodeModel]:
    """The models by their names; the shapes of outputs that they state are those of the data."""
    models = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # casts that overflow, which is what some models test
        cases = load_model_tests(kind="node")
    for case in cases:
        inputs, outputs = case.data_sets[0] if case.data_sets else ((), ())
        proto = onnx.ModelProto()
        proto.CopyFrom(case.model)
        for value, data in zip(proto.graph.output, outputs, strict=False):
            if isinstance(data, numpy.ndarray) and value.type.HasField("tensor_type"):
                dims = value.type.tensor_type.shape
                del dims.dim[:]
                dims.dim.extend(onnx.TensorShapeProto.Dimension(dim_value=n) for n in data.shape)
        models[case.name] = NodeModel(proto, inputs, outputs)
    return models


def opened(model: NodeModel, folder: Path) -> LayerGraph:
    """The graph of a model; numbers that decide shapes are set where a message asks for them."""
    path = folder / "net.onnx"
    path.write_bytes(model.proto.SerializeToString())
    try:
        return opening.opened(str(path)).graph()
    except SpecError as error:
        settings = dict(numbers(model))
        if not settings or "--set" not in str(error):
            raise
        return opening.opened(str(path), settings).graph()


def numbers(model: NodeModel) -> Iterator[tuple[str, Any]]:
    """The few numbers of inputs after the first."""
    values = list(zip(model.proto.graph.input, model.inputs, strict=False))[1:]
    for value, data in values:
        if isinstance(data, numpy.ndarray) and data.ndim < 2 and 0 < data.size <= 64:
            if data.dtype.kind not in "biuf":
                continue
            plain = data.reshape(-1).tolist()
            exact = [Fraction(each) if isinstance(each, float) else each for each in plain]
            yield value.name, tuple(exact) if data.ndim else exact[0]


def reason(message: str) -> str:
    """Why a model is not read, in a few words; the message itself if it is of no known sort."""
    found = {short for pattern, short in REASONS.items() if re.search(pattern, message)}
    return found.pop() if len(found) == 1 else message


@cache
def outcomes(folder: Path) -> tuple[dict[str, LayerGraph], dict[str, list[str]]]:
    """The graphs that are read, and the names of the other models by reason."""
    graphs, refused = {}, {}
    for name, model in node_models().items():
        try:
            graphs[name] = opened(model, folder)
        except SpecError as error:
            refused.setdefault(reason(str(error)), []).append(name)
    return graphs, refused


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("nodes")


def test_each_is_read_or_has_a_reason(folder, request):
    graphs, refused = outcomes(folder)
    found = {
        "read": len(graphs),
        "refused": {why: sorted(names) for why, names in sorted(refused.items())},
    }
    if request.config.getoption("--update-golden", default=False):
        OUTCOMES.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    known = json.loads(OUTCOMES.read_text(encoding="utf-8"))
    assert found["refused"] == known["refused"]
    assert found["read"] >= known["read"]


def test_the_guide_has_these_numbers():
    known = json.loads(OUTCOMES.read_text(encoding="utf-8"))
    guide = (OUTCOMES.parents[2] / "docs" / "importing.md").read_text(encoding="utf-8")
    assert f"{known['read']:,} are read, at the shapes of their test data" in guide
    section = guide[guide.index("| models | why not |") :].partition("\n\n")[0]
    counts = [int(number) for number in re.findall(r"^\| (\d+) \|", section, re.M)]
    assert sorted(counts) == sorted(map(len, known["refused"].values()))
    assert known["read"] + sum(counts) == len(node_models())


def test_a_shape_that_differs_from_the_data_is_refused(folder):
    """What makes the test above one of shapes: the file states those of the data."""
    model = node_models()["test_relu"]
    wrong = onnx.ModelProto()
    wrong.CopyFrom(model.proto)
    wrong.graph.output[0].type.tensor_type.shape.dim[0].dim_value += 1
    with pytest.raises(SpecError, match="in a different shape than the file states"):
        opened(model._replace(proto=wrong), folder)


def macs(graph: LayerGraph) -> int:
    return sum(layer.events().macs for layer in graph.layers)


def expected_macs(model: NodeModel) -> int | None:
    """The multiply-accumulates of a model's one node, counted from the shapes of its data."""
    node, *others = model.proto.graph.node
    if others:
        return None
    names = [value.name for value in model.proto.graph.input]
    data = dict(zip(names, model.inputs, strict=True))
    inputs = [numpy.shape(data[name]) if name in data else () for name in node.input]
    attributes = {each.name: onnx.helper.get_attribute_value(each) for each in node.attribute}
    count = COUNTS.get(node.op_type)
    return None if count is None else count(inputs, model.outputs[0].shape, attributes)


def conv(inputs, output, attributes, weight=1):
    return prod(output) * prod(inputs[weight][1:])


def transposed(inputs, output, attributes):
    return prod(inputs[0]) * prod(inputs[1][1:])


def matmul(inputs, output, attributes, first=0):
    return prod(output) * inputs[first][-1]


def gemm(inputs, output, attributes):
    return prod(output) * inputs[0][0 if attributes.get("transA") else 1]


def attention(inputs, output, attributes):
    """Each query with each key, and each score with each value."""
    q, k, v = inputs[:3]
    past = inputs[4][2] if len(inputs) > 4 and inputs[4] else 0
    if len(q) == 3:
        heads, shared = attributes["q_num_heads"], attributes["kv_num_heads"]
        n, m, d, e = q[1], k[1] + past, q[2] // heads, v[2] // shared
    else:
        heads, n, m, d, e = q[1], q[2], k[2] + past, q[3], v[3]
    return q[0] * heads * n * m * (d + e)


def recurrent(gates):
    def count(inputs, output, attributes):
        steps_images = prod(inputs[0][:2])
        directions, rows, features = inputs[1]
        hidden = inputs[2][2]
        assert rows == gates * hidden
        return steps_images * directions * rows * (features + hidden)

    return count


COUNTS = {
    "Conv": conv,
    "ConvInteger": conv,
    "QLinearConv": lambda i, o, a: conv(i, o, a, 3),
    "DeformConv": conv,
    "ConvTranspose": transposed,
    "MatMul": matmul,
    "MatMulInteger": matmul,
    "QLinearMatMul": matmul,
    "Gemm": gemm,
    "Attention": attention,
    "LSTM": recurrent(4),
    "GRU": recurrent(3),
    "RNN": recurrent(1),
}
"""The count of each operator, from the shapes of its inputs and of its first output."""


def images(model: NodeModel, graph: LayerGraph) -> int:
    """How many images the data hold: counts are of one."""
    return prod(model.inputs[0].shape) // prod(graph.input)


def test_products_are_those_of_the_data(folder):
    counted, graphs = Counter(), outcomes(folder)[0]
    for name, graph in graphs.items():
        model = node_models()[name]
        expected = expected_macs(model)
        if expected is not None:
            assert macs(graph) * images(model, graph) == expected, name
            counted[model.proto.graph.node[0].op_type] += 1
    assert counted.keys() == COUNTS.keys()
    assert counted.total() > 150


def test_an_operator_costs_what_the_function_costs_that_defines_it(folder):
    """ONNX defines Attention and others by functions, whose products are as many."""
    graphs, compared = outcomes(folder)[0], 0
    for name, graph in graphs.items():
        written_out = graphs.get(f"{name}_expanded")
        if written_out is None or not macs(graph) or "affine_grid" in name:
            continue  # whose function pads a plane to a space
        model, other = node_models()[name], node_models()[f"{name}_expanded"]
        assert macs(graph) * images(model, graph) == macs(written_out) * images(other, written_out)
        compared += 1
    assert compared > 60
