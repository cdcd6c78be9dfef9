"""Random networks: every layer's shape, params and mult-adds as PyTorch has them."""

import re

import pytest
import yaml
from hypothesis import given, settings

from tests.frameworks import random_networks
from tests.frameworks.drawing import networks
from tests.frameworks.random_networks import DIFFERENCES, Verdict, judged
from tests.frameworks.torch_network import Row


@settings(max_examples=300)
@given(networks())
def test_random_networks_are_counted_alike(tmp_path_factory, spec):
    verdict = judged(spec, tmp_path_factory.mktemp("random"))
    assert verdict.agrees or verdict.difference, verdict


def test_the_long_run_says_what_it_did(capsys, monkeypatch):
    monkeypatch.setattr("sys.argv", ["random_networks", "--count", "150", "--seed", "7"])
    assert random_networks.main() == 0
    said = capsys.readouterr().out
    assert said.startswith("seed 7, 150 networks, ")
    assert "\ndisagree: 0\n" in said
    for kind in ("conv", "transposed_conv", "fc", "max_pool", "batch_norm", "matmul", "concat"):
        assert re.search(rf"\b{kind} \d", said), f"no {kind} in 150 networks"


# What random networks brought to light, each as small as it gets ---------------------


@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        # (2 - 4) / 4 rounded up is 0: one window, hanging over the end.
        ("max_pool: {kernel: 4, ceil_mode: true}", [3, 2, 9]),
        # (2 - 4) / 2 is -1: none.
        ("max_pool: {kernel: 4, stride: 2, ceil_mode: true}", [3, 2, 9]),
        ("transposed_conv: {out: 2, kernel: 3, padding: 1, output_padding: 1}", [3, 4]),
        (
            "transposed_conv: {out: 2, kernel: 3, stride: [3, 1], dilation: [1, 2],"
            " padding: 1, output_padding: [2, 1]}",
            [3, 4, 5],
        ),
        ("zero_pad: {padding: 1, mode: reflect}", [1, 2, 2]),
        ("zero_pad: {padding: 2, mode: reflect}", [1, 2, 2]),
        ("zero_pad: {padding: 2, mode: circular}", [1, 2, 2]),
        ("zero_pad: {padding: 3, mode: circular}", [1, 2, 2]),
        # Two convolutions with one set of params, the norm's included, whose 'same' pads differ.
        ("conv: {out: 3, kernel: 2, stride: 2, repeat: 2, shares: a, norm: layer}", [3, 9]),
        ("reshape: []", [1, 1]),
    ],
)
def test_found_by_random_networks(layer, shape, tmp_path):
    verdict = judged({"input": shape, "layers": [yaml.safe_load(layer)]}, tmp_path)
    assert verdict.agrees, verdict


@pytest.mark.parametrize(
    ("words", "layer", "shape"),
    [
        (0, {"max_pool": {"kernel": 2, "padding": 2}}, [3, 4, 4]),
        (1, {"max_pool": {"kernel": 3, "dilation": 3, "padding": 3}}, [3, 9, 9, 9]),
        (2, {"pointwise": {"out": 2}}, [3, 2, 2, 2, 2]),
        (3, {"avg_pool": {"kernel": 3, "padding": 1}}, [3, 2, 2, 2]),
        (4, "instance_norm", [3, 1, 1]),
        (5, {"group_norm": 3}, [3, 1, 1]),
    ],
)
def test_what_pytorch_alone_refuses(words, layer, shape, tmp_path):
    verdict = judged({"input": shape, "layers": [layer]}, tmp_path)
    assert verdict.difference == list(DIFFERENCES)[words]


def test_a_verdict_tells_differences_apart():
    rows = [Row("conv", (2, 3), 8, 24)]
    assert Verdict(rows, [Row("depthwise", (2, 3), 8, 24)]).agrees
    assert not Verdict(rows, [Row("conv", (2, 3), 8, 25)]).agrees
    assert not Verdict(rows, rows * 2).agrees
    assert not Verdict(rows, "refused").agrees
    assert not Verdict("refused", rows).agrees
    assert Verdict("refused", "refused").agrees
