"""A bare word in place of a size is a misspelt name, reported with all other errors."""

from __future__ import annotations

import pytest

from costcalc.errors import SpecError
from costcalc.graph.expand import expand
from costcalc.spec.reader import read

SPEC = b"""\
name: Net
input: [3, 8, 8]
parameters: {classes: 10, depth: 2}
layers:
  - conv: {out: 4, kernel: kernal, stride: [1, depht]}
  - conv: {out: 4, kernel: 3, padding: same}
  - fc: clases
  - relux
"""


def test_a_misspelt_name_is_reported_before_unfolding():
    with pytest.raises(SpecError) as error:
        read(SPEC, "net.yaml", lambda name: None)
    lines = [str(problem).splitlines()[0] for problem in error.value.problems]
    assert lines == [
        "net.yaml:5:28: 'kernal' has no meaning here",
        "net.yaml:5:48: 'depht' has no meaning here; did you mean 'depth'?",
        "net.yaml:7:9: 'clases' has no meaning here; did you mean 'classes'?",
        "net.yaml:8:5: unknown layer kind 'relux'; did you mean 'relu'?",
    ]


def test_a_shape_without_axes_is_a_single_number():
    spec = b"""\
input: [4, 3]
layers:
  - sum: {name: total}
  - learned: {shape: [], name: slope}
  - multiply: {from: [total, slope], name: scaled}
  - reshape: [1]
  - fc: 5
"""
    graph = expand(read(spec, "net.yaml", lambda name: None), {})
    assert [layer.output for layer in graph.layers] == [(), (), (), (1,), (5,)]


def test_an_empty_list_of_axes_is_refused():
    spec = b"input: [4, 3]\nlayers: [mean: {axes: []}]\n"
    with pytest.raises(SpecError, match="no axis is given"):
        expand(read(spec, "net.yaml", lambda name: None), {})
