"""``solve`` over several parameters equals a loop over all their values."""

import json
from itertools import product

import pytest
from click.testing import CliRunner

import costcalc
from costcalc.cli import main
from costcalc.errors import CostcalcError

SPEC = """
name: Net
input: [3, res, res]
parameters:
  res: 16
  k1: {default: 3, choices: [1, 3, 5]}
  k2: {default: 3, choices: [1, 3, 5]}
  wide: {default: 8, choices: [8, 12, 20]}
  thick: {default: lean, choices: [lean, fat]}
space: {k1: [3, 5], wide: [8, 20]}
layers:
  - conv: {out: wide, kernel: k1}
  - conv: {out: "8 if thick == 'lean' else 32", kernel: 3, stride: 2}
  - depthwise: {kernel: k2}
  - fc: 10
"""
CHOICES = {"k1": [1, 3, 5], "k2": [1, 3, 5], "wide": [8, 12, 20], "thick": ["lean", "fat"]}


@pytest.fixture
def net(tmp_path):
    path = tmp_path / "net.yaml"
    path.write_text(SPEC)
    return str(path)


def every(net, choices):
    for values in product(*choices.values()):
        settings = dict(zip(choices, values, strict=True))
        totals = costcalc.report(net, **settings).totals
        yield settings, totals.params, totals.mult_adds


def shown(answer):
    return [(dict(row.settings), row.params, row.mult_adds) for row in answer.best]


@pytest.mark.parametrize("bounds", [{}, {"max_params": 7000}, {"min_params": 6000}])
def test_the_largest_within_budgets(net, bounds):
    answer = costcalc.solve(net, [*CHOICES], max_mult_adds=200_000, top=7, **bounds)
    fitting = [
        one
        for one in every(net, CHOICES)
        if one[2] <= 200_000
        and one[1] <= bounds.get("max_params", one[1])
        and one[1] >= bounds.get("min_params", 0)
    ]
    assert shown(answer) == sorted(fitting, key=lambda one: -one[2])[:7]
    assert len(fitting) > 7


@pytest.mark.parametrize(("floor", "by", "cost"), [("min_params", 1, 2), ("min_mult_adds", 2, 1)])
def test_the_cheapest_with_at_least_so_much(net, floor, by, cost):
    least = {1: 9000, 2: 250_000}[by]
    answer = costcalc.solve(net, [*CHOICES], top=5, **{floor: least})
    fitting = [one for one in every(net, CHOICES) if one[by] >= least]
    assert shown(answer) == sorted(fitting, key=lambda one: one[cost])[:5]


def test_given_values_and_another_rank(net):
    """Widths and resolutions, of which all parts depend on both."""
    choices = {"res": [8, 16, 24], "wide": [8, 12, 20]}
    answer = costcalc.solve(net, choices, max_mult_adds=10**6, by="-params", top=3)
    fitting = [one for one in every(net, choices) if one[2] <= 10**6]
    assert shown(answer) == sorted(fitting, key=lambda one: one[1])[:3]
    assert answer.settings["thick"] == "lean"


def test_a_budget_of_ram_and_one_of_flash(net):
    answer = costcalc.solve(net, ["k1", "wide"], max_ram="4 KiB", max_flash="6 KiB", storage="int8")
    fitting = []
    for settings, params, mult_adds in every(net, {"k1": [1, 3, 5], "wide": [8, 12, 20]}):
        memory = costcalc.memory(net, storage="int8", **settings).data()
        if memory["peak_bytes"] <= 4 * 1024 and memory["weight_bytes"] <= 6 * 1024:
            fitting.append((settings, params, mult_adds))
    assert shown(answer) == [max(fitting, key=lambda one: one[2])]
    assert len(fitting) < 9


def test_a_budget_is_met_exactly_or_not_at_all(net):
    costs = sorted({one[2] for one in every(net, CHOICES)})
    for limit, best in ((costs[5], costs[5]), (costs[5] - 1, costs[4])):
        assert costcalc.solve(net, [*CHOICES], max_mult_adds=limit).best[0].mult_adds == best


