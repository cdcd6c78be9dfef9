"""Every stored number that may be learned counts once, whoever uses it, and however often."""

import pytest

from tests.importers.onnx.counted import events, kinds, macs, params
from tests.importers.onnx.models import graph, message, model, node, tensor, value

IMAGE = (1, 6, 8, 8)
CONVS = [node("Conv", "x w b", "a"), node("Conv", "a w b", "y")]


def test_a_layer_that_runs_twice_shares_its_params(network):
    graph = network(CONVS, IMAGE, [tensor("w", [6, 6, 3, 3]), tensor("b", [6])])
    assert params(graph) == 6 * 6 * 9 + 6
    assert [layer.shares for layer in graph.layers] == [None, 0]


def test_a_tensor_used_by_different_layers_is_borrowed(network):
    # Exporters merge tensors of equal numbers, such as the biases of a fresh network.
    nodes = [node("Conv", "x w b", "a"), node("Conv", "a v b", "y")]
    graph = network(
        nodes, IMAGE, [tensor("w", [6, 6, 3, 3]), tensor("v", [6, 6, 1, 1]), tensor("b", [6])]
    )
    assert params(graph) == 6 * 6 * 9 + 6 * 6 + 6
    assert dict(graph.layers[1].borrows) == {"biases": 6}


def test_a_tensor_that_is_both_scale_and_shift_counts_once(network):
    graph = network([node("LayerNormalization", "x g g", "y")], IMAGE, [tensor("g", [8])])
    assert params(graph) == 8


def constant(name, dims, numbers=()):
    """A Constant node of floats, which are some if they are not given."""
    of = message((1, "value"), (5, tensor("", dims, numbers)), (20, 4))
    return message((2, name), (4, "Constant"), (5, of))


def test_constant_nodes_count_only_where_used_as_weights(network):
    nodes = [
        constant("w", [4, 6, 3, 3]),
        constant("m", [1, 1, 6, 6]),
        node("Conv", "x w", "a"),
        node("Add", "a m", "y"),
    ]
    graph = network(nodes, IMAGE)
    assert kinds(graph) == ["conv", "constant", "add"]
    assert params(graph) == 4 * 6 * 9


def test_a_weight_is_one_whatever_it_holds(network):
    # As many numbers as the layer needs, made by ConstantOfShape or all the same.
    filled = message((1, "value"), (5, tensor("", [1], [0.02])), (20, 4))
    made = message((1, "s"), (2, "w"), (4, "ConstantOfShape"), (5, filled))
    same = constant("w", [4, 6, 1, 1], [0.5] * 24)
    sizes = tensor("s", [4], [4, 6, 1, 1])
    for source in (made, same):
        graph = network([source, node("Conv", "x w", "y")], IMAGE, [sizes])
        assert (kinds(graph), params(graph)) == (["conv"], 24)


@pytest.mark.parametrize(
    "operator, w, x, bias, count",
    [
        ("Conv", [4, 6, 3, 3], IMAGE, [1, 4, 1, 1], 4 * 6 * 9 + 4),
        ("Conv", [4, 6, 3, 3], IMAGE, [4, 1, 1], 4 * 6 * 9 + 4),
        ("ConvTranspose", [6, 4, 2, 2], IMAGE, [1, 4, 1, 1], 4 * 6 * 4 + 4),
        ("MatMul", [6, 4], (1, 6), [4], 6 * 4 + 4),
        ("Gemm", [6, 4], (1, 6), [1, 4], 6 * 4 + 4),
    ],
)
def test_a_vector_that_another_node_adds_is_a_bias(network, operator, w, x, bias, count):
    for stored, before in (
        ([tensor("b", bias)], []),
        ([], [constant("b", bias)]),
    ):
        nodes = [*before, node(operator, "x w", "a"), node("Add", "a b", "y")]
        graph = network(nodes, x, [tensor("w", w), *stored])
        assert len(kinds(graph)) == 1
        assert params(graph) == count


def test_what_is_added_to_a_convolution_may_be_no_bias(network):
    w, rows = tensor("w", [4, 6, 3, 3]), tensor("b", [6, 1])
    graph = network([node("Conv", "x w", "a"), node("Add", "a b", "y")], IMAGE, [w, rows])
    assert kinds(graph) == ["conv", "learned", "add"]
    biased = [node("Conv", "x w c", "a"), node("Add", "a b", "y")]
    graph = network(biased, IMAGE, [w, tensor("c", [4]), tensor("b", [4, 1, 1])])
    assert kinds(graph) == ["conv", "learned", "add"]


