"""How an implementation calls layers: as modules, functions or operators."""

import pytest

from costcalc.errors import SpecError
from costcalc.graph.expand import expand
from costcalc.spec.reader import read

SPEC = """\
name: functional
input: [8, 4, 4]
parameters: {mine: false}
defaults:
  conv: {act: relu, functional_act: true}
layers:
  - conv: {out: 8, kernel: 3, norm: batch}
  - conv: {out: 8, kernel: 3, functional: true, functional_act: mine}
  - residual:
      functional: true
      act: relu
      functional_act: "'operator' if mine else false"
      layers: [{pointwise: 8}]
  - global_avg_pool: {functional: operator}
"""


def called(spec=SPEC, **settings):
    graph = expand(read(spec.encode(), "functional.yaml", lambda name: None), settings)
    return {layer.name: layer.functional for layer in graph.layers if layer.functional}


def test_layers_activations_and_joins_are_functional_independently():
    assert called() == {
        "conv1.relu": "function",
        "conv2": "function",
        "pointwise1.relu": "function",
        "add1": "function",
        "global_avg_pool1": "operator",
    }


def test_functional_may_depend_on_a_parameter():
    assert called(mine=True) == {
        **called(),
        "conv2.relu": "function",
        "add1.relu": "operator",
    }


def test_other_values_are_refused():
    with pytest.raises(
        SpecError, match=r"yaml:14:35: .*is not a way to call a layer\n.*true, false or"
    ):
        called(SPEC.replace("functional: operator", "functional: methd"))


def test_a_block_has_no_such_argument():
    wrong = SPEC.replace(
        "layers:\n  - conv",
        "blocks: {b: {layers: [relu]}}\nlayers:\n  - b: {functional: true}\n  - conv",
        1,
    )
    with pytest.raises(SpecError, match="block 'b' has no argument 'functional'"):
        called(wrong)
