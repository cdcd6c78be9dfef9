"""The best networks of a space, and its front, equal those of a loop over all settings."""

import numpy as np
import pytest
from hypothesis import Phase, assume, given, settings
from hypothesis import strategies as st

from costcalc.errors import SpecError
from costcalc.grid import dominance
from costcalc.grid.axes import axis
from costcalc.grid.dominance import undominated
from costcalc.grid.select import Condition
from costcalc.grid.tables import CostTable, CostTables
from costcalc.spaces import completions, stages
from costcalc.spaces.choosing import pareto, top
from costcalc.spaces.sampling import sample
from tests.spaces.test_counting import AXES, METRICS, SUMS, conditions, networks, spaces

COSTS = st.sampled_from(SUMS)


def indexes(network):
    return tuple(one.values.index(network[one.name]) for one in AXES)


def wanted(data, tables):
    """A condition, and the networks that satisfy it, in the order of the rows."""
    listed = [*networks(tables)]
    text = data.draw(st.none() | conditions(listed or [dict.fromkeys([*METRICS], 5)]))
    if text is None:
        return None, listed
    condition = Condition(text)
    return condition, [one for one in listed if condition.parsed.evaluate(one)]


@settings(max_examples=60, deadline=None, phases=[Phase.generate])
@given(st.data())
def test_the_first_equal_a_loop(data):
    tables = data.draw(spaces())
    condition, listed = wanted(data, tables)
    metric, is_smallest = data.draw(COSTS), data.draw(st.booleans())
    count = data.draw(st.sampled_from([1, 2, 5, 100]))
    found = top(tables, metric, count, is_smallest=is_smallest, condition=condition, known={"e": 7})
    ordered = sorted(listed, key=lambda one: one[metric] * (1 if is_smallest else -1))
    assert [*map(tuple, found.tolist())] == [indexes(one) for one in ordered[:count]]


@settings(max_examples=60, deadline=None, phases=[Phase.generate])
@given(st.data())
def test_fronts_equal_a_loop(data):
    tables = data.draw(spaces())
    condition, listed = wanted(data, tables)
    metrics = data.draw(st.permutations(SUMS))[: data.draw(st.integers(2, 3))]
    found = pareto(tables, metrics, condition=condition, known={"e": 7})
    points = {}
    for one in listed:
        points.setdefault(tuple(one[name] for name in metrics), []).append(indexes(one))
    front = sorted(
        point
        for point in points
        if not any(
            other != point and all(a <= b for a, b in zip(other, point, strict=True))
            for other in points
        )
    )
    assert [*map(tuple, found.indexes.tolist())] == [points[point][0] for point in front]
    assert list(found.networks) == [len(points[point]) for point in front]


@settings(max_examples=40, deadline=None, phases=[Phase.generate])
@given(st.data())
def test_what_no_sums_decide_is_listed(data):
    tables = data.draw(spaces())._replace(existences=())
    # Settings of arrays without axes are added up in 64 bits alone.
    assume(all(array.dtype != object for one in tables.tables for array in one.costs.values()))
    count, is_smallest = data.draw(st.sampled_from([1, 4, 100])), data.draw(st.booleans())
    condition = Condition("params % 3 == 1 or params * mult_adds < 1000")
    listed = [one for one in networks(tables) if condition.parsed.evaluate(one)]
    first = top(tables, SUMS[0], count, is_smallest=is_smallest, condition=condition)
    ordered = sorted(listed, key=lambda one: one[SUMS[0]] * (1 if is_smallest else -1))
    assert [*map(tuple, first.tolist())] == [indexes(one) for one in ordered[:count]]
    points = [(one[SUMS[0]], one[SUMS[1]]) for one in listed]
    best = {
        one
        for one in points
        if not any(o != one and o[0] <= one[0] and o[1] <= one[1] for o in points)
    }
    front = pareto(tables, SUMS[:2], condition=condition)
    assert list(front.networks) == [points.count(one) for one in sorted(best)]
    drawn = sample(tables, count, 1, condition=condition).tolist()
    assert {*map(tuple, drawn)} <= {*map(indexes, listed)}
    assert len({*map(tuple, drawn)}) == len(drawn) == min(count, len(listed))


@settings(max_examples=60, deadline=None, phases=[Phase.generate])
@given(st.data())
def test_the_first_of_spaces_whose_sums_are_too_many_to_be_listed(data):
    tables = data.draw(spaces())
    condition, listed = wanted(data, tables)
    metric, is_smallest = data.draw(COSTS), data.draw(st.booleans())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(completions, "LISTED", data.draw(st.sampled_from([0, 1, 5, 20])))
        patch.setattr(completions, "PAIRS", 3)
        patch.setattr(stages, "CHOICES", data.draw(st.sampled_from([1, 4])))
        found = top(tables, metric, 3, is_smallest=is_smallest, condition=condition, known={"e": 7})
    ordered = sorted(listed, key=lambda one: one[metric] * (1 if is_smallest else -1))
    assert [*map(tuple, found.tolist())] == [indexes(one) for one in ordered[:3]]


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_what_is_undominated_equals_a_loop(data):
    costs = data.draw(st.integers(1, 5))
    weighed = data.draw(st.integers(1, costs))
    random = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    count, most = data.draw(st.integers(0, 200)), data.draw(st.sampled_from([2, 5, 30, 1000]))
    points = random.integers(0, most, (count, costs))
    points = points.astype(object) * 2**70 if data.draw(st.booleans()) else points
    kept = {
        at
        for at, one in enumerate(points)
        if not any((o <= one).all() and (o[:weighed] != one[:weighed]).any() for o in points)
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dominance, "FEW", data.draw(st.sampled_from([2, 8, 64])))
        assert {*undominated(points, weighed).tolist()} == kept


