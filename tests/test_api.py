"""``import costcalc``: what notebooks rely on."""

import json
import subprocess
import sys
from fractions import Fraction
from types import FunctionType

import numpy
import pytest
from click.testing import CliRunner

import costcalc
from costcalc.cli import main


def test_totals_layers_and_types_are_plain_values():
    report = costcalc.report("mobilenet_v1", alpha=0.5, res=160)
    assert report.totals == costcalc.Totals(params=1_319_648, mult_adds=76_524_800)
    assert report.network == "MobileNetV1"
    assert report.convention == "paper"
    assert report.input == (3, 160, 160)
    expected = {"alpha": Fraction(1, 2), "res": 160, "classes": 1000}
    assert expected.items() <= report.parameters.items()
    assert isinstance(report.layers[0], costcalc.LayerReport)
    assert isinstance(report.types[0], costcalc.TypeCost)
    assert sum(layer.mult_adds for layer in report.layers) == 76_524_800
    assert sum(row.params for row in report.types) == 1_319_648


def test_the_first_layer_in_full():
    layer = costcalc.report("mobilenet_v1").layers[0]
    # 3*3*3*32 = 864 weights at 112 * 112 positions.
    assert (layer.kind, layer.type) == ("conv", "Conv 3x3")
    assert (layer.input, layer.output) == ((3, 224, 224), (32, 112, 112))
    assert (layer.params, layer.mult_adds) == (864, 864 * 112 * 112)
    assert layer.attributes["stride"] == (2, 2)


@pytest.mark.parametrize(
    "alpha", [0.35, "0.35", Fraction(7, 20), numpy.float64(0.35), "7/20", " 0.350 "]
)
def test_a_width_multiplier_in_six_ways(alpha):
    expected = costcalc.report("mobilenet_v2@alpha=0.35").totals
    assert costcalc.report("mobilenet_v2", alpha=alpha).totals == expected


@pytest.mark.parametrize("res", [160, "160", numpy.int64(160), (160, 160), "160x160", 160.0])
def test_a_resolution_in_six_ways(res):
    assert costcalc.report("mobilenet_v1", alpha="1/2", res=res).totals.mult_adds == 76_524_800


def test_a_keyword_that_contradicts_the_settings_of_the_name_is_refused():
    carried = costcalc.report("mobilenet_v1@alpha=0.5", alpha=0.5, res=160)
    assert carried.totals.mult_adds == 76_524_800
    with pytest.raises(costcalc.CostcalcError, match="'alpha' is set twice"):
        costcalc.report("mobilenet_v1@alpha=0.25", alpha=0.5)


@pytest.mark.parametrize("network", ["mobilenet_v1", "googlenet"])
def test_json_is_that_of_the_command_line(network):
    report = costcalc.report(network, alpha=0.5)
    printed = CliRunner().invoke(main, ["report", network, "--alpha", "0.5", "--format", "json"])
    assert report.to_json() == printed.stdout
    found = json.loads(printed.stdout)
    assert found["format_version"] == 1
    assert found["totals"] == report.totals._asdict()
    assert [layer["name"] for layer in found["layers"]] == [layer.name for layer in report.layers]


def test_json_has_the_shape_that_scripts_rely_on():
    found = json.loads(costcalc.report("mobilenet_v1", alpha=0.5, res=160).to_json())
    assert found["network"] == "MobileNetV1"
    assert found["convention"] == "paper"
    assert {"alpha": 0.5, "res": 160, "classes": 1000}.items() <= found["parameters"].items()
    assert found["input"] == [3, 160, 160]
    assert found["totals"] == {"params": 1_319_648, "mult_adds": 76_524_800}
    assert {"type", "mult_adds", "mult_adds_percent", "params", "params_percent"} <= {
        *found["types"][0]
    }
    first = found["layers"][0]
    expected = {
        "name": "conv1",
        "kind": "conv",
        "type": "Conv 3x3",
        "stride": [2, 2],
        "kernel": [3, 3],
        "groups": 1,
        "input": [3, 160, 160],
        "output": [16, 80, 80],
        "mult_adds": 27 * 16 * 80 * 80,
        "params": 27 * 16,
    }
    assert expected.items() <= first.items()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"alpha": 0}, "alpha cannot be 0"),
        ({"alpha": float("nan")}, "alpha cannot be nan"),
        ({"alpha": float("inf")}, "alpha cannot be inf"),
        ({"alpha": True}, "alpha cannot be true"),
        ({"alpha": None}, "None is not a value of a parameter"),
        ({"alpha": [1]}, "alpha takes one value here"),
        ({"alpha": object()}, "a value of type object is not a value of a parameter"),
        ({"res": -1}, "res cannot be -1"),
        ({"res": 1e300}, "res: the exponent is too large|the exponent is too large"),
        ({"alhpa": 1}, "has no parameter 'alhpa'; did you mean 'alpha'"),
        ({"convention": "nope"}, "no convention 'nope'"),
    ],
)
def test_errors_are_costcalc_errors(settings, message):
    with pytest.raises(costcalc.CostcalcError, match=message):
        costcalc.report("mobilenet_v1", **settings)


def test_an_error_lists_its_problems():
    with pytest.raises(costcalc.SpecError) as error:
        costcalc.report("mobilenet_v1", alpha=0, res=0)
    assert len(error.value.problems) == 2


@pytest.mark.slow
def test_networks_are_those_of_the_command_line():
    printed = CliRunner().invoke(main, ["networks", "--format", "json"]).stdout
    assert {"mobilenet_v1", "mobilenet_v2", "vgg16", "googlenet"} <= {*costcalc.networks()}
    assert all(name in printed for name in costcalc.networks())


def test_every_public_name_has_a_docstring():
    for name in costcalc.__all__:
        thing = getattr(costcalc, name)
        assert thing.__doc__, name
        methods = vars(thing).items() if isinstance(thing, type) else ()
        for method, value in methods:
            if not method.startswith("_") and isinstance(value, FunctionType | property):
                assert value.__doc__, f"{name}.{method}"


def test_importing_the_package_imports_only_what_is_used():
    code = (
        "import sys, costcalc\n"
        "assert not {'costcalc.api', 'costcalc.questions'} & set(sys.modules)\n"
        "assert set(costcalc.__all__) <= set(dir(costcalc))\n"
        "costcalc.load\n"
        "assert 'costcalc.api' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_an_unknown_name_of_the_package_is_an_attribute_error():
    with pytest.raises(AttributeError, match="'costcalc' has no attribute 'reprot'"):
        _ = costcalc.reprot
    with pytest.raises(AttributeError, match="'costcalc' has no attribute 'refuse'"):
        _ = costcalc.refuse  # a name of a module behind the package, not of the package
