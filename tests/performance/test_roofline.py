"""Bound, roofline and serial: by hand, against published figures, and on random networks."""

from fractions import Fraction
from math import prod
from random import Random

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import costcalc
from costcalc.errors import CostcalcError
from costcalc.opening import opened
from costcalc.performance.roofline import rows_touched
from tests.importers.tflite.arenas import early_output
from tests.storing.random_networks import random_spec

DEVICE = """\
name: {name}
title: a device
class: {kind}
processor: a core
source: written here
cores: {cores}
clock: 1 GHz
peak: {{int8: {int8} OP/s, fp16: {fp16} OP/s, fp32: {fp32} OP/s}}
{memories}
"""


@pytest.fixture
def device(tmp_path):
    """Writes a device file."""

    def write(memories="ram: {bandwidth: 1000 B/s}", name="mine", **more):
        values = {"kind": "gpu", "cores": 1, "int8": 4000, "fp16": 2000, "fp32": 1000, **more}
        path = tmp_path / f"{name}.yaml"
        path.write_text(DEVICE.format(name=name, memories=memories, **values))
        return str(path)

    return write


@pytest.fixture
def spec(tmp_path):
    """Writes a spec."""

    def write(text):
        path = tmp_path / "net.yaml"
        path.write_text(text)
        return str(path)

    return write


def rows(answer):
    return {step.name: (step.operations, step.bytes, step.limit) for step in answer.steps}


# three networks by hand


MLP = """\
name: mlp
input: [100]
layers:
  - fc: {out: 50, name: a, act: relu}
  - fc: {out: 10, name: b}
"""


def test_a_perceptron_by_hand(spec, device):
    """In fp32, 4 bytes a number; peak and bandwidth 1000 a second, so that the ridge is 1."""
    answer = costcalc.latency(spec(MLP), device())
    a = 2 * 100 * 50, 4 * (100 + 50 + 100 * 50 + 50)  # 10,000 operations, 20,800 bytes
    b = 2 * 50 * 10, 4 * (50 + 10 + 50 * 10 + 10)  # 1,000 operations, 2,280 bytes
    assert rows(answer) == {"a": (*a, "memory"), "b": (*b, "memory")}
    assert answer.roofline == Fraction(a[1] + b[1], 1000)
    assert answer.serial == Fraction(sum(a) + sum(b), 1000)
    # No memory on the chip is stated, so that all weights may be there: by computing.
    assert answer.bound == Fraction(a[0] + b[0], 1000)


def test_weights_beyond_the_chip_are_compulsory(spec, device):
    """5,560 weights and biases in 4 bytes: 22,240, of which 240 stay; 110 inputs and outputs."""
    chip = device("dram: {bandwidth: 1000 B/s}\ncache: {size: 240 B}")
    answer = costcalc.latency(spec(MLP), chip)
    assert answer.bound == Fraction(4 * (100 * 50 + 50 + 50 * 10 + 10) - 240 + 4 * 110, 1000)
    large = device("dram: {bandwidth: 1000 B/s}\ncache: {size: 1 MiB}")
    assert costcalc.latency(spec(MLP), large).bound == Fraction(11_000, 1000)
    # A size that no source states may be any: all weights may stay.
    unknown = device("dram: {bandwidth: 1000 B/s}\nram: {size: 240 B}\ncache: {bandwidth: 1 B/s}")
    assert costcalc.latency(spec(MLP), unknown).data()["compulsory"]["weight_bytes"] == 0
    batched = costcalc.latency(spec(MLP), chip, batch=3)
    assert "; the bound is 11,000 ms an input" in str(batched)
    assert batched.bound == Fraction(3 * 11_000, 1000)  # now by computing: 33,000 operations


BLOCK = """\
name: block
input: [8, 4, 4]
layers:
  - conv: {out: 16, kernel: 1, bias: false, name: expand, act: relu6}
  - depthwise: {kernel: 3, bias: false, name: wise, act: relu6}
  - conv: {out: 8, kernel: 1, bias: false, name: project}
  - add: {from: [input, project], name: sum}
"""


