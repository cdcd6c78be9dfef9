"""The command: what it prints, measured times, calibration, explanations, wrong input."""

import json
from fractions import Fraction

import pytest
from click.testing import CliRunner

import costcalc
from costcalc.cli import main
from costcalc.errors import CostcalcError
from costcalc.resources import duration
from tests.importers.tflite.models import Net

SMALL = "mobilenet_v1@alpha=0.25,res=96"
BOUND = Fraction(7_745_152, 2 * 216_000_000)
"""Of SMALL on an STM32F746: two multiply-accumulates a cycle at 216 MHz."""


def latency(*arguments):
    return CliRunner().invoke(main, ["latency", *arguments])


def test_the_json_that_scripts_rely_on():
    data = json.loads(latency(SMALL, "--device", "stm32f746", "--format", "json").stdout)
    assert data["format_version"] == 1
    assert (data["network"], data["device"], data["dtype"]) == ("MobileNetV1", "stm32f746", "int8")
    assert data["bound_seconds"] == float(BOUND)
    assert data["operations"] == 2 * 7_745_152
    assert data["bound_seconds"] <= data["roofline_seconds"] <= data["serial_seconds"]
    first = data["layers"][0]
    # 3 x 3 x 3 x 8 weights at 48 x 48 places; 3 * 96 * 96 read, 8 * 48 * 48 written; 32-bit biases
    operations, bytes_ = 2 * 27 * 8 * 48 * 48, 3 * 96 * 96 + 8 * 48 * 48 + 27 * 8 + 4 * 8
    assert first == {
        "name": "conv1",
        "operations": operations,
        "bytes": bytes_,
        "intensity": operations / bytes_,
        "limit": "compute",
        "seconds": operations / 864e6,
    }
    assert sum(layer["operations"] for layer in data["layers"]) == data["operations"]


def test_words_that_keep_a_bound_from_being_a_promise():
    lines = latency(SMALL, "--device", "stm32f746").stdout.splitlines()
    facts = {line.split()[0]: line for line in lines if line}
    assert "no run is faster; a limit, not a prediction" in facts["bound"]
    assert "an estimate" in facts["roofline"]
    assert "an estimate" in facts["serial"]
    assert "Steps by the roofline, an estimate" in lines
    assert "usually 2 to 20 times the bound" in lines[-1]


PARTIAL = """\
name: partial
input: [3, 8, 8]
layers:
  - conv: {out: 4, kernel: 3}
  - uncounted: {op: Mystery, shape: [4, 8, 8]}
"""


@pytest.mark.parametrize(
    "question", [["latency"], ["fits", "--max-ms", "5"], ["fits", "--max-ms", "5", "everywhere"]]
)
def test_a_bound_says_what_it_leaves_out(question, tmp_path):
    """27 * 4 * 64 multiply-accumulates are counted; what 'Mystery' computes is not known."""
    path = tmp_path / "partial.yaml"
    path.write_text(PARTIAL)
    command, *options = question
    device = [] if "everywhere" in options else ["--device", "rpi4"]
    line = [command, str(path), *device, *(text for text in options if text != "everywhere")]
    shown = CliRunner().invoke(main, line).stdout
    assert "Not counted: 1 Mystery (uncounted1).\n" in shown
    assert bool(device) == ("no run of all that is counted is faster" in shown)
    data = json.loads(CliRunner().invoke(main, [*line, "--format", "json"]).stdout)
    assert data["uncounted"] == {"Mystery": ["uncounted1"]}
    if command == "latency":
        assert data["operations"] == 2 * 27 * 4 * 64


def test_a_bound_is_one_of_every_gate_open():
    lines = latency("skipnet50", "--device", "rpi4").stdout.splitlines()
    assert any("no run of all that is counted is faster" in line for line in lines)
    assert lines[-1].startswith("With every gate open: a run that skips parts")


