"""Counts of networks equal those of a loop over all settings."""

import math
from itertools import combinations, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import costcalc
from costcalc.costs import convention
from costcalc.errors import SpecError
from costcalc.grid.axes import axis
from costcalc.grid.evaluate import Grid
from costcalc.grid.select import Condition
from costcalc.grid.tables import CostTable, CostTables, Existence
from costcalc.metrics import Accounting
from costcalc.spaces import conditions as conditions_module
from costcalc.spaces import plane, within
from costcalc.spaces.conditions import boxes
from costcalc.spaces.counting import count
from costcalc.spec.reader import read
from tests.grid.test_tables import priced
from tests.spaces.random_spaces import random_space

SPEC = b"""
name: Net
input: [1, 1, 1]
parameters:
  a: {default: 1, choices: [1, 2, 3]}
  b: {default: 1, choices: [1, 2, 4]}
  c: {default: thin, choices: [thin, thick]}
  d: {default: 1, choices: [1, 2, 3, 5]}
  e: 7
layers:
  - conv: {out: a * b * d, kernel: "1 if c == 'thin' else 3"}
"""
AXES = (
    axis("a", [1, 2, 3]),
    axis("b", [1, 2, 4]),
    axis("c", ["thin", "thick"]),
    axis("d", [1, 2, 3, 5]),
)
SIZES = [len(one.values) for one in AXES]
SUMS = ("params", "mult_adds", "weight_bytes")
METRICS = (*SUMS, "peak_bytes")
GRID = Grid(
    read(SPEC, "net.yaml", lambda name: None), Accounting(convention.load("paper")), {}, AXES
)

numbers = st.one_of(
    st.integers(0, 12),
    st.integers(0, 8).map(lambda n: 24 * n),
    st.integers(-(10**6), 10**6),
    st.integers(2**61, 2**62),
)


@st.composite
def arrays(draw, axes, values):
    shape = [SIZES[at] for at in axes]
    size = int(np.prod(shape, dtype=int))
    listed = draw(st.lists(values, min_size=size, max_size=size))
    dtype = bool if isinstance(listed[0], bool) else object
    array = np.array(listed, dtype).reshape(shape)
    return array if dtype is bool or max(map(abs, listed)) > 2**60 else array.astype(np.int64)


subsets = st.lists(st.integers(0, len(AXES) - 1), max_size=3, unique=True).map(sorted).map(tuple)


@st.composite
def spaces(draw):
    """Tables that may share axes, some of whose networks do not exist."""
    kind = draw(
        st.sampled_from([st.integers(0, 12), st.integers(0, 50).map(lambda n: 8 * n), numbers])
    )
    tables = []
    for axes in draw(st.lists(subsets, min_size=1, max_size=4)):
        tables.append(CostTable(axes, {name: draw(arrays(axes, kind)) for name in METRICS}))
    existences = [
        Existence(axes, draw(arrays(axes, st.booleans())))
        for axes in draw(st.lists(subsets, max_size=2))
    ]
    return CostTables(AXES, tuple(tables), 0, tuple(existences), GRID)


def networks(tables):
    """Every network of a space: its parameters and costs."""
    for index in product(*map(range, SIZES)):
        if not all(own.exists[tuple(index[at] for at in own.axes)] for own in tables.existences):
            continue
        values = {one.name: one.values[at] for one, at in zip(AXES, index, strict=True)}
        costs = {
            name: (max if name == "peak_bytes" else sum)(
                int(table.costs[name][tuple(index[at] for at in table.axes)])
                for table in tables.tables
            )
            for name in METRICS
        }
        yield {**values, **costs, "e": 7}


@st.composite
def atoms(draw, listed):
    """A comparison, mostly with what some network costs."""
    one = draw(st.sampled_from(listed))
    sign = draw(st.sampled_from(["<=", "<", ">", ">=", "==", "!="]))
    name, other = draw(st.permutations(SUMS))[:2]
    peak = one["peak_bytes"]
    limit = one[name] + draw(st.integers(-1, 1))
    both = one[name] - 3 * one[other]
    return draw(
        st.sampled_from(
            [
                f"{name} {sign} {limit}",
                f"{limit} {sign} {name}",
                f"{name} - 3 * {other} {sign} {both}",
                f"{name} / 7 {sign} {other} / 7 + {limit - one[other]} / 7",
                f"max({name}, {other}) {sign} {limit}",
                f"{name} {sign} a * {limit}",
                f"({name} if c == 'thin' else {other}) {sign} {limit}",
                f"peak_bytes {sign} {peak}",
                f"peak_bytes * 2 {sign} {2 * peak + 1} or {name} {sign} {limit}",
                "a == 2",
                "a + b > d",
                "c != 'thin'",
                "d * 2 < e",
            ]
        )
    )