def test_a_stored_factor_of_a_product_is_a_weight(network):
    # Two matrices, one for each of two rows of experts.
    graph = network([node("MatMul", "x w", "y")], (1, 2, 7, 6), [tensor("w", [2, 6, 5])])
    (weight, product) = graph.layers
    assert (weight.operation.of, product.kind.name) == ("weight", "matmul")
    einsum = [node("Einsum", "x w", "y", equation="bti,tio->bto")]
    graph = network(einsum, (1, 2, 6), [tensor("w", [2, 6, 5])])
    assert {layer.operation.of for layer in graph.layers if layer.kind.name == "learned"} == {
        "weight"
    }


def test_parts_of_a_weight_count_once_and_its_rest_as_learned(network):
    nodes = [
        node("Split", "w", "q k v", axis=1),
        node("MatMul", "x q", "a"),
        node("MatMul", "x k", "b"),
        node("Add", "a b", "y"),
    ]
    graph = network(nodes, (1, 6), [tensor("w", [6, 12])])
    assert kinds(graph) == ["learned", "fc", "fc", "add"]
    assert [events(layer).weights for layer in graph.layers] == [0, 24, 24, 0]
    assert params(graph) == 6 * 12


def test_weights_computed_from_several_tensors_count_as_stored(network):
    nodes = [node("Concat", "q k v", "w", axis=1), node("MatMul", "x w", "y")]
    stored = [tensor(name, [6, 4]) for name in "qkv"]
    assert params(network(nodes, (1, 6), stored)) == 3 * 6 * 4
    # Standardised weights: the gain is a tensor of its own.
    nodes = [node("Mul", "w gain", "v"), node("Conv", "x v", "y")]
    graph = network(nodes, IMAGE, [tensor("w", [4, 6, 3, 3]), tensor("gain", [4, 1, 1, 1])])
    assert params(graph) == 4 * 6 * 9 + 4
    assert kinds(graph) == ["learned", "conv"]


def test_weights_used_in_parts_count_whole(network):
    nodes = [
        node("Split", "w", "q k", axis=1),
        node("MatMul", "x q", "a"),
        node("MatMul", "x k", "b"),
        node("Add", "a b", "y"),
    ]
    assert params(network(nodes, (1, 6), [tensor("w", [6, 8])])) == 48


def test_inputs_in_the_place_of_weights_are_said(opened):
    """A file exported without its weights has them as inputs."""
    nodes = [node("Conv", "x w b", "c"), node("GlobalAveragePool", "c", "p")]
    nodes += [node("Flatten", "p", "f"), node("Gemm", "f v", "y", transB=1)]
    given = [value("w", 4, 3, 3, 3), value("b", 4), value("v", 2, 4)]
    result = opened(model(graph(nodes, [value("x", 1, 3, 5, 5), *given], [value("y")])))
    assert (macs(result), params(result)) == (9 * 108 + 8, 0)
    (note,) = result.notes
    assert note == "Read as weights are, but not stored, and so no params: 3 inputs (w, b, v)."
    products = [node("Transpose", "z", "t", perm=(0, 2, 1)), node("MatMul", "x t", "y")]
    both = [value("x", 1, 5, 4), value("z", 1, 7, 4)]
    assert opened(model(graph(products, both, [value("y")]))).notes == ()


def test_single_numbers_count_if_named_like_a_parameter(network):
    for name, count in (("stages.0.gain", 1), ("val_7", 0), ("a.lifted_tensor_0", 0)):
        graph = network([node("Mul", f"x {name}", "y")], IMAGE, [tensor(name, [], [2.0])])
        assert params(graph) == count


def test_bounds_scales_and_integers_are_not_params(network):
    nodes = [
        node("Clip", "x low high", "a"),
        message((1, ["a", "", "scales"]), (2, "b"), (4, "Resize")),
        node("Gather", "b places", "y", axis=1),
    ]
    stored = [
        tensor("low", [], [0.0]),
        tensor("high", [], [1.0]),
        tensor("scales", [4], [1.0, 1.0, 2.0, 2.0]),
        tensor("places", [3], [5, 1, 3]),
        tensor("masks", [2, 2], [1, 2, 3, 4]),
    ]
    graph = network(nodes, IMAGE, stored)
    assert kinds(graph) == ["clip", "upsample", "rearrange"]
    assert params(graph) == 0
