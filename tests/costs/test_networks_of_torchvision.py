"""Every convention against its tool, on whole networks at two resolutions.

``tools/judges`` holds the scripts that ran the tools on torchvision's modules.
"""

import json
from fractions import Fraction
from functools import cache

import pytest

from costcalc import opening
from costcalc.costs import convention as conventions
from costcalc.costs.count import count
from tests.costs.measured_layers import CONVENTIONS, DATA

NETWORKS = {
    "resnet18": "resnet18@implementation=torchvision",
    "resnet50": "resnet50@implementation=torchvision",
    "resnext50_32x4d": "resnext50_32x4d@implementation=torchvision",
    "mobilenet_v2": "mobilenet_v2@implementation=torchvision",
    "mobilenet_v3_large": "mobilenet_v3_large@implementation=torchvision",
    "mobilenet_v3_small": "mobilenet_v3_small@implementation=torchvision",
    "vgg16": "vgg16@implementation=torchvision",
    "alexnet": "alexnet_one_column@implementation=torchvision",
    "squeezenet1_0": "squeezenet1_0",
    "squeezenet1_1": "squeezenet1_1",
    "googlenet": "googlenet_bn",
    "densenet121": "densenet121@implementation=torchvision",
    "shufflenet_v2_x0_5": "shufflenet_v2_x0_5@implementation=torchvision",
    "shufflenet_v2_x1_0": "shufflenet_v2_x1_0@implementation=torchvision",
    "shufflenet_v2_x1_5": "shufflenet_v2_x1_5@implementation=torchvision",
    "shufflenet_v2_x2_0": "shufflenet_v2_x2_0@implementation=torchvision",
    "efficientnet_b0": "efficientnet_b0",
    "mnasnet0_5": "mnasnet0_5@implementation=torchvision",
    "mnasnet1_0": "mnasnet1_0@implementation=torchvision",
}
"""costcalc's names for torchvision's networks."""

convention = cache(conventions.load)
PINNED = json.loads((DATA / "networks.json").read_text())
TOOLS = list(PINNED["tools"])


def settings(row):
    width = row["arguments"].get("width_mult", 1)
    return {"res": row["resolution"]} | ({"alpha": Fraction(str(width))} if width != 1 else {})


def name(row):
    return f"{row['model']}-{row['arguments'].get('width_mult', '')}-{row['resolution']}"


def test_every_network_was_measured_at_two_resolutions():
    widths = {"mobilenet_v2": [0.5, 0.75, 1.0, 1.4]}
    assert sorted(name(row) for row in PINNED["networks"]) == sorted(
        f"{model}-{width}-{resolution}"
        for model in NETWORKS
        for width in widths.get(model, [""])
        for resolution in (192, 224)
    )


@pytest.mark.parametrize("row", PINNED["networks"], ids=name)
def test_each_tool_is_reproduced_to_the_last_digit(row):
    graph = opening.opened(NETWORKS[row["model"]], settings(row)).graph()
    found, told = {}, {}
    for index, tool in enumerate(TOOLS):
        if row["macs"][index] is None:
            continue
        costs = count(graph, convention(CONVENTIONS.get(tool, tool)))
        params = sum(cost.params for cost in costs)
        found[tool] = (sum(cost.mult_adds for cost in costs), params)
        told[tool] = (row["macs"][index], row["params"][index] or params)
    assert found == told
