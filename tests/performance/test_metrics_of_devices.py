"""The bound and the energy as metrics: in sweeps, solve, check, budgets and compare."""

import csv
import json
from fractions import Fraction

import pytest
from click.testing import CliRunner

import costcalc
from costcalc.cli import main
from costcalc.errors import CostcalcError

NETWORK = "mobilenet_v1"


def run(*arguments):
    return CliRunner().invoke(main, list(arguments))


@pytest.mark.parametrize("device", ["stm32f746", "ethos-u55-256", "a100-40", "edgetpu"])
def test_a_sweep_has_the_bound_of_each_setting(device):
    grid = {"alpha": ["0.25", "0.5", "1"], "res": [96, 160, 224]}
    swept = costcalc.sweep(NETWORK, metrics="bound_ms", device=device, **grid)
    for row in swept.rows():
        answer = costcalc.latency(NETWORK, device, **row.settings)
        assert row.bound_ms == 1000 * answer.bound


def test_rows_for_scripts_are_floats_and_energy_is_power_times_the_bound():
    command = "sweep", NETWORK, "--alpha", "0.5", "--res", "96", "--device", "stm32u575"
    result = run(*command, "--metrics", "bound_ms,energy", "--format", "json")
    (row,) = json.loads(result.stdout)["rows"]
    # 27,876,608 multiply-accumulates, two a cycle at 160 MHz; 26.3 mW
    assert row["bound_ms"] == 27_876_608 / 320_000
    assert row["energy"] == float(Fraction(27_876_608, 320_000) * Fraction(263, 10_000))
    assert json.loads(result.stdout)["device"] == "stm32u575"
    csv = run(*command, "--metrics", "bound_ms", "--format", "csv").stdout
    assert csv.splitlines()[1].split(",")[-1] == "87.1144"


def test_a_front_of_the_bound_and_params():
    swept = costcalc.sweep(
        "mobilenet_v2", metrics="bound_ms", device="rpi4", alpha="0.35:1.4:0.35", res=[96, 224]
    )
    rows = list(swept.rows())
    front = {(row.params, row.bound_ms) for row in swept.pareto(by=("params", "bound_ms"))}
    expected = {
        (row.params, row.bound_ms)
        for row in rows
        if not any(
            other.params <= row.params
            and other.bound_ms <= row.bound_ms
            and (other.params, other.bound_ms) != (row.params, row.bound_ms)
            for other in rows
        )
    }
    assert front == expected


def test_a_front_of_the_bound_and_accuracy():
    """MobileNetV1's published accuracies: no other row is both as fast and as accurate."""
    grid = {"alpha": "0.25,0.5,0.75,1", "res": "128,160,192,224"}
    swept = costcalc.sweep(NETWORK, metrics="bound_ms", device="pixel1-big", **grid)
    rows = [row for row in swept.rows() if row.accuracy is not None]
    expected = [
        row
        for row in rows
        if not any(
            other.bound_ms <= row.bound_ms
            and other.accuracy.top1 >= row.accuracy.top1
            and other is not row
            for other in rows
        )
    ]
    front = swept.pareto(by=("bound_ms", "accuracy"))
    assert [row.settings for row in front] == [row.settings for row in expected]
    assert len(front) > 3
    command = "sweep", NETWORK, "--alpha", "0.25,1", "--res", "224", "--device", "pixel1-big"
    by = "--metrics", "bound_ms", "--pareto", "--by"
    shown = run(*command, *by, "bound_ms,accuracy").stdout
    assert "the Pareto front of bound_ms and accuracy" in shown
    assert run(*command, *by, "accuracy").exit_code == 2
    assert run(*command, *by, "accuracy,energy").exit_code == 2
    unpublished = run(*command[:3], "0.3", "--res", "100", *command[6:], *by, "bound_ms,accuracy")
    assert (unpublished.exit_code, unpublished.stdout) == (2, "")


def test_solve_finds_what_every_value_says():
    values = [Fraction(step, 20) for step in range(1, 21)]
    best = costcalc.solve(
        NETWORK, "alpha", max_ms=100, max_ram="128 KiB", device="stm32f746", values=values, res=128
    ).best
    fitting = [
        value
        for value in values
        if costcalc.latency(NETWORK, "stm32f746", alpha=value, res=128).bound <= Fraction(1, 10)
        and costcalc.memory(NETWORK, storage="int8", alpha=value, res=128).peak <= 128 * 1024
    ]
    assert best.value == max(fitting)


