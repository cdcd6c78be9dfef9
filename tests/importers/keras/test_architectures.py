"""Architectures written by Keras, compared with Keras' own counts (tools/judges)."""

import json
from pathlib import Path

import pytest

import costcalc
from costcalc import opening
from tests.importers.keras.written import events, params

DATA = Path(__file__).parents[2] / "data"
MEASURED = {
    row["network"]: row
    for row in json.loads((DATA / "judges" / "keras.json").read_text())["networks"]
}
NETWORKS = ("EfficientNetB0", "MobileNet", "MobileNetV3Small", "frames", "odds", "shared", "tokens")
COUNTERS = {"EfficientNetB0": 1}
"""Keras' Normalization also stores the number of batches it has seen."""


def read(name):
    """The graph, with 224 for unknown dimensions."""
    settings = {"res": 224} if MEASURED[name]["is_open"] else {}
    return opening.opened(str(DATA / "keras" / f"{name}.json"), settings).graph()


def test_every_architecture_is_tested():
    assert {path.stem for path in (DATA / "keras").glob("*.json")} == set(NETWORKS)


@pytest.mark.parametrize("name", NETWORKS)
def test_counts_are_those_of_keras(name):
    found, measured = read(name), MEASURED[name]
    every = events(found)
    own = [every[each.name] for each in found.layers if each.shares is None]
    learned, stored = sum(map(params, own)), sum(each.buffers for each in own)
    assert learned == measured["trainable"]
    assert learned + stored + COUNTERS.get(name, 0) == measured["all"]
    assert sum(each.macs for each in every.values()) == measured["macs"]


@pytest.mark.parametrize("name", NETWORKS)
def test_the_output_shape_of_every_layer_is_that_of_keras(name):
    """Compares the first call of each layer: its last node has the layer's name or is inside it."""
    found, stated = read(name), MEASURED[name]["outputs"]
    given = {}
    for each in found.layers:
        given[each.name.split("/")[0].split(".")[0]] = each.output
    for layer, (*places, channels) in stated.items():
        assert given[layer] == (channels, *places), layer


@pytest.mark.parametrize(
    ("name", "network"), [("MobileNet", "mobilenet_v1"), ("EfficientNetB0", "efficientnet_b0")]
)
def test_totals_are_those_of_the_spec(name, network):
    totals = costcalc.report(str(DATA / "keras" / f"{name}.json")).totals
    assert totals == costcalc.report(network).totals


def test_the_total_of_the_keras_convention_is_that_of_the_summary():
    report = costcalc.report(str(DATA / "keras" / "MobileNet.json"), convention="keras")
    assert report.totals.params == MEASURED["MobileNet"]["all"] == 4_253_864


def test_compared_with_the_spec_the_ratio_is_one():
    file = str(DATA / "keras" / "MobileNet.json")
    comparison = costcalc.compare("mobilenet_v1", file, res=160)
    assert len({entry.report.totals for entry in comparison.entries}) == 1


def test_a_sweep_over_resolutions_is_the_report_at_each():
    file = str(DATA / "keras" / "MobileNet.json")
    rows = costcalc.sweep(file, res=[128, 160, 224]).rows()
    assert [row.mult_adds for row in rows] == [
        row.mult_adds for row in costcalc.sweep("mobilenet_v1", res=[128, 160, 224]).rows()
    ]