def test_a_residual_block_by_hand(spec, device):
    """In int8, a byte a number: maps of 8 * 16 = 128 and of 16 * 16 = 256."""
    answer = costcalc.latency(spec(BLOCK), device(), dtype="int8")
    assert rows(answer) == {
        "expand": (2 * 8 * 16 * 16, 128 + 256 + 8 * 16, "compute"),  # 4096 / 512: ridge 4
        "wise": (2 * 9 * 256, 256 + 256 + 9 * 16, "compute"),  # 4608 / 656
        "project": (2 * 16 * 8 * 16, 256 + 128 + 16 * 8, "compute"),
        "sum": (0, 3 * 128, "memory"),
    }
    assert answer.roofline == Fraction(4096 + 4608 + 4096, 4000) + Fraction(384, 1000)
    assert answer.bound == Fraction(4096 + 4608 + 4096, 4000)
    assert answer.serial == Fraction(12800, 4000) + Fraction(512 + 656 + 512 + 384, 1000)


def test_a_fused_block_by_hand(spec, device):
    """The sum reads the skip alone; no tensor is between depthwise and pointwise."""
    answer = costcalc.latency(spec(BLOCK), device(), dtype="int8", fused=True)
    assert rows(answer) == {
        "expand": (4096, 512, "compute"),
        "wise + project": (4608 + 4096, 256 + 128 + 128 + 9 * 16 + 16 * 8, "compute"),
    }
    assert answer.bound == Fraction(12800, 4000)
    assert answer.types == ("Conv 1x1", "Conv DW 3x3 + Conv 1x1")


TWICE = """\
name: twice
input: [8, 4, 4]
layers:
  - depthwise: {kernel: 3, bias: false, name: wise}
  - conv: {out: 8, kernel: 1, bias: false, name: point}
  - multiply: {from: [wise, point], name: product}
"""
GROUPED = """\
name: grouped
input: [8, 4, 4]
layers:
  - depthwise: {kernel: 3, bias: false, name: wise}
  - conv: {out: 8, kernel: 1, groups: 2, bias: false, name: point}
"""


@pytest.mark.parametrize("text", [TWICE, GROUPED])
def test_a_pair_that_cannot_be_one_step(text, spec, device):
    """Another layer reads the tensor between, or the second convolution is not of all channels."""
    unfused = costcalc.latency(spec(text), device())
    assert costcalc.latency(spec(text), device(), fused=True).steps == unfused.steps


ATTENTION = """\
name: attention
input: [8, 6]
layers:
  - fc: {out: 8, axis: 0, per_position: true, bias: false, name: q, from: input}
  - fc: {out: 8, axis: 0, per_position: true, bias: false, name: k, from: input}
  - fc: {out: 8, axis: 0, per_position: true, bias: false, name: v, from: input}
"""


def test_weights_at_every_position_are_read_once(spec, device):
    """Three products of 8 x 8 weights at 6 positions, in fp16."""
    answer = costcalc.latency(spec(ATTENTION), device(), dtype="fp16")
    one = 2 * 8 * 8 * 6, 2 * (48 + 48 + 64), "compute"  # 768 / 320 = 2.4, above the ridge 2
    assert rows(answer) == dict.fromkeys("qkv", one)
    assert answer.bound == Fraction(3 * 768, 2000)


# published figures


def test_intensities_that_nvidia_publishes(spec, device):
    """Matrix multiplication guide: 4096 outputs, 1024 inputs, fp16: 315 a byte, and 1."""
    linear = spec("name: l\ninput: [1024]\nlayers:\n  - fc: {out: 4096, bias: false}\n")
    v100 = device("dram: {bandwidth: 900 GB/s}", fp16="125000000000000")
    found = {}
    for batch in (512, 1):
        (step,) = costcalc.latency(linear, v100, dtype="fp16", batch=batch).steps
        found[batch] = round(step.intensity), step.limit
    assert found == {512: (315, "compute"), 1: (1, "memory")}  # ridge 138.9