def test_a_limit_between_two_milliseconds_is_not_rounded():
    """7,745,152 multiply-accumulates at 432 million a second are 17.9286... ms."""
    network = f"{NETWORK}@alpha=0.25,res=96"
    assert costcalc.check(network, max_ms="17.929", device="stm32f746").holds
    assert not costcalc.check(network, max_ms="17.928", device="stm32f746").holds
    options = {"device": "stm32f746", "values": ["0.25"], "res": 96}
    assert costcalc.solve(NETWORK, "alpha", max_ms="17.928", **options).best is None
    assert costcalc.solve(NETWORK, "alpha", max_ms="17.929", **options).best is not None


@pytest.mark.parametrize("text", ["17.929", "17.929ms", "17.929 ms", "0.017929 s", "17929us"])
def test_limits_of_time_have_units(text):
    network = f"{NETWORK}@alpha=0.25,res=96"
    assert costcalc.check(network, max_ms=text, device="stm32f746").holds
    assert costcalc.fits(network, "stm32f746", max_ms=text).checks[2].available == Fraction(
        "17.929"
    )
    options = {"device": "stm32f746", "values": ["0.25"], "res": 96}
    assert costcalc.solve(NETWORK, "alpha", max_ms=text, **options).best is not None


@pytest.mark.parametrize("text", ["20KiB", "0", "-3", "20 mW", "soon", "", "1/0"])
def test_what_is_no_limit_of_time(text):
    for command in ("check", NETWORK), ("solve", NETWORK, "--for", "alpha"), ("fits", NETWORK):
        result = run(*command, "--device", "stm32f746", f"--max-ms={text}")
        assert result.exit_code == 2
        assert "--max-ms" in result.stderr


def test_limits_of_energy_have_units():
    """46.74 mJ."""
    for text, holds in (("46.75", True), ("46.7 mJ", False), ("0.0468 J", True), ("46749uJ", True)):
        assert costcalc.check(NETWORK, max_mj=text, device="stm32u575").holds is holds


SPEC = """\
name: small
input: [8, 16, 16]
layers:
  - conv: {out: 16, kernel: 3, name: wide}
  - conv: {out: 4, kernel: 1, name: narrow}
budgets: {bound_ms: {figure: "<= LIMIT", device: stm32f746}}
"""


def test_a_budget_in_a_spec(tmp_path):
    """16*16*(9*8*16 + 16*4) multiply-accumulates: 311,296 / 432,000 = 0.7206 ms."""
    path = tmp_path / "small.yaml"
    path.write_text(SPEC.replace("LIMIT", "0.721"))
    assert costcalc.check(str(path)).holds
    path.write_text(SPEC.replace("LIMIT", "0.720"))
    result = run("check", str(path))
    assert result.exit_code == 1
    assert "on stm32f746, under int8, most operations are those of wide 590 K" in " ".join(
        result.stdout.split()
    )


def test_the_bound_of_some_layers_is_that_of_computing(tmp_path):
    """Layer narrow has 16 * 4 * 16 * 16 multiply-accumulates, 432,000 in a millisecond."""
    path = tmp_path / "small.yaml"
    claims = 'claims: [{only: narrow, device: stm32f746, bound_ms: "0.0379 "}]'
    path.write_text(SPEC[: SPEC.index("budgets")] + claims)
    (result,) = costcalc.check(str(path)).results
    assert result.computed == Fraction(16 * 4 * 256, 432_000)
    assert result.verdict == "rounded"


def test_a_budget_without_a_device_is_refused_where_it_stands(tmp_path):
    path = tmp_path / "small.yaml"
    path.write_text(SPEC.replace("LIMIT", "1").replace(", device: stm32f746", ""))
    with pytest.raises(CostcalcError, match=r"small.yaml:6:\d+: bound_ms is a figure of a device"):
        costcalc.check(str(path))
    path.write_text(SPEC.replace("LIMIT", "1").replace("stm32f746", "stm32f74"))
    with pytest.raises(CostcalcError, match=r"small.yaml:6:\d+: there is no device 'stm32f74'"):
        costcalc.check(str(path))


