"""Recurrent operators: the products of every step, and the rows that reports show."""

import pytest
from click.testing import CliRunner

from costcalc.cli import main
from costcalc.errors import SpecError
from tests.importers.onnx.counted import kinds, macs, outputs, params
from tests.importers.onnx.models import graph, model, node, tensor, value

OPTIONS = ([], ["--depth", "2"])
T, D, H = 10, 8, 16
GATES = {"LSTM": 4, "GRU": 3, "RNN": 1}


def matrices(operator, directions=1, features=D):
    rows = GATES[operator] * H
    return [
        tensor("w", [directions, rows, features]),
        tensor("r", [directions, rows, H]),
        tensor("b", [directions, 2 * rows]),
    ]


def weights(operator, directions=1, features=D):
    """For each gate and direction, a matrix for the input and one for the state."""
    return directions * GATES[operator] * H * (features + H)


@pytest.mark.parametrize("operator", GATES)
@pytest.mark.parametrize(
    "attributes, directions",
    [({}, 1), ({"direction": "reverse"}, 1), ({"direction": "bidirectional"}, 2)],
)
def test_every_step_multiplies_with_both_matrices(network, operator, attributes, directions):
    nodes = [node(operator, "x w r b", "y", **attributes)]
    result = network(nodes, (T, 1, D), matrices(operator, directions))
    assert result.input == (T, D)
    assert macs(result) == T * weights(operator, directions)
    assert params(result) == weights(operator, directions) + directions * GATES[operator] * H * 2
    assert outputs(result)[-1] == (T, directions, H)


@pytest.mark.parametrize("operator", GATES)
def test_steps_may_come_before_or_after_the_batch(network, operator):
    later = [node(operator, "x w r", "y", layout=1)]
    stored = matrices(operator)[:2]
    assert macs(network(later, (1, T, D), stored)) == T * weights(operator)
    # Exporters of modules with the batch first transpose it.
    nodes = [node("Transpose", "x", "t", perm=(1, 0, 2)), node(operator, "t w r", "y")]
    for images in (1, 3, "N"):
        result = network(nodes, (images, T, D), stored)
        assert (result.input, macs(result)) == ((T, D), T * weights(operator))
    # Counts are of one image, whichever axis has them.
    result = network([node(operator, "x w r", "y")], (T, 3, D), stored)
    assert (result.input, macs(result)) == ((T, D), T * weights(operator))


def test_an_open_number_of_steps_is_never_one_unsaid(network):
    nodes, stored = [node("LSTM", "x w r", "y")], matrices("LSTM")[:2]
    with pytest.raises(SpecError, match="leaves dimensions open: steps") as caught:
        network(nodes, ("steps", "images", D), stored)
    assert "--set steps=..." in str(caught.value)
    result = network(nodes, ("steps", "images", D), stored, steps=T)
    assert (result.input, macs(result)) == ((T, D), T * weights("LSTM"))


def test_states_are_read_and_written(opened):
    state = value("h", 2, 1, H)
    lstm = node("LSTM", "x w r b", "y last cell", direction="bidirectional")
    inside = graph(
        [lstm, node("Add", "last cell", "both"), node("Add", "both h", "out")],
        [value("x", T, 1, D), state],
        [value("y"), value("out")],
        matrices("LSTM", 2),
    )
    result = opened(model(inside))
    assert macs(result) == T * weights("LSTM", 2)
    assert outputs(result)[-1] == (2, H)


def test_first_states_may_be_inputs_or_zeros(network, opened):
    zeros = [tensor("h", [1, 1, H], [0.0] * H)]
    nodes = [node("GRU", "x w r b lengths h", "y")]
    stored = [*matrices("GRU"), tensor("lengths", [1], [T]), *zeros]
    result = network(nodes, (T, 1, D), stored)
    assert macs(result) == T * weights("GRU")
    inputs = [value("x", T, 1, D), value("h", 1, 1, H)]
    inside = graph(nodes, inputs, [value("y")], stored[:-1])
    assert macs(opened(model(inside))) == T * weights("GRU")


def test_a_gru_resets_before_the_product_unless_it_says_otherwise(network):
    # Before: the state passes through two matrices, and then through the third.
    for attributes, products in (({}, 3), ({"linear_before_reset": 1}, 2)):
        nodes = [node("GRU", "x w r b", "y", **attributes)]
        result = network(nodes, (T, 1, D), matrices("GRU"))
        assert kinds(result).count("fc") == products
        assert macs(result) == T * weights("GRU")


def test_activations_are_those_that_the_node_names(network):
    nodes = [node("RNN", "x w r b", "y", activations=("Relu",))]
    assert "relu" in kinds(network(nodes, (T, 1, D), matrices("RNN")))
    nodes = [node("RNN", "x w r b", "y", activations=("ScaledTanh",))]
    with pytest.raises(SpecError, match="has activations that costcalc does not know"):
        network(nodes, (T, 1, D), matrices("RNN"))


def test_peepholes_are_params(network):
    # Three gates see the cell through a diagonal.
    nodes = [node("LSTM", "x w r b lengths h c p", "y")]
    stored = [
        *matrices("LSTM"),
        tensor("lengths", [1], [T]),
        tensor("h", [1, 1, H], [0.0] * H),
        tensor("c", [1, 1, H], [0.0] * H),
        tensor("p", [1, 3 * H]),
    ]
    result = network(nodes, (T, 1, D), stored)
    assert params(result) == weights("LSTM") + 2 * 4 * H + 3 * H


def test_two_layers_of_a_module_share_no_weights(network):
    second = [tensor(name, [1, 4 * H, H]) for name in ("w2", "r2")]
    nodes = [
        node("LSTM", "x w r", "a"),
        node("Squeeze", "a one", "b"),
        node("LSTM", "b w2 r2", "y"),
    ]
    stored = [*matrices("LSTM")[:2], *second, tensor("one", [1], [1])]
    result = network(nodes, (T, 1, D), stored)
    assert params(result) == weights("LSTM") + weights("LSTM", features=H)


def test_a_recurrent_operator_is_one_row_that_unfolds(tmp_path):
    path, nodes = tmp_path / "net.onnx", [node("LSTM", "x w r", "y", name="/encoder/LSTM")]
    inputs = [value("x", T, 1, D)]
    path.write_bytes(model(graph(nodes, inputs, [value("y")], matrices("LSTM")[:2])))
    shown = [CliRunner().invoke(main, ["report", str(path), *more]).stdout for more in OPTIONS]
    assert "LSTM (encoder)" in shown[0]
    assert ["encoder/recurrent" in text for text in shown] == [False, True]
