"""Layers that exporters decompose are recognised, unless another node reads a part."""

import pytest

from tests.importers.onnx.counted import kinds, params
from tests.importers.onnx.models import node, tensor

IMAGE = (1, 6, 4, 4)
NUMBERS = {
    "half": 0.5, "one": 1.0, "two": 2.0, "three": 3.0, "six": 6.0, "zero": 0.0, "sixth": 1 / 6,
    "root": 2**0.5, "cubic": 0.044715, "width": 0.7978846, "quick": 1.702, "tiny": 1e-5,
}  # fmt: skip


def steps(text):
    """Nodes from lines such as ``a = Add x one``; the last one computes ``y``."""
    lines = [line.split() for line in text.strip().splitlines()]
    return [
        node(
            operator, " ".join(inputs), "y" if index == len(lines) - 1 else output, name=f"n{index}"
        )
        for index, (output, _, operator, *inputs) in enumerate(lines)
    ]


def stored():
    return [tensor(name, [], [number]) for name, number in NUMBERS.items()]


@pytest.mark.parametrize(
    "text, kind",
    [
        ("s = Sigmoid x\ny = Mul x s", "swish"),
        ("s = Sigmoid x\ny = Mul s x", "swish"),
        ("h = HardSigmoid x\ny = Mul x h", "h_swish"),
        ("a = Add x three\nc = Clip a zero six\ny = Div c six", "h_sigmoid"),
        ("a = Add three x\nc = Clip a zero six\ny = Mul sixth c", "h_sigmoid"),
        ("a = Add x three\nc = Clip a zero six\nd = Div c six\ny = Mul x d", "h_swish"),
        ("a = Add x three\nc = Clip a zero six\nm = Mul x c\ny = Div m six", "h_swish"),
        ("m = Mul x quick\ns = Sigmoid m\ny = Mul x s", "quick_gelu"),
        ("p = Softplus x\nt = Tanh p\ny = Mul x t", "mish"),
        ("e = Exp x\na = Add e one\nl = Log a\nt = Tanh l\ny = Mul x t", "mish"),
        ("e = Exp x\na = Add one e\ny = Log a", "softplus"),
        ("s = Sigmoid x\ny = Log s", "log_sigmoid"),
        ("d = Div x root\ne = Erf d\na = Add e one\nm = Mul x a\ny = Mul m half", "gelu"),
        ("d = Div x root\ne = Erf d\na = Add one e\nh = Mul half x\ny = Mul h a", "gelu"),
        ("p = Pow x three\nc = Mul p cubic\na = Add x c\nw = Mul a width\nt = Tanh w\n"
         "o = Add t one\nh = Mul x half\ny = Mul h o", "gelu_tanh"),
        ("q = Mul x x\np = Mul q x\nc = Mul cubic p\na = Add x c\nw = Mul width a\nt = Tanh w\n"
         "o = Add one t\nm = Mul x o\ny = Mul m half", "gelu_tanh"),
    ],
)  # fmt: skip
def test_activations(network, text, kind):
    assert kinds(network(steps(text), IMAGE, stored())) == [kind]


@pytest.mark.parametrize(
    "text, layers",
    [
        # A different bound, and a different number added: not an h-sigmoid.
        ("a = Add x three\nc = Clip a zero two\ny = Div c six", ["shift", "clip", "scale"]),
        ("a = Add x two\nc = Clip a zero six\ny = Div c six", ["shift", "relu6", "scale"]),
        # Two tensors where the pattern has the same one twice.
        ("r = Relu x\ns = Sigmoid x\ny = Mul r s", ["relu", "sigmoid", "multiply"]),
        # Another operation reads the sigmoid too.
        ("s = Sigmoid x\nm = Mul x s\ny = Add m s", ["sigmoid", "multiply", "add"]),
    ],
)
def test_similar_graphs_do_not_match(network, text, layers):
    assert kinds(network(steps(text), IMAGE, stored())) == layers


CENTRED = "m = ReduceMean x axes\nd = Sub x m\n"
SQUARED = ("q = Pow d two\n", "q = Mul d d\n")
DEVIATION = "v = ReduceMean q axes\ne = Add v tiny\nr = Sqrt e\n"


