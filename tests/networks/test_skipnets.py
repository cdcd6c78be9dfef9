"""SkipNets by arithmetic from section 3.1 of the paper and its figure of the gates."""

from fractions import Fraction

import pytest

import costcalc


def block(c: int, side: int) -> int:
    """Two 3 x 3 convolutions of c maps."""
    return 2 * 3 * 3 * c * c * side * side


def ffgate1(c: int, side: int) -> int:
    """A pooling by 2, a 3 x 3 convolution, one of stride 2, and c -> 2."""
    return 9 * c * c * (side // 2) ** 2 + 9 * c * c * (side // 4) ** 2 + 2 * c


def ffgate2(c: int, side: int) -> int:
    """A 3 x 3 convolution of stride 2, and c -> 2."""
    return 9 * c * c * (side // 2) ** 2 + 2 * c


def rnn(c: int, side: int) -> int:
    """A mean, c -> 10, an LSTM of 10 units on 10 inputs, and 10 -> 1."""
    return 10 * c + 4 * 10 * (10 + 10) + 10


GATES = {"ffgate1": ffgate1, "ffgate2": ffgate2, "rnn": rnn}


@pytest.mark.parametrize("execute", [Fraction(1), Fraction(1, 2), Fraction(1, 3), Fraction(0)])
@pytest.mark.parametrize(
    ("depth", "gate"), [(38, "ffgate1"), (74, "ffgate1"), (110, "ffgate2"), (110, "rnn")]
)
def test_minimum_expected_and_maximum(depth, gate, execute):
    n = (depth - 2) // 6
    always, gates, gated = 9 * 3 * 16 * 32**2 + block(16, 32) + 64 * 10, 0, 0
    c, side = 16, 32
    for stage, (width, edge) in enumerate(((16, 32), (32, 16), (64, 8))):
        for index in range(n):
            if stage == index == 0:
                continue  # the first block always runs
            gates += GATES[gate](c, side)
            gated += 9 * c * width * edge**2 + 9 * width * width * edge**2
            if c != width:
                always += c * width * edge**2  # the projection of option B
            c, side = width, edge
    found = costcalc.report(f"skipnet{depth}", gate=gate, execute=execute).gating
    assert found.gates == gates
    assert found.minimum == always + gates
    assert found.expected == always + gates + execute * gated
    assert found.maximum == always + gates + gated


@pytest.mark.parametrize(
    ("gate", "percents"),
    [
        # Of the block's mult-adds, over maps of 16 x 32, 32 x 16 and 64 x 8.  The paper
        # prints "roughly 19%", "12.5%" and "0.04%".
        ("ffgate1", ["15.63", "15.63", "15.63"]),
        ("ffgate2", ["12.50", "12.50", "12.50"]),
        ("rnn", ["0.02", "0.02", "0.03"]),
    ],
)
def test_a_gate_beside_its_block(gate, percents):
    parts = {part.name: part for part in costcalc.report("skipnet38", gate=gate).gating.parts}
    for name, c, side, percent in zip(
        ("conv1_2", "conv2_2", "conv3_2"), (16, 32, 64), (32, 16, 8), percents, strict=True
    ):
        assert (parts[name].gate, parts[name].part) == (GATES[gate](c, side), block(c, side))
        assert f"{100 * parts[name].gate / parts[name].part:.2f}" == percent


def test_all_recurrent_gates_share_one_lstm_and_its_output(counts):
    found = counts("skipnet38@gate=rnn")
    # What each gate has of its own is c -> 10: 6, 6 and 5 gates read 16, 32 and 64 maps.
    embeddings = (6 * 16 + 6 * 32 + 5 * 64) * 10
    shared = 4 * 10 * (10 + 10) + 10
    convolutions = 9 * (3 * 16 + 12 * 16**2 + 16 * 32 + 11 * 32**2 + 32 * 64 + 11 * 64**2)
    projections = 16 * 32 + 32 * 64
    assert found.weights == embeddings + shared + convolutions + projections + 640
    # Biases: 10 of each embedding, two vectors of the LSTM's four matrices, one, ten.
    assert found.biases == 17 * 10 + 2 * 4 * 10 + 1 + 10


def test_skipnet101_is_resnet101_with_gates(counts):
    # 32 recurrent gates; the maps that they read.
    maps = [256] * 3 + [512] * 4 + [1024] * 23 + [2048] * 2
    gates = sum(rnn(c, 1) for c in maps)
    assert counts("skipnet101").macs == counts("resnet101").macs + gates


def test_one_block_may_run_with_a_probability_of_its_own():
    whole = costcalc.report("skipnet38").gating
    some = costcalc.report("skipnet38@execute.conv2_3=0.25").gating
    assert some.expected == whole.expected - Fraction(3, 4) * block(32, 16)
    assert (some.minimum, some.maximum) == (whole.minimum, whole.maximum)


def test_params_and_totals_are_those_of_the_whole_network():
    assert costcalc.report("skipnet38", execute=0.1).totals == costcalc.report("skipnet38").totals
    assert costcalc.report("resnet50").gating is None
