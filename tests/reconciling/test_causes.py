"""The causes of a difference: they add up, and are described."""

import json
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest

import costcalc
from costcalc.costs import convention as conventions
from tests import collection

NETWORKS = [
    "mobilenet_v2",
    "mobilenet_v3_small",
    "vgg16",
    "shufflenet_v2_x0_5",
    "squeezenet1_0",
]
FIXTURE = Path(__file__).parent.parent / "data" / "judges" / "networks.json"


@cache
def reconciled(network, *names, **settings):
    return costcalc.reconcile(network, names or conventions.available(), **settings)


def tool_counts(network, resolution):
    data = json.loads(FIXTURE.read_text())
    row = next(
        row
        for row in data["networks"]
        if (row["model"], row["resolution"]) == (network, resolution)
        and row["arguments"].get("width_mult", 1) == 1
    )
    return dict(zip(data["tools"], row["macs"], strict=True)), row["reference"]


def explained(count, metric):
    return {
        (cause.what, cause.each): (cause.layers, cause.difference) for cause in count.causes[metric]
    }


@pytest.mark.slow
@pytest.mark.parametrize("network", NETWORKS)
def test_causes_add_up_between_any_two_conventions(network):
    for names in pairwise([*conventions.available(), "paper", "calflops-flops", "onnx-tool"]):
        first, second = reconciled(network, *names).counts
        for metric in ("mult_adds", "params"):
            difference = getattr(second, metric) - getattr(first, metric)
            assert sum(cause.difference for cause in second.causes[metric]) == difference, names


@pytest.mark.parametrize("first", collection.conventions())
def test_causes_add_up_from_any_convention_to_all_others(first):
    before, *others = reconciled("mobilenet_v3_small", first, *conventions.available()).counts
    for after in others:
        for metric in ("mult_adds", "params"):
            difference = getattr(after, metric) - getattr(before, metric)
            assert sum(cause.difference for cause in after.causes[metric]) == difference


def test_counts_of_mobilenet_v2_equal_those_of_the_tools():
    names = ("paper", "fvcore", "thop", "ptflops", "torchinfo", "torch")
    result = reconciled("mobilenet_v2", *names)
    printed, reference = tool_counts("mobilenet_v2", 224)
    counts = {count.convention.name: count for count in result.counts}
    assert {name: counts[name].mult_adds for name in names[1:]} == {
        name: printed[name] for name in names[1:]
    }
    assert counts["paper"].mult_adds == reference["conv_linear_macs"]
    assert {count.params for count in result.counts[1:]} == {reference["params"]}


def test_causes_in_mobilenet_v2():
    names = ("paper", "thop", "ptflops", "torchinfo", "torch")
    thop, ptflops, torchinfo, torch = reconciled("mobilenet_v2", *names).counts[1:]
    # 6,678,112 elements leave the 52 batch norms, 6,105,792 the 35 ReLU6; 7 * 7 * 1280
    # enter the pooling; the fully connected layer has 1000 biases
    elements = 6_678_112
    assert explained(thop, "mult_adds") == {("Batch Norm", "4 per element"): (52, 4 * elements)}
    assert explained(ptflops, "mult_adds") == {
        ("Batch Norm", "2 per element"): (52, 2 * elements),
        ("ReLU6", "1 per element"): (35, 6_105_792),
        ("Global Average Pool, a function", "1 per input element"): (1, 7 * 7 * 1280),
        ("biases", ""): (1, 1000),
    }
    # 17,056 channels are normalised, each with a gamma and a beta
    assert explained(torchinfo, "mult_adds") == {
        ("Batch Norm", "1 for each of its params"): (52, 2 * 17_056),
        ("biases", ""): (1, 1000),
    }
    assert explained(torch, "mult_adds") == {
        ("2 operations for each multiply-accumulate", ""): (53, 300_774_272)
    }
    for count in (thop, ptflops, torchinfo, torch):
        assert explained(count, "params") == {
            ("Batch Norm", "gamma and beta"): (52, 34_112),
            ("biases", ""): (1, 1000),
        }


def test_functions_missed_by_hooks_are_named():
    thop = reconciled("mobilenet_v2", "paper", "thop").counts[1]
    # as a module, n_in + n_out: 7 * 7 * 1280 + 1280
    assert thop.unseen == (
        "thop: Global Average Pool is a function here; as a module it would count 64,000 more.",
    )
    fvcore, thop = reconciled("mnasnet1_0", "fvcore", "thop").counts
    # x.mean: fvcore sees no adaptive pooling either
    assert [note.partition(" here")[0] for note in (*fvcore.unseen, *thop.unseen)] == [
        "fvcore: Global Average Pool is an operator or a method",
        "thop: Global Average Pool is an operator or a method",
    ]


def test_a_unit_is_a_cause_in_both_directions():
    paper = reconciled("vgg16", "torch", "paper").counts[1]
    assert explained(paper, "mult_adds") == {
        ("one multiply-accumulate for 2 operations", ""): (16, -15_470_264_320)
    }


def test_a_difference_that_is_not_a_multiple_is_explained_by_the_rules(tmp_path):
    text = "name: mine\ntitle: mine\nsource: here\nextends: paper\n"
    path = tmp_path / "mine.yaml"
    path.write_text(text + "mult_adds: {pooling: n_in - n_out + 7, dense: 2 * macs}\n")
    mine = reconciled("vgg16", "paper", str(path)).counts[1]
    assert ("Max Pool", "n_in - n_out + 7") in explained(mine, "mult_adds")
    assert ("Fully Connected", "2 * macs instead of macs") in explained(mine, "mult_adds")


def test_the_requested_implementation_is_counted():
    paper = reconciled("mobilenet_v2", "paper", "thop", implementation="paper").counts[1]
    # the pooling as a module: 62,720 + 1,280 more than torchvision's function
    assert paper.mult_adds == 327_486_720 + 64_000
    assert reconciled("mobilenet_v2", "paper", "keras").graph.parameters["implementation"] == (
        "paper"
    )