@pytest.mark.parametrize("square", SQUARED)
@pytest.mark.parametrize(
    "affine, count",
    [
        ("y = Div d r", 0),
        ("n = Div d r\ny = Mul n g", 4),
        ("n = Div d r\ns = Mul g n\ny = Add s b", 8),
    ],
)
def test_layer_norms(network, square, affine, count):
    tensors = [*stored(), tensor("axes", [1], [-1]), tensor("g", [4]), tensor("b", [4])]
    needed = [
        item
        for item, name in zip(tensors, [*NUMBERS, "axes", "g", "b"], strict=True)
        if name not in "gb" or f" {name}" in affine
    ]
    graph = network(steps(CENTRED + square + DEVIATION + affine), IMAGE, needed)
    assert kinds(graph) == ["layer_norm"]
    assert graph.layers[0].operation.axes == (-1,)
    assert params(graph) == count


def test_rms_norms(network):
    text = (
        "q = Pow x two\nm = ReduceMean q axes\ne = Add m tiny\nr = Sqrt e\nn = Div x r\ny = Mul n g"
    )
    tensors = [*stored(), tensor("axes", [1], [-1]), tensor("g", [4])]
    graph = network(steps(text), IMAGE, tensors)
    assert (kinds(graph), params(graph)) == (["rms_norm"], 4)


def test_group_norms_written_as_instance_norms(network):
    text = """
        a = Reshape x groups
        i = InstanceNormalization a ones zeros
        b = Reshape i whole
        s = Mul b g
        y = Add s h
    """
    tensors = [
        tensor("groups", [3], [0, 3, -1]),
        tensor("whole", [4], [1, 6, 4, 4]),
        tensor("ones", [3], [1.0] * 3),
        tensor("zeros", [3], [0.0] * 3),
        tensor("g", [6, 1, 1]),
        tensor("h", [6, 1, 1]),
    ]
    graph = network(steps(text), IMAGE, tensors)
    assert kinds(graph) == ["group_norm"]
    assert graph.layers[0].operation.groups == 3
    assert params(graph) == 12  # ones and zeros are part of the decomposition


@pytest.mark.parametrize(
    "perm, kind", [((0, 2, 1, 3, 4), "channel_shuffle"), ((0, 1, 2, 4, 3), None)]
)
def test_channel_shuffles(network, perm, kind):
    nodes = [
        node("Reshape", "x split", "a"),
        node("Transpose", "a", "b", perm=perm),
        node("Reshape", "b whole", "y"),
    ]
    tensors = [tensor("split", [5], [1, 2, 3, 4, 4]), tensor("whole", [4], [1, 6, 4, 4])]
    graph = network(nodes, IMAGE, tensors)
    assert (kinds(graph) == ["channel_shuffle"]) == (kind is not None)


def test_a_vector_added_to_a_product_is_its_bias(network):
    nodes = [node("MatMul", "x w", "a"), node("Add", "b a", "y")]
    graph = network(nodes, (1, 5, 6), [tensor("w", [6, 4]), tensor("b", [4])])
    assert kinds(graph) == ["fc"]
    assert params(graph) == 6 * 4 + 4
    # As many numbers, but one for each position: not a bias.
    apart = network(nodes, (1, 4, 6), [tensor("w", [6, 4]), tensor("b", [4, 1])])
    assert kinds(apart) == ["fc", "learned", "add"]
    assert params(apart) == 6 * 4 + 4


@pytest.mark.parametrize("square", ["q = Mul c c", "q = Pow c two"])
@pytest.mark.parametrize(("keep", "output"), [(1, (6, 4, 1)), (0, (6, 4))])
def test_a_variance(network, square, keep, output):
    nodes = steps(f"m = ReduceMean x\nc = Sub x m\n{square}\ny = ReduceMean q")
    nodes[0] = node("ReduceMean", "x", "m", axes=(3,))
    nodes[3] = node("ReduceMean", "q", "y", axes=(3,), keepdims=keep)
    graph = network(nodes, IMAGE, stored())
    assert kinds(graph) == ["variance"]
    assert graph.layers[0].output == output


def test_means_along_different_axes_are_not_a_variance(network):
    nodes = steps("m = ReduceMean x\nc = Sub x m\nq = Mul c c\ny = ReduceMean q")
    nodes[0] = node("ReduceMean", "x", "m", axes=(3,))
    nodes[3] = node("ReduceMean", "q", "y", axes=(2,))
    assert kinds(network(nodes, IMAGE, stored())) == ["mean", "subtract", "multiply", "mean"]
