"""Recurrent layers: params and mult-adds of every cell, by the equations of its paper."""

import pytest

import costcalc
from costcalc.graph.expand import expand
from costcalc.graph.layer import NETWORK_INPUT
from costcalc.importers.builder import ModelBuilder, OpContext, Operand, StoredParams
from costcalc.importers.document import document
from costcalc.importers.recurrent import GATES, Cell, States, Stored, recurrent
from costcalc.reporting.tree import ReportGroup, lines, places, tree

T, M, H, P = 7, 5, 4, 3
"""Steps, features, hidden units, projected units."""


def built(cell, layers, x=(T, M), axis=-1, initial=None):
    builder = ModelBuilder(x)
    op = OpContext(builder, builder.free_name("rnn"), class_name="LSTM")
    found = recurrent(op, builder.input, cell, layers, axis=axis, initial=initial)
    graph = expand(document(builder.model("net", "net")), {})
    return found, graph


def totals(graph, *events):
    own = [layer.events() for layer in graph.layers if layer.shares is None]
    return tuple(sum(getattr(each, event) for each in own) for event in events)


ONE = [[Stored()]]

CASES = [
    # LSTM: four matrices of H x (M + H) at each step; two biases for each gate.
    (Cell("lstm", H), ONE, T * 4 * H * (M + H), 4 * H * (M + H) + 8 * H),
    (Cell("lstm", H, bias_vectors=1), ONE, T * 4 * H * (M + H), 4 * H * (M + H) + 4 * H),
    (Cell("lstm", H, bias_vectors=0), ONE, T * 4 * H * (M + H), 4 * H * (M + H)),
    # The state has P numbers, which H x P weights compute.
    (
        Cell("lstm", H, projection=P),
        ONE,
        T * (4 * H * (M + P) + H * P),
        4 * H * (M + P) + 8 * H + H * P,
    ),
    (
        Cell("lstm", H, projection=P, has_projection_bias=True),
        ONE,
        T * (4 * H * (M + P) + H * P),
        4 * H * (M + P) + 8 * H + H * P + P,
    ),
    # Input and forget gate are coupled: three matrices.
    (Cell("lstm", H, is_coupled=True), ONE, T * 3 * H * (M + H), 3 * H * (M + H) + 6 * H),
    # Diagonals from the cell to the three gates.
    (
        Cell("lstm", H, has_peepholes=True),
        ONE,
        T * 4 * H * (M + H),
        4 * H * (M + H) + 8 * H + 3 * H,
    ),
    # GRU: three matrices, whether the state is reset before or after the product.
    (Cell("gru", H), ONE, T * 3 * H * (M + H), 3 * H * (M + H) + 6 * H),
    (Cell("gru", H, resets_before=True), ONE, T * 3 * H * (M + H), 3 * H * (M + H) + 6 * H),
    (
        Cell("gru", H, bias_vectors=1, resets_before=True),
        ONE,
        T * 3 * H * (M + H),
        3 * H * (M + H) + 3 * H,
    ),
    (Cell("rnn", H), ONE, T * H * (M + H), H * (M + H) + 2 * H),
    # The second layer reads both directions of the first.
    (
        Cell("gru", H),
        [[Stored(), Stored()]] * 2,
        2 * T * 3 * H * (M + H) + 2 * T * 3 * H * (2 * H + H),
        2 * (3 * H * (M + H) + 6 * H) + 2 * (3 * H * (2 * H + H) + 6 * H),
    ),
]


@pytest.mark.parametrize(("cell", "layers", "macs", "params"), CASES)
def test_cells(cell, layers, macs, params):
    found, graph = built(cell, layers)
    events = ("weights", "biases", "other_params")
    assert (totals(graph, "macs")[0], sum(totals(graph, *events))) == (macs, params)
    assert found.output.shape == (T, cell.size * len(layers[-1]))
    # The same with the features first.
    turned, graph = built(cell, layers, x=(M, T), axis=0)
    assert (totals(graph, "macs")[0], sum(totals(graph, *events))) == (macs, params)
    assert turned.output.shape == found.output.shape[::-1]


def test_gates_as_their_equations_say():
    """Of each hidden unit at each step."""

    def per_unit(cell):
        _, graph = built(cell, ONE)
        events = totals(graph, "functions", "multiplications")
        return tuple(count / (T * H) for count in events)

    assert per_unit(Cell("lstm", H)) == (3 + 2, 3)  # i, f, o, g, tanh(c'); f c, i g, o tanh(c')
    assert per_unit(Cell("lstm", H, is_coupled=True)) == (2 + 2, 3)
    assert per_unit(Cell("lstm", H, has_peepholes=True)) == (3 + 2, 3 + 3)
    assert per_unit(Cell("gru", H)) == (2 + 1, 3)  # r, z, n; r (U h), (1 - z) n, z h
    assert per_unit(Cell("gru", H, resets_before=True)) == (2 + 1, 3)
    assert per_unit(Cell("rnn", H)) == (1, 0)
    assert per_unit(Cell("rnn", H, activations=("relu",))) == (0, 0)


@pytest.mark.parametrize("kind", GATES)
@pytest.mark.parametrize("resets_before", [False, True])
def test_one_tensor_holds_the_params_of_all_directions(kind, resets_before):
    """As in ONNX: W (2, gates H, M), R (2, gates H, H) and B (2, 2 gates H)."""
    rows = 2 * GATES[kind] * H
    stored = Stored(
        {"weights": [StoredParams("W", rows * M)], "biases": [StoredParams("B", 2 * rows)]},
        {"weights": [StoredParams("R", rows * H)], "biases": [StoredParams("B", 2 * rows)]},
    )
    cell = Cell(kind, H, resets_before=resets_before)
    _, graph = built(cell, [[stored, stored]])
    assert totals(graph, "weights", "biases") == (rows * M + rows * H, 2 * rows)


def test_an_operation_is_one_row_that_unfolds():
    builder = ModelBuilder((T, M))
    op = OpContext(builder, builder.free_name("rnn"), class_name="LSTM")
    recurrent(op, builder.input, Cell("lstm", H), [[Stored(), Stored()]] * 2)
    report = costcalc.load(document(builder.model("net", "net"))).report()
    root = tree(lines(report.layers))

    def rows(depth):
        found = places(report.blocks, root, depth, report.folded)
        return [place.node.path for place in found if isinstance(place.node, ReportGroup)]

    assert rows(None) == rows(1) == ["rnn"]
    assert rows(2) == ["rnn", "rnn/layer1", "rnn/layer2"]
    assert len(rows(3)) == 1 + 2 + 4


def test_first_states_are_read():
    builder = ModelBuilder((H,))
    op = OpContext(builder, builder.free_name("rnn"))
    x = op.add("constant", (), {"shape": (T, M)})
    initial = States(builder.input, Operand(builder.input.node, (H,)))
    recurrent(op, x, Cell("lstm", H), ONE, initial=initial)
    graph = expand(document(builder.model("net", "net")), {})
    readers = [layer.name for layer in graph.layers if NETWORK_INPUT in layer.inputs]
    assert readers == ["rnn/previous", "rnn/previous_2"]