def test_shares_add_up_by_step_type_and_limit():
    answer = costcalc.latency("mobilenet_v2", "rpi4")
    for table in answer.page().tables:
        (index,) = [i for i, column in enumerate(table.columns) if column.key == "seconds_percent"]
        shares = [row.cells[index] for row in table.rows]
        assert sum(share.part for share in shares) == shares[0].total


def test_utilisation_of_a_measured_time():
    """Twice the bound is a utilisation of a half."""
    text = f"{float(2000 * BOUND):.6f}ms"
    data = json.loads(
        latency(SMALL, "--device", "stm32f746", "--measured", text, "--format", "json").stdout
    )
    assert data["utilisation"] == pytest.approx(0.5, abs=1e-6)
    shown = latency(SMALL, "--device", "stm32f746", "--measured", "35.857ms").stdout
    assert "measured    35.86 ms; utilisation 50.0 % (bound / measured)" in shown


def test_a_time_below_the_bound_means_a_wrong_profile_or_measurement():
    result = latency(SMALL, "--device", "stm32f746", "--measured", "10 ms")
    assert result.exit_code == 1
    assert "below the bound: the profile or the measurement is wrong" in result.stdout


def test_a_time_that_is_the_bound_refutes_nothing(tmp_path):
    """1000 multiply-accumulates, 2000 operations at 1 kOP/s: 2 s exactly."""
    spec, device = tmp_path / "net.yaml", tmp_path / "mine.yaml"
    spec.write_text("name: net\ninput: [100]\nlayers:\n  - fc: {out: 10, bias: false}\n")
    device.write_text(
        "name: mine\ntitle: t\nclass: mcu\nprocessor: p\nsource: s\npeak: {int8: 1 kOP/s}\n"
    )
    exact = latency(str(spec), "--device", str(device), "--measured", "2 s")
    assert exact.exit_code == 0
    assert "utilisation 100.0 %" in exact.stdout
    assert latency(str(spec), "--device", str(device), "--measured", "1.9999 s").exit_code == 1
    answer = costcalc.latency(str(spec), str(device), calibrate=f"{spec}=2s")
    assert answer.calibrated == answer.bound == 2


def test_calibration_by_hand():
    """Plumerai's vww on the F746 took 34.08 ms, 1.966 times its bound of 7,489,664 / 432e6."""
    reference = "mobilenet_v1_vww=34.08ms"
    answer = costcalc.latency(SMALL, "stm32f746", calibrate=reference)
    utilisation = Fraction(7_489_664, 432_000_000) / Fraction("0.03408")
    assert answer.calibrated == BOUND / utilisation
    data = answer.data()["calibration"]
    assert data["estimate_seconds"] == float(BOUND / utilisation)
    assert "35.24 ms, an estimate: at the 50.9 % that mobilenet_v1_vww achieved" in str(answer)


def test_a_step_explained():
    shown = latency(SMALL, "--device", "stm32f746", "--explain", "depthwise1").stdout
    lines = [" ".join(line.split()) for line in shown.splitlines()]
    assert "operations 331,776 2 × 165,888 MACs" in lines
    assert "bytes 36,968 18,432 read + 18,432 written + 104 of weights" in lines
    assert "intensity 8.97 operations / bytes, at or above the ridge 0.500" in lines
    assert "computing 0.3840 ms 331,776 / 864,000,000 OP/s" in lines
    assert "moving 0.02139 ms 36,968 / 1,728,000,000 B/s" in lines
    wrong = latency(SMALL, "--device", "stm32f746", "--explain", "depthwis1")
    assert wrong.exit_code == 2
    assert "depthwise1" in wrong.stderr


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("34.1ms", Fraction(341, 10_000)),
        ("34.1 ms", Fraction(341, 10_000)),
        ("850us", Fraction(85, 100_000)),
        ("0.5 s", Fraction(1, 2)),
        (0.25, Fraction(1, 4)),
        (3, Fraction(3)),
    ],
)
def test_times(text, seconds):
    assert duration("measured", text) == seconds


