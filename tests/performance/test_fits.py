"""Flash, RAM and the bound of a network against a device: margins, exit codes, what fits."""

import json
from fractions import Fraction

import pytest
from click.testing import CliRunner

import costcalc
from costcalc.cli import main
from costcalc.errors import CostcalcError

SPEC = """\
name: small
input: [4, 8, 8]
layers:
  - conv: {out: 16, kernel: 3, name: a, act: relu}
  - conv: {out: 8, kernel: 1, name: b}
"""
# int8: weights 9*4*16 + 16*8 = 704, biases 4 * (16 + 8) = 96; tensors 256, 1024 and 512;
# 64 * 704 = 45,056 multiply-accumulates.
WEIGHTS, PEAK, MACS = 800, 1024 + 512, 45_056

DEVICE = """\
name: tight
title: a tight board
class: mcu
processor: a core
source: written here
clock: 1 MHz
flash: {size: FLASH B}
ram: {size: RAM B, bandwidth: 4 MB/s}
peak: {int8: 4 MOP/s}
"""


@pytest.fixture
def spec(tmp_path):
    path = tmp_path / "small.yaml"
    path.write_text(SPEC)
    return str(path)


@pytest.fixture
def device(tmp_path):
    def write(flash, ram):
        path = tmp_path / "tight.yaml"
        path.write_text(DEVICE.replace("FLASH", str(flash)).replace("RAM", str(ram)))
        return str(path)

    return write


def fits(*arguments):
    return CliRunner().invoke(main, ["fits", *arguments])


def test_margins_by_hand(spec, device):
    """45,056 multiply-accumulates, two a cycle at 1 MHz: 22.528 ms."""
    answer = costcalc.fits(spec, device(1000, 2000), max_ms=25)
    assert answer.fits
    assert [(check.name, check.needed, check.margin) for check in answer.checks] == [
        ("flash", WEIGHTS, 200),
        ("ram", PEAK, 2000 - PEAK),
        ("bound", Fraction(MACS, 2000), 25 - Fraction(MACS, 2000)),
    ]


@pytest.mark.parametrize(
    ("flash", "ram", "most", "holds"),
    [
        (WEIGHTS, PEAK, "22.528", [True, True, True]),
        (WEIGHTS - 1, PEAK, "22.528", [False, True, True]),
        (WEIGHTS, PEAK - 1, "22.528", [True, False, True]),
        (WEIGHTS, PEAK, "22.527", [True, True, False]),
    ],
)
def test_exactly_enough_is_enough(flash, ram, most, holds, spec, device):
    result = fits(spec, "--device", device(flash, ram), "--max-ms", most, "--format", "json")
    data = json.loads(result.stdout)
    assert [check["holds"] for check in data["checks"]] == holds
    assert data["fits"] is all(holds)
    assert result.exit_code == (0 if all(holds) else 1)


def test_the_json_that_scripts_rely_on(spec, device):
    data = json.loads(fits(spec, "--device", device(700, 2000), "--format", "json").stdout)
    assert data["format_version"] == 1
    assert (data["network"], data["device"], data["storage"]) == ("small", "tight", "int8")
    assert (data["planner"], data["fits"]) == ("liveness", False)
    (flash, ram) = data["checks"]
    assert {name: flash[name] for name in ("name", "needed", "available", "margin", "holds")} == {
        "name": "flash",
        "needed": WEIGHTS,
        "available": 700,
        "margin": -100,
        "holds": False,
    }
    assert ram["name"] == "ram"


def test_what_to_change(spec, device):
    shown = fits(spec, "--device", device(700, 1500), "--max-ms", "20").stdout
    assert "small on a tight board: it does not fit\n" in shown
    # In int8, layer a stores 576 weights and 16 biases of 4 bytes.
    assert "flash: 100 B too much. Most is stored for a: 640 B." in shown
    assert "ram: 36 B too much. Most is needed in b: a 1,024 B, b 512 B." in shown
    assert "bound: 2.528 ms too much. Most is computed in a: 81.8 % of the operations." in shown


@pytest.mark.parametrize("name", ["mobilenet_v1", "mobilenet_v2"])
def test_the_settings_that_fit_are_the_largest(name):
    answer = costcalc.fits(name, "stm32h743", max_ms=100)
    assert not answer.fits
    assert answer.fitting
    for parameter, value in answer.fitting.items():
        step = {"alpha": Fraction(1, 20), "res": 16}[parameter]
        assert costcalc.fits(name, "stm32h743", max_ms=100, **{parameter: value}).fits
        assert not costcalc.fits(name, "stm32h743", max_ms=100, **{parameter: value + step}).fits


def test_no_setting_fits_a_chip_that_is_far_too_small():
    answer = costcalc.fits("vgg16", "stm32g0b1")
    assert answer.fitting == {}
    assert "No smaller alpha or res that was tried fits" in str(answer)


def test_settings_that_the_reference_states_are_tried_too():
    answer = costcalc.fits("mobilenet_v1@alpha=0.75,res=192", "stm32f746", max_ms=100)
    assert answer.fitting["alpha"] < Fraction(3, 4)


def test_weights_and_tensors_share_a_memory_where_there_is_no_flash():
    memory = costcalc.memory("mobilenet_v1", storage="fp32")
    (check,) = costcalc.fits("mobilenet_v1", "rpi4").checks
    assert check.name == "ram"
    assert check.needed == memory.weight_bytes + memory.peak
    assert check.available == 4 * 1024**3


def test_what_no_source_states_is_not_held_against_a_network():
    answer = costcalc.fits("mobilenet_v1", "edgetpu")
    assert [check.holds for check in answer.checks] == [None, True]
    assert answer.fits
    assert "it fits, as far as is stated" in str(answer)


def test_the_planner_of_ram_is_the_one_that_is_named(spec, device):
    tight = device(1000, 2000)
    by = {
        planner: costcalc.fits(spec, tight, planner=planner).checks[1].needed
        for planner in ("liveness", "sum", "tflm")
    }
    assert by["liveness"] == PEAK
    assert by["sum"] == 256 + 1024 + 512
    assert by["tflm"] == costcalc.memory(spec, storage="int8", planner="tflm").peak
    with pytest.raises(CostcalcError, match="liveness"):
        costcalc.fits(spec, tight, planner="livenes")


def test_every_device_without_one():
    answer = costcalc.fits("mobilenet_v1@alpha=0.25,res=96", max_ms=20)
    assert [row.run.device.name for row in answer.rows] == sorted(
        row.run.device.name for row in answer.rows
    )
    for row in answer.rows:
        alone = costcalc.fits("mobilenet_v1@alpha=0.25,res=96", row.run.device.name, max_ms=20)
        assert alone.checks == row.checks
    result = fits("mobilenet_v1@alpha=0.25,res=96", "--max-ms", "20", "--format", "json")
    assert result.exit_code == 0
    data = json.loads(result.stdout)
    assert {row["device"] for row in data["devices"] if row["fits"]} == {
        row.run.device.name for row in answer.rows if row.fits
    }
    nothing = fits("mobilenet_v1", "--max-ms", "0.00001")
    assert nothing.exit_code == 1
    assert "0 of" in nothing.stdout


@pytest.mark.parametrize("most", ["0", "-1", "1KiB", "soon"])
def test_a_wrong_limit_is_refused(most):
    result = fits("mobilenet_v1", "--device", "stm32f746", f"--max-ms={most}")
    assert result.exit_code == 2
    assert "--max-ms" in result.stderr
