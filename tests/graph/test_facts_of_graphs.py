"""Properties of layer graphs: outputs, lines and readers."""

from costcalc.graph.expand import expand
from costcalc.graph.layer import LayerGraph, Line
from costcalc.spec import library
from costcalc.spec.reader import read

SPEC = b"""
name: small
input: [3, 8, 8]
layers:
  - pointwise: {name: stem, out: 4, norm: batch, act: relu}
  - pointwise: {name: left, out: 4, from: stem}
  - pointwise: {name: right, out: 4, act: relu, from: stem}
  - add: {from: [left, right]}
  - fc: {name: aside, out: 2, from: left}
  - fc: {name: head, out: 2, from: right}
"""


def graph_of(text: bytes) -> LayerGraph:
    return expand(read(text, "small.yaml", library.block_finder("small.yaml")), {})


def names(graph: LayerGraph, indexes) -> list[str]:
    return [graph.layers[index].name for index in indexes]


def test_lines_include_norms_and_activations():
    graph = graph_of(SPEC)
    assert graph.lines[:2] == (Line((0, 1, 2)), Line((3,)))
    assert names(graph, graph.lines[0].layers) == ["stem", "stem.batch_norm", "stem.relu"]
    assert [line.host for line in graph.lines] == [0, 3, 4, 6, 7, 8]
    assert graph.lines[2].last == 5


def test_readers():
    graph = graph_of(SPEC)
    assert names(graph, graph.readers[2]) == ["left", "right"]
    assert names(graph, graph.readers[3]) == ["add1", "aside"]
    assert graph.readers[8] == []


def test_outputs_are_layers_that_none_reads():
    graph = graph_of(SPEC)
    assert names(graph, graph.outputs) == ["add1", "aside", "head"]


def test_gates_decisions_and_unused_sources_are_not_outputs():
    gated = graph_of(
        b"""
name: gated
input: [4, 8, 8]
layers:
  - learned: {name: spare, shape: [3, 3], from: []}
  - pointwise: {name: body, out: 4, gate: [global_avg_pool, {fc: 1}], from: input}
"""
    )
    assert names(gated, gated.outputs) == ["body"]


def test_the_last_layer_is_always_an_output():
    held = graph_of(b"name: held\ninput: [4]\nlayers:\n  - learned: {name: only, shape: [3]}\n")
    assert names(held, held.outputs) == ["only"]
