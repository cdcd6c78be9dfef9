"""Device files: what is read, and error messages."""

import re
from fractions import Fraction

import pytest

import costcalc
from costcalc.errors import DeviceError
from costcalc.performance import files

MINE = """\
name: mine
title: my board
class: mcu
processor: Cortex-M7
source: written here
clock: {figure: 400 MHz, source: page 1}
peak: {int8: {figure: 1.6 GOP/s, arithmetic: clock * cores * 4}}
"""


def load(tmp_path, text):
    path = tmp_path / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    return files.load(str(path))


def test_the_figures_of_a_file_are_in_base_units(tmp_path):
    text = """\
cores: 2
flash: {size: 2 MiB, on_chip: false, bandwidth: {figure: 0.08 GB/s, note: two lines}}
ram: {size: 512 kB, bandwidth: null}
cache: {size: "1,024 KiB"}
dram:
sparse: {int8: 6.4 GOPS, fp16: ~}
lanes: {int8: 4, fp32: null}
power: {figure: 26.5 mW, source: page 2}
"""
    device = load(tmp_path, MINE.replace("1.6", "3.2") + text)
    assert (device.name, device.title, device.device_class) == ("mine", "my board", "mcu")
    assert (device.processor, device.cores) == ("Cortex-M7", 2)
    assert device.clock[:2] == (400_000_000, "page 1")
    assert device.peaks["int8"].value == 3_200_000_000
    assert device.peaks["int8"].arithmetic == "clock * cores * 4"
    assert device.peaks["int8"].source == "written here"
    assert device.peak("int8", cores=1) == 1_600_000_000
    assert device.peak("fp32") is None
    assert {dtype: figure.value for dtype, figure in device.sparse.items()} == {"int8": 64 * 10**8}
    assert device.lanes == {"int8": 4}
    assert device.flash.size.value == 2 * 1024**2
    assert device.flash.bandwidth.value == 80_000_000
    assert device.flash.bandwidth.note == "two lines"
    assert not device.flash.is_on_chip
    assert device.ram.size.value == 512_000
    assert device.ram.bandwidth is None
    assert device.ram.is_on_chip
    assert device.cache.size.value == 1024**2
    assert device.dram is None
    assert device.power.value == Fraction(265, 10_000)
    assert set(device.memories) == {"flash", "ram", "cache"}


@pytest.mark.parametrize(
    ("figure", "arithmetic"),
    [
        ("1.6 GOP/s", "clock * 4"),
        ("1.7 GOP/s", "clock * 4.25"),
        ("1.70 GOP/s", "clock * 4.25"),
        ("65 TOPS", "320 * 64 * 2 * 1590e6"),  # 65.1, rounded
        ("8.9 GOPS", "8.99e9"),  # truncated
        ("989.4 TFLOPS", "528 * 512 * 2 * 1.83e9"),  # 989.43
    ],
)
def test_arithmetic_agrees_with_the_digits_of_the_figure(tmp_path, figure, arithmetic):
    text = MINE.replace("1.6 GOP/s", figure).replace("clock * cores * 4", arithmetic)
    assert load(tmp_path, text).peaks["int8"].text == figure


