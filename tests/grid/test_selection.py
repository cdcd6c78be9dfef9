"""Selecting rows of a sweep: conditions, the largest, the Pareto front."""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import costcalc
from costcalc.errors import SpecError
from costcalc.grid import evaluate, select

SPEC = """
name: Net
input: [1, res, res]
parameters:
  alpha: 1
  res: 8
  mode: {default: thin, choices: [thin, thick]}
accuracy:
  - {top1: 60, source: Table 1}
  - {at: {alpha: 2}, top1: 70, source: Table 1}
  - {at: {alpha: 2, res: 16}, top1: 65, source: Table 1}
layers:
  - conv: {out: "8 if mode == 'thin' else 16", kernel: 1}
"""
# params are 8 * alpha * 1 (twice that when thick), mult-adds that times res^2.


@pytest.fixture
def net(tmp_path):
    path = tmp_path / "net.yaml"
    path.write_text(SPEC)
    return str(path)


def swept(net, where=None, **texts):
    return costcalc.sweep(net, where=where, **texts)


def shown(rows):
    return [(*row.settings.values(), row.params, row.mult_adds) for row in rows]


def test_the_last_parameter_varies_fastest(net):
    assert shown(swept(net, alpha="1,0.5", res="2,1").rows()) == [
        (1, 2, 8, 32),
        (1, 1, 8, 8),
        (Fraction(1, 2), 2, 4, 16),
        (Fraction(1, 2), 1, 4, 4),
    ]


@pytest.mark.parametrize(
    ("where", "alphas"),
    [
        ("mult_adds <= 1K", [1]),
        ("params >= 16 and not res > 8", [2, 3]),
        ("alpha == 1 or alpha == 3", [1, 3]),
        ("24 // alpha == 12", [2]),
        ("mult_adds / params == 64", [1, 2, 3]),
        ("(alpha > 1 if params > 8 else res < 3) and 2 * alpha < 5", [2]),
        ("mode == 'thin'", [1, 2, 3]),
        ("mode == 'thick'", []),
        ("max(alpha, 2) == 2", [1, 2]),
    ],
)
def test_conditions(net, where, alphas):
    rows = swept(net, where, alpha="1,2,3").rows()
    assert [row.settings["alpha"] for row in rows] == alphas


def test_a_condition_on_words_that_vary(net):
    rows = swept(net, "mode == 'thick' or alpha > 1", alpha="1,2", mode="thin,thick").rows()
    assert [tuple(row.settings.values()) for row in rows] == [
        (1, "thick"),
        (2, "thin"),
        (2, "thick"),
    ]


@pytest.mark.slow
@settings(max_examples=30, deadline=None)
@given(
    st.sampled_from(["mult_adds", "params", "alpha", "res", "-mult_adds", "-res"]),
    st.integers(1, 12),
)
def test_the_largest_are_the_first_after_sorting(by, count):
    found = costcalc.sweep("mobilenet_v1", alpha="0.5,1,0.25,2", res="64,32,33")
    key = by.removeprefix("-")
    ordered = sorted(
        found.rows(),
        key=lambda row: getattr(row, key, None) or row.settings[key],
        reverse=by == key,
    )
    assert found.top(count, by) == ordered[:count]


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=1, max_size=12))
def test_the_front_is_the_points_that_no_other_beats(points):
    first, second = (evaluate.numpy.array(column) for column in zip(*points, strict=True))
    expected = [
        index
        for index, (x, y) in enumerate(points)
        if not any(a <= x and b <= y and (a, b) != (x, y) for a, b in points)
    ]
    assert select.front(first, second).tolist() == expected


def test_the_front_of_published_accuracies(net):
    # At alpha 2, res 8 beats res 16: more accurate at fewer mult-adds.
    rows = swept(net, alpha="1,2,3", res="8,16").pareto()
    assert [(*row.settings.values(), row.accuracy.top1) for row in rows] == [(1, 8, 60), (2, 8, 70)]


def test_the_front_of_costs_without_published_accuracies(net):
    rows = swept(net, alpha="3,4", res="9,10").pareto()
    assert shown(rows) == [(3, 9, 24, 24 * 81)]


LARGE = {"alpha": "1:1050:1", "res": "1:1050:1"}
"""A grid that is counted and returned in several parts: 1050 * 1050 = 1,102,500 cells."""


def test_rows_come_in_small_batches(net):
    done = []
    batches = list(swept(net, **LARGE).batches(done.append))
    assert max(len(batch.params) for batch in batches) < 100_000
    params = [value for batch in batches for value in batch.params]
    mult_adds = [value for batch in batches for value in batch.mult_adds]
    sides = range(1, 1051)
    assert params == [8 * alpha for alpha in sides for _ in sides]
    assert mult_adds == [8 * alpha * res * res for alpha in sides for res in sides]
    # Progress is reported in parts too, and ends with the total.
    assert len(done) > 1
    assert done == sorted(done)
    assert done[-1] == 1_102_500


@pytest.mark.parametrize(
    ("by", "expected"),
    [
        # Equal ones stand in the order of the grid, whichever part they were counted in.
        ("-res", [(alpha, 1) for alpha in range(1, 1041)]),
        ("res", [(alpha, 1050) for alpha in range(1, 1041)]),
        ("params", [(1050, res) for res in range(1, 1041)]),
        ("-mult_adds", [(1, 1), (2, 1), (3, 1), (1, 2), (4, 1)]),
        ("mult_adds", [(1050, 1050), (1049, 1050), (1050, 1049), (1048, 1050)]),
    ],
)
def test_the_largest_of_a_large_grid(net, by, expected):
    rows = swept(net, **LARGE).top(len(expected), by)
    assert [tuple(row.settings.values()) for row in rows] == expected


@pytest.mark.parametrize(
    ("where", "message"),
    [
        ("mult_ads < 3", "'mult_ads' has no meaning here"),
        ("mult_adds <", "malformed expression"),
        ("mult_adds", "is not a condition"),
        ("mode < 3", "arithmetic needs numbers"),
        ("1 / (alpha - 1) > 2", "divides by zero"),
    ],
)
def test_invalid_conditions(net, where, message):
    with pytest.raises(SpecError, match="where") as caught:
        list(swept(net, where, alpha="1,2").rows())
    assert message in str(caught.value)


@pytest.mark.slow
def test_a_grid_beyond_the_limit_is_refused_with_its_size(net):
    with pytest.raises(SpecError, match="10,000,100,000 settings"):
        swept(net, alpha="0.01:1000:0.01", res="1:100001")


@pytest.mark.parametrize(
    ("network", "axes", "choice", "note"),
    [
        ("mobilenet_v1", {"alpha": [0.5, 1], "res": [160, 224]}, "accuracy", ""),
        ("mobilenet_v1", {"alpha": [0.3, 1], "res": [128]}, "accuracy", "Only settings with"),
        ("mobilenet_v1", {"alpha": [0.3, 0.4], "res": [96]}, "params", "the least of both"),
        ("mobilenet_v1", {"alpha": [0.3], "res": [96]}, "params", ""),
        # More groups save mult-adds, and let more channels have more params.
        ("shufflenet_v1", {"groups": [1, 2, 3], "res": [192]}, "params", ""),
    ],
)
def test_a_front_says_what_competes_and_why_few_are_left(network, axes, choice, note):
    chosen = costcalc.sweep(network, **axes).chosen(is_front=True)
    assert chosen.choice == f"the Pareto front of mult-adds and {choice}"
    assert "".join(chosen.notes).count(note) == 1 if note else not chosen.notes
    assert all(each in str(chosen) for each in chosen.notes)
