"""Default arguments for every layer of a kind, and for every call of a block."""

import pytest

from costcalc.errors import SpecError
from costcalc.graph.expand import expand
from costcalc.spec.reader import read

LIBRARY = b"""
blocks:
  pair:
    parameters: {c: width, k: 3}
    layers:
      - conv: {out: c, kernel: k}
      - conv: {out: c, kernel: 1, act: none}
"""


def unfold(defaults: str, layers: str = "[pair: {c: 4}]", **settings):
    spec = f"""
name: small
input: [3, 8, 8]
parameters: {{norm: none, side: 3}}
use: [pair]
defaults: {defaults}
layers: {layers}
"""
    document = read(spec.encode(), "small.yaml", lambda name: ("pair.yaml", LIBRARY))
    return [layer.name.removeprefix("pair1/") for layer in expand(document, settings).layers], [
        layer.operation.kernel
        for layer in expand(document, settings).layers
        if layer.kind.name == "conv"
    ]


def test_a_default_uses_the_networks_parameters_even_inside_a_library():
    names, _ = unfold("{conv: {norm: norm, act: relu}}", norm="batch")
    assert names == ["conv1", "conv1.batch_norm", "conv1.relu", "conv2", "conv2.batch_norm"]
    names, _ = unfold("{conv: {norm: norm, act: relu}}")
    assert names == ["conv1", "conv1.relu", "conv2"]


def test_a_block_has_defaults_which_a_call_may_override():
    assert unfold("{pair: {k: side + 2}}")[1] == [5, 1]
    assert unfold("{pair: {k: side + 2}}", side=5)[1] == [7, 1]
    assert unfold("{pair: {k: side + 2}}", "[pair: {c: 4, k: 1}]")[1] == [1, 1]


def test_a_default_may_supply_a_required_argument():
    assert unfold("{pair: {c: 4}}", "[pair]")[1] == [3, 1]


@pytest.mark.parametrize(
    ("defaults", "message"),
    [
        ("{pear: {c: 4}}", "unknown layer kind 'pear'; did you mean 'pair'"),
        ("{pair: {d: 4}}", "'pair' has no argument 'd'"),
        ("{pair: 4}", "defaults of a block are a mapping"),
        ("{conv: {}, convolution: {}}", "the defaults of 'conv' are given twice"),
        ("{conv: {stride: strides}}", "strides"),
    ],
)
def test_error_messages(defaults, message):
    with pytest.raises(SpecError, match=message):
        unfold(defaults)
