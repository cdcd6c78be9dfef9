"""Every setting of a grid has the costs of a report at that setting."""

from fractions import Fraction
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import costcalc
from costcalc import opening
from costcalc.costs import convention
from costcalc.errors import SpecError
from costcalc.graph.settings import from_python
from costcalc.grid.axes import axis
from costcalc.grid.evaluate import Grid
from costcalc.metrics import Accounting
from costcalc.spec.reader import read

PAPER = Accounting(convention.load("paper"))
NETWORKS = ("mobilenet_v1", "mobilenet_v2", "googlenet", "mobilenet_v3", "squeezenet")
DOCUMENTS = {name: opening.read_spec(name) for name in NETWORKS}
STRUCTURES = b"""
name: Structures
input: [3, res, res]
parameters:
  alpha: 1
  res: 32
  n: {default: 2, range: [0, ~]}
  w: {default: 16, range: [1, ~]}
  groups: {default: 1, range: [1, ~]}
  head: {default: pool, choices: [pool, flat]}
width_rounding: nearest
layers:
  - conv: {out: w, kernel: 3, stride: 2, padding: valid}
  - residual:
      only_if: in == w and n > 1
      layers:
        - conv: {out: "w if n > 1 else 2 * w", kernel: 1}
  - conv: {out: fixed(12), kernel: 3, when: res > 40}
  - conv: {out: in * n, kernel: 1, repeat: n}
  - conv: {out: fixed(in), kernel: 1, groups: groups}
  - global_avg_pool: {when: head == 'pool'}
  - fc: 10
"""


def alone(document, setting):
    """The totals of a report at one setting, or None if it is refused."""
    try:
        totals = costcalc.totals(document, **setting)
    except SpecError:
        return None
    return totals.params, totals.mult_adds


def swept(document, axes, fixed=()):
    """Every setting of a grid with its totals, in the order of the rows."""
    grid = Grid(document, PAPER, dict(fixed), tuple(axis(*item) for item in axes.items()))
    params, mult_adds, valid = [], [], []
    for chunk in grid.chunks():
        params += chunk.params.tolist()
        mult_adds += chunk.mult_adds.tolist()
        valid += chunk.is_valid.tolist()
    for values, *cost, is_valid in zip(
        product(*axes.values()), params, mult_adds, valid, strict=True
    ):
        setting = {**dict(fixed), **dict(zip(axes, values, strict=True))}
        yield setting, tuple(cost) if is_valid else None


alphas = st.fractions(Fraction(1, 100), 3, max_denominator=200)
sides = st.integers(1, 300)


@pytest.mark.slow
@settings(max_examples=30, deadline=None)
@given(
    st.sampled_from(sorted(DOCUMENTS)),
    st.lists(alphas, min_size=1, max_size=4, unique=True),
    st.lists(sides, min_size=1, max_size=4, unique=True),
    st.booleans(),
)
def test_every_cell_is_what_the_report_prints(name, alpha, res, alpha_first):
    axes = {"alpha": alpha, "res": res} if alpha_first else {"res": res, "alpha": alpha}
    for setting, cost in swept(DOCUMENTS[name], axes):
        assert cost == alone(DOCUMENTS[name], setting), setting


@pytest.mark.slow
@settings(max_examples=40, deadline=None)
@given(
    st.lists(alphas, min_size=1, max_size=3, unique=True),
    st.lists(sides, min_size=1, max_size=3, unique=True),
    st.lists(st.integers(0, 3), min_size=1, max_size=3, unique=True),
    st.lists(st.integers(1, 40), min_size=1, max_size=3, unique=True),
    st.lists(st.integers(1, 4), min_size=1, max_size=2, unique=True),
    st.lists(st.sampled_from(["pool", "flat"]), min_size=1, max_size=2, unique=True),
)
def test_changes_of_structure(alpha, res, n, width, groups, head):
    document = read(STRUCTURES, "structures.yaml", lambda name: None)
    axes = {"n": n, "alpha": alpha, "head": head, "w": width, "res": res, "groups": groups}
    for setting, cost in swept(document, axes):
        assert cost == alone(document, setting), setting


