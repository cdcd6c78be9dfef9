"""Samples of a space: each network within the condition is as likely as any other."""

import os
import subprocess
import sys
from collections import Counter
from itertools import combinations

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

import costcalc
from costcalc.errors import SpecError
from costcalc.grid.axes import axis
from costcalc.grid.select import Condition
from costcalc.grid.tables import CostTable, CostTables
from costcalc.spaces import sampling, stages
from costcalc.spaces.conditions import parts_of
from costcalc.spaces.sampling import sample
from tests.spaces.test_choosing import indexes, stacked, tied, totals, wanted
from tests.spaces.test_counting import SIZES, spaces


@settings(max_examples=60, deadline=None, phases=[Phase.generate])
@given(st.data())
def test_a_sample_of_all_is_all(data):
    """Each network that satisfies the condition once, and no other, however coarse the steps."""
    tables = data.draw(spaces())
    condition, listed = wanted(data, tables)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sampling, "CELLS", data.draw(st.sampled_from([1, 4, 50, 2**17])))
        patch.setattr(sampling, "TOGETHER", 7)
        patch.setattr(stages, "CHOICES", data.draw(st.sampled_from([1, 4, 2**8])))
        found = sample(tables, np.prod(SIZES), condition=condition, known={"e": 7})
    assert sorted(map(tuple, found.tolist())) == sorted(map(indexes, listed))


@pytest.mark.parametrize("cells", [2**17, 4])
def test_all_pairs_are_as_likely(monkeypatch, cells):
    """Pairs drawn with many seeds from seven networks: chi-squared with 41 degrees of freedom."""
    monkeypatch.setattr(sampling, "CELLS", cells)
    costs = np.array([[1, 2, 4, 8], [1, 3, 9, 27]])
    axes = (axis("p", range(4)), axis("q", range(4)))
    tables = CostTables(
        axes, tuple(CostTable((at,), {"params": own}) for at, own in enumerate(costs)), 0
    )
    condition = Condition("params <= 10 and params != 4")
    allowed = [(p, q) for p in range(4) for q in range(4) if costs[0, p] + costs[1, q] in range(11)]
    allowed = [one for one in allowed if costs[0, one[0]] + costs[1, one[1]] != 4]
    seen = Counter()
    for seed in range(400):
        first, second = map(tuple, sample(tables, 2, seed, condition=condition).tolist())
        seen[first, second] += 1
    pairs = [pair for both in combinations(allowed, 2) for pair in (both, both[::-1])]
    assert {*seen} == {*pairs}
    expected = 400 / len(pairs)
    squares = sum((seen[pair] - expected) ** 2 / expected for pair in pairs)
    degrees = len(pairs) - 1
    assert abs(squares - degrees) < 4 * (2 * degrees) ** 0.5


def test_networks_of_a_space_too_large_to_list():
    """Each layer's choices come up as often; what is drawn with a seed is drawn again."""
    tables = stacked(40, 10, 0)
    found = sample(tables, 3000, 1)
    assert len({*map(tuple, found.tolist())}) == 3000
    counts = np.stack([(found == choice).sum(axis=0) for choice in range(10)])
    assert abs(counts - 300).max() < 5 * (3000 * 0.1 * 0.9) ** 0.5
    assert (sample(tables, 3000, 1) == found).all()
    assert (sample(tables, 3000, 2) != found).any()


@pytest.mark.parametrize("bounds", ["{p}", "{p} and mult_adds <= {m}", "{p} and mult_adds >= {m}"])
def test_rare_networks_within_budgets(bounds):
    """One network of a billion; the mean of those drawn is close to the bound."""
    tables = stacked(25, 8, 3)
    params, mult_adds = (
        sum(2 * np.mean(t.costs[name]) + 3 * np.min(t.costs[name]) for t in tables.tables) / 5
        for name in ("params", "mult_adds")
    )
    mean = sum(np.mean(t.costs["mult_adds"]) for t in tables.tables)
    m = int(mult_adds if "<= {m}" in bounds else mean)
    text = "params <= " + bounds.format(p=int(params), m=m)
    found = sample(tables, 500, condition=Condition(text))
    costs = totals(tables, found)
    assert len(found) == 500
    assert max(costs["params"]) <= int(params)
    assert np.mean(costs["params"]) > 0.9 * params
    if "<= {m}" in bounds:
        assert max(costs["mult_adds"]) <= m
    elif ">=" in bounds:
        assert min(costs["mult_adds"]) >= m


@pytest.mark.parametrize("seed", range(4))
def test_no_other_network_is_numbered_where_all_steps_are_told_apart(seed):
    tables, _, costs = tied(seed)
    params, mult_adds = costs["params"], costs["mult_adds"]
    low, high = (int(np.quantile(params, share)) for share in (0.3, 0.8))
    most = int(np.median(mult_adds))
    text = f"params >= {low} and params <= {high} and mult_adds <= {most}"
    (part,) = parts_of(tables, Condition(text), None)
    truth = (params >= low) & (params <= high) & (mult_adds <= most)
    assert sampling._Numbered(tables, part).total == int(truth.sum())


def test_fewer_networks_than_are_wanted():
    tables = stacked(2, 3, 0)
    assert len(sample(tables, 100)) == 9
    assert sample(tables, 5, condition=Condition("params < 0")).shape == (0, 2)


def test_a_condition_that_is_next_to_never_true(monkeypatch):
    monkeypatch.setattr(sampling, "TRIED", 300)
    monkeypatch.setattr(sampling, "CELLS", 4)
    tables = stacked(20, 10, 0)
    params = totals(tables, np.zeros((1, 20), int))["params"][0]
    with pytest.raises(SpecError, match="is hardly ever true: 0 of"):
        sample(tables, 1, condition=Condition(f"params == {params}"))


def test_choices_of_layers_that_are_left_out_are_one_network(tmp_path):
    """Three depths: one network without its layer, and three with it for each kernel size."""
    path = tmp_path / "net.yaml"
    path.write_text(
        "name: Net\ninput: [3, 8, 8]\nparameters:\n"
        "  depth: {default: 1, choices: [1, 2]}\n  k: {default: 3, choices: [1, 3, 5]}\n"
        "layers:\n  - conv: {out: 8, kernel: 3}\n"
        "  - depthwise: {kernel: k, when: depth >= 2}\n  - fc: 10\n"
    )
    tables = costcalc.space(str(path), depth=[1, 2], k=[1, 3, 5]).tables
    found = sorted(map(tuple, sample(tables, 10).tolist()))
    assert found == [(0, 1), (1, 0), (1, 1), (1, 2)]


def test_a_seed_draws_the_same_in_every_process():
    """Python orders sets of words differently in each process; regions are not ordered by it."""
    code = (
        "import costcalc\n"
        "space = costcalc.space('mobilenet_v1', alpha=[0.25, 0.5, 0.75, 1], res=[128, 160, 192])\n"
        "where = 'params <= 1M or mult_adds <= 150M or params + mult_adds >= 300M'\n"
        "print([dict(row.settings) for row in space.sample(6, seed=5, where=where).rows])"
    )
    drawn = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(drawn) == 1