@pytest.mark.parametrize(
    ("figure", "arithmetic", "message"),
    [
        ("1.6 GOP/s", "clock * 2", "the arithmetic gives 0.800 GOP/s, the figure is 1.6 GOP/s"),
        ("1.7 GOP/s", "clock * 4", "the arithmetic gives 1.600 GOP/s, the figure is 1.7 GOP/s"),
        ("1.6 GOP/s", "clck * 4", "'clck' has no meaning here; did you mean 'clock'?"),
        ("1.6 GOP/s", "clock / 0", "division by zero"),
        ("1.6 GOP/s", "clock == 4", "this is not arithmetic"),
        ("1.6 GOP/s", "clock **", "malformed expression"),
        ("1.6 GOP/s", "clock ** 9", "a whole exponent of at most 8"),
        ("1.6 GOP/s", "often", "'often' has no meaning here"),
    ],
)
def test_arithmetic_that_is_wrong(tmp_path, figure, arithmetic, message):
    text = MINE.replace("1.6 GOP/s", figure).replace("clock * cores * 4", arithmetic)
    with pytest.raises(DeviceError, match=re.escape(message)) as caught:
        load(tmp_path, text)
    assert caught.value.problems[0].mark.line == 7


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("pek: 3", "mine.yaml:8:1: a device has no 'pek'; did you mean 'peak'?"),
        ("cores: 0", "mine.yaml:8:8: not a number of cores"),
        ("cores: 1.5", "mine.yaml:8:8: not a number of cores"),
        ("lanes: 4", "mine.yaml:8:8: a value for each dtype is expected"),
        ("lanes: {int4: 4}", "mine.yaml:8:9: there is no dtype 'int4'; did you mean 'int8'?"),
        ("lanes: {int8: many}", "mine.yaml:8:15: not a number of lanes"),
        ("ram: 320 KiB", "mine.yaml:8:6: a memory is a mapping"),
        ("ram: {sise: 320 KiB}", "mine.yaml:8:7: a memory has no 'sise'; did you mean 'size'?"),
        ("ram: {size: 320}", "mine.yaml:8:13: not a quantity in B"),
        ("ram: {size: 320 kHz}", "mine.yaml:8:13: not a quantity in B"),
        ("ram: {size: 0 KiB}", "mine.yaml:8:13: not a quantity in B"),
        ("ram: {size: -1 KiB}", "mine.yaml:8:13: not a quantity in B"),
        ("ram: {size: 2000 TiB}", "mine.yaml:8:13: not a quantity in B"),
        ("ram: {size: [320 KiB]}", "mine.yaml:8:13: not a quantity in B"),
        ("ram: {bandwidth: 3 GB}", "mine.yaml:8:18: not a quantity in B/s"),
        ("ram: {on_chip: perhaps}", "mine.yaml:8:16: 'perhaps' has no meaning here"),
        ("sparse: {int8: 3 TMAC/s}", "mine.yaml:8:16: not a quantity in OP/s"),
        ("sparse: {int8: 3 KiOP/s}", "mine.yaml:8:16: not a quantity in OP/s"),
        ("power: {figure: 26 MW}", "mine.yaml:8:17: not a quantity in W"),
        ("power: {source: page 3}", "mine.yaml:8:8: not a quantity in W"),
        ("power: {figure: 26 mW, sauce: x}", "a figure has no 'sauce'; did you mean 'source'?"),
        (f"power: {'9' * 5000} W", "mine.yaml:8:8: not a quantity in W"),
    ],
)
def test_a_line_that_is_wrong(tmp_path, line, message):
    with pytest.raises(DeviceError, match=re.escape(message)):
        load(tmp_path, f"{MINE}{line}\n")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("name: mine", "name: stm32f746", "'stm32f746' is the name of a device that ships"),
        ("source: written here\n", "", "a device must state its source"),
        ("class: mcu\n", "", "a device must state its class"),
        ("class: mcu", "class: mcus", "'mcus' has no meaning here; did you mean 'mcu'?"),
        ("clock: {figure: 400 MHz, source: page 1}\n", "", "'clock' has no meaning here"),
        ("400 MHz", "400 mHz", "not a quantity in Hz"),
        ("peak: {int8: {figure: 1.6 GOP/s, arithmetic: clock * cores * 4}}\n", "", "its peak"),
        ("{int8: {figure: 1.6 GOP/s, arithmetic: clock * cores * 4}}", "{int8: ~}", "a peak"),
        ("int8", "int9", "there is no dtype 'int9'; did you mean 'int8'?"),
    ],
)
def test_a_file_that_is_wrong(tmp_path, old, new, message):
    with pytest.raises(DeviceError, match=re.escape(message)) as caught:
        load(tmp_path, MINE.replace(old, new))
    assert all(problem.mark.line for problem in caught.value.problems)


def test_every_problem_is_reported_at_once(tmp_path):
    text = MINE.replace("400 MHz", "fast") + "ram: {size: big}\npower: {figure: 1 V}\nx: y\n"
    with pytest.raises(DeviceError) as caught:
        load(tmp_path, text)
    assert [problem.mark.line for problem in caught.value.problems] == [6, 8, 9, 10]


def test_a_device_without_a_stated_clock(tmp_path):
    device = load(
        tmp_path,
        MINE.replace("{figure: 400 MHz, source: page 1}", "null").replace(
            ", arithmetic: clock * cores * 4", ""
        ),
    )
    assert device.clock is None
    assert dict(device.figures)["clock"] is None


def test_dram_is_beside_the_chip_and_every_other_memory_on_it(tmp_path):
    memories = "".join(f"{name}: {{size: 1 MiB}}\n" for name in ("flash", "ram", "cache", "dram"))
    device = load(tmp_path, MINE + memories)
    on_chip = {name: memory.is_on_chip for name, memory in device.memories.items()}
    assert on_chip == {"flash": True, "ram": True, "cache": True, "dram": False}


@pytest.mark.parametrize("text", ["- 1\n", "7\n", ""])
def test_what_is_not_a_mapping(tmp_path, text):
    with pytest.raises(costcalc.CostcalcError, match=r"mine\.yaml"):
        load(tmp_path, text)


def test_names_and_paths_that_do_not_exist():
    with pytest.raises(
        DeviceError, match="there is no device 'stm32f74'; did you mean 'stm32f746'"
    ):
        files.load("stm32f74")
    with pytest.raises(costcalc.CostcalcError, match="nowhere"):
        files.load("nowhere.yaml")
