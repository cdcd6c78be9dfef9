"""Sums over the tables of parts are the costs of a report at every setting."""

import re
from fractions import Fraction
from itertools import product
from random import Random

import numpy
import pytest

import costcalc
from costcalc import opening
from costcalc.costs import convention
from costcalc.errors import Problems, SpecError
from costcalc.graph.expand import expand
from costcalc.graph.parameters import all_parameters, resolve
from costcalc.grid import sweep as sweep_module
from costcalc.grid import tables as module
from costcalc.grid.axes import axis
from costcalc.grid.evaluate import Grid
from costcalc.grid.tables import CostTables, Coupled, tables
from costcalc.metrics import BYTES, COUNTED, Accounting, measured
from costcalc.spec.reader import read
from tests.collection import QUICK_NETWORKS
from tests.grid.random_spaces import RandomSpace

PAPER = Accounting(convention.load("paper"))
CONVENTIONS = tuple(convention.available())
SETTINGS = 30


def grid_of(text, axes, accounting=PAPER, metrics=COUNTED, **fixed):
    """A spec over a grid."""
    document = read(text, "space.yaml", lambda name: None)
    return Grid(document, accounting, fixed, tuple(axis(*item) for item in axes.items()), metrics)


def priced(*args, **fixed):
    """The tables of a spec over a grid, however few settings it has."""
    return tables(grid_of(*args, **fixed), worth=0)


def alone(grid, indexes):
    """The costs at one setting, or None if the network does not exist there."""
    try:
        graph = expand(grid.document, grid.at(indexes))
    except SpecError:
        return None
    return measured(graph, grid.accounting, grid.metrics)


def added(found, grid, indexes):
    """The same by adding up tables."""
    if not found.exists_at(indexes):
        return None
    return {name: found.at(name, indexes) for name in grid.metrics}


def check_seed(seed, metrics, storage=None, planner=None):
    """Compares some settings of a random space; returns whether it has tables."""
    space, random = RandomSpace(seed), Random(seed)
    counting, batch = convention.load(random.choice(CONVENTIONS)), random.choice([1, 1, 3])
    how = Accounting(counting, storage, planner, batch)
    axes = tuple(axis(name, values) for name, values in space.axes.items())
    try:
        grid = Grid(space.document, how, {}, axes, metrics)
    except SpecError:
        return False
    found = tables(grid, worth=0)
    if isinstance(found, Coupled):
        return False
    chunk = next(found.chunks())
    for _ in range(SETTINGS):
        indexes = tuple(random.randrange(n) for n in grid.shape)
        costs = alone(grid, indexes)
        assert added(found, grid, indexes) == costs, (seed, grid.at(indexes))
        row = int(numpy.ravel_multi_index(indexes, grid.shape)) if grid.shape else 0
        if row < len(chunk.is_valid):
            listed = {name: cost[row] for name, cost in chunk.costs.items()}
            assert (listed if chunk.is_valid[row] else None) == costs, (seed, grid.at(indexes))
    return True


@pytest.fixture
def unchecked(monkeypatch):
    """Tables as they are priced, without the comparison at some settings."""
    monkeypatch.setattr(module, "_is_right", lambda result, grid: True)


@pytest.mark.parametrize("first", range(0, 24, 6))
def test_random_spaces(first, unchecked):
    assert sum(check_seed(seed, COUNTED) for seed in range(first, first + 6)) >= 2


@pytest.mark.parametrize("planner", ["liveness", "layer-io", "largest"])
def test_bytes_of_random_spaces(planner, unchecked):
    assert sum(check_seed(seed, BYTES, "int8", planner) for seed in range(6)) >= 2


@pytest.mark.slow
@pytest.mark.parametrize("first", [1000, 1050, 1100, 1200, 1250])  # 1164 takes a minute
def test_more_random_spaces(first, unchecked):
    assert sum(check_seed(seed, COUNTED) for seed in range(first, first + 50)) >= 30