def stacked(layers, choices, seed):
    """Layers with a choice each, whose costs are few multiples of few numbers."""
    random = np.random.default_rng(seed)
    axes = tuple(axis(f"p{at}", range(choices)) for at in range(layers))
    made = [
        CostTable((at,), {name: random.integers(1, 10**6, choices) for name in SUMS[:2]})
        for at in range(layers)
    ]
    return CostTables(axes, tuple(made), 0)


def totals(tables, found):
    return {name: tables.at(name, [*found.T]).tolist() for name in SUMS[:2]}


def test_the_best_of_more_networks_than_can_be_listed():
    """Of 10^30 networks; each layer by itself decides without a bound."""
    tables = stacked(30, 10, 0)
    found = top(tables, "params", 3, is_smallest=True)
    least = [int(table.costs["params"].argmin()) for table in tables.tables]
    assert found[0].tolist() == least
    # The second one differs in the layer where the next choice costs the least more.
    more = min(np.diff(np.sort(table.costs["params"]))[0] for table in tables.tables)
    costs = totals(tables, found)["params"]
    assert costs[1] - costs[0] == more
    assert costs == sorted(costs)


def test_the_largest_within_a_budget_of_a_space_too_large_to_list():
    """So many sums are close to the bound that the first few reach it exactly."""
    tables = stacked(30, 10, 1)
    low, high = (sum(int(f(t.costs["params"])) for t in tables.tables) for f in (np.min, np.max))
    bound = (2 * low + high) // 3
    found = top(tables, "params", 4, condition=Condition(f"params <= {bound}"))
    assert totals(tables, found)["params"] == [bound] * 4
    rows = [tuple(row) for row in found.tolist()]
    assert rows == sorted(rows)
    assert len({*rows}) == 4


def test_a_front_of_a_space_too_large_to_list():
    """For each network drawn at random one on the front costs no more, but of these none does."""
    tables = stacked(12, 10, 2)
    front = pareto(tables, SUMS[:2])
    params, mult_adds = totals(tables, front.indexes).values()
    assert params == sorted(params)
    assert mult_adds == sorted(mult_adds, reverse=True)
    assert len({*params}) == len(params) == len({*mult_adds})
    drawn = np.random.default_rng(0).integers(0, 10, (20_000, 12))
    params, mult_adds = np.array(params), np.array(mult_adds)
    for one, other in zip(*totals(tables, drawn).values(), strict=True):
        assert ((params <= one) & (mult_adds <= other)).any()


def test_ends_of_a_front_are_the_first_of_each_cost():
    tables = stacked(12, 10, 3)
    front = pareto(tables, SUMS[:2])
    for name, end in zip(SUMS[:2], (0, -1), strict=True):
        (best,) = totals(tables, top(tables, name, 1, is_smallest=True))[name]
        assert totals(tables, front.indexes[[end]])[name] == [best]


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda tables: top(tables, "flops", 1), "'flops' has no meaning here"),
        (lambda tables: pareto(tables, ["params"]), "weighs costs against each other"),
        (lambda tables: pareto(tables, ["params", "params"]), "weighs costs"),
        (
            lambda tables: top(tables, "params", 1, condition=Condition("params % 2 == 0")),
            "takes the remainder of a cost",
        ),
        (
            lambda tables: top(tables, "params", 1, condition=Condition("nonsense == 0")),
            "'nonsense' has no meaning here",
        ),
    ],
)
def test_questions_without_an_answer(ask, message):
    with pytest.raises(SpecError, match=message):
        ask(stacked(2, 2, 0))


def tied(seed, layers=4, choices=3):
    """Layers with few different costs, so that many networks cost the same; and all of these."""
    random = np.random.default_rng(seed)
    axes = tuple(axis(f"p{at}", range(choices)) for at in range(layers))
    made = tuple(
        CostTable((at,), {name: random.integers(0, 4, choices) for name in METRICS})
        for at in range(layers)
    )
    tables = CostTables(axes, made, 0)
    rows = np.array([*np.ndindex(*[choices] * layers)])
    costs = {name: tables.at(name, [*rows.T]) for name in METRICS}
    return tables, rows, costs


@pytest.mark.parametrize("seed", range(8))
def test_networks_that_cost_the_same_within_other_bounds(seed):
    """All networks at a point of the front are counted, whatever else they cost."""
    tables, rows, costs = tied(seed)
    a, b, other, peak = (costs[name] for name in METRICS)
    bound, floor = int(np.median(other)), int(np.median(peak))
    for text, is_in in (
        (f"weight_bytes <= {bound}", other <= bound),
        (f"weight_bytes >= {bound}", other >= bound),
        (f"peak_bytes >= {floor}", peak >= floor),
        (f"peak_bytes < {floor} or weight_bytes <= {bound}", (peak < floor) | (other <= bound)),
    ):
        condition = Condition(text)
        found = pareto(tables, SUMS[:2], condition=condition)
        points = [*zip(a[is_in].tolist(), b[is_in].tolist(), strict=True)]
        front = sorted(
            one
            for one in {*points}
            if not any(o != one and o[0] <= one[0] and o[1] <= one[1] for o in points)
        )
        assert list(found.networks) == [points.count(one) for one in front]
        first = [rows[is_in][points.index(one)].tolist() for one in front]
        assert found.indexes.tolist() == first
        order = np.argsort(a[is_in], kind="stable")
        ranked = top(tables, SUMS[0], 10**6, is_smallest=True, condition=condition)
        assert ranked.tolist() == rows[is_in][order].tolist()