def conditions(listed):
    """Comparisons joined by words."""
    return st.recursive(
        atoms(listed),
        lambda inner: st.one_of(
            st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(
                lambda three: f"({three[0]} {three[1]} {three[2]})"
            ),
            inner.map(lambda one: f"(not {one})"),
        ),
        max_leaves=4,
    )


@given(st.data())
def test_counts_equal_a_loop(data):
    tables = data.draw(spaces())
    listed = [*networks(tables)]
    text = data.draw(conditions(listed or [dict.fromkeys([*METRICS], 5)]))
    condition = Condition(text)
    result = count(tables, condition, {"e": 7})
    truth = sum(bool(condition.parsed.evaluate(one)) for one in listed)
    assert result.of == len(listed)
    assert result.settings == 3 * 3 * 2 * 4
    assert result.low <= truth <= result.high
    bounded = {name for name in SUMS if name in text}
    if len(bounded) < 3 and not ("- 3" in text or "/ 7" in text or "max" in text):
        assert result.is_exact


@pytest.mark.parametrize("quantiles", [(0.5, 0.5), (0.05, 0.9), (0.9, 0.05), (0.99, 0.97), (0, 0)])
@pytest.mark.parametrize("bands", [1, 7, 10**6])
def test_two_bounds_at_once(monkeypatch, quantiles, bands):
    monkeypatch.setattr(plane, "BANDS", bands * 1000)
    monkeypatch.setattr(plane, "INSIDE", 10**6 // bands)
    monkeypatch.setattr(plane, "ANSWERED", 97)
    monkeypatch.setattr(within, "LISTED", 7**4)
    tables, (params, mult_adds) = random_space(3)
    p, m = (int(np.quantile(*pair)) for pair in zip((params, mult_adds), quantiles, strict=True))
    result = count(tables, Condition(f"params <= {p} and mult_adds <= {m}"))
    assert result.low == result.high == int(((params <= p) & (mult_adds <= m)).sum())
    assert result.of == 7**6


@pytest.mark.parametrize("seed", range(3))
def test_an_interval_holds_the_number(monkeypatch, seed):
    monkeypatch.setattr(within, "ASKED", 100_000)
    monkeypatch.setattr(within, "SUMMED", 3_000)
    monkeypatch.setattr(within, "LISTED", 2_000)
    tables, (params, mult_adds) = random_space(seed, tables=3, choices=60, reach=10**6)
    p, m = int(np.median(params)), int(np.median(mult_adds))
    for text, truth in (
        (f"params <= {p}", params <= p),
        (f"params > {p}", params > p),
        (f"params <= {p} and mult_adds <= {m}", (params <= p) & (mult_adds <= m)),
        (f"params <= {p} or mult_adds <= {m}", (params <= p) | (mult_adds <= m)),
    ):
        result = count(tables, Condition(text))
        assert result.low <= int(truth.sum()) <= result.high
        assert not result.is_exact
        assert result.high - result.low < 60**3 / 2


def test_three_bounds_are_exact_in_a_list_and_between_ends_beyond(monkeypatch):
    tables, (params, mult_adds) = random_space(1, tables=4)
    for name in ("params", "mult_adds"):
        assert name in tables.tables[0].costs
    p, m = int(np.median(params)), int(np.median(mult_adds))
    text = f"params <= {p} and mult_adds <= {m} and params + mult_adds >= {p + m - 500}"
    truth = (params <= p) & (mult_adds <= m) & (params + mult_adds >= p + m - 500)
    assert count(tables, Condition(text)).low == int(truth.sum())
    monkeypatch.setattr(within, "LISTED", 50)
    result = count(tables, Condition(text))
    assert result.low <= int(truth.sum()) <= result.high


@pytest.mark.parametrize("shares", [(0.5, 0.5, 0.5), (0.9, 0.8, 0.3), (0.2, 0.99, 0.97)])
def test_three_independent_bounds(monkeypatch, shares):
    tables, costs = random_space(4, tables=4, metrics=("params", "mult_adds", "weight_bytes"))
    limits = [int(np.quantile(own, share)) for own, share in zip(costs, shares, strict=True)]
    text = " and ".join(f"{name} <= {limit}" for name, limit in zip(SUMS, limits, strict=True))
    truth = int(np.logical_and.reduce([a <= b for a, b in zip(costs, limits, strict=True)]).sum())
    result = count(tables, Condition(text))
    assert result.low == result.high == truth
    monkeypatch.setattr(within, "LISTED", 2_000)
    monkeypatch.setattr(within, "TRIED", 50)
    result = count(tables, Condition(text))
    assert result.low <= truth <= result.high
    pairs = [
        int(((a <= x) & (b <= y)).sum())
        for (a, x), (b, y) in combinations(zip(costs, limits, strict=True), 2)
    ]
    assert result.high == min(pairs)


@pytest.mark.parametrize(
    ("text", "truth"),
    [
        ("max(params, mult_adds) <= 2000", lambda p, m: np.maximum(p, m) <= 2000),
        ("min(params, mult_adds) > 2500", lambda p, m: np.minimum(p, m) > 2500),
        ("params / mult_adds >= 3 / 2", lambda p, m: 2 * p >= 3 * m),
        ("1000 / params < 1 / 3", lambda p, m: p > 3000),
        ("params == mult_adds + 7", lambda p, m: p == m + 7),
    ],
)
def test_functions_and_ratios_of_costs(text, truth):
    tables, costs = random_space(6)
    result = count(tables, Condition(text))
    assert result.low == result.high == int(truth(*costs).sum()) > 0


@pytest.mark.parametrize(
    "text",
    ["mult_adds <= mult_adds / params", "mult_adds / params >= mult_adds", "params < 2 / params"],
)
def test_a_cost_beside_a_quotient_is_no_bound(text):
    tables, _ = random_space(6)
    with pytest.raises(SpecError, match="multiplies costs with each other"):
        count(tables, Condition(text))


def test_counts_beyond_64_bits():
    """Of n coins, half show at most n / 2 heads, and half of the rest of those with as many."""
    coins = 300
    axes = tuple(axis(f"p{at}", [0, 1]) for at in range(coins))
    heads, tails = np.array([0, 1]), np.array([1, 0])
    made = [CostTable((at,), {"params": heads, "mult_adds": tails}) for at in range(coins)]
    tables = CostTables(axes, tuple(made), 0)
    result = count(tables, Condition("params < 150"))
    assert 2 * result.low + math.comb(300, 150) == 2**300 == result.of
    result = count(tables, Condition("params <= 140 and mult_adds <= 170"))
    assert result.low == result.high == sum(math.comb(300, n) for n in range(130, 141))


STAGES = """
name: Stages
input: [3, 8, 8]
parameters:
  depth: {default: 2, choices: [1, 2, 3]}
  k2: {default: 3, choices: [1, 3, 5]}
  k3: {default: 5, choices: [1, 3, 5]}
  wide: {default: 8, choices: [8, 16]}
layers:
  - conv: {out: wide, kernel: 3}
  - sequence:
      when: depth >= 2
      layers:
        - depthwise: {kernel: k2}
        - depthwise: {kernel: k3, when: depth >= 3}
  - fc: 10
"""


@pytest.fixture
def stages(tmp_path):
    path = tmp_path / "stages.yaml"
    path.write_text(STAGES)
    choices = {"depth": [1, 2, 3], "k2": [1, 3, 5], "k3": [1, 3, 5], "wide": [8, 16]}
    return str(path), choices


def test_choices_for_layers_that_are_left_out_make_no_other_network(stages):
    path, choices = stages
    tables = costcalc.space(path, **choices).tables
    networks = {
        str(costcalc.report(path, **dict(zip(choices, values, strict=True))).layers)
        for values in product(*choices.values())
    }
    result = count(tables)
    # depth 1 has no other layer, depth 2 a kernel of three, depth 3 two of them
    assert result.of == len(networks) == 2 * (1 + 3 + 9)
    assert result.low == result.high == result.of
    assert result.settings == 2 * 3 * 3 * 3
    # The default kernel stands for all where there is none.
    assert count(tables, Condition("depth == 1 and k2 == 3 and k3 == 5")).low == 2
    assert count(tables, Condition("depth == 1 and k2 == 5")).low == 0
    assert count(tables, Condition("depth == 2 and k2 == 5")).low == 2


def test_a_parameter_that_no_layer_names_makes_no_other_network(tmp_path):
    path = tmp_path / "unused.yaml"
    path.write_text(STAGES.replace("kernel: k3", "kernel: 3"))
    tables = costcalc.space(str(path), depth=[1, 3], k2=[1, 3, 5], k3=[1, 5], wide=[8, 16]).tables
    result = count(tables)
    assert (result.of, result.settings) == (2 * (1 + 3), 2 * 3 * 2 * 2)
    assert count(tables, Condition("k3 == 5")).low == result.of
    assert count(tables, Condition("k3 == 1")).low == 0


def test_a_layer_that_is_left_out_by_a_shape_has_a_choice_at_every_setting(tmp_path):
    # Where `in > 8` holds is not decided by the depth alone: at w = 4, which is the default and
    # leaves the layer out, kernels are counted as they are at w = 12, where they matter.
    path = tmp_path / "shape.yaml"
    path.write_text(
        "input: [3, 8, 8]\nparameters: {w: 4, k: 3}\nlayers:\n"
        "  - conv: {out: w, kernel: 1}\n  - conv: {out: 8, kernel: k, when: in > 8}\n"
    )
    tables = costcalc.space(str(path), w=[4, 12], k=[1, 3, 5]).tables
    assert count(tables).of == 6
    # 3 * 12 weights of the first layer, 12 * 8 * k * k of the second
    assert count(tables, Condition("params == 36 + 96 * 25")).low == 1


def test_a_layer_that_is_too_large_at_the_defaults_is_there():
    # A window of 9 leaves 2 of 10, in which 3 do not fit, but 1; one of 1 leaves all 10.
    text = (
        b"input: [3, 10, 10]\nparameters: {a: 9, d: 1, k: 3}\nlayers:\n"
        b"  - conv: {out: 8, kernel: a, padding: valid}\n"
        b"  - conv: {out: 8, kernel: k, padding: valid, when: d == 2}\n"
    )
    tables = priced(text, {"a": [9, 1], "d": [1, 2], "k": [3, 1]})
    # Without the second layer one network for each a; with it all but that of 9 and 3.
    assert count(tables).of == 2 + 3


def test_what_is_no_choice_of_bounds_is_listed_or_refused(stages, monkeypatch):
    path, choices = stages
    tables = costcalc.space(path, **choices).tables
    text = "params * mult_adds < 150M and params % 2 == 0"
    costs = [
        costcalc.totals(path, **dict(zip(choices, values, strict=True)))
        for values in product(*choices.values())
        if (values[0] >= 2 or values[1] == 3) and (values[0] == 3 or values[2] == 5)
    ]
    truth = sum(one.params * one.mult_adds < 150 * 10**6 and one.params % 2 == 0 for one in costs)
    assert 0 < truth < len(costs) == 26
    assert count(tables, Condition(text)).low == truth
    monkeypatch.setattr(conditions_module, "LISTED", 53)
    with pytest.raises(SpecError) as caught:
        count(tables, Condition(text))
    assert "multiplies costs with each other" in str(caught.value)
    assert "54 settings" in str(caught.value)


@given(st.lists(st.booleans(), min_size=24, max_size=24))
def test_boxes_cover_what_is_wanted_once(cells):
    wanted = np.array(cells).reshape(2, 3, 4)
    covered = np.zeros(wanted.shape, int)
    for box in boxes(wanted):
        covered[np.ix_(*box)] += 1
    assert (covered == wanted).all()


def test_words_and_numbers_that_cannot_be_compared_are_refused(stages):
    path, choices = stages
    tables = costcalc.space(path, **choices).tables
    for text in ("params + depth", "params <= 'deep'", "flops < 3", "params / 0 < 1"):
        with pytest.raises(SpecError):
            count(tables, Condition(text))


def test_once_for_all_within_the_budgets_of_a_phone():
    """Against a loop: two of its stages as they are, the others at their smallest."""
    smallest = {f"d{s}": "2" for s in (1, 2, 3)}
    smallest |= {f"{name}{s}{layer}": "3" for s in (1, 2, 3) for layer in (1, 2) for name in "ke"}
    free = {f"{name}{s}{layer}": "3,5" for s in (4, 5) for layer in (1, 2, 3) for name in "ke"}
    free = {name: "3,6" if name[0] == "e" else text for name, text in free.items()}
    depths = {"d4": "2,3", "d5": "2,3"}
    text = "mult_adds <= 170M and params <= 4.6M"
    chosen = smallest | free | depths
    space = costcalc.space("ofa_mbv3_space", **chosen)
    result = count(space.tables, Condition(text))
    # 2 or 3 layers of 2 kernels and 2 expansions in each of two stages
    assert result.of == (4**2 + 4**3) ** 2
    truth = 0
    for chunk in space.tables.chunks():
        fits = (chunk.mult_adds <= 170 * 10**6) & (chunk.params <= 46 * 10**5)
        columns = np.unravel_index(
            np.flatnonzero(fits), [len(one.values) for one in space.tables.axes]
        )
        for row in zip(*columns, strict=True):
            values = {
                one.name: one.values[at] for one, at in zip(space.tables.axes, row, strict=True)
            }
            truth += all(
                values[f"d{s}"] == 3 or (values[f"k{s}3"] == 3 and values[f"e{s}3"] == 6)
                for s in (4, 5)
            )
    assert 0 < truth < result.of
    assert result.low == result.high == truth
