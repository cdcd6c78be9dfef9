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
    # In int8, layer a stores 576 weights and 16 biases of 4 bytes.  With n channels of a, and
    # 8 of the output, the network stores 36 n + 8 n + 4 (n + 8) bytes, keeps 64 (n + 8) and
    # computes 64 * 44 n multiply-accumulates, 2,000 a ms.  n is 13, 14, 15 at 0.85, 0.9, 0.95:
    # 656, 704 and 752 bytes stored, 1,472 kept at 0.95, 19.7 ms at 0.9 and 21.1 at 0.95.
    for line in (
        "flash: 100 B too much. Most is stored for a: 640 B. It holds at alpha = 0.85.",
        "ram: 36 B too much. Most is needed in b: a 1,024 B, b 512 B. It holds at alpha = 0.95.",
        "bound: 2.528 ms too much. Most is computed in a: 81.8 % of the operations. "
        "It holds at alpha = 0.9.",
        "It fits at alpha = 0.85, other settings as they are.",
    ):
        assert line in shown.splitlines()


@pytest.mark.parametrize("name", ["mobilenet_v1", "mobilenet_v2"])
def test_the_settings_that_fit_are_the_largest(name):
    answer = costcalc.fits(name, "stm32h743", max_ms=100)
    assert not answer.fits
    found = {name: value for name, value in answer.fitting.items() if value is not None}
    assert found
    for parameter, value in found.items():
        step = {"alpha": Fraction(1, 20), "res": 16}[parameter]
        assert costcalc.fits(name, "stm32h743", max_ms=100, **{parameter: value}).fits
        assert not costcalc.fits(name, "stm32h743", max_ms=100, **{parameter: value + step}).fits


def test_each_check_has_the_largest_settings_at_which_it_holds():
    """Alone: flash does not shrink with res, RAM and time do."""
    answer = costcalc.fits("mobilenet_v1", "stm32f746", max_ms=100)
    found = [check.fitting for check in answer.checks]
    assert [row["res"] for row in found] == [None, 112, 48]
    for step, name in ((Fraction(1, 20), "alpha"), (16, "res")):
        for index in range(3):
            value = found[index][name]
            if value is None:
                continue
            for tried, holds in ((value, True), (value + step, False)):
                checks = costcalc.fits("mobilenet_v1", "stm32f746", max_ms=100, **{name: tried})
                assert checks.checks[index].holds is holds


def test_other_ways_to_need_fewer_bytes():
    """A narrower storage for flash; a planner that leaves fewer gaps for RAM."""
    network = "mobilenet_v1@alpha=0.25"
    flash, ram = costcalc.fits(network, "stm32f746", storage="fp32").checks
    weights = costcalc.memory(network, storage="int8").weight_bytes
    assert flash.change.endswith(f"B. In int8 it is {weights:,} B")
    peak = costcalc.memory(network, storage="int8").peak
    assert ram.change.endswith(f"B. In int8 it is {peak:,} B")
    _, ram = costcalc.fits(network, "stm32f746", planner="tflm").checks
    peak = costcalc.memory(network, storage="int8", planner="greedy-by-size").peak
    assert ram.change.endswith(f"B. With planner greedy-by-size tensors need {peak:,} B")


def test_what_fits_a_memory_for_weights_and_tensors(tmp_path, spec):
    """800 bytes of weights and 1,536 of tensors; with n channels 48 n + 32 and 64 n + 512.

    That is at most 1,850 for n = 11, at alpha = 0.7.
    """
    path = tmp_path / "shared.yaml"
    path.write_text(DEVICE.replace("flash: {size: FLASH B}\n", "").replace("RAM", "1850"))
    answer = costcalc.fits(spec, path)
    assert [(check.name, check.needed) for check in answer.checks] == [("ram", WEIGHTS + PEAK)]
    assert answer.fitting == {"alpha": Fraction(7, 10)}


def test_a_limit_of_time_alone_is_answered_with_settings():
    """In 10 ms at 57.6 G operations a second: 288 million multiply-accumulates."""
    answer = costcalc.fits("mobilenet_v1", "rpi4", max_ms=10)
    assert answer.fitting == {"alpha": Fraction(7, 10), "res": 144}
    for fits, beyond in (({"alpha": "0.7"}, {"alpha": "0.75"}), ({"res": 144}, {"res": 160})):
        macs = [costcalc.totals("mobilenet_v1", **at).mult_adds for at in (fits, beyond)]
        assert macs[0] <= 288_000_000 < macs[1]


def test_no_setting_fits_a_chip_that_is_far_too_small():
    answer = costcalc.fits("vgg16", "stm32g0b1")
    assert answer.fitting == {"alpha": None, "res": None}
    assert "It fits at no smaller alpha or res that was tried" in str(answer)


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
        assert [(check.name, check.margin) for check in alone.checks] == [
            (check.name, check.margin) for check in row.checks
        ]
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


def test_devices_without_a_peak_for_the_dtype_are_named():
    answer = costcalc.fits("mobilenet_v1@alpha=0.25,res=96", dtype="fp16")
    shown = {row.run.device.name for row in answer.rows}
    assert shown | set(answer.without) == {row.name for row in costcalc.devices().devices}
    assert "edgetpu" in answer.without and "jetson-nano" in shown
    line = str(answer).splitlines()[-1]
    assert line.startswith("Without those that state no peak for these numbers: ")
    assert line.endswith(", ".join(answer.without) + ".")


def test_most_is_stored_for_a_step_that_the_table_of_latency_has(tmp_path):
    """A .tflite file's fully connected operator is a reshape and a product here, but one step."""
    path = tmp_path / "net.tflite"
    path.write_bytes(bytes(costcalc.export("mobilenet_v1@alpha=0.25,res=96", "tflite")))
    flash = costcalc.fits(path, "stm32f746").checks[0]
    assert flash.change == "Most is stored for fc1: 1,028,000 B"  # 4 * (256 * 1000 + 1000)
    assert "fc1" in [step.name for step in costcalc.latency(path, "stm32f746").steps]
