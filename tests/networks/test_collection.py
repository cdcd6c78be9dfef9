"""What holds for every network that ships."""

import re
from fractions import Fraction
from pathlib import Path

import pytest

import costcalc
from costcalc import opening
from costcalc.spec import library
from tests.collection import QUICK_NETWORKS, networks

SPECS = Path(library.shipped_folder())

# fmt: off
EXPECTED = {
    "mobilenet_v1", "mobilenet_v2", "mobilenet_v3_large", "mobilenet_v3_small",
    "vgg11", "vgg13", "vgg16", "vgg19", "vgg_c", "googlenet", "inception_v3", "xception",
    "alexnet", "alexnet_one_column", "squeezenet", "squeezenet1_0", "squeezenet1_1",
    "resnet18", "resnet34", "resnet50", "resnet101", "resnet152",
    "resnet20_cifar", "resnet32_cifar", "resnet44_cifar", "resnet56_cifar", "resnet110_cifar",
    "resnext50_32x4d", "highway",
    "skipnet38", "skipnet74", "skipnet101", "skipnet110",
    "shufflenet_v1", "shufflenet_v2_x0_5", "shufflenet_v2_x1_0", "shufflenet_v2_x1_5",
    "shufflenet_v2_x2_0",
    "densenet121", "densenet161", "densenet169", "densenet201", "densenet264",
    "nasnetamobile", "nasnetalarge", "pnasnet5large", "mnasnet_small",
    *(f"efficientnet_b{number}" for number in range(8)),
    *(f"efficientnetv2_{size}" for size in ("s", "m", "l", "b0", "b1", "b2", "b3")),
    *(f"mobilenetv4_conv_{size}" for size in ("small", "medium", "large")),
    *(f"mobilenetv4_hybrid_{size}" for size in ("medium", "large")),
    *(f"tinynet_{size}" for size in "abcde"), *(f"mixnet_{size}" for size in "sml"),
    *(f"lcnet_{scale}" for scale in ("035", "050", "075", "100", "150")), "fbnetc_100",
    *(f"semnasnet_{width}" for width in ("050", "075", "100", "140")),
    *(f"proxylessnas_{platform}" for platform in ("mobile", "mobile_14", "cpu", "gpu")),
    *(f"mcunet_in{number}" for number in range(5)), "ofa_595m",
}
# fmt: on


def test_the_names_that_people_type_are_there():
    assert set(library.shipped()) >= EXPECTED


@pytest.mark.slow
def test_the_quick_networks_hold_every_kind_of_the_collection():
    def kinds(names):
        return {layer.kind.name for name in names for layer in opening.opened(name).graph().layers}

    assert kinds(QUICK_NETWORKS) == kinds(library.shipped())


@pytest.mark.parametrize("name", networks())
def test_every_network_reports_and_has_a_source(name):
    report = costcalc.report(name)
    assert report.totals.params > 0
    assert report.totals.mult_adds > 0
    assert report.source["paper"]
    assert report.source.get("arxiv") or report.source.get("venue")
    assert report.source["table"]
    assert "{" not in report.network


@pytest.mark.parametrize("name", networks())
def test_every_parameter_says_what_it_is(name):
    document = opening.read_spec(library.reference(name).network)
    assert [each.name for each in document.parameters.values() if not each.doc] == []


@pytest.mark.slow
def test_every_choice_of_every_parameter_can_be_reported():
    for path in SPECS.glob("*.yaml"):
        if path.name == "names.yaml":
            continue
        for parameter in opening.read_spec(str(path)).parameters.values():
            for choice in parameter.choices:
                assert costcalc.report(str(path), **{parameter.name: choice}).totals.params > 0


LONG = {"mobilenetv4": "the paper prints five networks, Tables 11 to 15, with a row for each block"}
"""Specs of more than 200 lines, and why: a reader lays a spec beside its paper's table."""


def test_a_spec_over_200_lines_has_a_reason():
    files = [*SPECS.glob("*.yaml"), *SPECS.glob("blocks/*.yaml")]
    lines = {path.stem: len(path.read_text("utf-8").splitlines()) for path in files}
    assert {name for name, count in lines.items() if count > 200} == {*LONG}


ORDER = [
    *("name", "family", "source", "input", "parameters", "variants", "space", "accuracy"),
    *("width_rounding", "symbols", "use", "defaults", "blocks", "layers"),
]


@pytest.mark.parametrize("path", sorted(SPECS.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_spec_says_the_same_things_in_the_same_order(path):
    if path.stem == "names":
        return
    keys = re.findall(r"^(\w+):", path.read_text("utf-8"), flags=re.MULTILINE)
    assert keys == [key for key in ORDER if key in keys]
    assert {"name", "family", "source", "input", "parameters"} <= {*keys}


def test_every_block_that_ships_is_called():
    texts = [path.read_text() for path in SPECS.rglob("*.yaml")]
    blocks = {
        name
        for path in (SPECS / "blocks").glob("*.yaml")
        for name in re.findall(r"^  (\w+):$", path.read_text(), re.MULTILINE)
    }
    assert len(blocks) > 10
    calls = re.compile(r"(?:- |layer: |\[\{?|, +)(\w+)")
    assert blocks - {name for text in texts for name in calls.findall(text)} == set()


@pytest.mark.parametrize("spec", networks(without=library.aliases()))
def test_width_and_resolution_are_parameters_of_every_network(spec):
    full = costcalc.report(spec)
    half = costcalc.report(spec, alpha=Fraction(1, 2)).totals
    assert half.params < full.totals.params
    assert half.mult_adds < full.totals.mult_adds
    if len(full.input) == 3:
        height, width = (side + 32 for side in full.input[1:])
        res = height if height == width else f"{height}x{width}"
        larger = costcalc.report(spec, res=res).totals
        assert larger.params >= full.totals.params
        assert larger.mult_adds > full.totals.mult_adds
