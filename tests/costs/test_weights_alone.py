"""Layers that no input of the network reaches: work on weights alone."""

import pytest

from costcalc import report
from costcalc.errors import ConventionError

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
