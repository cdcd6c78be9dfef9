"""``costcalc devices``: the list, a search, one device, and how it is refused."""

import csv
import io
import json

import pytest
from click.testing import CliRunner

import costcalc
from costcalc.cli import main
from costcalc.errors import CostcalcError
from costcalc.performance import files


def run(*arguments):
    return CliRunner().invoke(main, ["devices", *arguments])


def test_the_list_has_every_device_by_class():
    listed = json.loads(run("--format", "json").stdout)["devices"]
    assert {row["name"] for row in listed} == set(files.available())
    classes = [row["class"] for row in listed]
    assert list(dict.fromkeys(classes)) == ["mcu", "npu", "accelerator", "phone", "board", "gpu"]
    assert classes == sorted(classes, key=classes.index)


@pytest.mark.parametrize(
    ("search", "names"),
    [
        ("cortex-m7", ["stm32f746", "stm32h743", "stm32h7a3"]),
        ("STM32 M33", ["stm32u575"]),
        ("gpu hopper", ["h100-sxm", "h200-sxm"]),
        ("vela", ["ethos-u55-128", "ethos-u55-256", "ethos-u65-512"]),
        ("no such chip", []),
    ],
)
def test_a_search_needs_every_word(search, names):
    assert [device.name for device in costcalc.devices(search=search).devices] == names
    result = run("--search", search, "--format", "csv")
    assert result.exit_code == 0
    assert [row["name"] for row in csv.DictReader(io.StringIO(result.stdout))] == names


def test_the_list_for_scripts_is_in_base_units():
    rows = csv.DictReader(io.StringIO(run("--search", "f746", "--format", "csv").stdout))
    assert list(rows) == [
        {
            "name": "stm32f746",
            "class": "mcu",
            "int8_operations_per_second": "864000000",
            "fp16_operations_per_second": "",
            "fp32_operations_per_second": "432000000",
            "flash_bytes": "1048576",
            "ram_bytes": "327680",
            "dram_bytes": "",
            "title": "STM32F746",
        }
    ]


def test_one_device_as_data():
    device = json.loads(run("stm32u575", "--format", "json").stdout)
    assert device["format_version"] == 1
    assert (device["name"], device["class"], device["cores"]) == ("stm32u575", "mcu", 1)
    assert device["clock"]["value"] == 160_000_000
    assert device["clock"]["source"].startswith("Zephyr")
    assert device["peak"]["int8"]["value"] == 640_000_000
    assert device["peak"]["int8"]["arithmetic"] == "clock * 2 * 2"
    assert device["ram"]["size"]["value"] == 786 * 1024
    assert device["flash"]["bandwidth"] is None
    assert device["flash"]["on_chip"] is True
    assert device["dram"] is None
    assert device["power"]["value"] == pytest.approx(0.0263)
    assert device["lanes"] == {"int8": 2, "fp32": 1}


def test_one_device_for_people():
    shown = run("edgetpu").stdout
    assert "clock" in shown
    assert "not stated" in shown
    assert "5e9 * 8 / 10 / 8" in shown
    assert "beside the chip  dram" in shown
    assert "0.5 W for each TOPS" in shown


def test_figures_for_scripts_name_their_unit_and_every_source():
    rows = list(csv.DictReader(io.StringIO(run("stm32l4r5", "--format", "csv").stdout)))
    units = {row["figure"]: row["unit"] for row in rows}
    assert units == {
        "clock": "Hz",
        "peak int8": "OP/s",
        "peak fp32": "OP/s",
        "flash size": "B",
        "flash bandwidth": "B/s",
        "ram size": "B",
        "ram bandwidth": "B/s",
        "power": "W",
    }
    assert all(row["source"] or not row["value"] for row in rows)


def test_an_unknown_device_is_one_message():
    result = run("stm32f747")
    assert result.exit_code == 2
    assert "there is no device 'stm32f747'; did you mean 'stm32f746'?" in result.stderr
    assert "expected" in result.stderr
    assert not result.stdout


def test_a_search_and_a_name_are_refused_together():
    with pytest.raises(CostcalcError, match="a search lists devices"):
        costcalc.devices("t4", search="gpu")
    assert run("t4", "--search", "gpu").exit_code == 2


def test_a_file_of_ones_own(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(
        "name: mine\ntitle: my board\nclass: board\nprocessor: a chip\nsource: here\n"
        "peak: {int8: 1 GOP/s}\n",
        encoding="utf-8",
    )
    assert "my board" in run(str(path)).stdout
    device = costcalc.devices(str(path)).device
    assert device.peak("int8") == 10**9
    path.write_text("name: mine\n", encoding="utf-8")
    result = run(str(path))
    assert result.exit_code == 2
    assert "mine.yaml:1:1: a device must state its peak" in result.stderr
