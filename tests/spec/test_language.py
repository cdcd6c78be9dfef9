"""Every construct of the language, one small spec at a time."""

import re
from fractions import Fraction

import pytest

from costcalc.errors import SpecError
from costcalc.graph.expand import expand
from costcalc.graph.layer import LayerGraph
from costcalc.graph.settings import setting
from costcalc.spec import library
from costcalc.spec.expression import parse
from costcalc.spec.reader import read


def graph(text: str, **settings: str) -> LayerGraph:
    find = library.block_finder(library.locate("mobilenet_v1"))
    values = {name: setting(value) for name, value in settings.items()}
    return expand(read(text.encode(), "language.yaml", find), values)


def unfolded(layers: str, head: str = "input: [3, 8, 8]\n", **settings: str) -> list[tuple]:
    """The names and outputs of layers, in a spec with that head."""
    found = graph(f"{head}layers:\n{layers}", **settings).layers
    return [(layer.name, layer.output) for layer in found]


def outputs(layers: str, head: str = "input: [3, 8, 8]\n", **settings: str) -> list[tuple]:
    return [output for _, output in unfolded(layers, head, **settings)]


def reads(text: str) -> dict[str, list[str]]:
    """Which layers each layer reads, by name."""
    found = graph(text).layers
    names = [*(layer.name for layer in found), "input"]
    return {layer.name: [names[index] for index in layer.inputs] for layer in found}


# Sequences and repeats -------------------------------------------------------------


def test_layers_follow_one_another():
    assert unfolded("  - conv: {out: 4, kernel: 3}\n  - relu\n  - max_pool: 2\n") == [
        ("conv1", (4, 8, 8)),
        ("relu1", (4, 8, 8)),
        ("max_pool1", (4, 4, 4)),
    ]


def test_repeats_read_one_another():
    assert outputs("  - max_pool: {kernel: 2, repeat: 3}\n") == [(3, 4, 4), (3, 2, 2), (3, 1, 1)]


def test_a_repeated_sequence_runs_as_a_whole():
    text = "  - sequence: {repeat: 2, layers: [max_pool: 2, relu]}\n"
    assert unfolded(text) == [
        ("max_pool1", (3, 4, 4)),
        ("relu1", (3, 4, 4)),
        ("max_pool2", (3, 2, 2)),
        ("relu2", (3, 2, 2)),
    ]


def test_a_named_sequence_is_a_path():
    text = "  - sequence: {name: stem, layers: [relu, relu: {name: last}]}\n  - relu\n"
    assert [name for name, _ in unfolded(text)] == ["stem/relu1", "stem/last", "relu1"]
    assert graph("input: [3, 8, 8]\nlayers:\n" + text).blocks == {"stem": "sequence"}


def test_names_inside_an_unnamed_sequence_are_those_around_it():
    text = "input: [3, 8, 8]\nlayers:\n  - sequence: [relu: {name: a}, relu]\n  - relu: {from: a}\n"
    assert reads(text) == {"a": ["input"], "relu1": ["a"], "relu2": ["a"]}


def test_a_given_name_never_gets_a_number():
    text = "  - conv: {out: 4, kernel: 1}\n  - conv: {out: 5, kernel: 1, name: conv1}\n"
    assert unfolded(text) == [("conv2", (4, 8, 8)), ("conv1", (5, 8, 8))]


def test_repeats_of_a_named_step_are_numbered_and_the_name_is_the_last():
    text = (
        "input: [3, 8, 8]\nlayers:\n  - max_pool: {kernel: 2, name: down, repeat: 2}\n"
        "  - relu: {from: down}\n"
    )
    assert reads(text) == {"down1": ["input"], "down2": ["down1"], "relu1": ["down2"]}


def test_conditions():
    head = "input: [3, 8, 8]\nparameters: {deep: false, n: 2}\n"
    layers = "  - relu: {when: deep}\n  - relu6: {when: n > 2 or not deep}\n"
    assert [name for name, _ in unfolded(layers, head)] == ["relu6_1"]
    assert [name for name, _ in unfolded(layers, head, deep="true")] == ["relu1"]
    assert len(unfolded(layers, head, deep="true", n="3")) == 2