@pytest.mark.slow
@pytest.mark.parametrize("storage", ["fp32", "tflm", "tflite-mobile"])
@pytest.mark.parametrize("planner", ["liveness", "layer-io", "largest"])
def test_more_bytes_of_random_spaces(storage, planner, unchecked):
    found = sum(check_seed(seed, BYTES, storage, planner) for seed in range(2000, 2030))
    assert found >= 15


STAGES = """
name: Stages
input: [3, 64, 64]
parameters: {{{parameters}}}
layers:
  - conv: {{out: 16, kernel: 3}}
{layers}
  - global_avg_pool
  - fc: 10
"""


def test_parts_vary_together():
    # 24 blocks with a kernel and a width each, at most two of which meet: 48 axes, more than
    # an array has dimensions, are unfolded as often as one block with its neighbour's width.
    names = range(24)
    text = STAGES.format(
        parameters=", ".join(f"k{i}: 3, w{i}: 16" for i in names),
        layers="\n".join(f"  - conv: {{out: w{i}, kernel: k{i}}}" for i in names),
    )
    axes = {f"k{i}": [1, 3, 5] for i in names} | {f"w{i}": [16, 24] for i in names}
    found = priced(text.encode(), axes)
    assert isinstance(found, CostTables)
    assert found.evaluations < 10
    assert max(table.cells for table in found.tables) == 3 * 2 * 2
    # By hand: kernels of 5 x 5 on 24 channels throughout, at 64 x 64 positions.
    convs = 3 * 9 * 16 + 25 * 24 * 16 + 23 * 25 * 24 * 24
    indexes = [2] * 24 + [1] * 24
    assert found.at("params", indexes) == convs + 24 * 10
    assert found.at("mult_adds", indexes) == convs * 64 * 64 + 24 * 10


WINDOWS = b"""
name: Windows
input: [3, res, res]
parameters: {res: 32, k1: 3, k2: 3, w1: 8, w2: 8}
layers:
  - conv: {out: w1, kernel: k1, padding: valid}
  - conv: {out: w2, kernel: k2, padding: valid}
  - global_avg_pool
  - fc: 10
"""


def test_settings_that_do_not_exist_have_no_row():
    axes = {"res": [4, 8, 32], "k1": [3, 9], "k2": [1, 5], "w1": [8, 16], "w2": [8, 16]}
    found = priced(WINDOWS, axes)
    # A window of 9 fits into no map of 4 or 8, nor does one of 5 into what 3 leaves of 4.
    existing = {(res, k1, k2): res - k1 + 1 >= k2 for res, k1, k2 in product(*[*axes.values()][:3])}
    rows = [*product(*axes.values())]
    chunk = next(found.chunks())
    assert chunk.is_valid.tolist() == [existing[row[:3]] for row in rows]
    # The first part that does not fit refuses a setting: by hand, as above.
    first = sum(res < k1 for res, k1 in product([4, 8, 32], [3, 9])) * 8
    second = sum(res - k1 + 1 < k2 and res >= k1 for res, k1, k2 in existing) * 4
    assert [refusal.settings for refusal in chunk.refusals] == [first, second]
    assert [refusal.error.problems[0].message[:13] for refusal in chunk.refusals] == [
        "layer 'conv1'",
        "layer 'conv2'",
    ]
    for row, cost, is_valid in zip(rows, chunk.params.tolist(), chunk.is_valid, strict=True):
        _, k1, k2, w1, w2 = row
        assert cost == (3 * k1 * k1 * w1 + w1 * k2 * k2 * w2 + 10 * w2 if is_valid else 0)


def test_a_sweep_counts_them_once():
    axes = {"res": [4, 8, 32], "k1": [3, 9], "k2": [1, 5], "w1": range(1, 9), "w2": range(1, 9)}
    document = read(WINDOWS, "windows.yaml", lambda name: None)
    sweep = costcalc.sweep(document, at={}, **axes)
    rows = [*sweep.rows()]
    assert sum(one.refusal.settings for one in sweep.refused) == sweep.size - len(rows)
    # A traceback would keep the network, and memory would grow with the grid.
    assert all(one.refusal.error.__traceback__ is None for one in sweep.refused)
    assert len(rows) == 7 * 64


