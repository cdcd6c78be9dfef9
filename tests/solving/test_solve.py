"""The largest value within budgets, compared with a report for every value."""

from fractions import Fraction
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import costcalc
from costcalc.errors import SpecError

# A map above 12 is halved first, so that the costs fall there.
FALLING = """
input: [1, res, res]
parameters: {alpha: 1, res: 8, n: {default: 1, range: [1, 6]}, mode: {default: a, choices: [a, b]}}
layers:
  - max_pool: {kernel: 2, when: res > 12}
  - conv: {out: 10, kernel: 1, repeat: n}
"""


@pytest.fixture
def falling(tmp_path):
    path = tmp_path / "falling.yaml"
    path.write_text(FALLING)
    return str(path)


def best(*arguments, **options):
    return costcalc.solve(*arguments, **options).best


@cache
def totals_at(network, alpha):
    return costcalc.report(network, alpha=alpha).totals


@pytest.mark.slow
@settings(max_examples=15, deadline=None)
@given(
    st.sampled_from(["mobilenet_v1", "mobilenet_v2"]),
    st.integers(10**6, 6 * 10**8),
    st.integers(5 * 10**5, 5 * 10**6),
)
def test_the_largest_alpha_equals_that_of_exhaustive_search(network, mult_adds, params):
    step = Fraction(1, 16)
    solution = costcalc.solve(
        network, "alpha", max_mult_adds=mult_adds, max_params=params, step=step
    )
    fitting = [
        index * step
        for index in range(1, 25)
        if (totals := totals_at(network, index * step)).params <= params
        and totals.mult_adds <= mult_adds
    ]
    assert (solution.best.value if solution.best else None) == (fitting[-1] if fitting else None)
    if solution.best:
        assert (solution.best.params, solution.best.mult_adds) == totals_at(
            network, solution.best.value
        )
        assert solution.after.value == solution.best.value + step


def test_costs_that_fall_are_searched_completely(falling):
    # 10 * 8^2 = 640 fits 700 and 10 * 9^2 = 810 does not; halved, 16 and 17 give
    # 10 * 8^2 again, and 18 gives 810.
    solution = costcalc.solve(falling, "res", max_mult_adds=700)
    assert solution.best.value == 17
    # 9, 10, 11 and 12 do not fit.
    assert solution.exceptions == 4
    assert solution.after == (18, 10, 810)


def test_a_range_of_the_spec_bounds_the_search(falling):
    # n layers of 10 weights for the first and 100 for each other one: 510 at 6.
    solution = costcalc.solve(falling, "n", max_params=1000)
    assert (solution.best.value, solution.best.params) == (6, 510)
    assert solution.searched.values == (1, 2, 3, 4, 5, 6)
    assert not solution.is_bounded


def test_only_the_choices_of_the_spec_are_searched():
    solution = costcalc.solve("resnet", "depth", max_mult_adds=5 * 10**9)
    assert solution.searched.values == (18, 34, 50, 101, 152)
    costs = {depth: costcalc.report("resnet", depth=depth).totals for depth in (50, 101)}
    assert (solution.best.value, solution.best.mult_adds) == (50, costs[50].mult_adds)
    assert costs[50].mult_adds <= 5 * 10**9 < costs[101].mult_adds
    assert best("resnet", "depth", max_mult_adds=5 * 10**9, step=17).value == 34


@pytest.mark.parametrize(("network", "name", "step"), [("falling", "n", 7), ("resnet", "depth", 7)])
def test_a_step_without_any_allowed_value(falling, network, name, step):
    with pytest.raises(SpecError, match=f"no value that {name} may have is a multiple of 7"):
        costcalc.solve(
            falling if network == "falling" else network, name, max_mult_adds=1, step=step
        )


def test_values_to_choose_from(falling):
    assert best(falling, "res", max_mult_adds=700, values=(12, 4, 8)).value == 8


def test_without_a_solution_the_nearest_value_is_named(falling):
    solution = costcalc.solve(falling, "res", max_mult_adds=5)
    assert solution.best is None
    # 10 mult-adds at 1 x 1: twice the budget.
    assert solution.nearest == (1, 10, 10)