def test_first_only_on_a_layer():
    text = "  - conv: {out: 4, kernel: 3, stride: 2, repeat: 3, first_only: stride}\n"
    assert outputs(text) == [(4, 4, 4)] * 3


# Branches --------------------------------------------------------------------------


def test_branches_of_a_list_and_of_a_mapping():
    listed = "  - concat: [[conv: {out: 4, kernel: 1}], relu, []]\n"
    # 4 + 3 + 3 channels; the empty branch is the input itself.
    assert unfolded(listed)[-1] == ("concat1", (10, 8, 8))
    named = "  - concat: {branches: {a: [conv: {out: 4, kernel: 1}], b: [], c: relu}}\n"
    assert unfolded(named) == [
        ("a/conv1", (4, 8, 8)),
        ("c/relu1", (3, 8, 8)),
        ("concat1", (10, 8, 8)),
    ]


def test_branches_read_what_the_join_reads():
    text = (
        "input: [3, 8, 8]\nlayers:\n  - relu: {name: stem}\n"
        "  - add: {from: input, branches: [[relu: {name: a}], [relu: {name: b}, relu6]]}\n"
    )
    assert reads(text)["a"] == ["input"]
    assert reads(text)["b"] == ["input"]
    assert reads(text)["add1"] == ["a", "relu6_1"]


def test_a_residual_adds_its_input():
    text = "input: [3, 8, 8]\nlayers:\n  - residual: [relu: {name: a}]\n"
    assert reads(text) == {"a": ["input"], "add1": ["input", "a"]}


def test_a_residual_with_a_shortcut_and_an_activation():
    text = (
        "input: [3, 8, 8]\nlayers:\n  - residual:\n      act: relu\n"
        "      shortcut: [conv: {name: short, out: 4, kernel: 1}]\n"
        "      layers: [conv: {name: long, out: 4, kernel: 3}]\n"
    )
    assert reads(text) == {
        "short": ["input"],
        "long": ["input"],
        "add1": ["short", "long"],
        "add1.relu": ["add1"],
    }


@pytest.mark.parametrize(("stride", "names"), [(1, ["conv1", "add1"]), (2, ["conv1"])])
def test_only_if(stride, names):
    text = "  - residual: {only_if: s == 1, layers: [conv: {out: 3, kernel: 3, stride: s}]}\n"
    head = f"input: [3, 8, 8]\nparameters: {{s: {stride}}}\n"
    assert [name for name, _ in unfolded(text, head)] == names


BRANCHES = """\
  - add:
      act: relu
      branches:
        - {layers: [identity], when: wide}
        - {layers: [conv: {out: 3, kernel: 3}, relu], repeat: n}
"""


@pytest.mark.parametrize(
    ("wide", "n", "names"),
    [
        ("true", 0, ["identity1", "add1.relu"]),  # one branch is nothing to add
        ("false", 1, ["conv1", "relu1", "add1.relu"]),
        ("true", 2, ["identity1", "conv1", "relu1", "conv2", "relu2", "add1", "add1.relu"]),
    ],
)
def test_branches_that_may_be_missing_or_repeat(wide, n, names):
    head = f"input: [3, 8, 8]\nparameters: {{wide: {wide}, n: {n}}}\n"
    assert [name for name, _ in unfolded(BRANCHES, head)] == names


def test_repeated_branches_read_one_input_and_are_numbered():
    text = (
        "input: [3, 8, 8]\nlayers:\n  - concat:\n      branches:\n"
        "        a: {layers: [conv: {out: 4, kernel: 3}], repeat: 2}\n"
    )
    assert reads(text) == {
        "a1/conv1": ["input"],
        "a2/conv1": ["input"],
        "concat1": ["a1/conv1", "a2/conv1"],
    }


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("repeat: n", "repeat: 0", "'add' joins branches, but none is left"),
        ("repeat: n", "repeat: -1", "-1 is too small"),
        ("repeat: n", "repeat: 1e9", "the spec unfolds to too many layers"),
        ("repeat: n", "act: relu", "a branch has no 'act'"),
    ],
)
def test_what_is_wrong_with_branches(old, new, message):
    head = "input: [3, 8, 8]\nparameters: {wide: false, n: 1}\n"
    with pytest.raises(SpecError, match=re.escape(message)):
        unfolded(BRANCHES.replace(old, new), head)