# What one part does to another, by what: a spec's parameters and layers, the metrics, the
# convention, and the grid.  Without the rule, the other's table lacks an axis.
COUPLINGS = {
    "what the layer before is": (
        "op: {default: a, choices: [a, b]}, k: 3",
        """
  - conv: {out: 16, kernel: k, when: op == 'a', norm: none, bias: false}
  - max_pool: {kernel: 3, stride: 1, padding: same, when: op == 'b'}
  - batch_norm
  - conv: {out: 16, kernel: k}""",
        COUNTED,
        Accounting(convention.load("onnx-tool")),
        {"op": ["a", "b"], "k": [1, 3]},
    ),
    "widths that are kept": (
        "head: true, k: 3, last: 20",
        """
  - conv: {out: 20, kernel: k}
  - conv: {out: last, kernel: k, norm: none, act: none}
  - fc: {out: 10, when: head}""",
        COUNTED,
        PAPER,
        {"alpha": [Fraction(1, 2), 1], "head": [False, True], "k": [1, 3], "last": [12, 20]},
    ),
    "a sequence around it": (
        "deep: true, wide: true, k: 3",
        """
  - sequence:
      when: deep
      layers:
        - conv: {out: 24, kernel: k}
        - sequence:
            when: wide
            layers:
              - conv: {out: 32, kernel: k}""",
        COUNTED,
        PAPER,
        {"deep": [False, True], "wide": [False, True], "k": [1, 3]},
    ),
    "a default that others decide": (
        "w: 16, v: w + 8, u: v, k: 3",
        """
  - conv: {out: u, kernel: k}
  - conv: {out: 8, kernel: 1}""",
        COUNTED,
        PAPER,
        {"w": [8, 16], "k": [1, 3]},
    ),
    "what stands in for a layer that is left out": (
        "w: 16, k: 3, deep: true",
        """
  - conv: {out: 16, kernel: 1, name: a}
  - conv: {out: w, kernel: 1}
  - conv: {from: a, out: 8, kernel: k, when: deep}
  - conv: {out: 8, kernel: 1}""",
        COUNTED,
        PAPER,
        {"w": [8, 24], "k": [1, 3], "deep": [False, True]},
    ),
    "a name": (
        "w: 16, k: 3, deep: true",
        """
  - conv: {out: w, kernel: 1, name: a}
  - conv: {out: 8, kernel: k}
  - conv: {out: 8, kernel: k, when: deep}
  - conv: {out: 8, kernel: 1, name: b}
  - concat: {from: [a, b]}
  - conv: {out: 8, kernel: k}""",
        COUNTED,
        PAPER,
        {"w": [8, 16], "k": [1, 3], "deep": [False, True]},
    ),
    "params that are shared": (
        "first: true, w: 16",
        """
  - conv: {out: 16, kernel: 1}
  - conv: {out: 16, kernel: 3, shares: x, when: first}
  - conv: {out: 16, kernel: 3, shares: x}
  - conv: {out: w, kernel: 3}""",
        COUNTED,
        PAPER,
        {"first": [False, True], "w": [8, 16]},
    ),
    "a step of several layers": (
        "soft: true, w: 16, k: 3",
        """
  - conv: {out: w, kernel: k, norm: none, act: none, bias: false}
  - batch_norm: {when: soft}
  - relu
  - conv: {out: 8, kernel: k}""",
        BYTES,
        Accounting(convention.load("paper"), "int8", "liveness"),
        {"soft": [False, True], "w": [8, 16], "k": [1, 3]},
    ),
    "what reads a layer inside a step": (
        "skip: true, w: 16, k: 3",
        """
  - conv: {out: 16, kernel: k, norm: none, act: none, name: a}
  - relu
  - conv: {out: 16, kernel: k, name: last}
  - add: {from: [a, last], when: skip}
  - conv: {out: w, kernel: k}""",
        BYTES,
        Accounting(convention.load("paper"), "int8", "liveness"),
        {"skip": [False, True], "w": [8, 16], "k": [1, 3]},
    ),
    "a tensor that stays in memory": (
        "w: 16, x: 16, k: 3, late: true",
        """
  - conv: {out: w, kernel: 1, name: a}
  - conv: {out: 128, kernel: k}
  - conv: {out: x, kernel: 1, name: b}
  - concat: {from: [a, b], when: late}""",
        BYTES,
        Accounting(convention.load("paper"), "int8", "liveness"),
        {"w": [8, 64], "x": [8, 64], "k": [1, 3], "late": [False, True]},
    ),
    "an output that is kept": (
        "w: 16, x: 16, k: 3",
        """
  - conv: {out: w, kernel: 1, name: a}
  - conv: {from: input, out: 8, kernel: k}
  - conv: {out: x, kernel: k}""",
        BYTES,
        Accounting(convention.load("paper"), "int8", "liveness"),
        {"w": [8, 64], "x": [8, 64], "k": [1, 3]},
    ),
}


