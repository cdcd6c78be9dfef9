"""From recorded calls to nodes, with calls as plain data: no PyTorch is needed."""

import pytest

from costcalc.errors import SpecError
from costcalc.graph.expand import expand
from costcalc.graph.layer import NETWORK_INPUT
from costcalc.importers.document import document
from costcalc.importers.torch.calls import (
    ModuleParameter,
    RecordedCall,
    Region,
    TensorValue,
    Trace,
    ValueRef,
)
from costcalc.importers.torch.context import TorchBuilder
from costcalc.importers.torch.table import RULES
from costcalc.kinds.base import PARAMS


class Passes:
    """Builds the record of a forward pass, one call after another."""

    def __init__(self, *input):
        self.values = [TensorValue((1, *input), "input")]
        self.calls = []
        self.parameters = []
        self.input = ValueRef(0)

    def learned(self, name, *shape, role="other"):
        strides = tuple(1 for _ in shape)
        region = Region(name, 0, shape, strides)
        self.values.append(TensorValue(shape, "parameter", name, region))
        self.parameters.append(ModuleParameter(name, shape, role))
        return ValueRef(len(self.values) - 1)

    def part(self, of, offset, *shape):
        """A view of a parameter, and the call that creates it."""
        name = self.values[of.value].region.parameter
        region = Region(name, offset, shape, tuple(1 for _ in shape))
        made = self.call("getitem", shape, of, 0)
        self.values[made.value] = self.values[made.value]._replace(region=region)
        return made

    def constant(self, *shape):
        self.values.append(TensorValue(shape, "buffer", "table"))
        return ValueRef(len(self.values) - 1)

    def call(self, function, shape, *arguments, path="", functional="operator", **keywords):
        shapes = shape if isinstance(shape, list) else [shape]
        first = len(self.values)
        self.values += [TensorValue(each) for each in shapes]
        outputs = tuple(range(first, len(self.values)))
        self.calls.append(RecordedCall(function, functional, path, arguments, keywords, outputs))
        refs = [ValueRef(each) for each in outputs]
        return refs if isinstance(shape, list) else refs[0]

    def model(self, *outputs, allow_unknown=False):
        trace = Trace(
            tuple(self.values),
            tuple(self.calls),
            tuple(each.value for each in outputs),
            tuple(self.parameters),
            {},
        )
        builder = TorchBuilder(trace, RULES, "torch:m:n", allow_unknown)
        builder.run()
        return builder.model("n", "torch:m:n")

    def graph(self, *outputs, **options):
        return expand(document(self.model(*outputs, **options)), {}).layers


def total(layers, event):
    return sum(getattr(layer.events(), event) for layer in layers)


def params(layers):
    own = [layer for layer in layers if layer.shares is None]
    return sum(total(own, event) for event in PARAMS)


def kinds(layers):
    return [layer.kind.name for layer in layers]


def test_a_convolution_its_norm_and_its_activation():
    net = Passes(3, 8, 8)
    weight = net.learned("conv/weight", 16, 3, 3, 3, role="weight")
    scale, shift = (net.learned(f"bn/{name}", 16, role="norm") for name in ("weight", "bias"))
    mean, variance = net.constant(16), net.constant(16)
    shape = (1, 16, 4, 4)
    x = net.call(
        "conv2d", shape, net.input, weight, None, (2, 2), (1, 1), path="conv", functional=None
    )
    x = net.call(
        "batch_norm", shape, x, mean, variance, scale, shift, False, path="bn", functional=None
    )
    x = net.call("relu", shape, x, path="act", functional="function")
    conv, norm, act = net.graph(x)
    assert (conv.name, norm.name, act.name) == ("conv", "bn", "act/relu")
    assert conv.events().macs == 3 * 3 * 3 * 16 * 4 * 4
    assert conv.events().weights == 3 * 3 * 3 * 16
    assert norm.events().norm_params == 2 * 16
    assert (conv.functional, act.functional) == (None, "function")


