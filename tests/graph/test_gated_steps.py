"""Steps with a gate and a probability."""

from fractions import Fraction
from typing import Any

import pytest

from costcalc.costs.convention import load
from costcalc.costs.count import count
from costcalc.costs.gating import gating
from costcalc.errors import SpecError
from costcalc.graph.expand import expand
from costcalc.graph.layer import LayerGraph
from costcalc.grid.axes import Axis
from costcalc.grid.evaluate import Grid
from costcalc.metrics import Accounting
from costcalc.spec.reader import read

NESTED = """
  - sequence:
      name: outer
      execute: 1/2
      gate: [pointwise: {name: decide, out: 2, bias: false}]
      layers:
        - pointwise: {name: a, out: 3, bias: false}
        - pointwise: {name: b, out: 3, bias: false, execute: 1/3, gate: [fc: {name: g, out: 1}]}
  - pointwise: {name: c, out: 5, bias: false}
"""


def unfold(layers: str, **settings: Any) -> LayerGraph:
    spec = f"name: small\ninput: [3, 4, 4]\nparameters: {{execute: 1}}\nlayers:\n{layers}"
    return expand(read(spec.encode(), "small.yaml", lambda name: None), settings)


def test_gates_read_what_their_steps_read_and_nothing_reads_them():
    graph = unfold(NESTED)
    names = [layer.name for layer in graph.layers]
    assert names == ["decide", "outer/a", "outer/g", "outer/b", "c"]
    inputs = {layer.name: layer.inputs for layer in graph.layers}
    assert inputs["decide"] == inputs["outer/a"] == (-1,)
    assert inputs["outer/g"] == inputs["outer/b"] == (names.index("outer/a"),)
    assert inputs["c"] == (names.index("outer/b"),)


def test_a_gate_inside_a_gated_part_runs_with_the_probability_of_the_part():
    graph = unfold(NESTED)
    found = gating(graph, count(graph, load("paper")))
    # At 16 positions, except the fully connected layer: 3*2, 3*3, 48*1, 3*3, 3*5.
    decide, a, g, b, c = 96, 144, 48, 144, 240
    assert found.gates == decide + g
    assert found.minimum == decide + c
    assert found.expected == decide + c + Fraction(1, 2) * (a + g) + Fraction(1, 6) * b
    assert found.maximum == decide + a + g + b + c
    inner, outer = found.parts
    assert (inner.name, inner.gate, inner.part) == ("outer/b", g, b)
    assert (outer.name, outer.gate, outer.part) == ("outer", decide, a + g + b)


def test_a_probability_does_not_need_a_gate():
    graph = unfold("  - pointwise: {name: a, out: 2, bias: false, execute: 1/4}")
    found = gating(graph, count(graph, load("paper")))
    assert (found.gates, found.minimum, found.expected, found.maximum) == (0, 0, 24, 96)


def test_the_rows_of_a_table_run_as_one_step_behind_its_gate():
    rows = "columns: [out, bias], rows: [[3, false], [5, false]]"
    graph = unfold(f"""
  - table: {{layer: pointwise, execute: 1/2, gate: [fc: {{name: g, out: 1}}], {rows}}}
""")
    assert [layer.name for layer in graph.layers] == ["g", "pointwise1", "pointwise2"]
    # (3*3 + 3*5) * 4*4 of the rows, half of the time, and 3*4*4 of the gate.
    gated = gating(graph, count(graph, load("paper")))
    assert gated.expected == Fraction(24 * 16, 2) + 48


def test_each_repeat_has_its_own_gate():
    graph = unfold("  - pointwise: {name: a, out: 3, repeat: 3, gate: [gap], execute: execute}")
    assert [part.name for part in graph.gated] == ["a1", "a2", "a3"]
    assert [(list(part.gate), list(part.layers)) for part in graph.gated] == [
        ([0], [1]),
        ([2], [3]),
        ([4], [5]),
    ]


def test_a_blocks_probability_overrides_the_specs():
    graph = unfold(NESTED, **{"execute.outer": Fraction(1, 8)})
    assert [part.execute for part in graph.gated] == [Fraction(1, 8), Fraction(1, 8)]
    graph = unfold(NESTED, **{"execute.outer/b": 0})
    assert [part.execute for part in graph.gated] == [0, Fraction(1, 2)]
    assert graph.parameters["execute.outer/b"] == 0


@pytest.mark.parametrize(
    ("layers", "settings", "message"),
    [
        ("  - relu: {execute: 3/2}", {}, "'execute' cannot be 1.5"),
        ("  - relu: {execute: execute}", {"execute": 2}, "'execute' cannot be 2"),
        ("  - relu: {execute: often}", {}, "'execute' cannot be often"),
        (NESTED, {"execute.outer": -1}, "execute.outer cannot be -1"),
        (NESTED, {"execute.out": 1}, "small has no gated block 'out'"),
        ("  - relu", {"execute.a": 1}, "expected a network with gates"),
    ],
)
def test_invalid_probabilities_and_blocks_without_gates(layers, settings, message):
    with pytest.raises(SpecError, match=message):
        unfold(layers, **settings)


def test_a_block_in_a_gate_counts_as_a_call():
    spec = """
name: small
input: [3, 4, 4]
blocks:
  a: {layers: [relu: {gate: [a]}]}
layers: [a]
"""
    with pytest.raises(SpecError, match="block 'a' contains itself"):
        read(spec.encode(), "small.yaml", lambda name: None)


def test_a_sweep_may_vary_the_probability_of_a_block_without_changing_totals():
    spec = f"name: small\ninput: [3, 4, 4]\nlayers:\n{NESTED}"
    document = read(spec.encode(), "small.yaml", lambda name: None)
    grid = Grid(
        document, Accounting(load("paper")), {}, (Axis("execute.outer", (Fraction(1, 2), 1)),)
    )
    (chunk,) = grid.chunks()
    # 96 + 144 + 48 + 144 + 240, as above.
    assert chunk.mult_adds.tolist() == [672, 672]
