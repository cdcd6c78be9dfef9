"""Steps that share their params."""

import pytest

from costcalc.costs.convention import load
from costcalc.costs.count import count
from costcalc.errors import SpecError
from costcalc.graph.expand import expand
from costcalc.graph.layer import LayerGraph
from costcalc.spec.reader import read


def unfold(layers: str) -> LayerGraph:
    spec = f"""
name: small
input: [3, 4, 4]
blocks:
  pair:
    parameters: {{c: width, times: 1}}
    layers:
      - pointwise: {{out: c, norm: batch}}
      - pointwise: {{name: last, out: c, repeat: times}}
layers:
{layers}"""
    return expand(read(spec.encode(), "small.yaml", lambda name: None), {})


def params(graph: LayerGraph) -> dict[str, int]:
    costs = count(graph, load("paper-with-norm"))
    return {cost.layer.name: cost.params for cost in costs}


def test_shared_params_count_once_and_mult_adds_every_time():
    graph = unfold("  - pointwise: {name: a, out: 3, repeat: 3, shares: w}")
    assert params(graph) == {"a1": 3 * 3 + 3, "a2": 0, "a3": 0}
    assert [cost.mult_adds for cost in count(graph, load("paper"))] == [9 * 16] * 3
    assert [layer.shares for layer in graph.layers] == [None, 0, 0]


def test_blocks_share_layer_by_layer():
    graph = unfold(
        "  - pair: {name: a, c: 3, shares: w}\n"
        "  - pair: {name: b, c: 3, shares: w}\n"
        "  - pair: {name: c, c: 3}"
    )
    found = params(graph)
    own = [3 * 3, 2 * 3, 3 * 3 + 3]
    assert list(found.values()) == [*own, 0, 0, 0, *own]


def test_layers_that_share_params_must_match():
    with pytest.raises(SpecError) as error:
        unfold("  - pointwise: {out: 3, shares: w}\n  - pointwise: {name: b, out: 4, shares: w}")
    (problem,) = error.value.problems
    assert problem.message == "layer 'b' cannot share the params of 'pointwise1'"
    assert problem.expected == "'conv' with 9 weights and 3 biases, as at small.yaml:11:5"
    assert problem.found == "'conv' with 12 weights and 4 biases"


def test_a_sequence_cannot_share_params():
    with pytest.raises(SpecError, match="'sequence' cannot share params"):
        unfold("  - sequence: {shares: w, layers: [relu]}")


def tied(rows: int = 100, out: int = 100, bias: str = "false") -> str:
    """An embedding of 8 numbers a row, and an output for every row."""
    return (
        f"  - embedding: {{rows: {rows}, out: 8, shares: table}}\n"
        f"  - fc: {{out: {out}, bias: {bias}, per_position: true, axis: -1, shares: table}}"
    )


def test_an_embedding_and_an_output_layer_share_a_table():
    graph = unfold(tied())
    assert params(graph) == {"embedding1": 100 * 8, "fc1": 0}
    # 3 x 4 x 4 places, each 8 x 100.
    assert sum(cost.mult_adds for cost in count(graph, load("paper"))) == 48 * 8 * 100


@pytest.mark.parametrize(
    ("layers", "found", "hint"),
    [
        (tied(out=50), "'fc' of 50 rows with 400 weights and 0 biases", ""),
        (tied(bias="true"), "'fc' of 100 rows with 800 weights and 100 biases", "bias: false"),
        (
            tied().replace("per_position: true, axis: -1, ", ""),
            "'fc' of 100 rows with 38400 weights and 0 biases",
            "per_position: true",
        ),
    ],
)
def test_a_table_that_is_shared_has_a_row_for_every_output(layers, found, hint):
    with pytest.raises(SpecError) as error:
        unfold(layers)
    (problem,) = error.value.problems
    assert problem.found == found
    assert problem.expected.startswith("'embedding' of 100 rows with 800 weights and 0 biases")
    assert problem.hint.partition(",")[0] == hint


def test_tables_of_as_many_weights_but_other_rows_do_not_fit():
    # 50 rows of 16 numbers, and 100 outputs of 8.
    layers = """  - embedding: {rows: 50, out: 16, shares: table}
  - fc: {out: 8, per_position: true, axis: -1}
  - fc: {out: 100, bias: false, per_position: true, axis: -1, shares: table}"""
    with pytest.raises(SpecError, match="cannot share"):
        unfold(layers)