@pytest.mark.parametrize("size", ["8 x 6", "8x6x3", "[3, 8, 6]"])
def test_a_printed_size_is_that_of_a_map(size):
    text = "  - conv: {{out: 3, kernel: 3, input: {size}}}\n"
    assert unfolded(text.format(size=size), "input: [3, 8, 6]\n")
    for other in (size.replace("8", "6"), size.replace("6", "8"), "[8, 6]"):
        with pytest.raises(SpecError, match="is printed as"):
            unfolded(text.format(size=other), "input: [3, 8, 6]\n")


def test_multiply_for_squeeze_and_excite():
    text = "  - multiply:\n    - []\n    - [global_avg_pool, fc: 3, sigmoid, identity]\n"
    with pytest.raises(SpecError, match="shapes that differ cannot be multiplied"):
        unfolded(text)
    assert unfolded(text.replace("fc: 3", "pointwise: 3"))[-1] == ("multiply1", (3, 8, 8))


def test_explicit_inputs_make_any_graph():
    text = (
        "input: [3, 8, 8]\nlayers:\n  - conv: {name: a, out: 4, kernel: 3}\n"
        "  - conv: {name: b, out: 4, kernel: 3, from: input}\n"
        "  - add: {name: sum, from: [a, b]}\n  - concat: {from: [sum, a, b]}\n"
    )
    assert reads(text) == {
        "a": ["input"],
        "b": ["input"],
        "sum": ["a", "b"],
        "concat1": ["sum", "a", "b"],
    }


# The width multiplier --------------------------------------------------------------

WIDE = "input: [10, 8, 8]\n"


@pytest.mark.parametrize(
    ("layers", "channels"),
    [
        ("  - conv: {out: 32, kernel: 1}\n", 16),
        ("  - conv: {out: 33, kernel: 1}\n", 16),  # floor of 16.5
        ("  - pointwise: in * 3\n", 30),  # the input's ten, scaled by nobody
        ("  - pointwise: fixed(32)\n", 32),
        ("  - pointwise: floor(64 * alpha) + 1\n", 33),
        ("  - pointwise: n\n", 20),
        ("  - pointwise: wide\n", 11),  # wide = in + 1 in the block below
        ("  - fc: 100\n  - relu\n", 100),  # the classifier
        ("  - fc: 100\n  - fc: 7\n", 7),
        ("  - depthwise: 3\n", 10),
        ("  - transposed_conv: {out: 32, kernel: 2}\n", 16),
        ("  - pad_channels: 40\n", 20),
    ],
)
def test_widths_that_the_multiplier_scales(layers, channels):
    head = WIDE + (
        "parameters: {n: 40}\nblocks:\n  b:\n    parameters: {wide: in + 1}\n"
        "    layers: [pointwise: wide]\n"
    )
    if "wide" in layers:
        layers = "  - b\n"
    assert outputs(layers, head, alpha="0.5")[-1][0] == channels


def test_only_a_classifier_is_not_scaled():
    assert outputs("  - fc: 100\n  - fc: 7\n", WIDE, alpha="0.5") == [(50,), (7,)]


def test_a_width_of_a_block_is_scaled_once():
    head = (
        "input: [10, 8, 8]\nblocks:\n"
        "  inner: {parameters: {c: width}, layers: [pointwise: c, pointwise: 2 * c]}\n"
        "  outer: {parameters: {c: width, n: 3}, layers: [inner: {c: c}, pointwise: n]}\n"
    )
    # 32 becomes 16, passed through two blocks; n = 9 is scaled only where it is a width: 4.
    assert outputs("  - outer: {c: 32, n: 9}\n  - relu\n", head, alpha="0.5") == [
        (16, 8, 8),
        (32, 8, 8),
        (4, 8, 8),
        (4, 8, 8),
    ]


