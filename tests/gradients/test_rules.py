"""Every layer kind has a rule, and keeps what arithmetic by hand says."""

import pytest

from costcalc.gradients.kept import Keeper, Pass
from costcalc.gradients.rules import TABLE, backward_macs, rule
from costcalc.gradients.updates import Update, updated
from costcalc.graph.expand import expand
from costcalc.kinds import KINDS
from costcalc.kinds import TABLE as KIND_TABLE
from costcalc.kinds.examples import EXAMPLES, step, written
from costcalc.spec.reader import read
from tests.gradients.kept_by_hand import KEPT


@pytest.mark.complete
def test_every_kind_has_a_rule():
    left = [kind.name for kind in KIND_TABLE if not {kind.name, kind.family} & {*TABLE}]
    assert not left, f"{', '.join(left)}: a rule in costcalc/gradients/rules.py"


@pytest.mark.complete
def test_every_kind_is_worked_out_by_hand():
    left = ", ".join(kind.name for kind in KIND_TABLE if kind.name not in KEPT)
    assert not left, f"{left}: what it keeps in tests/gradients/kept_by_hand.py"
    assert {*KEPT} == {kind.name for kind in KIND_TABLE}


def test_no_rule_is_for_nothing():
    assert {*TABLE} <= {name for kind in KIND_TABLE for name in (kind.name, kind.family)}


ALL = Update()


def graph(kind, attributes, shapes):
    """A layer that reads tensors that nothing else keeps, and that need gradients."""
    lines, reads = [], []
    for index, shape in enumerate(shapes):
        lines.append(f"learned: {{name: p{index}, shape: {written(shape)}}}")
        lines.append(f"shift: {{name: x{index}, from: [p{index}]}}")
        reads.append(f"x{index}")
    more = {"from": tuple(reads)} if reads else {}
    lines.append(step(KINDS[kind], attributes, name="example", **more))
    text = "input: [1]\nlayers:\n" + "".join(f"  - {line}\n" for line in lines)
    return expand(read(text.encode(), "e.yaml", lambda name: None), {})


def kept(network, policy, mode="train", batch=1, activation=4, update=ALL, statistic=4):
    """Bytes that the last layer keeps."""
    wanted = [one.wanted for one in updated(network, update, mode == "train")]
    keeper = Keeper(network, wanted, Pass(policy, mode == "train", batch, activation, statistic))
    return sum(one.bytes for one in keeper.kept([len(network.layers) - 1]))


@pytest.mark.parametrize("kind", KEPT)
def test_what_a_kind_keeps(kind):
    example = EXAMPLES[kind]
    network = graph(kind, example.attributes, example.inputs)
    assert (kept(network, "pytorch"), kept(network, "minimal")) == KEPT[kind]


@pytest.mark.parametrize(
    ("kind", "attributes", "shapes", "expected"),
    [
        # Even kernels and 'same': one row and one column more, in a copy: 4 * 4*10*9.
        ("conv", {"out": 2, "kernel": 2}, [(4, 9, 8)], (1440, 1152)),
        # With strides PyTorch has no 'same', and its networks pad alike on both sides.
        ("conv", {"out": 2, "kernel": 2, "stride": 2}, [(4, 9, 8)], (1152, 1152)),
        # One row in front, and three columns: 4 * 4*10*11.
        (
            "conv",
            {"out": 2, "kernel": 3, "padding": ((1, 0), (0, 3))},
            [(4, 9, 8)],
            (1760, 1152),
        ),
        # The channels of a map have to be moved to the end, in a copy of as many bytes.
        ("fc", {"out": 2, "per_position": True}, [(4, 9, 8)], (1152, 1152)),
        # Heads of one size: flash attention, 4 * (4 * 2*8*3 + 2*8); fewer keys: probabilities.
        ("attention", {}, [(2, 8, 3)] * 3, (832, 832)),
        ("attention", {}, [(2, 8, 3), (2, 2, 3), (2, 2, 3)], (544, 416)),
        # One window for all: a mean, which keeps nothing.
        ("adaptive_avg_pool", {"size": 1}, [(4, 9, 8)], (0, 0)),
        # 17 * 17 = 289 places take two bytes, for 4 outputs.
        ("max_pool", {"kernel": 17}, [(4, 17, 17)], (4 * 4 * 289 + 32, 8)),
        # Without a scale nothing normalised; with one a scale for each of 4 channels.
        ("rms_norm", {"affine": False}, [(4, 9, 8)], (1440, 1440)),
        ("instance_norm", {"affine": True}, [(4, 9, 8)], (1200, 1184)),
        ("zero_pad", {"padding": 1, "mode": "reflect"}, [(4, 9, 8)], (1152, 0)),
        ("zero_pad", {"padding": 1, "mode": "circular"}, [(4, 9, 8)], (0, 0)),
        ("upsample", {"size": 5, "mode": "area"}, [(4, 9, 8)], (1152, 0)),
        ("upsample", {"scale": 2, "mode": "bilinear"}, [(4, 9, 8)], (0, 0)),
        ("dropout", {"rate": 0}, [(4, 9, 8)], (0, 0)),
        # A number for each of 4 channels, or one for the image: 4 bits, or 1, in a byte.
        ("dropout", {"noise": "channel"}, [(4, 9, 8)], (16, 1)),
        ("dropout", {"noise": "image"}, [(4, 9, 8)], (4, 1)),
        ("dropout", {"noise": "image", "rate": 0}, [(4, 9, 8)], (0, 0)),
        # a b, then a b c: three inputs and one product.
        ("multiply", {}, [(2, 10, 5)] * 3, (1600, 1600)),
        # The smaller input as it is, before it is repeated: 400 + 4*2.
        ("multiply", {}, [(2, 10, 5), (2, 1, 1)], (408, 408)),
        # A stack of one is repeated without a copy, 4 * (2*5*3 + 3*4); a row of stacks is
        # copied, 4 * (2*2*5*3 + 2*2*3*4).
        ("matmul", {}, [(2, 5, 3), (1, 3, 4)], (168, 168)),
        ("matmul", {}, [(2, 2, 5, 3), (2, 1, 3, 4)], (432, 336)),
    ],
)
def test_what_depends_on_attributes(kind, attributes, shapes, expected):
    network = graph(kind, attributes, shapes)
    assert (kept(network, "pytorch"), kept(network, "minimal")) == expected