def test_a_rounding_that_floats_would_get_wrong():
    # 0.35 * 720 = 252 rounds to 256 by multiples of 8 (a half goes up); the float is
    # 251.99999999999997, which rounds to 248.
    spec = b"""
input: [1, 1, 1]
width_rounding: {divisible_by: 8}
layers: [{conv: {out: 720, kernel: 1}}]
"""
    document = read(spec, "width.yaml", lambda name: None)
    (_, narrow), (_, whole) = swept(document, {"alpha": [from_python(0.35), 1]})
    assert (narrow[0], whole[0]) == (256, 720)


def test_a_large_grid_is_counted_in_consecutive_chunks():
    # 700 * 800 * 2 = 1,120,000 cells: weights are 3 * w and w * w, at res^2 positions.
    spec = b"""
input: [3, res, res]
parameters: {alpha: 1, res: 8, w: 1, deep: {default: false, choices: [false, true]}}
layers: [{conv: {out: fixed(w), kernel: 1}}, {conv: {out: fixed(w), kernel: 1, when: deep}}]
"""
    document = read(spec, "large.yaml", lambda name: None)
    widths, sides, depths = range(1, 701), range(1, 801), (False, True)
    axes = {"w": list(widths), "res": list(sides), "deep": list(depths)}
    found = (cost for _, cost in swept(document, axes))
    for w, res, deep in product(widths, sides, depths):
        params = 3 * w + w * w * deep
        assert next(found) == (params, params * res * res)


def test_counts_beyond_64_bits_are_exact():
    spec = b"""
input: [1000000, res, res]
layers: [{conv: {out: 1000000, kernel: 1}}, {conv: {out: 1000000, kernel: 1}}]
"""
    document = read(spec, "large.yaml", lambda name: None)
    res = [1000, 5000000]
    found = [cost[1] for _, cost in swept(document, {"res": res})]
    # Two layers of 10^6 * 10^6 weights at res^2 positions.
    assert found == [2 * 10**12 * 10**6, 2 * 10**12 * 25 * 10**12]


def test_settings_without_a_network_are_reported_with_the_reason():
    document = DOCUMENTS["googlenet"]
    grid = Grid(document, PAPER, {}, (axis("res", [16, 96, 224]),))
    (chunk,) = grid.chunks()
    assert chunk.is_valid.tolist() == [False, True, True]
    (refusal,) = chunk.refusals
    assert refusal.settings == 1 and refusal.first == {"res": 16}
    assert "window is larger than its input" in str(refusal.error)


@pytest.mark.parametrize(
    ("axes", "message"),
    [
        ({"alpha": [1, 0]}, "alpha cannot be 0"),
        ({"res": [224, Fraction(1, 2)]}, "res cannot be 0.5"),
        ({"depth": [1, 2]}, "has no parameter 'depth'"),
        ({"alpha": [1, "wide"]}, "alpha cannot be wide"),
        ({"classes": [10, 0]}, "classes cannot be 0"),
    ],
)
def test_a_value_that_a_parameter_cannot_take_is_refused_at_once(axes, message):
    with pytest.raises(SpecError, match=message):
        Grid(DOCUMENTS["mobilenet_v1"], PAPER, {}, tuple(axis(*item) for item in axes.items()))


def test_printed_shapes_are_checked_if_the_grid_includes_the_defaults():
    spec = b"""
input: [3, res, res]
parameters: {alpha: 1, res: 32}
layers: [{conv: {out: 8, kernel: 3, output: 16 x 16 x 8}}]
"""
    document = read(spec, "printed.yaml", lambda name: None)
    with pytest.raises(SpecError, match="16 x 16 x 8, but it is 32 x 32 x 8"):
        list(swept(document, {"res": [32, 64]}))
    assert len(list(swept(document, {"res": [48, 64]}))) == 2