@pytest.mark.parametrize("inputs", [1, 2, 7, 8, 96])
def test_williams_roofline_of_an_opteron(inputs, spec, device):
    """CACM 52(4) 2009: 17.6 GFLOP/s and 15 GB/s; attainable is the lower of 17.6 and 15 * I.

    A layer of n inputs, n outputs and a batch of n has I = 2 n^3 / (4 * 3 n^2) = n / 6.
    """
    text = f"name: l\ninput: [{inputs}]\nlayers:\n  - fc: {{out: {inputs}, bias: false}}\n"
    opteron = device("dram: {bandwidth: 15 GB/s}", fp32="17600000000")
    (step,) = costcalc.latency(spec(text), opteron, batch=inputs).steps
    intensity = Fraction(inputs, 6)
    assert step.intensity == intensity
    # The ridge is 17.6 / 15 = 1.17, between n = 7 and n = 8.
    assert step.limit == ("memory" if inputs <= 7 else "compute")
    assert step.operations / step.seconds == min(Fraction(176 * 10**8), 15 * 10**9 * intensity)


def test_the_ridge_itself_is_limited_by_computing(spec, device):
    """I = n / 6 of a layer of n inputs, outputs and batch: 2 at n = 12."""
    text = "name: l\ninput: [12]\nlayers:\n  - fc: {out: 12, bias: false}\n"
    at = costcalc.latency(spec(text), device(fp32=2000), batch=12).steps[0]
    assert (at.intensity, at.limit) == (2, "compute")
    below = costcalc.latency(spec(text), device(fp32=2001), batch=12).steps[0]
    assert below.limit == "memory"


@pytest.mark.parametrize(
    ("device", "dtype", "ridge"),
    [
        ("v100-sxm2", "fp16", "138.9"),  # NVIDIA prints 138.9 of 125 TFLOP/s and 900 GB/s
        ("stm32f746", "int8", "0.5"),  # 2 * 2 operations, 8 bytes a cycle
        ("stm32l4r5", "int8", "1.0"),  # 2 * 2 operations, 4 bytes a cycle
        ("rp2040", "int8", "0.2"),  # half a multiply-accumulate, 4 bytes a cycle: 0.25
        ("rpi4", "fp32", "4.5"),  # 1.8 G * 4 * 8 over 12.8 G
        ("rpi5", "fp32", "9.0"),  # 2.4 G * 4 * 16 over 17.1 G
        ("t4", "fp16", "203.1"),  # 65 T over 320 G
        ("a100-40", "fp16", "200.6"),  # 312 T over 1555 G
        ("h100-sxm", "fp16", "295.3"),  # 989.4 T over 3.35 T
    ],
)
def test_ridges_redone(device, dtype, ridge, spec):
    answer = costcalc.latency(spec(MLP), device, dtype=dtype)
    digits = len(ridge.partition(".")[2])
    step = Fraction(1, 10**digits)
    assert abs(answer.work.rates.ridge - Fraction(ridge)) <= step / 2


# properties


@pytest.mark.parametrize("seed", range(40))
def test_the_order_of_the_three(seed, spec, device):
    random = Random(seed)
    path = spec(random_spec(random))
    memories = (
        "ram: {bandwidth: 1000 B/s}",
        "dram: {bandwidth: 700 B/s}\ncache: {size: 50 B}",
        "flash: {bandwidth: 90 B/s, on_chip: false}\nram: {size: 100 B, bandwidth: 1000 B/s}",
        "dram: {bandwidth: 90 B/s}\nram: {bandwidth: 1000 B/s, size: 64 B}",
    )
    for memory in memories:
        on = device(memory)
        for fused in (False, True):
            batch = random.choice([1, 3])
            dtype = random.choice(["int8", "fp16", "fp32"])
            answer = costcalc.latency(path, on, dtype=dtype, batch=batch, fused=fused)
            assert answer.bound <= answer.roofline <= answer.serial <= 2 * answer.roofline
            assert answer.operations == sum(step.operations for step in answer.steps)
    unfused = costcalc.latency(path, on)
    fused = costcalc.latency(path, on, fused=True)
    assert fused.roofline <= unfused.roofline
    assert fused.operations == unfused.operations
    assert fused.bound == unfused.bound