def test_the_least_ram(net):
    choices = {"k1": [1, 3, 5], "wide": [20, 12, 8]}
    answer = costcalc.solve(net, choices, max_ram="1 MiB", storage="int8", by="-peak_bytes", top=4)
    peaks = {
        wide: costcalc.memory(net, storage="int8", wide=wide).data()["peak_bytes"]
        for wide in choices["wide"]
    }
    assert [row.peak_bytes for row in answer.best] == [peaks[8]] * 3 + [peaks[12]]
    assert [row.settings["k1"] for row in answer.best] == [1, 3, 5, 1]


def test_the_space_of_the_spec(net):
    answer = costcalc.solve(net, space=True, max_mult_adds=10**9, top=100)
    assert len(answer.best) == 4
    assert [axis.name for axis in answer.searched] == ["k1", "wide"]


def solved(*arguments):
    return CliRunner().invoke(main, ["solve", *arguments])


def test_nothing_fits(net):
    result = solved(net, "--for", "k1", "--for", "k2", "--max-params", "10")
    assert result.exit_code == 1
    least = min(one[1] for one in every(net, {"k1": [1, 3, 5], "k2": [1, 3, 5]}))
    assert f"By themselves, the least params are {least:,}." in result.output


def test_json(net):
    arguments = ["--for", "k1", "--for", "res=8,16", "--max-params", "7K", "--top", "2"]
    data = json.loads(solved(net, *arguments, "--format", "json").output)
    assert data["for"] == {"k1": [1, 3, 5], "res": [8, 16]}
    assert data["budget"] == {"params": 7000}
    first = data["networks"][0]
    report = costcalc.report(net, **first["parameters"]).totals
    assert (first["params"], first["mult_adds"]) == (report.params, report.mult_adds)
    assert len(data["networks"]) == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"name": ["k1", "res"], "max_params": 9}, "'res' has no choices"),
        ({"name": ["k1", "k3"], "max_params": 9}, "has no parameter 'k3'"),
        ({"name": ["k1", "k2"]}, "there is no budget"),
        ({"name": ["k1", "k2"], "max_params": 9, "by": "flops"}, "'flops' is no cost here"),
        ({"name": ["k1", "k2"], "max_params": 9, "step": 2}, "those of one parameter"),
        ({"name": ["k1", "k2"], "max_params": 9, "k1": 3}, "both solved for and set"),
        ({"name": "k1", "max_params": 9, "top": 2}, "rank the networks of several"),
        ({"name": ["k1", "k2"], "max_params": 9, "top": 0}, "top"),
    ],
)
def test_questions_without_an_answer(net, arguments, message):
    with pytest.raises(CostcalcError, match=message):
        costcalc.solve(net, **arguments)


def test_settings_that_would_take_hours_are_refused(net):
    """Times do not add up over parts of a network."""
    choices = {"k1": [1, 3, 5], "alpha": range(1, 9001), "res": range(16, 4016)}
    with pytest.raises(CostcalcError) as caught:
        costcalc.solve(net, choices, max_ms=20, device="stm32h743")
    (problem,) = caught.value.problems
    assert problem.message == "a time is that of the whole network"
    assert problem.found.startswith("108,000,000, which take about")


def test_few_settings_that_would_take_hours_are_refused_too(net, monkeypatch):
    monkeypatch.setattr("costcalc.solving.several.seconds_one_by_one", lambda grid: 7201.0)
    with pytest.raises(CostcalcError) as caught:
        costcalc.solve(net, {"k1": [1, 3, 5], "res": [8, 16]}, max_ms=20, device="stm32h743")
    (problem,) = caught.value.problems
    assert problem.found == "6, which take about 2 hours"
    monkeypatch.setattr("costcalc.solving.several.seconds_one_by_one", lambda grid: 3600.0)
    assert costcalc.solve(
        net, {"k1": [1, 3, 5], "res": [8, 16]}, max_ms=20, device="stm32h743"
    ).best
