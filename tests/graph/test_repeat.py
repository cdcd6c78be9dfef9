"""Steps that are repeated several times, or not at all."""

from costcalc.graph.expand import expand
from costcalc.spec.reader import read

SPEC = """
name: small
input: [3, 8, 8]
parameters: {n: 0}
layers:
  - conv: {name: a, out: 4, kernel: 3, repeat: n, output: 8 x 8 x 5}
  - conv: {name: a, out: 6, kernel: 3, input: 8 x 8 x 3}
"""


def test_a_step_repeated_zero_times_is_absent():
    document = read(SPEC.encode(), "small.yaml", lambda name: None)
    (layer,) = expand(document, {}).layers
    assert (layer.name, layer.input_shapes) == ("a", ((3, 8, 8),))