@pytest.mark.parametrize("text", ["34.1", "0ms", "-1ms", "ms", "1e3ms", "1 h", "1 mb", "", 0, True])
def test_what_is_no_time(text):
    with pytest.raises(CostcalcError):
        duration("measured", text)


@pytest.mark.parametrize(
    "arguments",
    [
        ["--measured", "34"],
        ["--calibrate", "mobilenet_v1"],
        ["--calibrate", "=3ms"],
        ["--calibrate", "nonesuch=3ms"],
        ["--cores", "2"],
        ["--dtype", "fp64"],
        ["--dtype", "fp16"],
        ["--storage", "nonesuch"],
        ["--batch", "0"],
        ["--energy", "nonesuch"],
    ],
)
def test_wrong_input_is_one_clear_message(arguments):
    result = latency(SMALL, "--device", "stm32f746", *arguments)
    assert result.exit_code == 2
    assert not result.stdout
    assert "Error" in result.stderr or "error" in result.stderr


def test_a_file_keeps_its_own_bytes_and_cannot_be_fused(tmp_path):
    path = tmp_path / "net.tflite"
    path.write_bytes(bytes(costcalc.export(SMALL, "tflite", dtype="int8")))
    answer = costcalc.latency(str(path), "stm32f746")
    assert (answer.work.storage.name, answer.work.dtype) == ("tflite", "int8")
    assert answer.bound == BOUND
    assert costcalc.fits(str(path), "stm32f746").storage.name == "tflite"
    floats = tmp_path / "floats.tflite"
    floats.write_bytes(bytes(costcalc.export(SMALL, "tflite")))
    assert costcalc.latency(str(floats), "stm32f746").work.dtype == "fp32"
    with pytest.raises(CostcalcError, match="its file"):
        costcalc.latency(str(path), "stm32f746", fused=True)


def test_the_dtype_of_a_file_is_that_of_what_is_multiplied(tmp_path):
    """Ids of 32 bits look up rows of 8 bits, of which 5 x 8 x 16 multiply-accumulates."""
    net = Net()
    ids, rows = net.tensor((1, 5), "INT32"), net.tensor((1, 5, 16), "INT8")
    out = net.tensor((1, 5, 8), "INT8")
    net.operator("GATHER", [net.tensor((100, 16), "INT8", [0] * 1600), ids], [rows])
    weights = net.tensor((8, 16), "INT8", [0] * 128)
    net.operator("FULLY_CONNECTED", [rows, weights], [out], keep_num_dims=True)
    net.ends([ids], [out])
    answer = costcalc.latency(written(net, tmp_path), "stm32f746")
    assert answer.work.dtype == "int8"
    assert answer.bound == Fraction(2 * 5 * 8 * 16, 864_000_000)


@pytest.mark.parametrize("images", [1, 2])
@pytest.mark.parametrize(("type_", "dtype"), [("INT8", "int8"), ("FLOAT32", "fp32")])
def test_the_dtype_of_a_file_for_several_images(images, type_, dtype, tmp_path):
    net = Net()
    x, y = (net.tensor((images, size), type_) for size in (64, 8))
    net.operator("FULLY_CONNECTED", [x, net.tensor((8, 64), type_, [0] * 512)], [y])
    net.ends([x], [y])
    assert costcalc.latency(written(net, tmp_path), "stm32f746").work.dtype == dtype


def test_words_of_a_fast_memory_are_those_of_the_file(tmp_path):
    """Products move as much more through a small memory as those of the network in 8 bits."""
    path = tmp_path / "net.tflite"
    path.write_bytes(bytes(costcalc.export(SMALL, "tflite", dtype="int8")))

    def more(network):
        through, plain = (
            costcalc.latency(network, "stm32f746", fast_memory=size) for size in ("1KiB", None)
        )
        return sum(step.bytes for step in through.steps) - sum(step.bytes for step in plain.steps)

    assert more(str(path)) == more(SMALL) > 0


def written(net, folder):
    """The path of a file with the network."""
    path = folder / "net.tflite"
    path.write_bytes(net.bytes())
    return str(path)