@pytest.mark.parametrize(
    "name", ["mobilenet_v2", "densenet121", "nasnetamobile", "micronet_kws", "skipnet38"]
)
def test_the_order_on_networks_that_ship(name):
    answer = costcalc.latency(name, "stm32f746")
    assert answer.bound <= answer.roofline <= answer.serial <= 2 * answer.roofline


def test_an_embedding_reads_the_rows_that_it_looks_up(spec, device):
    """Of 1000 rows of 4 numbers, 5 are read: 5 * 4 in 4 bytes, written once."""
    text = "name: e\ninput: [5]\nlayers:\n  - embedding: {rows: 1000, out: 4}\n"
    (step,) = costcalc.latency(spec(text), device()).steps
    assert step.traffic.weight_bytes == 4 * 5 * 4
    assert step.traffic.write_bytes == 4 * 5 * 4


# cores, dtypes, storages


def test_half_of_the_cores_have_half_of_the_peak(spec, device):
    four = device(cores=4)
    answer = costcalc.latency(spec(MLP), four, cores=2)
    assert answer.bound == 2 * costcalc.latency(spec(MLP), four).bound
    with pytest.raises(CostcalcError, match=r"cores=5: mine has 4 cores\n *expected 1 to 4"):
        costcalc.latency(spec(MLP), four, cores=5)


@pytest.mark.parametrize(
    ("kind", "options", "storage", "dtype"),
    [
        ("mcu", {}, "int8", "int8"),
        *((kind, {}, "fp32", "fp32") for kind in ("npu", "accelerator", "phone", "board", "gpu")),
        ("mcu", {"storage": "tflm"}, "tflm", "int8"),
        ("mcu", {"storage": "fp16"}, "fp16", "fp16"),
        ("gpu", {"dtype": "fp16"}, "fp16", "fp16"),
        ("gpu", {"storage": "int8-weights", "dtype": "fp16"}, "int8-weights", "fp16"),
    ],
)
def test_the_storage_and_the_dtype_follow_from_each_other(
    kind, options, storage, dtype, spec, device
):
    data = costcalc.latency(spec(MLP), device(kind=kind), **options).data()
    assert (data["storage"], data["dtype"]) == (storage, dtype)


def test_a_device_without_a_figure_is_refused(spec, device):
    with pytest.raises(CostcalcError, match="stm32f746 has no stated peak for fp16"):
        costcalc.latency(spec(MLP), "stm32f746", dtype="fp16")


SHARED = """\
name: shared
input: [4, 4, 4]
layers:
  - conv: {out: 4, kernel: 3, bias: false, name: first, shares: kernel}
  - conv: {out: 4, kernel: 3, bias: false, name: second, shares: kernel}
"""


def test_a_network_of_views_needs_no_time(spec, device):
    """Its input is its output: nothing moves, so that nothing is compulsory."""
    text = "name: view\ninput: [4, 4, 4]\nlayers:\n  - flatten: {}\n"
    answer = costcalc.latency(spec(text), device("dram: {bandwidth: 1 B/s}"))
    assert answer.bound == answer.roofline == answer.serial == 0


def test_an_output_that_others_read_is_compulsory(tmp_path, device):
    """A chain of three activations on 640 numbers in 8 bits, whose first result goes out, too."""
    path = tmp_path / "early.tflite"
    path.write_bytes(early_output().bytes())
    answer = costcalc.latency(str(path), device("dram: {bandwidth: 10 B/s}"))
    assert answer.bound == Fraction(3 * 640, 10)
    assert answer.roofline == Fraction(3 * 2 * 640, 10)


def test_shared_weights_are_compulsory_once_and_read_by_each_step(spec, device):
    """3 * 3 * 4 * 4 weights and maps of 4 * 16, in fp32; no cache to speak of."""
    chip = device("dram: {bandwidth: 1 B/s}\ncache: {size: 4 B}")
    answer = costcalc.latency(spec(SHARED), chip)
    assert answer.bound == 4 * (144 + 64 + 64) - 4
    assert [step.bytes for step in answer.steps] == [4 * (144 + 64 + 64)] * 2


