"""Layers that no input of the network reaches: work on weights alone."""

from fractions import Fraction

import pytest

from costcalc import load, report
from costcalc.errors import ConventionError
from costcalc.graph.expand import expand
from costcalc.graph.without import without

SPEC = """
name: Normalised
input: [2, 3]
layers:
  - learned: {name: weight, shape: [5, 4]}
  - fc: {name: iteration, out: 6, per_position: true, axis: -1, from: weight}
  - input: {name: other, shape: [4]}
  - fc: {name: used, out: 7, from: other}
  - fc: {name: head, out: 8, from: input}
"""

ITERATION, USED, HEAD = 5 * 4 * 6, 4 * 7, 6 * 8


@pytest.fixture
def network(tmp_path):
    path = tmp_path / "normalised.yaml"
    path.write_text(SPEC, encoding="utf-8")
    return path


def test_papers_do_not_count_it_and_say_so(network):
    answer = report(network)
    assert answer.totals.mult_adds == USED + HEAD
    assert answer.totals.params == 4 * 6 + 4 * 7 + 6 * 8
    assert [layer.name for layer in answer.layers if layer.is_of_weights] == ["iteration"]
    text = str(answer)
    assert "On weights alone, no work of an image, and free: 1 Fully Connected." in text
    assert [layer.get("weights_alone") for layer in answer.data()["layers"]] == [
        None,
        True,
        None,
        None,
        None,
    ]


@pytest.mark.parametrize(("fresh", "counted"), [("false", 0), ("true", ITERATION)])
def test_fresh_constants_are_data(network, fresh, counted):
    constant = f"constant: {{name: weight, shape: [5, 4], fresh: {fresh}}}"
    text = SPEC.replace("learned: {name: weight, shape: [5, 4]}", constant)
    network.write_text(text, encoding="utf-8")
    assert report(network).totals.mult_adds == counted + USED + HEAD


def test_tools_count_it(network):
    assert report(network, convention="torch").totals.mult_adds == 2 * (ITERATION + USED + HEAD)


def test_a_convention_says_free_or_counted(network, tmp_path):
    mine = tmp_path / "mine.yaml"
    text = "name: mine\ntitle: mine\nsource: mine\nextends: paper\nweights_alone: {}\n"
    mine.write_text(text.format("counted"), encoding="utf-8")
    assert report(network, convention=mine).totals.mult_adds == ITERATION + USED + HEAD
    mine.write_text(text.format("counting"), encoding="utf-8")
    with pytest.raises(ConventionError, match=r"mine.yaml:5:16: .* counted or free"):
        report(network, convention=mine)


COMPUTED = """
name: Computed
input: [2, 8, 8]
layers:
  - learned: {name: unused, shape: [5]}
  - learned: {name: table, shape: [4, 6]}
  - fc: {name: positions, out: 64, per_position: true, axis: -1, from: table}
  - learned: {name: stored, shape: [4, 18]}
  - constant: {name: vector, shape: [18, 1]}
  - matmul: {name: iteration, from: [stored, vector]}
  - conv: {name: conv, out: 4, kernel: 3, from: input}
  - reshape: {name: places, shape: [4, 8, 8], from: positions}
  - add: {name: sum, from: [conv, places]}
"""

POSITIONS, ITERATION_OF_4, CONV = 4 * 6 * 64, 4 * 18, 3 * 3 * 2 * 4 * 8 * 8


@pytest.fixture
def computed(tmp_path):
    path = tmp_path / "computed.yaml"
    path.write_text(COMPUTED, encoding="utf-8")
    return load(path)


def names(graph, indexes):
    return [graph.layers[index].name for index in sorted(indexes)]


def test_what_computes_weights_is_read_by_nothing_that_an_input_reaches(computed):
    graph = expand(computed.document, {})
    assert names(graph, graph.outputs) == ["sum"]
    assert names(graph, graph.weights_alone)[:3] == ["unused", "table", "positions"]
    assert names(graph, graph.of_weights) == ["unused", "stored", "vector", "iteration"]
    rest = without(graph, graph.of_weights)
    kept = ["table", "positions", "conv", "places", "sum"]
    assert [layer.name for layer in rest.layers] == kept
    sources = [[rest.layers[at].name for at in layer.inputs if at >= 0] for layer in rest.layers]
    assert sources == [[], ["table"], [], ["positions"], ["conv", "places"]]
    assert without(graph, ()) is graph


def test_weights_are_no_steps(computed):
    steps = [step["name"] for step in computed.memory().data()["steps"]]
    assert steps == ["positions", "conv", "sum"]


def test_a_bound_leaves_out_what_can_be_computed_beforehand(computed):
    answer = computed.latency(device="stm32f746")
    assert answer.operations == 2 * (POSITIONS + CONV)
    assert answer.bound == Fraction(2 * CONV, 864_000_000)
    assert answer.bound < answer.roofline
    assert f"Of the operations, {2 * POSITIONS:,} work on weights alone" in str(answer)
    assert "beforehand" not in str(load("mobilenet_v1").latency(device="stm32f746"))


def test_files_have_weights_as_they_are_computed(computed):
    written = computed.export("onnx", weights="none").content
    assert b"iteration" not in b"".join(written)
