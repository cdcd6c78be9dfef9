"""An LSTM cell against its equations, evaluated one number at a time."""

import pytest

from tests.kinds.oracles import check, run


@pytest.mark.parametrize(("inputs", "hidden", "biases"), [(10, 10, 2), (3, 5, 1), (7, 2, 0)])
def test_events_are_those_of_the_equations(inputs, hidden, biases):
    check("lstm", (inputs,), hidden=hidden, bias_vectors=biases)


def test_skipnets_shared_cell_has_880_params():
    # torch.nn.LSTM(10, 10): 4 * (10*10 + 10*10) weights and 4 * (10 + 10) biases.
    _, events = run("lstm", (10,), hidden=10)
    assert (events.weights, events.biases) == (800, 80)


def test_a_map_is_flattened():
    check("lstm", (6, 1, 1), hidden=4)
    assert run("lstm", (6, 1, 1), hidden=4)[1].weights == 4 * 4 * (6 + 4)
