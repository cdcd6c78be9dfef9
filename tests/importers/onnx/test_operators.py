"""Each operator: the layers that it becomes, and their costs."""

import pytest

from costcalc.errors import SpecError
from tests.importers.onnx.counted import kinds, macs, outputs, params
from tests.importers.onnx.models import attribute, function, node, subgraph, tensor
from tests.importers.onnx.protobuf import message

IMAGE = (1, 6, 8, 8)


@pytest.mark.parametrize(
    "x, w, attributes, output, weights",
    [
        ((1, 6, 9), [4, 6, 3], {"pads": (1, 0)}, (4, 8), 4 * 6 * 3),
        (IMAGE, [4, 6, 3, 5], {"strides": (2, 1)}, (4, 3, 4), 4 * 6 * 15),
        (IMAGE, [6, 1, 3, 3], {"group": 6, "pads": (1, 1, 1, 1)}, (6, 8, 8), 6 * 9),
        (IMAGE, [12, 1, 3, 3], {"group": 6, "dilations": (2, 2)}, (12, 4, 4), 12 * 9),
        (IMAGE, [4, 3, 1, 1], {"group": 2}, (4, 8, 8), 4 * 3),
        (IMAGE, [4, 6, 3, 3], {"auto_pad": "SAME_UPPER", "strides": (3, 3)}, (4, 3, 3), 4 * 54),
        (IMAGE, [4, 6, 3, 3], {"auto_pad": "VALID"}, (4, 6, 6), 4 * 54),
        ((1, 2, 5, 6, 7), [3, 2, 2, 3, 3], {}, (3, 4, 4, 5), 3 * 2 * 18),
    ],
)
def test_convolutions(network, x, w, attributes, output, weights):
    graph = network(
        [node("Conv", "x w b", "y", **attributes)], x, [tensor("w", w), tensor("b", w[:1])]
    )
    positions = 1
    for side in output[1:]:
        positions *= side
    assert outputs(graph) == [output]
    assert macs(graph) == weights * positions
    assert params(graph) == weights + w[0]


@pytest.mark.parametrize("operator", ["Conv", "ConvTranspose"])
def test_the_kernel_that_a_node_states_is_that_of_its_filters(network, operator):
    filters = [tensor("w", [6, 6, 3, 3])]
    assert macs(network([node(operator, "x w", "y", kernel_shape=(3, 3))], IMAGE, filters))
    with pytest.raises(SpecError, match="states a kernel that its filters do not have"):
        network([node(operator, "x w", "y", kernel_shape=(5, 5))], IMAGE, filters)


def test_a_depthwise_convolution_has_a_group_for_each_channel(network):
    graph = network([node("Conv", "x w", "y", group=6)], IMAGE, [tensor("w", [12, 1, 3, 3])])
    operation = graph.layers[0].operation
    assert (operation.groups, operation.out, operation.bias) == (6, 12, False)


@pytest.mark.parametrize(
    "attributes, output",
    [
        ({"strides": (2, 2), "pads": (1, 1, 1, 1)}, (4, 15, 15)),  # 7 * 2 + 3 - 2
        ({"strides": (2, 2), "pads": (1, 1, 1, 1), "output_padding": (1, 0)}, (4, 16, 15)),
        ({"strides": (2, 2), "output_shape": (16, 16)}, (4, 16, 16)),
        ({"strides": (2, 2), "auto_pad": "SAME_UPPER"}, (4, 16, 16)),
        ({"dilations": (2, 2)}, (4, 12, 12)),  # 7 + 5
    ],
)
def test_transposed_convolutions_count_at_their_input(network, attributes, output):
    graph = network(
        [node("ConvTranspose", "x w", "y", **attributes)], IMAGE, [tensor("w", [6, 4, 3, 3])]
    )
    assert outputs(graph) == [output]
    assert macs(graph) == 6 * 4 * 9 * 8 * 8