def test_attention_over_windows_keeps_the_windows_as_an_axis():
    # Of an image of 4 x 4 x 8, four windows of 2 x 2: no side of 1 is their batch.
    net = Passes(8, 4, 4)
    x = net.call("permute", (1, 4, 4, 8), net.input, 0, 2, 3, 1)
    x = net.call("view", (1, 2, 2, 2, 2, 8), x, 1, 2, 2, 2, 2, 8)
    x = net.call("permute", (1, 2, 2, 2, 2, 8), x, (0, 1, 3, 2, 4, 5))
    x = net.call("reshape", (4, 4, 8), x, -1, 4, 8)
    weight = net.learned("qkv/weight", 24, 8, role="weight")
    x = net.call("linear", (4, 4, 24), x, weight, path="qkv", functional=None)
    q, k, v = net.call("chunk", [(4, 4, 8)] * 3, x, 3, dim=-1)
    scores = net.call("matmul", (4, 4, 4), q, net.call("transpose", (4, 8, 4), k, -2, -1))
    x = net.call("matmul", (4, 4, 8), net.call("softmax", (4, 4, 4), scores, dim=-1), v)
    layers = net.graph(x)
    # Each of 16 positions meets 8 x 24 weights; 4 windows of 4 x 4 scores over 8, twice.
    assert total(layers, "macs") == 16 * 8 * 24 + 2 * 4 * 4 * 4 * 8
    assert layers[-1].output == (4, 4, 8)
    softmax = next(layer for layer in layers if layer.kind.name == "softmax")
    assert softmax.events().additions == 4 * 4 * 3  # of 4 scores, three additions a row


def test_each_of_several_images_made_from_one_is_convolved():
    # Four tiles of 4 x 4 in one of 8 x 8: 9 weights at each of 4 * 16 positions, 2 to 3 channels.
    net = Passes(2, 8, 8)
    tiles = net.call("reshape", (4, 2, 4, 4), net.input, 4, 2, 4, 4)
    weight = net.learned("weight", 3, 2, 3, 3, role="weight")
    x = net.call("conv2d", (4, 3, 4, 4), tiles, weight, None, 1, 1)
    layers = net.graph(x)
    assert kinds(layers) == ["reshape", "transpose", "conv", "transpose"]
    assert total(layers, "macs") == 9 * 2 * 3 * 4 * 16
    assert params(layers) == 9 * 2 * 3
    assert layers[-1].output == (4, 3, 4, 4)


def test_a_module_used_twice_counts_its_params_once_and_its_mult_adds_twice():
    net = Passes(10)
    weight = net.learned("fc/weight", 10, 10, role="weight")
    bias = net.learned("fc/bias", 10, role="bias")
    x = net.call("linear", (1, 10), net.input, weight, bias, path="fc", functional=None)
    x = net.call("linear", (1, 10), x, weight, bias, path="fc", functional=None)
    first, second = net.graph(x)
    assert (first.name, second.name, second.shares) == ("fc", "fc_2", 0)
    assert params((first, second)) == 110
    assert total((first, second), "macs") == 200


def test_a_computed_weight_counts_as_its_parameter_and_a_separate_gain():
    net = Passes(4, 5, 5)
    weight = net.learned("conv/weight", 8, 4, 1, 1, role="weight")
    gain = net.learned("conv/gain", 8, 1, 1, 1)
    flat = net.call("reshape", (1, 8, 4), weight, 1, 8, -1)
    centred = net.call("batch_norm", (1, 8, 4), flat, None, None, gain, training=True)
    standard = net.call("view", (8, 4, 1, 1), centred, 8, 4, 1, 1)
    x = net.call("conv2d", (1, 8, 5, 5), net.input, standard)
    layers = net.graph(x)
    assert [(each.kind.name, each.name) for each in layers] == [
        ("learned", "conv/weight"),
        ("instance_norm", "batch_norm"),
        ("conv", "conv2d"),
    ]
    assert (params(layers), layers[2].events().weights) == (8 * 4 + 8, 8 * 4)
    assert layers[1].events().norm_params == 8


