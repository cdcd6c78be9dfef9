"""Every operator alone: the layers that it becomes, its mult-adds and its params.

The numbers stand in the table with their arithmetic.
"""

import pytest

from costcalc.errors import SpecError
from costcalc.importers.tflite.operators import TABLE
from costcalc.kinds.base import PARAMS
from costcalc.opening import opened
from tests.importers.tflite.models import MAP, Sample
from tests.importers.tflite.samples import CASES


def graph_of(tmp_path, data, **settings):
    path = tmp_path / "net.tflite"
    path.write_bytes(data)
    return opened(str(path), settings).graph()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.sample.operator)
@pytest.mark.parametrize("type_", ["FLOAT32", "INT8"])
def test_an_operator_becomes_layers(case, type_, tmp_path):
    data = case.sample.net(type_).bytes()
    if not case.kinds:
        with pytest.raises(SpecError, match="no output depends on the network's input"):
            graph_of(tmp_path, data)
        return
    layers = graph_of(tmp_path, data).layers
    if type_ == "FLOAT32" or "1.0" not in str(case.sample.constants):
        assert " ".join(layer.kind.name for layer in layers) == case.kinds
    events = [layer.events() for layer in layers]
    assert sum(event.macs for event in events) == case.macs
    assert sum(getattr(event, name) for event in events for name in PARAMS) == case.params


SAME = {
    "PADV2": "PAD",
    "GATHER_ND": "TILE",
    "REVERSE_SEQUENCE": "REVERSE_V2",
    "NON_MAX_SUPPRESSION_V5": "NON_MAX_SUPPRESSION_V4",
    "ONE_HOT": "TILE",
    "SCATTER_ND": "TILE",
    "DYNAMIC_UPDATE_SLICE": "TILE",
    "DILATE": "TILE",
    "REDUCE_ANY": "REDUCE_MAX",
    "REDUCE_ALL": "REDUCE_MIN",
    "ARG_MIN": "ARG_MAX",
}
"""Operators that become the layers of another one."""


@pytest.mark.parametrize("name", SAME)
def test_an_operator_becomes_the_layers_of_another(name, tmp_path):
    case = next(case for case in CASES if case.sample.operator == SAME[name])
    layers = graph_of(tmp_path, case.sample._replace(operator=name).net().bytes()).layers
    assert " ".join(layer.kind.name for layer in layers) == case.kinds


def test_every_operator_has_a_sample():
    others = {
        **SAME,
        **dict.fromkeys(
            (
                "VAR_HANDLE",
                "CALL_ONCE",
                "READ_VARIABLE",
                "ASSIGN_VARIABLE",
                "IF",
                "WHILE",
                "SHAPE",
                "RANK",
                "ZEROS_LIKE",
                "DENSIFY",
            ),
            "in test_graphs.py",
        ),
    }
    sampled = {case.sample.operator for case in CASES}
    assert TABLE.keys() - sampled == others.keys()


@pytest.mark.parametrize(
    "name", ["WHERE", "STABLEHLO_ADD", "STABLEHLO_COMPOSITE", "ethos-u", "edgetpu-custom-op"]
)
def test_an_unknown_operator_is_refused_by_name(name, tmp_path):
    data = Sample(name).net().bytes()
    with pytest.raises(SpecError) as caught:
        graph_of(tmp_path, data)
    text = str(caught.value)
    assert text.startswith(f"{tmp_path / 'net.tflite'}: operator 0 ({name}) of 'y'")
    assert "--allow-unknown" in text
    (layer,) = graph_of(tmp_path, data, allow_unknown=True).layers
    assert (layer.kind.name, layer.operation.op, layer.output) == ("uncounted", name, (16, 8, 8))


def test_the_bytes_of_an_unknown_operator_are_known(tmp_path):
    # An Ethos-U's command stream of 100 bytes and weights of 3000.
    sample = Sample("ethos-u", (MAP,), ((100,), (3000,)))
    schedule = graph_of(tmp_path, sample.net("INT8").bytes(), allow_unknown=True).schedule
    assert [row.bytes for row in schedule.constants if row.role == "constants"] == [100, 3000]
