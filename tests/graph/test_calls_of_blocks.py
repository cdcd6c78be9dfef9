"""Calls of blocks, as the graph records them."""

from fractions import Fraction

import pytest

from costcalc.errors import SpecError
from costcalc.graph.expand import expand
from costcalc.graph.layer import NETWORK_INPUT, BlockCall
from costcalc.spec.reader import read

SPEC = b"""
name: small
input: [3, 4, 4]
width_rounding: floor
blocks:
  wide:
    parameters: {c: width, twice: 2 * c}
    layers: [pointwise: twice]
  joined:
    inputs: [near, far]
    parameters: [k]
    layers:
      - wide: {name: inner, from: near, c: fixed(5)}
      - conv: {name: wider, out: fixed(10), kernel: k, from: far}
      - add: {from: [inner, wider]}
layers:
  - wide: {name: a, c: 8}
  - joined: {name: b, from: [a, input], k: 3}
"""


def test_a_call_has_the_values_of_its_parameters_and_the_layers_that_it_reads():
    graph = expand(read(SPEC, "small.yaml", lambda name: None), {"alpha": Fraction(1, 2)})
    assert graph.calls == {
        "a": BlockCall("wide", {"c": 4, "twice": 8}, {"input": NETWORK_INPUT}),
        "b": BlockCall("joined", {"k": 3}, {"near": 0, "far": NETWORK_INPUT}),
        "b/inner": BlockCall("wide", {"c": 5, "twice": 10}, {"input": 0}),
    }


@pytest.mark.parametrize("marked", ["fixed(4)", "scaled(4)"])
@pytest.mark.parametrize("place", ["call", "default"])
def test_a_parameter_that_is_not_a_width_takes_no_marked_width(marked, place):
    parameter, argument = ("c", f"c: {marked}") if place == "call" else (f"c: '{marked}'", "")
    text = f"""
input: [3, 4, 4]
blocks:
  head:
    parameters: {{{parameter}{": ~" if place == "call" else ""}}}
    layers: [pointwise: c]
layers:
  - head: {{{argument}}}
"""
    with pytest.raises(SpecError) as caught:
        expand(read(text.encode(), "small.yaml", lambda name: None), {"alpha": Fraction(1, 2)})
    assert "would be lost" in str(caught.value)
    assert "c: {width: true}" in str(caught.value)