@pytest.mark.parametrize("what", COUPLINGS)
def test_parts_depend_on_others(what, unchecked):
    parameters, layers, metrics, accounting, axes = COUPLINGS[what]
    text = STAGES.format(parameters=parameters, layers=layers)
    if what == "widths that are kept":
        text = text.replace("  - global_avg_pool\n  - fc: 10\n", "")
    grid = grid_of(text.encode(), axes, accounting, metrics)
    found = tables(grid, worth=0)
    assert isinstance(found, CostTables), found
    for indexes in product(*map(range, grid.shape)):
        assert added(found, grid, indexes) == alone(grid, indexes), grid.at(indexes)


INPUT_IN_MEMORY = """
input: [3, res, res]
parameters: {{res: 8, w: 4}}
layers:
  - conv: {{out: 4, kernel: 1}}
  - global_avg_pool
  - fc: w
{last}
"""


@pytest.mark.parametrize("storage", ["int8", "tflite-mobile"])
@pytest.mark.parametrize("last", ["", "  - conv: {from: input, out: 2, kernel: 1, stride: 8}"])
def test_an_input_stays_in_memory(storage, last, unchecked):
    how = Accounting(convention.load("paper"), storage, "liveness")
    text = INPUT_IN_MEMORY.format(last=last)
    grid = grid_of(text.encode(), {"res": [8, 64], "w": [4, 20000]}, how, ("peak_bytes",))
    found = tables(grid, worth=0)
    assert isinstance(found, CostTables), found
    for indexes in product(range(2), range(2)):
        assert added(found, grid, indexes) == alone(grid, indexes), grid.at(indexes)


STORAGE = """
name: padded
title: a storage whose convolutions copy what a pool gives
source: the test
bits: {activations: 8, weights: 8, biases: 32, norm_params: 32, other_params: 32, buffers: 32,
  caches: 8}
fused: [activation]
scratch: {conv: 5 * n_in if follows == 'max_pool' else 0}
"""


def test_scratch_may_depend_on_the_layer_before(tmp_path, unchecked):
    path = tmp_path / "padded.yaml"
    path.write_text(STORAGE, encoding="utf-8")
    parameters, layers, *_ = COUPLINGS["what the layer before is"]
    text = STAGES.format(parameters=parameters, layers=layers.replace("  - batch_norm\n", ""))
    how = Accounting(convention.load("paper"), str(path))
    grid = grid_of(text.encode(), {"op": ["a", "b"], "k": [1, 3]}, how, ("peak_bytes",))
    found = tables(grid, worth=0)
    for indexes in product(range(2), range(2)):
        assert added(found, grid, indexes) == alone(grid, indexes), grid.at(indexes)


BLOCK = b"""
input: [3, 16, 16]
parameters: {w: 8, k: 3}
blocks:
  one:
    parameters: {c: w}
    layers:
      - conv: {out: c, kernel: k}
layers:
  - conv: {out: 8, kernel: 1}
  - one: {}
  - conv: {out: 4, kernel: 1}
"""


def test_a_block_reads_parameters_of_the_network():
    found = priced(BLOCK, {"w": [8, 16], "k": [1, 3]})
    assert isinstance(found, CostTables)
    for (row, w), (column, k) in product(enumerate([8, 16]), enumerate([1, 3])):
        assert found.at("params", (row, column)) == 3 * 8 + k * k * 8 * w + w * 4