def test_a_large_answer_is_found(falling):
    # A map halved to 10000 on a side: 10 * 10000^2 = 10^9.
    assert best(falling, "res", max_mult_adds=10**9).value == 20001


def test_the_closed_form_of_the_answer():
    solution = costcalc.solve("mobilenet_v1", "alpha", max_mult_adds=10**8, max_params=2 * 10**6)
    # 10752 * 224^2 * a^2 + (562.5 * 224^2 + 1024000) * a = 10^8:
    # a = (-29248000 + sqrt(29248000^2 + 4 * 539492352 * 10^8)) / (2 * 539492352) = 0.40428...
    assert solution.closed.value == Fraction(4042, 10000)
    assert solution.closed.metric == "mult_adds"
    # Rounding down its widths, the network itself affords a little more.
    assert solution.best.value == Fraction(406, 1000)


def test_no_closed_form_if_costs_do_not_depend_on_the_parameter():
    assert costcalc.solve("mobilenet_v1", "res", max_params=10**6).closed is None


@pytest.mark.parametrize(
    ("name", "budgets", "given", "message"),
    [
        ("depth", {"max_mult_adds": 1}, {}, "no parameter 'depth'"),
        ("res", {}, {}, "no budget to stay within"),
        ("res", {"max_mult_adds": 1}, {"res": 3}, "both solved for and set"),
        ("mode", {"max_mult_adds": 1}, {}, "'mode' is not a number"),
        ("res", {"max_mult_adds": 1}, {"alpha": 0}, "alpha cannot be 0"),
    ],
)
def test_mistakes_are_reported(falling, name, budgets, given, message):
    with pytest.raises(SpecError, match=message):
        costcalc.solve(falling, name, **budgets, **given)


# n layers of 4 * 4 weights at 8 * 8 positions, and every 5th n without its last layer.
REPEATED = """
input: [4, 8, 8]
parameters: {n: 1, w: {default: 4, range: [1, ~]}, even: 2}
layers:
  - conv: {out: fixed(4), kernel: 1, repeat: n}
"""
UNEVEN = """
input: [4, 8, 8]
parameters: {n: 1}
layers:
  - conv: {out: 4, kernel: 1, repeat: n}
  - conv: {out: 4, kernel: 1, repeat: 3, when: n % 5 == 0}
"""
# 4 * 2^... : three layers whose groups divide the channels at multiples of 7 alone.
SPARSE = """
input: [7, 4, 4]
parameters: {c: 7}
layers:
  - conv: {out: c, kernel: 1, groups: 7}
"""


def spec(tmp_path, text):
    path = tmp_path / "net.yaml"
    path.write_text(text)
    return str(path)