def test_parts_of_one_parameter_count_where_they_are_used():
    # A packed projection of which the queries' and the values' third are read, the former twice.
    net = Passes(4)
    packed = net.learned("in_proj", 12, 4)
    query, value = net.part(packed, 0, 4, 4), net.part(packed, 32, 4, 4)
    x = net.call("linear", (1, 4), net.input, query)
    x = net.call("linear", (1, 4), x, query)
    x = net.call("linear", (1, 4), x, value)
    layers = net.graph(x)
    assert [each.events().weights for each in layers if each.shares is None] == [16, 16, 16]
    # The keys' third is a weight like the others, although nothing reads it.
    assert (layers[-1].name, layers[-1].kind.name) == ("in_proj", "learned")
    assert params(layers) == 48


def test_a_parameter_that_no_operation_reads_is_counted():
    net = Passes(4)
    net.learned("head/weight", 7, 4, role="weight")
    relu, head = net.graph(net.call("relu", (1, 4), net.input))
    assert (head.name, head.kind.name, head.events().weights) == ("head/weight", "learned", 28)
    assert relu.inputs == (NETWORK_INPUT,)


def test_a_parameter_added_to_a_tensor_is_a_layer_of_its_own():
    net = Passes(6, 8)
    table = net.learned("pos", 1, 6, 8)
    scale = net.learned("gamma", 8)
    x = net.call("add", (1, 6, 8), net.input, table)
    x = net.call("mul", (1, 6, 8), x, scale)
    layers = net.graph(x)
    assert [(each.kind.name, each.output) for each in layers] == [
        ("learned", (6, 8)),
        ("add", (6, 8)),
        ("learned", (1, 8)),
        ("multiply", (6, 8)),
    ]


def test_constants_are_folded():
    net = Passes(6, 8)
    places = net.call("arange", (6,), 6)
    wide = net.call("expand", (6, 8), net.call("unsqueeze", (6, 1), places, 1), 6, 8)
    x = net.call("add", (1, 6, 8), net.input, net.call("sin", (6, 8), wide))
    assert kinds(net.graph(x)) == ["constant", "add"]


def test_a_tensor_created_from_a_shape_is_a_constant():
    net = Passes(6, 8)
    ones = net.call("ones_like", (1, 6, 8), net.call("exp", (1, 6, 8), net.input))
    x = net.call("mul", (1, 6, 8), net.input, net.call("neg", (1, 6, 8), ones))
    assert kinds(net.graph(x)) == ["exp", "constant", "multiply"]


def test_parts_that_nothing_reads_are_left_out():
    net = Passes(8, 4, 4)
    first, _ = net.call("chunk", [(1, 4, 4, 4)] * 2, net.input, 2, 1)
    split, _ = net.graph(net.call("relu", (1, 4, 4, 4), first))
    assert (split.kind.name, split.operation.parts, split.operation.part) == ("split", 2, 1)


def test_writing_into_a_view_makes_another_tensor():
    net = Passes(4, 4)
    x = net.call("relu", (1, 4, 4), net.input)
    row = net.call("sigmoid", (1, 4), net.call("getitem", (1, 4), net.input, (slice(None), 0)))
    x = net.call("setitem", (1, 4, 4), x, (slice(None), 0), row)
    layers = net.graph(net.call("tanh", (1, 4, 4), x))
    assert kinds(layers)[-2:] == ["rearrange", "tanh"]
    assert len(layers[-2].inputs) == 2