def test_probabilities_of_blocks_change_no_cost():
    axes = {"execute.conv1_2": (Fraction(1, 2), 1), "classes": (10, 100), "depth": (38, 74)}
    grid = Grid(opening.read_spec("skipnet"), PAPER, {}, tuple(axis(*one) for one in axes.items()))
    found = tables(grid, worth=0)
    assert isinstance(found, CostTables)
    for indexes in product(*map(range, grid.shape)):
        assert added(found, grid, indexes) == alone(grid, indexes)


def choices(document, random):
    """Some parameters of a network of the collection, with some values of each."""
    defaults = resolve(document, {}, Problems()).values
    for name, parameter in all_parameters(document).items():
        default = defaults[name]
        if parameter.choices:
            yield axis(name, random.sample(parameter.choices, min(3, len(parameter.choices))))
        elif isinstance(default, bool):
            yield axis(name, [False, True])
        elif name == "alpha":
            yield axis(name, [1, 2])
        elif isinstance(default, int):
            yield axis(name, [default, default + 32 if default > 9 else default + 1])


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(QUICK_NETWORKS))
@pytest.mark.parametrize("metrics", [COUNTED, BYTES])
def test_networks_of_the_collection(name, metrics, unchecked):
    random = Random(name)
    document, settings, _ = opening.opened(name, {})
    axes = [one for one in choices(document, random) if one.name not in settings]
    how = Accounting(convention.load("paper"), "int8", "liveness")
    axes = random.sample(axes, min(4, len(axes)))
    try:
        grid = Grid(document, how, settings, tuple(axes), metrics)
    except SpecError:
        pytest.skip("values that do not go together")
    found = tables(grid, worth=0)
    if isinstance(found, Coupled):
        pytest.skip(str(found))
    for _ in range(5):
        indexes = tuple(random.randrange(n) for n in grid.shape)
        assert added(found, grid, indexes) == alone(grid, indexes), grid.at(indexes)


def coupled_text(widths):
    """Convolutions each of which has the widths of two parameters, and the kernel of one."""
    layers = "\n".join(f"  - conv: {{out: w{i} + w{i + 1}, kernel: k}}" for i in range(widths - 1))
    names = ["k: 3", *(f"w{i}: 8" for i in range(widths))]
    return STAGES.format(parameters=", ".join(names), layers=layers).encode()


def test_what_is_coupled_is_named():
    axes = {"k": range(1, 100, 2), **{f"w{i}": range(1, 41) for i in range(5)}}
    found = priced(coupled_text(5), axes)
    assert isinstance(found, Coupled)
    # The second convolution: its own widths, and the first's, which reaches it.
    assert found.names == ("k", "w0", "w1", "w2")
    assert str(found) == (
        f"conv on line 8 depends on {50 * 40**3:,} combinations of parameters: k, w0, w1, w2"
    )


def test_a_sweep_says_why_it_unfolds_a_network_often(monkeypatch):
    monkeypatch.setattr(sweep_module, "OFTEN", 64)
    depths = {f"d{i}": [1, 2] for i in range(6)}
    layers = "\n".join(f"  - conv: {{out: in + 8, kernel: 1, repeat: {name}}}" for name in depths)
    parameters = ", ".join(f"{name}: 1" for name in depths)
    text = STAGES.format(parameters=parameters, layers=layers).encode()
    sweep = costcalc.sweep(read(text, "deep.yaml", lambda name: None), **depths)
    assert len(sweep) == 64
    # Every width depends on all depths before it, and the last of them on all.
    (note,) = [note for note in sweep.notes() if "unfolded" in note]
    assert re.fullmatch(
        r"Stages was unfolded 64 times: conv on line (\d+) depends on (\d+) of its parts' "
        r"(\d+) combinations of parameters: d0(, d\d)+\.",
        note,
    )


def test_a_space_says_what_is_coupled():
    axes = {"k": range(1, 100, 2), **{f"w{i}": range(1, 41) for i in range(5)}}
    with pytest.raises(SpecError, match="k, w0, w1, w2"):
        costcalc.space(read(coupled_text(5), "space.yaml", lambda name: None), **axes)