@pytest.mark.parametrize(
    ("rule", "channels"),
    [
        ("floor", 252),
        ("nearest", 252),
        ("{divisible_by: 8}", 256),
        ("{divisible_by: 16}", 256),
        ("{nearest_multiple: 16}", 256),
    ],
)
def test_rounding_rules(rule, channels):
    head = f"input: [3, 8, 8]\nwidth_rounding: {rule}\n"
    # 0.35 * 720 = 252.
    assert outputs("  - pointwise: 720\n", head, alpha="0.35") == [(channels, 8, 8)]


# Parameters and the resolution -----------------------------------------------------


def test_parameters_compute_with_those_above():
    head = "input: [3, 8, 8]\nparameters: {depth: 20, n: (depth - 2) / 6}\n"
    assert len(unfolded("  - relu: {repeat: n}\n", head)) == 3
    assert len(unfolded("  - relu: {repeat: n}\n", head, depth="32")) == 5
    assert len(unfolded("  - relu: {repeat: n}\n", head, n="7")) == 7


def test_a_default_cannot_use_a_later_parameter():
    head = "input: [3, 8, 8]\nparameters: {n: 2 * depth, depth: 20}\n"
    with pytest.raises(SpecError, match="2:21: 'depth' has no meaning here"):
        unfolded("  - relu\n", head)


def test_res_may_compute_with_parameters():
    head = "input: [3, res, res]\nparameters: {size: 3, res: 4 * size}\n"
    assert outputs("  - relu\n", head) == [(3, 12, 12)]
    assert outputs("  - relu\n", head, size="2") == [(3, 8, 8)]
    assert outputs("  - relu\n", head, res="5") == [(3, 5, 5)]


@pytest.mark.parametrize(
    ("input_", "res", "shape"),
    [
        ("[3, res, res]", "16", (3, 16, 16)),
        ("[3, res, res]", "16x10", (3, 16, 10)),
        ("[3, 8, 8]", "16", (3, 16, 16)),
        ("[3, 8, 8]", "16x10", (3, 16, 10)),
        ("[3, 9, 8]", "16x10", (3, 16, 10)),
        ("8 x 8 x 3", "16", (3, 16, 16)),
        ("[3, res, 2 * res]", "16", (3, 16, 32)),
        ("[1, 5, 5, 5]", "4", (1, 4, 4, 4)),
        ("[1, 5, 5, 5]", "4x5x6", (1, 4, 5, 6)),
    ],
)
def test_resolutions(input_, res, shape):
    head = f"input: {input_}\nparameters: {{res: 8}}\n"
    assert outputs("  - relu\n", head, res=res) == [shape]


@pytest.mark.parametrize(
    ("input_", "res", "message"),
    [
        ("[3, 9, 8]", "16", "is not square"),
        ("[3, res, 2 * res]", "16x10", "computes the sides of its input"),
        ("[784]", "16", "no spatial axes, and takes no res"),
        ("[784]", "16x16", "no spatial axes"),
        ("[3, 8, 8]", "4x4x4", "has 2 spatial axes"),
    ],
)
def test_resolutions_that_do_not_fit(input_, res, message):
    head = f"input: {input_}\nparameters: {{res: 8}}\n"
    with pytest.raises(SpecError, match=message):
        unfolded("  - relu\n", head, res=res)


def test_printed_shapes_are_checked_at_the_defaults():
    layers = "  - conv: {out: 4, kernel: 3, output: 8 x 8 x 4}\n"
    assert outputs(layers, res="16") == [(4, 16, 16)]
    assert outputs(layers, alpha="0.5") == [(2, 8, 8)]


def test_input_sizes_have_names():
    layers = "  - max_pool: [in_height / 2, in_width]\n  - conv: {out: fixed(2) * in, kernel: 1}\n"
    assert outputs(layers, "input: [3, 8, 6]\n") == [(3, 2, 1), (6, 2, 1)]


def test_printed_shapes_may_use_input_sizes():
    assert outputs("  - depthwise: {kernel: 3, output: 8 x 8 x in}\n") == [(3, 8, 8)]


def test_nothing_needs_to_be_square():
    layers = "  - conv: {out: 2, kernel: [1, 5], stride: [1, 2], padding: [0, 2], dilation: 2x1}\n"
    # rows: 7 - 1 + 1 = 7; columns: (12 + 4 - 5) // 2 + 1 = 6.
    assert outputs(layers, "input: [3, 7, 12]\n") == [(2, 7, 6)]


