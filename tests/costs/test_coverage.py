"""Every convention has a rule for every kind, or a reason why it has none."""

import pytest

import costcalc
from costcalc.costs import convention as conventions
from costcalc.costs.measured import MEASURED, unmeasured
from costcalc.costs.rules import COUNTS
from costcalc.errors import ConventionError
from costcalc.kinds import KINDS, TABLE
from tests.costs.measured_layers import NotInSpec, layers, step

pytestmark = pytest.mark.complete


@pytest.mark.parametrize("name", conventions.available())
def test_every_kind_has_a_rule_or_a_reason(name):
    convention = conventions.load(name)
    missing = [
        (metric, kind.name)
        for metric in COUNTS
        for kind in TABLE
        if kind.is_counted
        and not {kind.name, kind.family} & {*convention.rules(metric), *convention.undefined}
    ]
    lacking = ", ".join(dict.fromkeys(kind for _, kind in missing))
    where = f"a rule, or a reason under 'undefined', in costcalc/conventions/{name}.yaml"
    assert not missing, f"{lacking}: {where}"


def test_json_has_what_the_page_has():
    found = costcalc.conventions("onnx-tool").data()
    assert found["undefined"]["selu"] == "the tool fails on it"
    assert "where" in found["unmeasured"]
    assert costcalc.conventions("paper").data()["undefined"] == {}


def test_the_reason_is_part_of_the_error():
    with pytest.raises(ConventionError, match="mult_adds of 'selu': the tool fails on it"):
        conventions.load("onnx-tool").rule("mult_adds", KINDS["selu"])


def test_measured_kinds_are_those_in_the_readings():
    held = set()
    for row in layers()[1]:
        try:
            held.add(step(row)[0])
        except NotInSpec:
            continue
    found = ", ".join(sorted(held ^ MEASURED))
    assert not found, f"{found}: measured, or not, against costcalc/costs/measured.py"


def test_kinds_covered_without_a_measurement():
    names = {kind.name for kind in unmeasured(conventions.load("thop"))}
    assert {"global_max_pool", "quick_gelu", "where"} <= names
    assert not names & {"relu", "conv", "lstm", "depthwise"}
    assert unmeasured(conventions.load("paper")) == ()
    # It has a rule of its own, measured or not.
    assert "complement" not in {
        kind.name for kind in unmeasured(conventions.load("calflops-flops"))
    }