def test_compare_has_the_bound_and_no_energy_without_a_stated_power():
    networks = "mobilenet_v1", "mobilenet_v2"
    comparison = costcalc.compare(*networks, device="stm32f746")
    first, second = comparison.entries
    assert first.total("bound_ms") == 1000 * costcalc.latency(networks[0], "stm32f746").bound
    assert comparison.ratio(second, "bound_ms") == Fraction(300_774_272, 568_740_352)
    assert "energy" not in comparison.measured
    assert "energy" in costcalc.compare(*networks, device="stm32u575").measured
    with pytest.raises(CostcalcError, match="no source states the power of stm32f746"):
        costcalc.compare(*networks, metrics="energy", device="stm32f746")
    data = json.loads(comparison.to_json())
    assert data["networks"][1]["ratio"]["bound_ms"] == 300_774_272 / 568_740_352


@pytest.mark.parametrize(
    "ask",
    [
        lambda: costcalc.sweep(NETWORK, metrics="bound_ms", alpha=[1]),
        lambda: costcalc.compare(NETWORK, "vgg16", metrics="bound_ms"),
        lambda: costcalc.solve(NETWORK, "alpha", max_ms=3),
        lambda: costcalc.check(NETWORK, max_ms=3),
        lambda: costcalc.sweep(NETWORK, metrics="peak_bytes", dtype="int8", alpha=[1]),
    ],
)
def test_a_time_needs_a_device(ask):
    with pytest.raises(CostcalcError, match="device"):
        ask()


def test_a_device_chooses_the_storage_of_bytes():
    swept = costcalc.sweep(NETWORK, metrics="weight_bytes", device="stm32f746", alpha=[1])
    (row,) = swept.rows()
    assert row.weight_bytes == costcalc.memory(NETWORK, storage="int8").weight_bytes


def test_times_of_a_comparison_are_numbers_for_scripts(tmp_path):
    """2 * 568,740,352 and 2 * 300,774,272 operations at 640 MOP/s, and 26.3 mW for as long."""
    line = ["compare", "mobilenet_v1", "mobilenet_v2", "--device", "stm32u575", "--format", "csv"]
    rows = list(csv.DictReader(CliRunner().invoke(main, line).stdout.splitlines()))
    for row, macs in zip(rows, (568_740_352, 300_774_272), strict=True):
        assert float(row["bound_ms"]) == pytest.approx(2 * macs / 640e3)
        assert float(row["energy"]) == pytest.approx(26.3e-3 * 2 * macs / 640e3)


@pytest.mark.parametrize(
    ("figure", "holds"),
    # 3 * 9 * 16 * 32 * 32 multiply-accumulates are 1.024 ms, and 36.357 uJ on the other board.
    [
        ('bound_ms: {figure: "<= 1.03 ms", device: stm32f746}', True),
        ('bound_ms: {figure: "<= 1024 us", device: stm32f746}', True),
        ('bound_ms: {figure: "<= 1023 us", device: stm32f746}', False),
        ('bound_ms: {figure: "<= 1.02", device: stm32f746}', False),
        ('bound_ms: {figure: "<= 0.001 s", device: stm32f746}', False),
        ('energy: {figure: "<= 36 uJ", device: stm32u575}', False),
        ('energy: {figure: "<= 37 uJ", device: stm32u575}', True),
        ('energy: {figure: "<= 0.04 mJ", device: stm32u575}', True),
        ('energy: {figure: "<= 1 J", device: stm32u575}', True),
    ],
)
def test_a_budget_of_time_has_its_unit(figure, holds, tmp_path):
    path = tmp_path / "net.yaml"
    layers = "input: [3, 32, 32]\nlayers: [conv: {out: 16, kernel: 3}]\n"
    path.write_text(f"{layers}budgets: {{{figure}}}\n")
    assert CliRunner().invoke(main, ["check", str(path)]).exit_code == (0 if holds else 1)


@pytest.mark.parametrize(
    "figure", ["bound_ms: 3 mJ", "energy: 1 kB", "bound_ms: 2 M", "params: 3 ms"]
)
def test_a_budget_in_another_unit_is_refused(figure, tmp_path):
    name, _, text = figure.partition(": ")
    path = tmp_path / "net.yaml"
    layers = "input: [3, 32, 32]\nlayers: [conv: {out: 16, kernel: 3}]\n"
    device = "" if name == "params" else ", device: stm32u575"
    path.write_text(f'{layers}budgets: {{{name}: {{figure: "<= {text}"{device}}}}}\n')
    result = CliRunner().invoke(main, ["check", str(path)])
    assert result.exit_code == 2
    assert "net.yaml:3:" in result.stderr and "unknown unit" in result.stderr