@pytest.mark.parametrize(
    ("kind", "expected"),
    [("batch_norm", (1152, 1152)), ("dropout", (0, 0)), ("layer_norm", (1728, 1728))],
)
def test_what_is_kept_in_evaluation_mode(kind, expected):
    network = graph(kind, EXAMPLES[kind].attributes, EXAMPLES[kind].inputs)
    assert (kept(network, "pytorch", "eval"), kept(network, "minimal", "eval")) == expected


@pytest.mark.parametrize(
    ("kind", "mode", "expected"),
    [
        ("conv", "train", (1152, 0)),
        ("fc", "train", (0, 0)),
        ("batch_norm", "train", (1184, 1184)),
        ("batch_norm", "eval", (1152, 0)),
        ("prelu", "train", (1152, 36)),  # a sign for each of 288 elements
    ],
)
def test_what_is_kept_for_the_input_alone(kind, mode, expected):
    network = graph(kind, EXAMPLES[kind].attributes, EXAMPLES[kind].inputs)
    frozen = Update(freeze=("example",))
    found = tuple(kept(network, policy, mode, update=frozen) for policy in ("pytorch", "minimal"))
    assert found == expected


def test_numbers_in_16_bits_leave_statistics_and_indices():
    norm = graph("batch_norm", {}, [(4, 9, 8)])
    attention = graph("attention", {}, [(2, 8, 3)] * 3)
    pool = graph("max_pool", {"kernel": 3, "stride": 2}, [(4, 9, 8)])
    assert kept(norm, "pytorch", activation=2) == 576 + 32
    assert kept(norm, "pytorch", activation=2, statistic=2) == 576 + 16
    assert kept(pool, "pytorch", activation=2) == 576 + 384
    assert kept(attention, "pytorch", activation=2) == 2 * 4 * 48 + 4 * 16


@pytest.mark.parametrize(
    ("kind", "forward", "times"),
    [
        # Forward as in the examples of kinds; twice, or for each tensor that is multiplied.
        ("conv", 4320, 2),
        ("depthwise", 5184, 2),
        ("pointwise", 1728, 2),
        ("transposed_conv", 15552, 2),
        ("transposed_depthwise", 9216, 2),
        ("fc", 2016, 2),
        ("lstm", 300, 2),
        ("matmul", 120, 2),
        ("attention", 360, 2),
        ("batch_norm", 0, 2),
        ("relu", 0, 2),
    ],
)
def test_mult_adds_backward(kind, forward, times):
    example = EXAMPLES[kind]
    network = graph(kind, example.attributes, example.inputs)
    layer, row = network.layers[-1], updated(network, Update(), True)[-1]
    assert layer.computation.events.macs == forward
    assert backward_macs(layer, row.wanted) == times * forward


@pytest.mark.parametrize(
    ("inputs", "weights", "expected"),
    [
        ((True, True, True), False, 2 * 120 + 2 * 240),
        # Q K^T are 2*5*4*3 = 120, P V 2*5*4*6 = 240: for queries alone dP and dQ.
        ((True, False, False), False, 120 + 240),
        ((False, False, True), False, 240),
        ((False, False, False), False, 0),
    ],
)
def test_mult_adds_of_some_gradients_of_attention(inputs, weights, expected):
    network = graph("attention", {}, [(2, 5, 3), (2, 4, 3), (2, 4, 6)])
    layer = network.layers[-1]
    wanted = updated(network, Update(), True)[-1].wanted._replace(inputs=inputs, weights=weights)
    assert backward_macs(layer, wanted) == expected


def test_a_rule_of_a_kind_goes_before_its_family():
    assert rule(KINDS["zero_pad"]) is TABLE["zero_pad"] is not TABLE["reshaping"]
    assert rule(KINDS["split"]) is TABLE["reshaping"]
