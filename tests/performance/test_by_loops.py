"""Times, energies and margins again, by loops over layers that are written out here.

What a layer computes and moves comes from a table of its sizes, peaks and bandwidths from the text
of the device files: no part of the package has a hand in the expected numbers.
"""

import json
import re
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest
import yaml
from click.testing import CliRunner

import costcalc
from costcalc.cli import main
from tests.storing.random_networks import random_spec

FOLDER = Path(costcalc.__file__).parent / "devices"
SCALES = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12, "Ki": 2**10, "Mi": 2**20}


def stated(device, *path):
    """The number of a figure in a device file, in base units; None if it has none."""
    node = yaml.safe_load((FOLDER / f"{device}.yaml").read_text(encoding="utf-8"))
    for key in path:
        node = (node or {}).get(key)
    if node is None:
        return None
    number, prefix = re.match(r"([\d.,]+) ([kMGT]?i?)(?:B|OP|FLOP)", node["figure"]).groups()
    return Fraction(number.replace(",", "")) * SCALES[prefix]


# MobileNetV1, Table 1 of its paper: channels in and out, and the stride of the depthwise layer.
BLOCKS = [
    *[(32, 64, 1), (64, 128, 2), (128, 128, 1), (128, 256, 2), (256, 256, 1), (256, 512, 2)],
    *[(512, 512, 1)] * 5,
    *[(512, 1024, 2), (1024, 1024, 1)],
]


