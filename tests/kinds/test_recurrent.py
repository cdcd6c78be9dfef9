"""An LSTM cell against its equations, evaluated one number at a time."""

from collections import Counter

import pytest

from costcalc.kinds.recurrent import Lstm


def step_of_an_lstm(inputs: int, hidden: int, biases: int) -> Counter[str]:
    """Counts what one step does: four sums of products, three sigmoids, two tanh."""
    did: Counter[str] = Counter()
    for _ in ("input", "forget", "output", "candidate"):
        for _ in range(hidden):
            for _ in (*range(inputs), *range(hidden)):
                did["macs"] += 1
                did["weights"] += 1
            for _ in range(biases):
                did["additions"] += 1
                did["biases"] += 1
    for _ in range(3 * hidden):  # sigmoid: 1 / (1 + exp(-x))
        did.update(functions=1, additions=1, divisions=1)
    did["functions"] += hidden  # tanh of the candidate
    for _ in range(hidden):
        did.update(multiplications=2, additions=1)  # c' = f * c + i * g
        did.update(multiplications=1, functions=1)  # h' = o * tanh(c')
    return did


@pytest.mark.parametrize(("inputs", "hidden", "biases"), [(10, 10, 2), (3, 5, 1), (7, 2, 0)])
def test_events_are_those_of_the_equations(inputs, hidden, biases):
    cell = Lstm(hidden, biases)
    output = cell.output_shape(((inputs,),))
    assert output == (hidden,)
    events = cell.events(((inputs,),), output)
    expected = step_of_an_lstm(inputs, hidden, biases)
    assert {name: getattr(events, name) for name in expected} == dict(expected)
    # The input and both states are read, both states written.
    assert (events.reads, events.writes) == (inputs + 2 * hidden, 2 * hidden)
    assert sum(events) == expected.total() + inputs + 4 * hidden


def test_skipnets_shared_cell_has_880_params():
    # torch.nn.LSTM(10, 10): 4 * (10*10 + 10*10) weights and 4 * (10 + 10) biases.
    events = Lstm(10).events(((10,),), (10,))
    assert (events.weights, events.biases) == (800, 80)


def test_a_map_is_flattened():
    assert Lstm(4).events(((6, 1, 1),), (4,)).weights == 4 * 4 * (6 + 4)