def test_convolutions_of_images_that_are_not_a_batch(network):
    # Two halves of the rows as two images: 2 x 6 channels, at 2 x 2 positions of 3 x 3.
    nodes = [node("Reshape", "x s", "a"), node("Conv", "a w b", "y", name="conv")]
    shape = tensor("s", [4], [2, 6, 4, 8])
    graph = network(nodes, IMAGE, [shape, tensor("w", [5, 6, 3, 3]), tensor("b", [5])])
    assert macs(graph) == 2 * (2 * 6) * 5 * 6 * 9
    assert params(graph) == 5 * 6 * 9 + 5
    assert graph.layers[-1].output == (2, 5, 2, 6)


@pytest.mark.parametrize("attributes", [{}, {"group": 2}])
def test_quantised_convolutions(network, attributes):
    w = tensor("w", [4, 6 // attributes.get("group", 1), 3, 3])
    names = ("xs", "xz", "ws", "wz", "ys", "yz")
    stored = [w, tensor("b", [4]), *(tensor(name, [4], [1.0] * 4) for name in names)]
    graph = network(
        [node("QLinearConv", "x xs xz w ws wz ys yz b", "y", **attributes)], IMAGE, stored
    )
    assert macs(graph) == 4 * (6 // attributes.get("group", 1)) * 9 * 36
    assert params(graph) == 4 * (6 // attributes.get("group", 1)) * 9 + 4  # scales are not params


def test_weights_may_be_quantised_cast_or_transposed_first(network):
    nodes = [
        node("DequantizeLinear", "w s", "a"),
        node("Cast", "a", "b", to=1),
        node("Transpose", "b", "c", perm=(1, 0)),
        node("MatMul", "x c", "y"),
    ]
    whole = tensor("w", [5, 6], range(30))
    graph = network(nodes, (1, 6), [whole, tensor("s", [5])])
    assert kinds(graph) == ["fc"]
    assert (params(graph), macs(graph)) == (30, 30)


@pytest.mark.parametrize(
    "x, stored, nodes, expected_kinds, expected",
    [
        ((1, 6), [("w", [6, 4])], [node("MatMul", "x w", "y")], ["fc"], 24),
        ((1, 7, 6), [("w", [6, 4])], [node("MatMul", "x w", "y")], ["fc"], 7 * 24),
        ((1, 6, 7), [("w", [4, 6])], [node("MatMul", "w x", "y")], ["fc"], 7 * 24),
        ((1, 6), [("w", [4, 6]), ("b", [4])], [node("Gemm", "x w b", "y", transB=1)], ["fc"], 24),
        ((7, 6), [("w", [6, 4]), ("b", [4])], [node("Gemm", "x w b", "y")], ["fc"], 24),
        (
            (1, 2, 7, 6),
            [],
            [node("Transpose", "x", "t", perm=(0, 1, 3, 2)), node("MatMul", "x t", "y")],
            ["transpose", "matmul"],
            2 * 7 * 7 * 6,
        ),
        (
            (1, 2, 7, 6),
            [("w", [2, 6, 5])],
            [node("MatMul", "x w", "y")],
            ["learned", "matmul"],
            2 * 7 * 30,
        ),
        (
            (1, 2, 7, 6),
            [],
            [node("Einsum", "x x", "y", equation="bhid,bhjd->bhij")],
            None,
            2 * 7 * 7 * 6,
        ),
        (
            (1, 7, 6),
            [("w", [6, 4])],
            [node("Einsum", "x w", "y", equation="bid,dm->bim")],
            None,
            7 * 24,
        ),
        ((1, 7, 6), [], [node("Einsum", "x", "y", equation="bid->bd")], None, 0),
        # from left to right: 7 x 7 sums of six, then of seven for each of six
        (
            (1, 7, 6),
            [],
            [node("Einsum", "x x x", "y", equation="bid,bjd,bjk->bik")],
            None,
            49 * 6 + 7 * 6 * 7,
        ),
        (
            (1, 7, 6),
            [("w", [6, 4])],
            [node("Einsum", "x w", "y", equation="...d,dm->...m")],
            None,
            7 * 24,
        ),
        (
            (1, 7, 6),
            [],
            [node("Einsum", "x", "y", equation="bid->")],
            ["reshape", "sum", "flatten"],
            0,
        ),
    ],
)
def test_matrix_products(network, x, stored, nodes, expected_kinds, expected):
    graph = network(nodes, x, [tensor(name, dims) for name, dims in stored])
    assert macs(graph) == expected
    count = 0
    for _, dims in stored:
        size = 1
        for side in dims:
            size *= side
        count += size
    assert params(graph) == count
    if expected_kinds is not None:
        assert kinds(graph) == expected_kinds


def test_the_gemm_of_a_batch_counts_one_image(network):
    graph = network([node("Gemm", "x w", "y")], (7, 6), [tensor("w", [6, 4])])
    assert graph.input == (6,)
    assert macs(graph) == 24  # one of 7 rows


@pytest.mark.parametrize("heads", [2, 1])
def test_attention_as_one_operator(network, heads):
    nodes = [node("Attention", "q k v", "y", q_num_heads=2, kv_num_heads=heads)]
    ahead = [
        node("MatMul", "x wq", "q"),
        node("MatMul", "x wk", "k"),
        node("MatMul", "x wv", "v"),
    ]
    stored = [tensor("wq", [6, 8]), tensor("wk", [6, 4 * heads]), tensor("wv", [6, 4 * heads])]
    graph = network(ahead + nodes, (1, 5, 6), stored, opset=23)
    assert graph.layers[-1].output == (5, 8)
    # Three matrices at 5 positions; scores and values of 2 heads of 4: 2 * (5 * 5 * 4) each.
    assert macs(graph) == 5 * 6 * (8 + 8 * heads) + 2 * (2 * 5 * 5 * 4)


@pytest.mark.parametrize(
    "operator, attributes, output",
    [
        ("MaxPool", {"kernel_shape": (3, 3), "strides": (2, 2)}, (6, 3, 3)),
        ("MaxPool", {"kernel_shape": (3, 3), "strides": (2, 2), "ceil_mode": 1}, (6, 4, 4)),
        ("MaxPool", {"kernel_shape": (2, 2), "dilations": (3, 3)}, (6, 5, 5)),
        ("AveragePool", {"kernel_shape": (2, 4), "pads": (1, 0, 0, 2)}, (6, 8, 7)),
        (
            "AveragePool",
            {"kernel_shape": (3, 3), "strides": (3, 3), "auto_pad": "SAME_LOWER"},
            (6, 3, 3),
        ),
        ("GlobalAveragePool", {}, (6, 1, 1)),
        ("GlobalMaxPool", {}, (6, 1, 1)),
    ],
)
def test_pools(network, operator, attributes, output):
    assert outputs(network([node(operator, "x", "y", **attributes)], IMAGE)) == [output]


def test_a_pool_without_a_kernel_is_refused(network):
    with pytest.raises(SpecError, match="has an attribute 'kernel_shape' that it cannot have"):
        network([node("MaxPool", "x", "y")], IMAGE)


@pytest.mark.parametrize(
    "operation, stored, kind, count",
    [
        (
            node("BatchNormalization", "x g b m v", "y"),
            {"g": [6], "b": [6], "m": [6], "v": [6]},
            "batch_norm",
            12,
        ),
        (node("InstanceNormalization", "x g b", "y"), {"g": [6], "b": [6]}, "instance_norm", 12),
        (
            node("GroupNormalization", "x g b", "y", num_groups=3),
            {"g": [6], "b": [6]},
            "group_norm",
            12,
        ),
        (node("LayerNormalization", "x g b", "y"), {"g": [8], "b": [8]}, "layer_norm", 16),
        (node("LayerNormalization", "x g", "y", axis=1), {"g": [6, 8, 8]}, "layer_norm", 384),
        (node("RMSNormalization", "x g", "y", axis=1), {"g": [6, 8, 8]}, "rms_norm", 384),
        (node("LRN", "x", "y", size=5), {}, "lrn", 0),
        (node("PRelu", "x s", "y"), {"s": [6, 1, 1]}, "prelu", 6),
        (node("PRelu", "x s", "y"), {"s": [1]}, "prelu", 1),
    ],
)
def test_norms_and_slopes(network, operation, stored, kind, count):
    graph = network([operation], IMAGE, [tensor(name, dims) for name, dims in stored.items()])
    assert kinds(graph) == [kind]
    assert params(graph) == count


def test_statistics_are_not_params(network):
    stored = [tensor(name, [6]) for name in ("g", "b", "m", "v")]
    (layer,) = network([node("BatchNormalization", "x g b m v", "y")], IMAGE, stored).layers
    events = layer.operation.events(layer.input_shapes, layer.output)
    assert (events.norm_params, events.buffers) == (12, 12)


@pytest.mark.parametrize(
    "operator, attributes, kind",
    [
        ("Clip", {"min": 0.0, "max": 6.0}, "relu6"),
        ("Clip", {"min": 0.0}, "relu"),
        ("Clip", {"min": -1.0, "max": 1.0}, "hard_tanh"),
        ("Clip", {"max": 1.0}, "clip"),
        ("Gelu", {"approximate": "tanh"}, "gelu_tanh"),
        ("Gelu", {}, "gelu"),
        ("HardSwish", {}, "h_swish"),
        ("Softmax", {"axis": 1}, "softmax"),
        ("Dropout", {}, "dropout"),
        ("Sqrt", {}, "sqrt"),
    ],
)
def test_elementwise_functions(network, operator, attributes, kind):
    graph = network([node(operator, "x", "y", **attributes)], IMAGE, opset=20)
    assert kinds(graph) == [kind]
    assert outputs(graph) == [IMAGE[1:]]


def test_softmax_before_opset_13_is_over_all_following_axes(network):
    graph = network([node("Softmax", "x", "y", axis=1)], IMAGE, opset=11)
    (layer,) = [layer for layer in graph.layers if layer.kind.name == "softmax"]
    assert layer.input_shapes == ((1, 6 * 64),)


@pytest.mark.parametrize(
    "operator, inputs, kind",
    [
        ("Add", "x c", "shift"),
        ("Sub", "c x", "complement"),
        ("Mul", "c x", "scale"),
        ("Div", "x c", "scale"),
        ("Div", "c x", "reciprocal"),
        ("Pow", "x two", "square"),
        ("Add", "x x", "add"),
        ("Mul", "x x", "multiply"),
        ("Max", "x x", "maximum"),
        ("Less", "x x", "compare"),
    ],
)
def test_arithmetic(network, operator, inputs, kind):
    stored = [tensor("c", [], [1.0]), tensor("two", [1], [2.0])]
    assert kinds(network([node(operator, inputs, "y")], IMAGE, stored)) == [kind]


@pytest.mark.parametrize(("axis", "dims"), [(1, [4]), (-3, [4]), (2, [5, 8]), (1, [4, 5])])
def test_before_opset_7_a_second_operand_begins_at_an_axis(network, axis, dims):
    product = node("Mul", "x k", "y", broadcast=1, axis=axis)
    result = network([product], (1, 4, 5, 8), [tensor("k", dims)], opset=6)
    assert outputs(result)[-1] == (4, 5, 8)
    with pytest.raises(SpecError, match="do not fit together"):
        network([product], (1, 4, 5, 8), [tensor("k", [7])], opset=6)


def test_a_learnable_operand_is_a_layer_of_its_own(network):
    graph = network([node("Mul", "x scale", "y")], IMAGE, [tensor("scale", [1, 6, 1, 1])])
    assert kinds(graph) == ["learned", "multiply"]
    assert outputs(graph) == [(6, 1, 1), (6, 8, 8)]
    assert params(graph) == 6


@pytest.mark.parametrize(
    "nodes, stored, output",
    [
        ([node("Slice", "x s e a", "y")], {"s": [1, -3], "e": [99, -1], "a": [1, 3]}, (5, 8, 2)),
        ([node("Slice", "x s e a t", "y")], {"s": [0], "e": [8], "a": [2], "t": [3]}, (6, 3, 8)),
        (
            [node("Slice", "x s e a t", "y")],
            {"s": [-1], "e": [-99], "a": [2], "t": [-1]},
            (6, 8, 8),
        ),
        ([node("Split", "x p", "y z", axis=1)], {"p": [2, 4]}, (2, 8, 8)),
        ([node("Split", "x", "y z", axis=1, num_outputs=2)], {}, (3, 8, 8)),
        ([node("Gather", "x i", "y", axis=1)], {"i": [2, 3]}, (2, 8, 8)),
        ([node("Gather", "x i", "y", axis=1)], {"i": [5, 0, 0]}, (3, 8, 8)),
        ([node("Concat", "x x", "y", axis=-3)], {}, (12, 8, 8)),
        ([node("Pad", "x p", "y")], {"p": [0, 0, 1, 0, 0, 0, 2, -3]}, (6, 11, 5)),
        ([node("Reshape", "x s", "y")], {"s": [0, 2, -1, 8]}, (2, 24, 8)),
        ([node("Flatten", "x", "y")], {}, (384,)),
        ([node("Transpose", "x", "y", perm=(0, 2, 3, 1))], {}, (8, 8, 6)),
        ([node("Unsqueeze", "x a", "y")], {"a": [2]}, (6, 1, 8, 8)),
        ([node("Expand", "x s", "y")], {"s": [2, 1, 1, 1]}, (2, 6, 8, 8)),
        ([node("Tile", "x r", "y")], {"r": [1, 2, 1, 3]}, (12, 8, 24)),
        ([node("DepthToSpace", "x", "y", blocksize=1)], {}, (6, 8, 8)),
        ([node("SpaceToDepth", "x", "y", blocksize=4)], {}, (96, 2, 2)),
        ([node("ReduceMean", "x a", "y")], {"a": [2, 3]}, (6, 1, 1)),
        ([node("ReduceMean", "x a", "y", keepdims=0)], {"a": [-1]}, (6, 8)),
        ([node("ReduceSum", "x", "y")], {}, (1, 1, 1)),
        ([node("ReduceL2", "x a", "y")], {"a": [1]}, (1, 8, 8)),
        ([node("ArgMax", "x", "y", axis=1, keepdims=0)], {}, (8, 8)),
        ([node("TopK", "x k", "y z", axis=1)], {"k": [2]}, (2, 8, 8)),
    ],
)
def test_parts_shapes_and_reductions(network, nodes, stored, output):
    tensors = [tensor(name, [len(numbers)], numbers) for name, numbers in stored.items()]
    graph = network(nodes, IMAGE, tensors)
    assert graph.layers[-1].output == output
    assert macs(graph) == params(graph) == 0


@pytest.mark.parametrize(
    "given, output",
    [
        (("scales", (1.0, 1.0, 2.0, 1.5)), (6, 16, 12)),
        (("scales", (1.0, 1.0, 0.7, 0.7)), (6, 5, 5)),
        (("sizes", (1, 6, 5, 20)), (6, 5, 20)),
    ],
)
def test_maps_are_resized(network, given, output):
    name, numbers = given
    inputs = ["x", "", "", ""]
    inputs[2 if name == "scales" else 3] = "s"
    resize = message((1, inputs), (2, "y"), (4, "Resize"), (5, attribute("mode", "linear")))
    graph = network([resize], IMAGE, [tensor("s", [4], numbers)])
    assert outputs(graph) == [output]
    assert graph.layers[0].operation.mode == "bilinear"


def test_scales_are_rounded_in_single_precision(network):
    resize = message((1, ["x", "", "s"]), (2, "y"), (4, "Resize"))
    # 0.7 in single precision is 0.699999988, and 10 times that is 7 in single precision.
    graph = network([resize], (1, 2, 10, 10), [tensor("s", [4], (1.0, 1.0, 0.7, 0.7))])
    assert outputs(graph) == [(2, 7, 7)]


def test_gathering_rows_of_a_table_is_an_embedding(network):
    graph = network([node("Gather", "w x", "y")], (1, 5), [tensor("w", [100, 8])])
    assert kinds(graph) == ["embedding"]
    assert (params(graph), outputs(graph)) == (800, [(5, 8)])


def test_shape_arithmetic_is_evaluated(network):
    # chunk(2, 1) as the older exporter writes it: (6 + 2 - 1) // 2 = 3 channels each.
    numbers = {"one": [1], "zero": [0], "two": [2]}
    nodes = [
        node("Shape", "x", "sides"),
        node("Gather", "sides one", "channels"),
        node("Add", "channels one", "more"),
        node("Div", "more two", "half"),
        node("Mul", "half two", "end"),
        node("Slice", "x zero half one", "a"),
        node("Slice", "x half end one", "b"),
        node("Mul", "a b", "y"),
    ]
    graph = network(nodes, IMAGE, [tensor(name, [1], values) for name, values in numbers.items()])
    assert kinds(graph) == ["slice", "slice", "multiply"]
    assert outputs(graph) == [(3, 8, 8)] * 3


def test_a_constant_condition_selects_its_branch(network):
    branches = [
        message((1, name), (6, subgraph([node(operator, "x", "z")], "z")), (20, 5))
        for name, operator in (("then_branch", "Relu"), ("else_branch", "Sigmoid"))
    ]
    choose = message((1, "c"), (2, "y"), (3, "choose"), (4, "If"), (5, branches))
    nodes = [node("Shape", "x", "s"), node("Size", "s", "n"), node("Equal", "n four", "c"), choose]
    for four, kind in ((4, "relu"), (5, "sigmoid")):
        assert kinds(network(nodes, IMAGE, [tensor("four", [], [four])])) == [kind]


def test_functions_of_the_model_are_inlined(network):
    refers = message((1, "alpha"), (21, "slope"), (20, 1))
    body = [
        message((1, "a"), (2, "c"), (3, "leak"), (4, "LeakyRelu"), (5, refers)),
        node("MatMul", "c w", "b"),
    ]
    twice = [
        node("Block", "x w1", "m", name="first", domain="own", slope=0.1),
        node("Block", "m w2", "y", name="second", domain="own", slope=0.2),
    ]
    stored = [tensor("w1", [6, 5]), tensor("w2", [5, 4])]
    functions = [function("Block", "a w", "b", body, ["slope"])]
    graph = network(twice, (1, 6), stored, functions=functions)
    assert kinds(graph) == ["leaky_relu", "fc", "leaky_relu", "fc"]
    assert macs(graph) == 6 * 5 + 5 * 4


def test_a_sequence_of_parts_is_a_split(network):
    nodes = [
        node("SplitToSequence", "x two", "parts", axis=1),
        node("SequenceAt", "parts zero", "a"),
        node("SequenceAt", "parts last", "b"),
        node("Sub", "a b", "y"),
    ]
    stored = [tensor("two", [], [2]), tensor("zero", [], [0]), tensor("last", [], [-1])]
    graph = network(nodes, IMAGE, stored)
    # 6 channels in parts of 2: the first and the third.
    assert kinds(graph) == ["split", "split", "subtract"]
    assert [layer.operation.part for layer in graph.layers[:2]] == [1, 3]


def test_a_list_that_grows_and_shrinks_is_followed(network):
    """What a scripted list becomes: appended to, and joined at the end."""
    nodes = [
        node("Relu", "x", "a"),
        node("Sigmoid", "x", "b"),
        node("Tanh", "x", "c"),
        node("SequenceEmpty", "", "s0"),
        node("SequenceInsert", "s0 a", "s1"),
        node("SequenceInsert", "s1 b", "s2"),
        node("SequenceInsert", "s2 c first", "s3"),  # c a b
        node("SequenceErase", "s3 last", "s4"),  # c a
        node("ConcatFromSequence", "s4", "y", axis=1),
    ]
    stored = [tensor("first", [], [0]), tensor("last", [], [-1])]
    result = network(nodes, IMAGE, stored)
    assert kinds(result) == ["relu", "tanh", "concat"]
    assert outputs(result)[-1] == (12, 8, 8)
    joined = result.layers[-1]
    assert [result.layers[index].kind.name for index in joined.inputs] == ["tanh", "relu"]


def test_a_node_that_nothing_depends_on_is_not_a_layer(network):
    nodes = [node("Relu", "x", "y"), node("Conv", "x w", "z")]
    graph = network(nodes, IMAGE, [tensor("w", [4, 6, 3, 3])])
    # Its weights are still in the file, and become a layer before the others.
    assert kinds(graph) == ["learned", "relu"]
    assert params(graph) == 4 * 6 * 9
