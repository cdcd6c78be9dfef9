"""Energy: power times time, and sums over events with the factor by which they are off."""

import json
from fractions import Fraction

import pytest
from click.testing import CliRunner

import costcalc
from costcalc.cli import main
from costcalc.errors import CostcalcError
from costcalc.performance.energy import EYERISS, HOROWITZ, MODELS

VWW = "mobilenet_v1_vww"


def latency(*arguments):
    return CliRunner().invoke(main, ["latency", *arguments])


def test_power_times_time_is_what_a_board_measured():
    """MLPerf Tiny v1.1, ST on a U575: 1,920.6 uJ in 71.06 ms; the profile's power is the mean of
    four networks, within 7 % of each."""
    result = latency(VWW, "--device", "stm32u575", "--measured", "71.06ms", "--format", "json")
    data = json.loads(result.stdout)
    assert data["power_watts"] == 0.0263
    assert data["bound_joules"] == float(Fraction(263, 10_000) * Fraction(7_489_664, 320_000_000))
    assert data["measured_joules"] == pytest.approx(1920.6e-6, rel=0.07)


def test_without_a_stated_power_there_is_no_energy():
    data = json.loads(latency(VWW, "--device", "stm32f746", "--format", "json").stdout)
    assert not {"power_watts", "bound_joules", "energy_model"} & data.keys()


def test_figures_of_events_by_hand():
    pico = Fraction(1, 10**12)
    # Horowitz: a product and a sum; 64 bits are 8 bytes.
    assert dict(HOROWITZ.macs) == {
        "int8": (Fraction("0.2") + Fraction("0.1")) * pico,
        "fp16": (Fraction("1.1") + Fraction("0.4")) * pico,
        "fp32": (Fraction("3.7") + Fraction("0.9")) * pico,
    }
    assert [level.per_byte / pico for level in HOROWITZ.levels] == [
        Fraction(10, 8),
        Fraction(20, 8),
        Fraction(100, 8),
        Fraction(1300, 8),
    ]
    # Eyeriss: 6 and 200 for a word of 16 bits.
    assert [level.per_byte for level in EYERISS.levels] == [3, 100]
    for model in MODELS.values():
        assert model.source
        assert set(model.macs) == set(model.arithmetic)


SPEC = """\
name: one
input: [10]
layers:
  - fc: {out: 4, bias: false}
"""


@pytest.mark.parametrize(
    ("memories", "tensors", "weights"),
    [
        ("ram: {size: 8 KiB}", Fraction(10, 8), Fraction(10, 8)),
        ("ram: {size: 320 KiB}\nflash: {size: 1 MiB}", Fraction(100, 8), Fraction(100, 8)),
        ("ram: {size: 16 KiB}\nflash: {size: 1 MiB, on_chip: false}", Fraction(20, 8), 162.5),
        ("dram: {size: 1 GiB, bandwidth: 1 GB/s}", 162.5, 162.5),
    ],
)
def test_a_sum_over_events_by_hand(memories, tensors, weights, tmp_path):
    """10 inputs, 4 outputs and 40 weights in int8; 40 multiply-accumulates of 0.3 pJ."""
    spec, device = tmp_path / "one.yaml", tmp_path / "mine.yaml"
    spec.write_text(SPEC)
    device.write_text(
        "name: mine\ntitle: t\nclass: mcu\nprocessor: p\nsource: s\nclock: 1 MHz\n"
        f"peak: {{int8: 4 MOP/s}}\n{memories}\n"
    )
    answer = costcalc.latency(str(spec), str(device), energy="horowitz-45nm")
    total = Fraction(str(answer.data()["energy_model"]["total"])) * 10**12
    expected = 40 * Fraction("0.3") + 14 * Fraction(tensors) + 40 * Fraction(weights)
    assert float(total) == pytest.approx(float(expected))


def test_the_factor_is_said_beside_the_sum():
    """1,920.6 uJ were measured; multiply-accumulates alone would be 850 times less."""
    assert round(Fraction("1920.6e-6") / (7_489_664 * HOROWITZ.macs["int8"]), -1) == 850
    answer = costcalc.latency(VWW, "stm32u575", energy="horowitz-45nm")
    model = answer.data()["energy_model"]
    assert model["total"] * model["measured_over_model"] == pytest.approx(1920.6e-6)
    shown = str(costcalc.latency("mobilenet_v2", "stm32h743", energy="horowitz-45nm"))
    factor = f"{model['measured_over_model']:.0f} times that was measured"
    assert factor in shown
    assert "to compare designs" in shown


def test_a_model_without_joules_says_so():
    answer = costcalc.latency(VWW, "stm32u575", energy="eyeriss-65nm")
    assert "no joules" in str(answer)
    assert answer.data()["energy_model"]["measured_over_model"] is None


def test_a_wrong_name_has_a_likely_one():
    with pytest.raises(CostcalcError, match="horowitz-45nm"):
        costcalc.latency(VWW, "stm32u575", energy="horowitz")
