"""What the command and the methods of a space answer, against a sweep that lists it."""

from collections import Counter
from fractions import Fraction

import pytest

import costcalc
from costcalc.spaces.space import Space
from costcalc.spec.reader import read

SPEC = """
input: [3, 16, 16]
parameters:
  d: {default: 1, choices: [1, 2]}
  k1: {default: 3, choices: [1, 3, 5]}
  k2: {default: 3, choices: [1, 3, 5]}
  m: {default: 4, choices: [4, 8]}
space: [d, k1, k2, m]
layers:
  - conv: {out: 8, kernel: k1}
  - conv: {out: 8, kernel: k2, when: d == 2}
  - conv: {out: m, kernel: 1}
  - fc: 10
"""


@pytest.fixture
def path(tmp_path):
    file = tmp_path / "net.yaml"
    file.write_text(SPEC, encoding="utf-8")
    return str(file)


@pytest.fixture
def space(path):
    return costcalc.space(path)


def network(row):
    """What a row's network is: k2 changes nothing where there is one layer."""
    d, k1, k2, m = row.settings.values()
    return d, k1, k2 if d == 2 else None, m


@pytest.fixture
def networks(path):
    return list({network(row): row for row in costcalc.sweep(path, space=True).rows()}.values())


def test_the_space_that_is_declared(space):
    assert isinstance(space, Space)
    assert (space.names, space.size) == (("d", "k1", "k2", "m"), 36)


def test_networks_are_counted_once(space, networks):
    count = space.count().count
    assert (count.low, count.high, count.of, count.settings) == (24, 24, 24, 36)
    assert len(networks) == 3 * 2 + 3 * 3 * 2
    assert "The parameters have 36 settings" in str(space.count())


@pytest.mark.parametrize("where", ["params <= 1000", "d == 2 and mult_adds <= 200K", "m == 8"])
def test_a_condition(where, space, path, networks):
    rows = costcalc.sweep(path, space=True, where=where).rows()
    kept = set(map(network, rows))
    data = space.count(where).data()
    assert data["at_least"] == data["at_most"] == len(kept)
    assert data["where"] == where
    assert data["networks"] == len(networks)


def test_a_histogram_has_every_network_in_its_bin(space, networks):
    data = space.histogram("params", bins=5).data()
    expected = Counter()
    for row in networks:
        expected.update(
            at for at, one in enumerate(data["bins"]) if one["from"] <= row.params < one["below"]
        )
    assert [one["at_least"] for one in data["bins"]] == [
        expected[at] for at in range(len(data["bins"]))
    ]
    assert sum(expected.values()) == len(networks)


def test_quantiles_are_costs_of_networks(space, networks):
    costs = sorted(row.mult_adds for row in networks)
    data = space.quantiles(shares=[0, Fraction(1, 4), "0.5", 1]).data()
    found = [(one["at_least"], one["at_most"]) for one in data["quantiles"]]
    assert found == [(cost, cost) for cost in (costs[0], costs[5], costs[11], costs[23])]


def test_a_sample_is_different_networks_with_their_costs(space):
    rows = space.sample(24, seed=3).rows
    assert len({tuple(row.settings.values()) for row in rows}) == 24
    assert all(row.costs == space.totals(row.settings) for row in rows)
    assert space.sample(5, seed=3).rows == rows[:5]
    assert all(row.costs["params"] <= 1000 for row in space.sample(99, where="params <= 1000").rows)


def test_the_largest_and_the_front(space, networks):
    least = sorted(row.params for row in networks)[:3]
    assert [row.costs["params"] for row in space.top(3, "-params").rows] == least
    costs = {(row.mult_adds, row.params) for row in networks}
    front = [
        one
        for one in sorted(costs)
        if not any(other != one and other[0] <= one[0] and other[1] <= one[1] for other in costs)
    ]
    rows = space.pareto().rows
    assert [(row.costs["mult_adds"], row.costs["params"]) for row in rows] == front


def test_a_space_whose_networks_all_cost_the_same():
    """Two activations, which the convention does not count: two networks of one cost."""
    text = (
        "input: [1, 4, 4]\nparameters: {a: {default: relu, choices: [relu, relu6]}}\n"
        "layers:\n  - conv: {out: 2, kernel: 1, act: a}\n"
    )
    document = read(text.encode(), "net.yaml", lambda name: None)
    space = costcalc.space(document, a=["relu", "relu6"])
    assert space.evaluate([[0], [1], [1]])["params"].tolist() == [2, 2, 2]
    rows = space.top(3).rows
    assert [(row.settings["a"], row.costs["mult_adds"]) for row in rows] == [
        ("relu", 2 * 16),
        ("relu6", 2 * 16),
    ]
    assert [row.networks for row in space.pareto().rows] == [2]
    assert len(space.sample(5).rows) == 2
    assert costcalc.solve(document, ["a"], max_params=2).best[0].params == 2


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda space: space.totals(d=1), "'k1' has no value"),
        (lambda space: space.totals(d=1, k1=3, k2=3, m=5), "m cannot be 5"),
        (lambda space: space.totals(d=1, k1=3, k2=3, m=4, n=4), "'n' does not vary in this space"),
        (lambda space: space.evaluate([0, 0, 0, 0]), "not an array of indexes"),
        (lambda space: space.evaluate([[0, 0, 0]]), "whole numbers, shape (networks, 4)"),
        (lambda space: space.evaluate([[0, 0.5, 0, 0]]), "not an array of indexes"),
        (lambda space: space.evaluate([[0, 0, 0, 1], [0, 0, 0, -1]]), "of m is beyond its choices"),
        (lambda space: space.evaluate([[0, 3, 0, 0]]), "of k1 is beyond its choices"),
        (lambda space: space.quantiles(shares=[2]), "a quantile is a share of the networks"),
        (lambda space: space.histogram("parms"), "did you mean 'params'?"),
        (lambda space: space.sample(0), "0 is not a number of networks"),
        (lambda space: space.count("params"), "is not a condition"),
    ],
)
def test_what_is_refused(call, message, space):
    with pytest.raises(costcalc.SpecError) as caught:
        call(space)
    assert message in str(caught.value)
