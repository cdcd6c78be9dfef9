"""``costcalc training``: networks whose figures are worked out by hand, or printed."""

import json
from fractions import Fraction
from pathlib import Path

import pytest
from click.testing import CliRunner

import costcalc
from costcalc.cli import main
from costcalc.errors import CostcalcError
from costcalc.gradients.optimizers import OPTIMIZERS, PRECISIONS, state_bytes
from costcalc.render.formatting import rounded
from tests import collection

NET = """\
name: net
input: [3, 8, 8]
layers:
  - conv: {out: 4, kernel: 3, norm: batch_norm, act: relu, name: stem, bias: false}
  - conv: {out: 4, kernel: 1, act: relu6, name: mid}
  - add: {from: [stem, mid], name: sum}
  - max_pool: {kernel: 2, name: pool}
  - fc: {out: 10, name: head}
"""

# Elements: the image 3*8*8 = 192, maps 4*8*8 = 256, pooled 4*4*4 = 64.
MACS = {"stem": 27 * 4 * 64, "mid": 16 * 64, "head": 640}
WEIGHTS = 108 + 8 + 20 + 650  # stem, its norm, mid with its bias, head


@pytest.fixture
def network(tmp_path):
    path = tmp_path / "net.yaml"
    path.write_text(NET, encoding="utf-8")
    return str(path)


def kept(answer):
    """Bytes by the layer that keeps them first, if it keeps any."""
    return {layer.name: layer.kept_bytes for layer in answer.layers if layer.kept}


def test_a_network_by_hand(network):
    answer = costcalc.training(network)
    assert answer.forward == sum(MACS.values())
    # The image needs no gradient.
    assert answer.backward == MACS["stem"] + 2 * MACS["mid"] + 2 * MACS["head"]
    assert kept(answer) == {
        "stem": 4 * 192,
        "stem.batch_norm": 4 * 256 + 4 * 2 * 4,
        "stem.relu": 4 * 256,  # and mid keeps it as its input: once
        "mid.relu6": 4 * 256,
        "pool": 4 * 256 + 8 * 64,  # the sum, and an index for each output
        "head": 4 * 64,
    }
    assert answer.states == (4 * WEIGHTS, 4 * WEIGHTS, 0)
    assert answer.buffer_bytes == 4 * 2 * 4
    # The gradients of the norm's output and input, the first of several such pairs; the sum
    # passes its own on to both terms.
    assert (answer.temporary, answer.temporary_layer) == (4 * 2 * 256, "stem.batch_norm")
    assert answer.total == 8 * WEIGHTS + sum(kept(answer).values())
    # While the pool runs backward, all but the head's input is kept, the head's params have
    # gradients, and so have the pool's output and input.
    alive = sum(kept(answer).values()) - 4 * 64
    resident = 4 * WEIGHTS + 4 * 2 * 4
    assert answer.peak == (resident + alive + 4 * 650 + 4 * (64 + 256), "pool")


def test_the_least_by_hand(network):
    assert kept(costcalc.training(network, keeps="minimal")) == {
        "stem": 4 * 192,
        "stem.batch_norm": 4 * 256 + 4 * 2 * 4,
        "mid": 4 * 256,  # the output of ReLU, whose signs are known from it
        "mid.relu6": 32,  # a bit for each of 256
        "pool": 64,  # of 4 places, in a byte
        "head": 4 * 64,
    }


def test_a_batch_multiplies_activations_alone(network):
    one, many = costcalc.training(network), costcalc.training(network, batch=5)
    statistics = 4 * 2 * 4  # shared by the images of a batch
    assert many.activation_bytes - statistics == 5 * (one.activation_bytes - statistics)
    assert many.temporary == 5 * one.temporary
    assert (many.forward, many.backward, many.states) == (one.forward, one.backward, one.states)


def test_evaluation_mode_has_no_statistics_of_a_batch(network):
    train, evaluation = (costcalc.training(network, mode=mode) for mode in ("train", "eval"))
    assert train.activation_bytes - evaluation.activation_bytes == 4 * 2 * 4


def test_a_frozen_beginning_keeps_nothing(network):
    answer = costcalc.training(network, freeze="stem*")
    assert answer.backward == MACS["mid"] + 2 * MACS["head"]
    assert kept(answer) == {
        "mid": 4 * 256,
        "mid.relu6": 4 * 256,
        "pool": 4 * 256 + 8 * 64,
        "head": 4 * 64,
    }
    assert answer.trained == 20 + 650
    assert answer.states == (4 * WEIGHTS, 4 * 670, 0)


def test_a_file_for_inference_says_what_may_be_gone_from_it(network):
    file = Path(__file__).parents[1] / "data" / "onnx" / "resnet18.legacy.kept.onnx"
    assert "as its ONNX file runs at inference" in costcalc.training(file).notes[-1]
    assert not any("inference" in note for note in costcalc.training(network).notes)


