"""Metrics by name: each is what its own question answers."""

from fractions import Fraction

import pytest

import costcalc
from costcalc.costs.convention import load_convention
from costcalc.errors import SpecError
from costcalc.metrics import METRICS, Accounting, Measured, accounting, measured, named_metrics
from costcalc.opening import opened

SMALL = "mobilenet_v1@alpha=0.25,res=96"


def test_every_metric_is_what_its_question_says():
    convention = load_convention("paper", None)
    how = accounting(convention, METRICS, storage="tflm", device="stm32u575")
    costs = measured(opened(SMALL).graph(), how, METRICS)
    totals, memory = costcalc.totals(SMALL), costcalc.memory(SMALL, storage="tflm")
    assert costs == {
        "params": totals.params,
        "mult_adds": totals.mult_adds,
        "weight_bytes": memory.weight_bytes,
        # conv1 of 48 x 48 x 8, above depthwise1 of the same and conv2 of 48 x 48 x 16
        "peak_bytes": 18432 + 18432 + 36864,
        "traffic_bytes": sum(step.traffic_bytes for step in memory.traffic),
        # 160 MHz, two multiply-accumulates a cycle, 26.3 mW: by computing
        "bound_ms": Fraction(7_745_152 * 1000, 2 * 160_000_000),
        "energy": Fraction(7_745_152 * 1000, 2 * 160_000_000) * Fraction(263, 10_000),
    }


def test_a_wrong_name_has_a_likely_one():
    with pytest.raises(SpecError, match="peak_bytes"):
        named_metrics(["peak_byte"])


def test_a_concat_that_is_a_view_moves_nothing(tmp_path):
    (tmp_path / "views.yaml").write_text(
        "name: views\ntitle: concats are views\nsource: made up\nextends: int8\nconcat: view\n"
    )
    (tmp_path / "net.yaml").write_text(
        "name: net\ninput: [4, 8, 8]\nlayers:\n"
        "  - conv: {out: 4, kernel: 1, bias: false, name: a}\n"
        "  - conv: {out: 4, kernel: 1, bias: false, from: input, name: b}\n"
        "  - concat: {from: [a, b]}\n"
        "  - conv: {out: 2, kernel: 1, bias: false}\n"
    )
    convention = load_convention("paper", None)
    views = Accounting(convention, storage=str(tmp_path / "views.yaml"))
    network = Measured(opened(str(tmp_path / "net.yaml")).graph(), views)
    # both convolutions read 256 and write 256 bytes, with 16 weights; the last reads both
    moved = [256 + 256 + 16, 256 + 256 + 16, 512 + 128 + 16]
    assert [size for size, _ in network.traffic] == moved
    assert METRICS["traffic_bytes"].measure(network) == sum(moved)
    assert network.intensity == Fraction(2 * 64 * (16 + 16 + 16), sum(moved))


def test_sizes_of_a_part_are_rounded_as_those_of_the_whole(tmp_path):
    path = tmp_path / "net.yaml"
    layers = "".join(f"  - fc: {{out: {out}, bias: false}}\n" for out in (17, 3, 40))
    path.write_text(f"input: [20]\nlayers:\n{layers}")
    accounting = Accounting(load_convention("paper", None), storage="tflm", planner="liveness")
    network = Measured(opened(str(path)).graph(), accounting)
    # multiples of 16: the input 32, then 32, 16 and 48
    peaks = [network.part([layer]).peak_bytes for layer in range(3)]
    assert peaks == [32 + 32, 32 + 16, 16 + 48]
    assert network.peak_bytes == max(peaks)