@settings(max_examples=20, deadline=None)
@given(st.integers(16, 40_000))
def test_repeats_are_found_without_counting_each(tmp_path_factory, params):
    counted = []
    path = spec(tmp_path_factory.mktemp("repeated"), REPEATED)
    solution = costcalc.solve(path, "n", max_params=params, watch=counted.append)
    assert (solution.best.value, solution.best.params) == (params // 16, params // 16 * 16)
    assert solution.after.value == params // 16 + 1
    assert max(counted) < 60
    assert solution.monotony == ("counted" if params // 16 < 32 else "proven")


def test_a_parameter_without_effect_on_the_budget_is_told_from_one_with_room(tmp_path):
    path = spec(tmp_path, REPEATED)
    solution = costcalc.solve(path, "w", max_params=100)
    assert (solution.constant, solution.best.params) == (("params",), 16)
    assert "At every w searched the params are 16: they do not depend on w." in str(solution)
    assert "may fit" not in str(solution)
    flash = costcalc.solve(path, "w", max_flash=100)
    # 4 bytes of 16 weights and 4 biases.
    assert "At every w searched flash is 80 B: it does not depend on w." in str(flash)
    over = costcalc.solve(path, "alpha", max_params=10)
    assert (over.constant, over.best) == (("params",), None)
    rising = costcalc.solve(path, "res", max_params=100, max_mult_adds=1000, n=1)
    # 16 * 7 * 7 = 784 and 16 * 8 * 8 = 1024.
    assert (rising.best.value, rising.constant, rising.monotony) == (7, ("params",), "counted")


def test_what_a_larger_value_is_known_to_cost_is_said():
    counted = costcalc.solve("mobilenet_v1", "alpha", max_params="2M")
    assert counted.monotony == "counted"
    assert "assumed" not in str(counted)
    proven = costcalc.solve("mobilenet_v1", "classes", max_params="1G")
    # 3,185,088 params and 1,024 for each class.
    assert proven.best.value == (10**9 - 3_185_088) // 1024
    assert proven.monotony == "proven"
    assert "Costs rise with classes everywhere, by their closed form." in str(proven)
    assumed = costcalc.solve("mobilenet_v1", "alpha", max_params="1T")
    assert assumed.monotony == "assumed"
    assert "costs are assumed to rise with alpha" in str(assumed)
    assert assumed.best.params <= 10**12 < assumed.after.params
    assert assumed.after.value - assumed.best.value == Fraction(1, 1000)


def test_repeats_whose_costs_fall_are_counted_one_by_one(tmp_path):
    # 16 * n, and 48 more at multiples of 5: 41 * 16 = 656 fits 700, (40 + 3) * 16 = 688 too.
    solution = costcalc.solve(spec(tmp_path, UNEVEN), "n", max_params=700)
    assert (solution.best.value, solution.monotony) == (43, "counted")
    assert solution.searched.values == tuple(range(1, 129))


def test_repeats_whose_costs_fall_are_not_counted_without_end(tmp_path):
    solution = costcalc.solve(spec(tmp_path, UNEVEN), "n", max_params="1T")
    assert not solution.is_bounded
    assert solution.is_falling
    assert len(solution.searched.values) == 32 * 4 * 4  # 32, then four times as many, past 256


def test_steps_between_those_of_the_closed_form_are_assumed(tmp_path):
    # At 4/3, 32 * alpha channels are not whole.
    text = """
input: [3, 8, 8]
parameters: {alpha: {default: 1, range: [1, ~]}}
layers: [conv: {out: 32, kernel: 3, act: relu}, fc: 10]
"""
    found = {
        step: costcalc.solve(spec(tmp_path, text), "alpha", max_params="1T", step=step).monotony
        for step in ("1/2", "1/3")
    }
    assert found == {"1/2": "proven", "1/3": "assumed"}


def test_values_without_a_network_are_passed_over(tmp_path):
    # c weights for a multiple of 7.
    solution = costcalc.solve(spec(tmp_path, SPARSE), "c", max_params=10**6)
    assert (solution.best.value, solution.after.value) == (999_999, 1_000_006)


@pytest.mark.parametrize("budget", ["1e25", "1T", "1"])
@pytest.mark.parametrize("name", ["alpha", "res", "classes"])
def test_no_budget_takes_long(name, budget):
    counted = []
    solution = costcalc.solve(
        "mobilenet_v1", name, max_mult_adds=budget, max_params=budget, watch=counted.append
    )
    assert max(counted) < 10_000
    assert (solution.best is None) == (budget == "1")


@pytest.mark.parametrize(
    ("name", "values", "message"),
    [
        ("alpha", "1,x", "alpha = x is not a number"),
        ("res", "32,64x64", "res = 64x64 is not a number"),
        ("res", [(32, 64)], "res = 32x64 is not a number"),
        ("alpha", "1,true", "alpha = true is not a number"),
        ("alpha", ",", "a value is missing"),
        ("alpha", "", "a value is missing"),
        ("alpha", "0,1", "alpha cannot be 0"),
        ("alpha", "-1", "alpha cannot be -1"),
        ("res", "0.5", "res cannot be 0.5"),
    ],
)
def test_values_that_have_no_largest_are_refused(name, values, message):
    with pytest.raises(SpecError, match=message):
        costcalc.solve("mobilenet_v1", name, max_params="5M", values=values)


@pytest.mark.parametrize("budget", [0, -1, "-5M", "x", "", "e1", "1/0", True, "nan", float("nan")])
def test_a_budget_is_a_number_above_zero(budget):
    with pytest.raises(SpecError, match="max_params"):
        costcalc.solve("mobilenet_v1", "alpha", max_params=budget)