def test_a_recurrent_layer_is_an_estimate_and_no_bound(tmp_path):
    path = tmp_path / "cell.yaml"
    path.write_text("name: cell\ninput: [10]\nlayers: [{lstm: 6}, {fc: 3}]\n", encoding="utf-8")
    answer = costcalc.training(str(path))
    assert answer.is_estimate
    assert answer.notes[0].startswith("An estimate of lstm1:")
    assert answer.data()["bytes"]["lower_bound"] is None
    assert "bound " not in str(answer)


def test_norms_that_are_copied_are_an_estimate_in_16_bits(tmp_path):
    path = tmp_path / "norm.yaml"
    path.write_text(
        "name: n\ninput: [8, 4, 4]\nlayers: [{pointwise: 3}, prelu]\n", encoding="utf-8"
    )
    for dtype, keeps in (("fp32", "pytorch"), ("bf16", "minimal"), ("bf16", "pytorch")):
        answer = costcalc.training(str(path), dtype=dtype, keeps=keeps)
        assert answer.is_estimate == (dtype == "bf16" and keeps == "pytorch")


def test_only_the_last_layers(network):
    answer = costcalc.training(network, last=1, optimizer="adam")
    assert (answer.backward, kept(answer)) == (MACS["head"], {"head": 4 * 64})
    assert answer.states == (4 * WEIGHTS, 4 * 650, 8 * 650)
    assert costcalc.training(network, last=2).trained == 670


def test_biases_alone_keep_no_input_of_a_matrix(network):
    answer = costcalc.training(network, update="biases", keeps="minimal")
    # Biases of mid and head, and the shifts of the norm; the stem has none.
    assert answer.trained == 4 + 10 + 4
    assert answer.backward == MACS["mid"] + MACS["head"]
    assert kept(answer) == {
        "stem.relu": 32,
        "mid.relu6": 32,
        "pool": 64,
        "stem.batch_norm": 4 * 256 + 32,
    }


def test_checkpoints_by_hand(network):
    answer = costcalc.training(network, checkpoint=2)
    # Segments: stem and mid; sum and pool; head.  Their inputs: the image; both terms of the
    # sum; what is pooled.  The largest segment is the first one: the map before its norm, its
    # statistics, the map before the ReLU6; the ReLU's is the input of a segment already.
    inputs = 4 * (192 + 256 + 256 + 64)
    assert answer.activation_bytes == inputs + 4 * 256 + 32 + 4 * 256
    assert answer.recomputed == answer.forward
    assert answer.backward == costcalc.training(network).backward
    whole = costcalc.training(network, checkpoint=100)
    assert whole.activation_bytes == costcalc.training(network).activation_bytes


def test_resnet_50_takes_2_971_times_its_forward_pass():
    answer = costcalc.training("resnet50")
    first = 7 * 7 * 3 * 64 * 112 * 112  # 118,013,952
    assert answer.layers[0].forward == first
    assert answer.backward == 2 * answer.forward - first
    step = Fraction(answer.forward + answer.backward, answer.forward)
    assert rounded(step, 3) == "2.971"
    assert "2.971 times the forward pass" in str(answer)


@pytest.mark.parametrize("name", collection.networks())
def test_every_network_keeps_less_if_less_is_needed(name):
    def kept(**how):
        return costcalc.training(name, **how).activation_bytes

    answer = costcalc.training(name)
    assert answer.forward == costcalc.totals(name).mult_adds
    assert answer.forward <= answer.backward <= 2 * answer.forward
    assert kept(keeps="minimal", update="biases") <= kept(keeps="minimal") <= kept()
    assert kept(mode="eval") <= kept()
    assert kept(last=1) <= kept(last=2) <= kept()
    assert answer.peak.bytes <= answer.total + answer.buffer_bytes + answer.temporary


@pytest.mark.parametrize(
    ("optimizer", "dtype", "expected"),
    [
        # Bytes for each param: ZeRO (arXiv 1910.02054), section 3.1, has 2 + 2 + 12 = 16.
        ("adam", "mixed", (2, 2, 12)),
        ("adamw", "mixed", (2, 2, 12)),
        ("adam", "fp32", (4, 4, 8)),
        ("adam", "bf16", (2, 2, 8)),
        ("sgd", "fp32", (4, 4, 0)),
        ("momentum", "fp32", (4, 4, 4)),
        ("momentum", "mixed", (2, 2, 8)),
        ("adam8bit", "fp32", (4, 4, 2)),
    ],
)
def test_bytes_for_each_param(optimizer, dtype, expected):
    answer = costcalc.training("mobilenet_v1", optimizer=optimizer, dtype=dtype)
    assert answer.states == tuple(answer.params * each for each in expected)