@pytest.mark.parametrize(
    ("equation", "shapes", "result", "macs"),
    [
        ("bnc,mc->bnm", [(1, 6, 8), (5, 8)], (1, 6, 5), 6 * 8 * 5),
        ("bhwc,hkc->bhwk", [(1, 6, 7, 8), (6, 5, 8)], (1, 6, 7, 5), 6 * 7 * 8 * 5),
        ("bhwc,wkc->bhwk", [(1, 6, 7, 8), (7, 5, 8)], (1, 6, 7, 5), 6 * 7 * 8 * 5),
        ("...ij,jk->...ik", [(1, 3, 6, 8), (8, 5)], (1, 3, 6, 5), 3 * 6 * 8 * 5),
    ],
)
def test_contractions_are_products_of_matrices(equation, shapes, result, macs):
    net = Passes(*shapes[0][1:])
    x = net.call("einsum", result, equation, net.input, net.learned("table", *shapes[1]))
    layers = net.graph(x)
    assert total(layers, "macs") == macs
    assert layers[-1].output == result[1:]


def test_unknown_functions_are_all_named_with_their_modules():
    net = Passes(4)
    x = net.call("special_bessel_j0", (1, 4), net.input, path="head/odd")
    x = net.call("linalg_inv", (1, 4), x)
    with pytest.raises(SpecError) as caught:
        net.model(x)
    assert [problem.message for problem in caught.value.problems] == [
        "module 'head/odd' calls 'special_bessel_j0', for which costcalc has no layer kind",
        "the network itself calls 'linalg_inv', for which costcalc has no layer kind",
    ]
    layers = net.graph(x, allow_unknown=True)
    assert [(each.kind.name, each.output) for each in layers] == [("uncounted", (4,))] * 2


def test_a_chain_of_views_may_be_of_any_length():
    net = Passes(4, 6)
    x = net.input
    for _ in range(1001):
        x = net.call(
            "transpose", (1, 6, 4) if net.values[x.value].shape[1] == 4 else (1, 4, 6), x, 1, 2
        )
    x = net.call("relu", (1, 6, 4), x)
    assert kinds(net.graph(x)) == ["transpose"] * 1001 + ["relu"]


def test_a_number_has_one_axis():
    net = Passes(4)
    total = net.call("sum", (), net.input)
    x = net.call("softmax", (), total, -1)
    assert [(layer.kind.name, layer.output) for layer in net.graph(x)] == [
        ("sum", (1,)),
        ("softmax", (1,)),
    ]


def test_an_error_names_the_operation_and_its_module():
    net = Passes(4, 6)
    nothing = net.call("getitem", (1, 1, 6), net.input, (slice(None), slice(0, 0)), path="head")
    with pytest.raises(SpecError, match="getitem in 'head': channels 0 to 0 are not a part of 4"):
        net.model(net.call("sum", (1, 6), nothing, 1))


def test_tensors_without_elements_cost_nothing():
    net = Passes(4, 6)
    nothing = net.call("getitem", (1, 0, 6), net.input, (slice(None), slice(0, 0)))
    product = net.call("relu", (1, 0, 6), nothing)
    same = net.call("index_add", (1, 4, 6), net.input, 1, 0, product)
    zeros = net.call("sum", (1, 1, 6), product, 1, True)
    graph = net.graph(net.call("add", (1, 4, 6), same, zeros))
    assert [(layer.kind.name, layer.output) for layer in graph] == [
        ("constant", (1, 6)),
        ("add", (4, 6)),
    ]


def test_a_shape_other_than_pytorchs_is_an_error():
    net = Passes(4, 6)
    with pytest.raises(SpecError, match="relu: has another shape than costcalc computes"):
        net.model(net.call("relu", (1, 6, 4), net.call("mul", (1, 4, 6), net.input, 2)))


def test_any_number_of_unknown_functions_may_be_uncounted():
    net = Passes(4)
    x = net.input
    for place in range(1001):
        x = net.call("special_bessel_j0", (1, 4), x, path=f"layers/{place}")
    assert kinds(net.graph(x, allow_unknown=True)) == ["uncounted"] * 1001
