"""No two layers of a network have the same name."""

import pytest

from costcalc import opening
from costcalc.errors import SpecError
from costcalc.graph.expand import expand
from costcalc.spec.reader import read
from tests.collection import networks

SPEC = """\
input: [3, 8, 8]
layers:
  - conv: {out: 8, kernel: 3}
  - table:
      columns: [layer, name, out, kernel]
      rows:
        - [conv, ~, 8, 3]
        - repeat: 2
          rows:
            - [conv, ~,   8, 3]
            - [conv, mix, 8, 1]
  - conv: {out: 8, kernel: 3}
"""


def names(spec: str) -> list[str]:
    graph = expand(read(spec.encode(), "names.yaml", lambda name: None), {})
    return [layer.name for layer in graph.layers]


def test_unnamed_sequences_continue_the_numbering():
    assert names(SPEC) == ["conv1", "conv2", "conv3", "mix", "conv4", "mix2", "conv5"]


def test_a_name_given_twice_in_one_list_is_refused():
    with pytest.raises(SpecError, match="the name 'mix' is used twice"):
        names(SPEC.replace("[conv, ~,   8, 3]", "[conv, mix, 8, 3]"))


def test_branches_with_the_same_name_continue_the_numbering():
    join = "  - concat: {branches: {left: [relu, pointwise: {name: up, out: 3}], right: [relu]}}\n"
    found = names(f"input: [3, 8, 8]\nlayers:\n{join}{join}")
    assert found == [
        *("left/relu1", "left/up", "right/relu1", "concat1"),
        *("left/relu2", "left/up2", "right/relu2", "concat2"),
    ]


@pytest.mark.parametrize("network", networks())
def test_names_of_shipped_networks_are_unique(network):
    found = [layer.name for layer in opening.opened(network).graph().layers]
    assert len(set(found)) == len(found)