def test_sums_of_rows_and_columns(network):
    answer = costcalc.training(network, optimizer="adafactor")
    # 4 x 3 x 3 x 3: 4*3*3 rows and as many columns; 8 of the norm; 4 x 4 x 1 x 1: 16 twice,
    # and 4 biases; 10 x 64, and 10.
    numbers = 2 * 36 + 8 + 2 * 16 + 4 + 10 + 64 + 10
    assert answer.states.optimizer == 4 * numbers
    divided = costcalc.training(network, optimizer="adafactor", dtype="mixed", zero=1, ranks=3)
    assert divided.states.optimizer == 4 * -(-WEIGHTS // 3) + 4 * -(-numbers // 3)
    last = costcalc.training(network, optimizer="adafactor", last=1, update="biases")
    assert last.states.optimizer == 4 * 10


@pytest.mark.parametrize(
    ("zero", "ranks", "gigabytes"),
    [
        # ZeRO, figure 1: 7.5 billion params, 64 ranks, Adam in mixed precision.
        (0, 1, "120.0"),
        (1, 64, "31.4"),
        (2, 64, "16.6"),
        (3, 64, "1.9"),
    ],
)
def test_zero_as_its_first_figure_prints_it(zero, ranks, gigabytes):
    params = 7_500_000_000
    states = state_bytes(params, params, OPTIMIZERS["adam"], PRECISIONS["mixed"], zero, ranks)
    assert rounded(Fraction(sum(states), 10**9), 1) == gigabytes


def test_zero_divides_params_and_rounds_up(network):
    answer = costcalc.training(network, optimizer="adam", dtype="mixed", zero=3, ranks=7)
    part = -(-WEIGHTS // 7)
    assert answer.states == (2 * part, 2 * part, 12 * part)


def test_json_has_what_scripts_rely_on(network):
    data = json.loads(costcalc.training(network, batch=2, optimizer="momentum").to_json())
    assert list(data)[:6] == [
        *("format_version", "network", "parameters", "batch", "optimizer", "dtype"),
    ]
    assert (data["format_version"], data["batch"], data["optimizer"]) == (1, 2, "momentum")
    assert data["mult_adds"] == {
        "forward": sum(MACS.values()),
        "backward": MACS["stem"] + 2 * MACS["mid"] + 2 * MACS["head"],
        "recomputed": 0,
    }
    bytes_ = data["bytes"]
    parts = [bytes_[name] for name in ("weights", "gradients", "optimizer", "activations")]
    assert parts[:3] == [4 * WEIGHTS] * 3
    assert bytes_["total"] == sum(parts)
    assert sum(layer["kept_bytes"] for layer in data["layers"]) == bytes_["activations"]
    (pool,) = (layer for layer in data["layers"] if layer["name"] == "pool")
    assert pool["kept"] == [{"what": "sum", "bytes": 2048}, {"what": "indices", "bytes": 1024}]


def test_the_network_has_the_question_as_a_method(network):
    loaded = costcalc.load(network)
    assert loaded.training(optimizer="adam").data() == (
        costcalc.training(network, optimizer="adam").data()
    )


def test_every_word_of_a_checkpoint_is_read(network):
    def run(*words):
        result = CliRunner().invoke(main, ["training", network, *words, "--format", "json"])
        assert result.exit_code == 0, result.output
        return result.stdout

    assert run("--checkpoint", "every", "2") == run("--checkpoint", "2")
    assert json.loads(run("--checkpoint", "2"))["checkpoint"] == 2


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"optimizer": "adm"}, "there is no optimizer 'adm'; did you mean 'adam'?"),
        ({"dtype": "fp31"}, "there is no dtype 'fp31'; did you mean 'fp32'?"),
        ({"keeps": "all"}, "there is no keeps 'all'"),
        ({"mode": "test"}, "there is no mode 'test'"),
        ({"batch": 0}, "batch: 0 is not a number of inputs"),
        ({"checkpoint": 0}, "checkpoint: 0 is not a number of lines"),
        ({"last": 0}, "last: 0 is not a number of layers"),
        ({"update": "bias"}, "there is no subset 'bias'; did you mean 'biases'?"),
        ({"freeze": "sten"}, "no layer of net has a name like 'sten'; did you mean 'stem'?"),
        ({"freeze": 5}, "what is frozen is named by text"),
        ({"zero": 4, "ranks": 2}, "zero: 4 is not a stage of ZeRO"),
        ({"zero": 1}, "both zero=1 and ranks=8, or neither"),
        ({"ranks": 8}, "stage 0 on 8 ranks"),
        ({"zero": 1, "ranks": 0}, "ranks: 0 is not a number of devices"),
    ],
)
def test_what_is_wrong_is_said(network, arguments, words):
    with pytest.raises(CostcalcError) as caught:
        costcalc.training(network, **arguments)
    assert words in str(caught.value)


PYTORCH = {
    # Bytes of the distinct storages that torch.autograd.graph.saved_tensors_hooks saw in
    # PyTorch 2.14.1 and torchvision 0.29.1, two images of 224 x 224, in training mode.
    "resnet18": 44_398_080,
    "mobilenet_v2": 156_555_520,
    "mobilenet_v3_small": 32_388_096,
    "googlenet": 96_400_000,
    "densenet121": 261_057_280,
    "resnext50_32x4d": 224_676_352,
    "shufflenet_v2_x0_5": 22_142_528,
}


@pytest.mark.parametrize("name", PYTORCH)
def test_what_ships_keeps_what_pytorch_keeps(name):
    options = costcalc.report(name).parameters
    more = {"implementation": "torchvision"} if "implementation" in options else {}
    assert costcalc.training(name, batch=2, **more).activation_bytes == PYTORCH[name]