def mobilenet(alpha=Fraction(1), res=224, has_norms=True):
    """Multiply-accumulates, activations and stored numbers of each step.

    Stored numbers are weights and 32-bit ones: a scale, a shift, a mean and a deviation for each
    channel where norms are kept, else a bias.
    """
    rows, side, each = [], -(-res // 2), 4 if has_norms else 1
    first = int(32 * alpha)
    rows.append((27 * first * side**2, 3 * res**2 + first * side**2, 27 * first, each * first))
    for narrow, wide, stride in BLOCKS:
        inputs, outputs, before = int(narrow * alpha), int(wide * alpha), side
        side = -(-side // stride)
        moved = inputs * (before**2 + side**2)
        rows.append((9 * inputs * side**2, moved, 9 * inputs, each * inputs))
        moved = (inputs + outputs) * side**2
        rows.append((inputs * outputs * side**2, moved, inputs * outputs, each * outputs))
    rows.append((0, outputs * (side**2 + 1), 0, 0))  # pool
    rows.append((1000 * outputs, outputs + 1000, 1000 * outputs, 1000))
    return rows


@pytest.mark.parametrize(
    ("device", "dtype", "width"),
    [("stm32f746", "int8", 1), ("t4", "fp32", 4), ("t4", "fp16", 2), ("t4", "int8", 1)],
)
def test_mobilenet_v1_step_by_step(device, dtype, width):
    rows = mobilenet(has_norms=dtype != "int8")
    peak = stated(device, "peak", dtype)
    ram, dram = stated(device, "ram", "bandwidth"), stated(device, "dram", "bandwidth")
    bandwidth = ram or dram
    roofline = serial = 0
    for macs, activations, weights, others in rows:
        moved = width * (activations + weights) + max(width, 4 * (dtype == "int8")) * others
        roofline += max(2 * macs / peak, moved / bandwidth)
        serial += 2 * macs / peak + moved / bandwidth
    operations = sum(2 * macs for macs, *_ in rows)
    stored = sum(
        width * weights + max(width, 4 * (dtype == "int8")) * others for *_, weights, others in rows
    )
    cache = stated(device, "cache", "size")
    left = 0 if cache is None else max(stored - cache, 0)  # flash on the chip may hold them all
    ends = width * (3 * 224 * 224 + 1000)
    answer = costcalc.latency("mobilenet_v1", device, dtype=dtype)
    assert answer.operations == operations == 1_137_480_704
    assert answer.bound == max(operations / peak, (left + ends) / bandwidth)
    assert answer.roofline == roofline
    assert answer.serial == serial
    assert answer.data()["compulsory"] == {"input_output_bytes": ends, "weight_bytes": left}


@pytest.mark.parametrize("device", sorted(path.stem for path in FOLDER.glob("*.yaml")))
def test_every_ridge_is_peak_over_bandwidth(device):
    node = yaml.safe_load((FOLDER / f"{device}.yaml").read_text(encoding="utf-8"))
    bandwidth = stated(device, "ram", "bandwidth") or stated(device, "dram", "bandwidth")
    for dtype in node["peak"]:
        arguments = ["latency", "resnet8", "--device", device, "--dtype", dtype]
        result = CliRunner().invoke(main, [*arguments, "--format", "json"])
        data = json.loads(result.stdout)
        assert data["peak"] == stated(device, "peak", dtype)
        ridge = None if bandwidth is None else float(stated(device, "peak", dtype) / bandwidth)
        assert data["ridge"] == ridge


@pytest.mark.parametrize(
    ("inputs", "outputs", "batch", "printed", "limit"),
    [
        # NVIDIA, Matrix Multiplication Background User's Guide, M x K x N in fp16
        (128, 8192, 8192, "124.1", "memory"),
        (8192, 8192, 8192, "2730", "compute"),
        # NVIDIA, GPU Performance Background User's Guide, table 1
        (1024, 4096, 512, "315", "compute"),
        (1024, 4096, 1, "1", "memory"),
    ],
)
def test_products_whose_intensity_nvidia_prints(inputs, outputs, batch, printed, limit, tmp_path):
    """On a V100, whose ridge is 138.9 in fp16."""
    spec = tmp_path / "product.yaml"
    layer = f"fc: {{out: {outputs}, bias: false}}"
    spec.write_text(f"name: product\ninput: [{inputs}]\nlayers:\n  - {layer}\n")
    (step,) = costcalc.latency(str(spec), "v100-sxm2", dtype="fp16", batch=batch).steps
    operations = 2 * inputs * outputs * batch
    moved = 2 * (inputs * batch + inputs * outputs + outputs * batch)
    assert step.intensity == Fraction(operations, moved)
    unit = Fraction(1, 10 ** len(printed.partition(".")[2]))
    rounded, truncated = ((step.intensity / unit + up) // 1 * unit for up in (Fraction(1, 2), 0))
    assert Fraction(printed) in (rounded, truncated)
    assert step.limit == limit


@pytest.mark.parametrize("seed", range(20))
def test_the_three_figures_follow_from_the_rows(seed, tmp_path):
    """Sums over the rows of JSON, and operations by ``report``, on random networks."""
    spec = tmp_path / "net.yaml"
    spec.write_text(random_spec(Random(1000 + seed)))
    data = json.loads(costcalc.latency(str(spec), "rpi5", dtype="fp32").to_json())
    peak, bandwidth = data["peak"], data["bandwidth"]
    times = [(row["operations"] / peak, row["bytes"] / bandwidth) for row in data["layers"]]
    # The bound leaves out work on weights alone, as papers do.
    counted = costcalc.report(str(spec))
    needed = 2 * counted.totals.mult_adds
    has_more = any(layer.is_of_weights for layer in counted.layers)
    assert data["operations"] >= needed if has_more else data["operations"] == needed
    assert data["operations"] == sum(row["operations"] for row in data["layers"])
    least = max(needed / peak, sum(data["compulsory"].values()) / bandwidth)
    assert data["bound_seconds"] == pytest.approx(least)
    assert data["roofline_seconds"] == pytest.approx(sum(map(max, times)))
    assert data["serial_seconds"] == pytest.approx(sum(map(sum, times)))
    three = [data[f"{name}_seconds"] for name in ("bound", "roofline", "serial")]
    assert three == sorted(three)
    assert three[2] <= 2 * three[1] * (1 + 1e-12)
    for row, (computing, moving) in zip(data["layers"], times, strict=True):
        assert row["limit"] == ("compute" if computing >= moving else "memory")
        assert row["seconds"] == pytest.approx(max(computing, moving))


# energy


CONVOLUTION = """\
name: one
input: [8, 10, 10]
layers:
  - conv: {out: 16, kernel: 3, bias: false}
"""


@pytest.mark.parametrize(
    ("device", "dtype", "width", "mac", "byte", "weight"),
    [
        # RAM of 320 KiB, flash of 1 MiB: 100 pJ for 8 bytes; a product 0.2, a sum 0.1 pJ.
        ("stm32f746", "int8", 1, "0.3", "12.5", "12.5"),
        ("stm32f746", "fp32", 4, "4.6", "12.5", "12.5"),
        # RAM on the chip, flash beside it: 1.3 nJ for 8 bytes.
        ("rp2040", "int8", 1, "0.3", "12.5", "162.5"),
        ("t4", "fp16", 2, "1.5", "162.5", "162.5"),
    ],
)
def test_the_energy_of_a_convolution_by_horowitz(device, dtype, width, mac, byte, weight, tmp_path):
    """9 * 8 * 16 weights, each used at 100 places; 800 numbers in and 1600 out."""
    spec = tmp_path / "one.yaml"
    spec.write_text(CONVOLUTION)
    answer = costcalc.latency(str(spec), device, dtype=dtype, energy="horowitz-45nm")
    pico = (
        9 * 8 * 16 * 100 * Fraction(mac)
        + width * (800 + 1600) * Fraction(byte)
        + width * 9 * 8 * 16 * Fraction(weight)
    )
    assert answer.data()["energy_model"]["total"] == float(pico / 10**12)
    (layer,) = answer.data()["layers"]
    assert layer["energy"] == float(pico / 10**12)


@pytest.mark.parametrize(("device", "tensors", "weights"), [("stm32f746", 3, 3), ("t4", 100, 100)])
def test_the_energy_of_a_convolution_by_eyeriss(device, tensors, weights, tmp_path):
    """For 16 bits the buffer takes 6 multiply-accumulates, DRAM 200: for a byte, half of it."""
    spec = tmp_path / "one.yaml"
    spec.write_text(CONVOLUTION)
    answer = costcalc.latency(str(spec), device, dtype="int8", energy="eyeriss-65nm")
    total = 9 * 8 * 16 * 100 + 2400 * tensors + 9 * 8 * 16 * weights
    assert answer.data()["energy_model"]["total"] == total


# fits


# The weights and biases of each layer, the most alive at once, and multiply-accumulates.
AUTOENCODER = [640, 128, 128, 128, 128, 8, 128, 128, 128, 128, 640]
RESNET_8 = [
    # inputs, outputs, kernel, side of the output
    (3, 16, 3, 32),
    *[(16, 16, 3, 32)] * 2,
    *[(16, 32, 1, 16), (16, 32, 3, 16), (32, 32, 3, 16)],
    *[(32, 64, 1, 8), (32, 64, 3, 8), (64, 64, 3, 8)],
    (64, 10, 1, 1),
]


def test_the_margins_of_an_autoencoder():
    """Dense layers in int8: a byte for a weight, 4 for a bias; input and output of one at once."""
    pairs = list(pairwise(AUTOENCODER))
    flash = sum(inputs * outputs + 4 * outputs for inputs, outputs in pairs)
    ram = max(map(sum, pairs))
    macs = sum(inputs * outputs for inputs, outputs in pairs)
    assert margins("autoencoder_ad", "stm32g0b1") == [
        ("flash", flash, 512 * 1024 - flash),
        ("ram", ram, 144 * 1024 - ram),
        ("bound", Fraction(1000 * macs, 32_000_000), 5 - Fraction(1000 * macs, 32_000_000)),
    ]


def test_the_margins_of_a_residual_network():
    """Three maps of 32 x 32 x 16 at once: the shortcut, and the second layer's input and output."""
    flash = sum(i * o * kernel**2 + 4 * o for i, o, kernel, _ in RESNET_8)
    ram = 3 * 16 * 32 * 32
    macs = sum(i * o * kernel**2 * side**2 for i, o, kernel, side in RESNET_8)
    assert margins("resnet8", "nrf5340") == [
        ("flash", flash, 1024 * 1024 - flash),
        ("ram", ram, 512 * 1024 - ram),
        ("bound", Fraction(1000 * macs, 256_000_000), 5 - Fraction(1000 * macs, 256_000_000)),
    ]


def margins(network, device):
    """What each line needs and leaves, with a limit of 5 ms."""
    checks = costcalc.fits(network, device, max_ms=5).checks
    return [(check.name, check.needed, check.margin) for check in checks]


@pytest.mark.parametrize(("alpha", "res"), [("0.25", 96), ("0.5", 128), ("1", 224)])
def test_the_margins_of_mobilenet_v1(alpha, res):
    """In int8: weights in a byte, a bias of 4 for each output; the largest pair of maps."""
    rows = mobilenet(Fraction(alpha), res, has_norms=False)
    flash = sum(weights + 4 * biases for _, _, weights, biases in rows)
    ram = max(activations for _, activations, _, _ in rows)
    milliseconds = Fraction(1000 * 2 * sum(macs for macs, *_ in rows), 864_000_000)
    answer = costcalc.fits("mobilenet_v1", "stm32f746", alpha=alpha, res=res, max_ms=500)
    assert [(check.name, check.needed) for check in answer.checks] == [
        ("flash", flash),
        ("ram", ram),
        ("bound", milliseconds),
    ]
    available = (1024 * 1024, 320 * 1024, 500)
    for check, size in zip(answer.checks, available, strict=True):
        assert check.available == size
        assert check.margin == size - check.needed
        assert check.holds is (check.needed <= size)
