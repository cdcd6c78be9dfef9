"""The setting ``in``: other channels at the input of a network that ships."""

import pytest

import costcalc
from tests import collection


@pytest.mark.parametrize("network", collection.networks())
def test_the_layers_that_read_the_image_alone_change(network):
    before, after = costcalc.report(network), costcalc.report(network, **{"in": 1})
    channels = before.input[0]
    assert after.input == (1, *before.input[1:])
    for old, new in zip(before.layers, after.layers, strict=True):
        reads_image = old.input == before.input and old.kind in ("conv", "fc")
        factor = channels if reads_image else 1
        assert (old.params, old.mult_adds) == (factor * new.params, factor * new.mult_adds)


@pytest.mark.parametrize(
    ("network", "settings", "expected"),
    [
        # 9 * 1 * 32 weights instead of 9 * 3 * 32; MobileNetV1's 4,209,088 has 864.
        ("mobilenet_v1", {"in": 1}, 4_209_088 - 864 + 288),
        ("mobilenet_v1", {"in": 4, "alpha": "1/2"}, 1_319_648 - 27 * 16 + 36 * 16),
        ("vgg16", {"in": 1}, 138_344_128 - 9 * 2 * 64),
    ],
)
def test_params_by_hand(network, settings, expected):
    assert costcalc.report(network, **settings).totals.params == expected


def test_sweeps_and_closed_forms_agree():
    report = costcalc.report("mobilenet_v1", **{"in": 1})
    rows = list(costcalc.sweep("mobilenet_v1", **{"in": (1, 3)}).rows())
    assert [row.params for row in rows] == [report.totals.params, 4_209_088]
    form = costcalc.formula("mobilenet_v1", **{"in": 1})
    assert form.totals["params"].value == report.totals.params
    assert form.parameters["in"] == 1


def test_no_accuracy_is_claimed_for_it():
    assert costcalc.report("mobilenet_v1").accuracy is not None
    assert costcalc.report("mobilenet_v1", **{"in": 1}).accuracy is None


@pytest.mark.parametrize("value", [0, -1, "one", "1/2", True])
def test_channels_are_a_whole_number(value):
    with pytest.raises(costcalc.SpecError, match="in cannot be"):
        costcalc.report("mobilenet_v1", **{"in": value})


def test_what_does_not_fit_names_the_layer():
    with pytest.raises(costcalc.SpecError, match="layer 'max_pool2': the window is larger"):
        costcalc.report("alexnet", res=28, **{"in": 1})
