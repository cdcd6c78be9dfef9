"""Metrics by name: each is what its own question answers."""

import pytest

import costcalc
from costcalc.costs.convention import load_convention
from costcalc.errors import SpecError
from costcalc.metrics import METRICS, Accounting, measured, named_metrics
from costcalc.opening import opened

SMALL = "mobilenet_v1@alpha=0.25,res=96"


def test_every_metric_is_what_its_question_says():
    accounting = Accounting(load_convention("paper", None), storage="tflm")
    costs = measured(opened(SMALL).graph(), accounting, METRICS)
    totals, memory = costcalc.totals(SMALL), costcalc.memory(SMALL, storage="tflm")
    assert costs == {
        "params": totals.params,
        "mult_adds": totals.mult_adds,
        "weight_bytes": memory.weight_bytes,
        # conv1 of 48 x 48 x 8, above depthwise1 of the same and conv2 of 48 x 48 x 16
        "peak_bytes": 18432 + 18432 + 36864,
        "traffic_bytes": sum(step.traffic_bytes for step in memory.traffic),
    }


def test_a_wrong_name_has_a_likely_one():
    with pytest.raises(SpecError, match="peak_bytes"):
        named_metrics(["peak_byte"])
