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