def test_two_memories_move_at_the_same_time(spec, device):
    """Layer a of the perceptron in int8: 150 activations, 5,000 weights and 50 biases of 4 bytes;
    b: 60, and 500 with 10 biases.  The chip holds 1,000 bytes of the 5,740."""
    flash = "flash: {bandwidth: 200 B/s, on_chip: false}\nram: {size: 1 kB, bandwidth: 2 B/s}"
    answer = costcalc.latency(spec(MLP), device(flash), dtype="int8")
    a, b = answer.steps
    assert a.memory_seconds == max(Fraction(150, 2), Fraction(5200, 200))  # activations
    assert b.memory_seconds == max(Fraction(60, 2), Fraction(540, 200))
    assert answer.bound == max(Fraction(110, 2), Fraction(5740 - 1000, 200))  # 55 s of tensors
    slower = flash.replace("200 B/s", "20 B/s")
    answer = costcalc.latency(spec(MLP), device(slower), dtype="int8")
    assert answer.steps[0].memory_seconds == Fraction(5200, 20)  # weights
    assert answer.bound == Fraction(5740 - 1000, 20)


def test_without_a_stated_bandwidth_all_times_are_of_computing(spec, device):
    answer = costcalc.latency(spec(MLP), device("ram: {size: 1 KiB}"))
    assert answer.bound == answer.roofline == answer.serial == Fraction(11_000, 1000)
    assert answer.data()["bandwidth"] is None
    assert "computing alone" in str(answer)


@settings(max_examples=300, deadline=None)
@given(
    side=st.integers(1, 24),
    kernel=st.integers(1, 5),
    stride=st.integers(1, 6),
    dilation=st.integers(1, 3),
    before=st.integers(0, 3),
    after=st.integers(0, 3),
)
def test_rows_touched_are_no_more_than_windows_touch(side, kernel, stride, dilation, before, after):
    """A loop over every window; without padding and holes exactly as many."""
    extent = (kernel - 1) * dilation + 1
    assume(side + before + after >= extent)
    positions = (side + before + after - extent) // stride + 1
    rows = {
        position * stride + tap * dilation - before
        for position in range(positions)
        for tap in range(kernel)
    }
    touched = len(rows & set(range(side)))
    least = rows_touched(side, positions, kernel, stride, dilation, (before, after))
    assert least <= touched
    if dilation == 1 and not before and not after:
        assert least == touched


@pytest.mark.parametrize(
    ("layers", "elements"),
    [
        # of an input of 6 x 10 x 10, and what is written
        ("[slice: 2]", 2 * 100),
        ("[crop: {size: 4}]", 6 * 16),
        ("[conv: {out: 2, kernel: 1, stride: 3}]", 6 * 16),
        ("[max_pool: {kernel: 3, stride: 2}]", 6 * 81),
        ("[max_pool: {kernel: 2, stride: 4, padding: valid}]", 6 * 36),
        ("[avg_pool: {kernel: 2}]", 6 * 100),
        ("[conv: {out: 2, kernel: 3, stride: 2}]", 6 * 100),
        ("[relu]", 6 * 100),
        ("[concat: [[slice: 2], [slice: {start: 4, stop: 6}]]]", 4 * 100),
    ],
)
def test_compulsory_bytes_are_those_that_some_step_needs(layers, elements, tmp_path):
    """By hand: no run has to read what no layer takes from the network's input."""
    path = tmp_path / "part.yaml"
    path.write_text(f"input: [6, 10, 10]\nlayers: {layers}\n")
    answer = costcalc.latency(path, "rpi4")
    written = int(prod(opened(str(path)).graph().layers[-1].output))
    assert answer.work.moves.tensors == 4 * (elements + written)
    sweep = costcalc.sweep(path, metrics="bound_ms", device="rpi4", res=[10, 12]).rows()
    assert next(iter(sweep)).bound_ms == 1000 * answer.bound