# Blocks ----------------------------------------------------------------------------


def test_range_and_choices_hold_for_blocks():
    head = (
        "input: [3, 8, 8]\nblocks:\n  b:\n    parameters:\n"
        "      k: {default: 3, choices: [3, 5]}\n      r: {default: 1, range: [1, 4]}\n"
        "    layers: [depthwise: {kernel: k, dilation: r}]\n"
    )
    assert outputs("  - b: {k: 5, r: 4}\n", head) == [(3, 8, 8)]
    with pytest.raises(SpecError, match=r"9:12: layer 'b1': k cannot be 4\n.*one of 3, 5"):
        unfolded("  - b: {k: 4}\n", head)
    with pytest.raises(SpecError, match=r"r cannot be 5\n.*from 1 to 4"):
        unfolded("  - b: {r: 5}\n", head)


def test_an_argument_is_evaluated_outside_the_block():
    head = (
        "input: [3, 8, 8]\nparameters: {c: 5}\nblocks:\n"
        "  b: {parameters: {c: 1, d: c + 1}, layers: [relu: {repeat: c}, relu6: {repeat: d}]}\n"
    )
    names = [name for name, _ in unfolded("  - b: {c: c - 2}\n", head)]
    # Inside, c is 5 - 2 = 3, and d is c + 1.
    assert [sum("relu6" not in name for name in names), len(names)] == [3, 3 + 4]


def test_a_block_sees_only_its_inputs():
    head = "input: [3, 8, 8]\nblocks:\n  b: {layers: [relu: {from: outside}]}\n"
    with pytest.raises(SpecError, match="no layer above is named 'outside'"):
        unfolded("  - relu: {name: outside}\n  - b\n", head)


def test_norm_and_activation_in_one_line():
    layers = graph(
        "input: [3, 8, 8]\ndefaults: {conv: {norm: batch, act: relu}}\nlayers:\n"
        "  - conv: {name: a, out: 4, kernel: 3}\n  - depthwise: {name: b, kernel: 3, act: none}\n"
        "  - pointwise: {name: c, out: 4, norm: none, bias: false}\n"
    ).layers
    assert [layer.name for layer in layers] == [
        "a", "a.batch_norm", "a.relu", "b", "b.batch_norm", "c", "c.relu",
    ]  # fmt: skip
    biases = {layer.name: layer.operation.bias for layer in layers if layer.name in "abc"}
    assert biases == {"a": False, "b": False, "c": False}
    assert [layer.host for layer in layers] == [None, 0, 0, None, 3, None, 5]


def test_a_convolution_without_a_norm_has_a_bias():
    (layer,) = graph("input: [3, 8, 8]\nlayers: [conv: {out: 4, kernel: 3}]\n").layers
    assert layer.operation.bias is True


# Expressions -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1 + 2 * 3", 7),
        ("(1 + 2) * 3", 9),
        ("7 / 2", Fraction(7, 2)),
        ("7 // 2", 3),
        ("-7 // 2", -4),
        ("7 % 3", 1),
        ("2 ** 3 * 2", 16),
        ("-2 ** 2", -4),
        ("0.1 + 0.2", Fraction(3, 10)),
        ("1e3 - 1_000", 0),
        ("6 / 3", 2),
        ("floor(7/2) + ceil(7/2) + round(5/2)", 3 + 4 + 3),
        ("min(3, 5) * max(3, 5)", 15),
        ("round_to_multiple(252)", 256),
        ("round_to_multiple(10, 3)", 9),
        ("fixed(3) + 1", 4),
        ("1 if 2 > 3 else 4 if 2 == 2 else 5", 4),
        ("1 < 2 and not 2 <= 1 or 1 / 0 > 3", True),
        ("1 != 1 or 2 >= 2", True),
        ("'a' == 'a'", True),
        ("a * b - 1", 41),
        ("word == 'x'", True),
        ("true", True),
    ],
)
def test_expressions(text, value):
    result = parse(text).evaluate({"a": 6, "b": 7, "word": "x"})
    assert result == value
    assert type(result) is type(value)
