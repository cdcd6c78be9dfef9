"""Training again: multiply-accumulates counted one by one, bytes from a table of layers."""

import json
from itertools import pairwise, product

import pytest

import costcalc

NET = """\
name: net
input: [4, 8, 8]
layers:
  - conv: {out: 6, kernel: 3, groups: 2, act: relu, bias: false, name: grouped}
  - depthwise: {kernel: 3, stride: 2, norm: batch_norm, act: relu, bias: false, name: wise}
  - conv: {out: 8, kernel: 1, act: swish, name: point}
  - avg_pool: {kernel: 2, name: pool}
  - fc: {out: 5, name: head}
"""


def multiplied(inputs, outputs, kernel, side, groups=1):
    """The products of a convolution, counted one by one.

    In the backward pass each weight's place gives one for the weight's gradient and one for the
    input's: the output's gradient times the input, and times the weight.
    """
    places = product(range(side), range(side), range(kernel), range(kernel))
    pairs = [(o, i) for o in range(outputs) for i in range(inputs // groups)]
    return sum(1 for _ in places for _ in pairs)


LAYERS = {
    "grouped": multiplied(4, 6, 3, 8, groups=2),
    "wise": multiplied(6, 6, 3, 4, groups=6),
    "point": multiplied(6, 8, 1, 4),
    "head": multiplied(8 * 2 * 2, 5, 1, 1),
}
PARAMS = 6 * 2 * 9 + (6 * 9 + 2 * 6) + (8 * 6 + 8) + (5 * 32 + 5)


@pytest.fixture
def network(tmp_path):
    path = tmp_path / "net.yaml"
    path.write_text(NET, encoding="utf-8")
    return str(path)


def test_mult_adds_one_by_one(network):
    answer = costcalc.training(network)
    counted = {layer.name: (layer.forward, layer.backward) for layer in answer.layers}
    for name, forward in LAYERS.items():
        backward = forward if name == "grouped" else 2 * forward  # the image needs no gradient
        assert counted[name] == (forward, backward)
    assert answer.forward == sum(LAYERS.values())


@pytest.mark.parametrize("batch", [1, 3])
@pytest.mark.parametrize(
    ("dtype", "width", "statistic"), [("fp32", 4, 4), ("mixed", 2, 4), ("bf16", 2, 2)]
)
def test_kept_bytes_from_a_table(network, batch, dtype, width, statistic):
    """Elements of an image: 256 in, 384 after the first layer, 96, 96, 128, 128, 32 pooled."""
    answer = costcalc.training(network, batch=batch, dtype=dtype)
    tensors = {
        "grouped": 256,
        "grouped.relu": 384,  # which the depthwise layer reads
        "wise.batch_norm": 96,
        "wise.relu": 96,  # which the pointwise layer reads
        "point.swish": 128,
        "pool": 128,
        "head": 32,
    }
    statistics = statistic * 2 * 6  # once a batch; PyTorch's modules in bfloat16 have 16 bits
    kept = {layer.name: layer.kept_bytes for layer in answer.layers if layer.kept_bytes}
    expected = {name: width * batch * count for name, count in tensors.items()}
    expected["wise.batch_norm"] += statistics
    assert kept == expected
    assert answer.activation_bytes == sum(expected.values())


@pytest.mark.parametrize("ranks", [1, 2, 3, 64])
@pytest.mark.parametrize("stage", [0, 1, 2, 3])
@pytest.mark.parametrize(
    ("optimizer", "dtype", "weight", "gradient", "state"),
    [
        ("adam", "mixed", 2, 2, 12),
        ("adam", "fp32", 4, 4, 8),
        ("momentum", "fp32", 4, 4, 4),
        ("sgd", "mixed", 2, 2, 4),
    ],
)
def test_zero_by_the_formulas_of_its_paper(
    network, optimizer, dtype, weight, gradient, state, stage, ranks
):
    """ZeRO, section 5: P_os divides states, P_os+g gradients too, P_os+g+p weights too."""
    if (stage == 0) != (ranks == 1):
        with pytest.raises(costcalc.CostcalcError, match="ZeRO"):
            costcalc.training(network, zero=stage, ranks=ranks)
        return
    answer = costcalc.training(network, optimizer=optimizer, dtype=dtype, zero=stage, ranks=ranks)
    shared = -(-PARAMS // ranks)
    assert answer.states == (
        weight * (shared if stage >= 3 else PARAMS),
        gradient * (shared if stage >= 2 else PARAMS),
        state * (shared if stage >= 1 else PARAMS),
    )
    data = json.loads(answer.to_json())["bytes"]
    assert data["total"] == sum(answer.states) + answer.activation_bytes


CHAIN = [3, 5, 7, 4, 6, 2, 8, 3, 5]
"""Channels of a chain of convolutions on maps of 4 x 4."""


@pytest.fixture
def chain(tmp_path):
    layers = "".join(f"  - conv: {{out: {out}, kernel: 1, act: none}}\n" for out in CHAIN[1:])
    path = tmp_path / "chain.yaml"
    path.write_text(f"name: chain\ninput: [{CHAIN[0]}, 4, 4]\nlayers:\n{layers}", encoding="utf-8")
    return str(path)


@pytest.mark.parametrize("batch", [1, 2, 16])
def test_the_most_at_once_of_a_chain(chain, batch):
    """At a layer: its input and those before it, gradients of its params and those after it, and
    of its output and input; the image's gradient is not needed."""
    answer = costcalc.training(chain, batch=batch, optimizer="momentum")
    params = [one * two + two for one, two in pairwise(CHAIN)]
    most = 0
    for at in range(len(CHAIN) - 1):
        alive = batch * 16 * sum(CHAIN[: at + 1])
        around = batch * 16 * (CHAIN[at + 1] + (CHAIN[at] if at else 0))
        most = max(most, alive + around + sum(params[at:]))
    assert answer.peak.bytes == 4 * (2 * sum(params) + most)


@pytest.mark.parametrize("last", range(1, 20))
def test_the_last_layers_of_a_chain(chain, last):
    """More than there are is all of them."""
    params = [one * two + two for one, two in pairwise(CHAIN)]
    macs = [16 * one * two for one, two in pairwise(CHAIN)]
    first = max(len(macs) - last, 0)
    answer = costcalc.training(chain, last=last)
    assert answer.trained == sum(params[first:])
    assert answer.backward == macs[first] + 2 * sum(macs[first + 1 :])


SHARED = """\
name: shared
input: [4, 4, 4]
layers:
  - conv: {out: 4, kernel: 3, bias: false, name: first, shares: both}
  - batch_norm: {name: norm, shares: statistics}
  - conv: {out: 4, kernel: 3, bias: false, name: second, shares: both}
  - batch_norm: {name: again, shares: statistics}
"""


def test_what_is_shared_is_held_once(tmp_path):
    """144 weights, 4 scales and 4 shifts; 4 means and 4 variances."""
    path = tmp_path / "shared.yaml"
    path.write_text(SHARED, encoding="utf-8")
    answer = costcalc.training(str(path), optimizer="adam")
    assert answer.states == (4 * 152, 4 * 152, 8 * 152)
    assert answer.buffer_bytes == 4 * 8


@pytest.mark.parametrize("every", range(1, 11))
def test_checkpoints_of_a_chain(every, chain):
    """A convolution keeps its input: what is kept is the segments' inputs and the largest rest."""
    answer = costcalc.training(chain, checkpoint=every)
    frozen = costcalc.training(chain, checkpoint=every, freeze="conv[123]")
    inputs = [4 * 16 * channels for channels in CHAIN[:-1]]
    segments = [inputs[at : at + every] for at in range(0, len(inputs), every)]
    expected = sum(segment[0] for segment in segments)
    expected += max(sum(segment[1:]) for segment in segments)
    assert answer.activation_bytes == expected
    forward = 16 * sum(one * two for one, two in pairwise(CHAIN))
    assert answer.recomputed == answer.forward == forward
    # What is frozen at the beginning runs once, if all of its segment is.
    idle = 3 // every * every
    assert frozen.recomputed == 16 * sum(one * two for one, two in pairwise(CHAIN[idle:]))


def test_an_image_has_no_gradient(tmp_path):
    """Of a layer that reads 64 maps of 4 x 4 and writes 2, the gradients are those of the 2."""
    path = tmp_path / "net.yaml"
    path.write_text("name: net\ninput: [64, 4, 4]\nlayers:\n  - conv: {out: 2, kernel: 1}\n")
    assert costcalc.training(str(path)).temporary == 4 * 2 * 16


def cost(tmp_path, text, **how):
    """What training a spec costs."""
    path = tmp_path / "net.yaml"
    path.write_text(text, encoding="utf-8")
    return costcalc.training(str(path), **how)


def test_what_shares_is_updated_with_its_owner(tmp_path):
    """The owners, a convolution and a norm, are the only layers with params of their own."""
    answer = cost(tmp_path, SHARED)
    forward = 9 * 4 * 4 * 16
    assert answer.backward == forward + 2 * forward
    assert [cost(tmp_path, SHARED, last=last).trained for last in (1, 2)] == [8, 152]


CROP = """\
name: crop
input: [2, 8, 8]
layers:
  - conv: {out: 3, kernel: 1, name: cropped}
  - conv: {out: 4, kernel: 1, stride: 2, name: size, from: input}
  - crop: {from: [cropped, size]}
"""


def test_what_is_only_a_size_has_no_gradient(tmp_path):
    answer = cost(tmp_path, CROP)
    assert [layer.backward for layer in answer.layers] == [2 * 3 * 64, 0, 0]


@pytest.mark.parametrize(
    ("norm", "shifts", "all_"),
    [
        ("batch_norm: {}", 4, 8),
        ("batch_norm: {scale: false}", 4, 4),
        ("batch_norm: {bias: false}", 0, 4),
        ("rms_norm: {}", 0, 4),
    ],
)
def test_shifts_of_norms_are_biases(norm, shifts, all_, tmp_path):
    text = f"name: norm\ninput: [4, 4, 4]\nlayers:\n  - {norm}\n"
    assert cost(tmp_path, text).trained == all_
    assert cost(tmp_path, text, update="biases").trained == shifts


@pytest.mark.parametrize(("side", "width"), [(2, 1), (16, 1), (17, 2), (256, 2), (257, 3)])
def test_places_of_a_window_in_whole_bytes(side, width, tmp_path):
    """A window of 16 x 16 has places 0 to 255, which a byte holds."""
    text = (
        f"name: pool\ninput: [3, {side}, {side}]\nlayers:\n  - conv: {{out: 3, kernel: 1}}\n"
        f"  - max_pool: {{kernel: {side}, stride: {side}, name: pool}}\n"
    )
    answer = cost(tmp_path, text, keeps="minimal")
    assert answer.layers[-1].kept_bytes == 3 * width
