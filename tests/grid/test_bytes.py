"""Bytes over a grid: each cell is what the question ``memory`` answers at that setting."""

import random

import pytest

import costcalc
from costcalc.errors import SpecError

BYTES = ("weight_bytes", "peak_bytes", "traffic_bytes")
WHOLE = ("params", "mult_adds", *BYTES)


def network(seed):
    """A random network of two parameters with branches, norms, activations and concats."""
    draw = random.Random(seed)
    lines = []
    for _ in range(draw.randint(1, 4)):
        width = draw.choice([4, 8, 12, 20])
        conv = f"conv: {{out: {width}, kernel: {draw.choice([1, 3])}"
        line = f"{conv}, stride: {draw.choice([1, 1, 2])}, norm: bn, act: relu}}"
        fixed = f"conv: {{out: fixed(in), kernel: {draw.choice([1, 3, 5])}, act: relu}}"
        branches = f"concat: [[{{{fixed}}}], [{{conv: {{out: {width}, kernel: 1}}}}]]"
        lines += draw.choice([[line], [line, f"residual: [{{{fixed}}}]"], [line, branches]])
    lines += draw.choice([[], ["global_avg_pool", "fc: 10"]])
    layers = "".join(f"  - {line}\n" for line in lines)
    parameters = "parameters: {alpha: 1, res: 16}"
    return f"name: net\ninput: [3, res, res]\n{parameters}\nlayers:\n{layers}"


CASES = [
    ("fp32", None, 1),
    ("int8", None, 3),
    ("int8", "layer-io", 1),
    ("int4-weights", "sum", 1),
    ("mobilenet_v2-table3", None, 2),
    ("tflm", "liveness", 1),
    ("tflm", None, 2),
    ("tflite-mobile", None, 1),
    ("mcunet", "greedy-by-breadth", 1),
    ("hello-edge", "largest", 1),
]


@pytest.mark.parametrize(("storage", "planner", "batch"), CASES)
@pytest.mark.parametrize("seed", range(4))
def test_a_cell_is_what_memory_says(tmp_path, seed, storage, planner, batch):
    path = tmp_path / "net.yaml"
    path.write_text(network(seed))
    how = {"storage": storage, "planner": planner, "batch": batch}
    axes = {"alpha": ["0.3", "0.5", "1"], "res": [16, 32, 47]}
    rows = list(costcalc.sweep(path, metrics=BYTES, **axes, **how).rows())
    assert [tuple(row.costs) for row in rows] == [WHOLE] * 9
    for row in rows:
        memory = costcalc.memory(path, **row.settings, **how)
        traffic = sum(step.traffic_bytes for step in memory.traffic)
        assert row.weight_bytes == memory.weight_bytes
        assert row.peak_bytes == memory.peak
        assert row.traffic_bytes == traffic
        totals = costcalc.report(path, **row.settings, **how).data()["totals"]
        assert {name: totals[name] for name in WHOLE} == row.costs


SMALL = """
name: Small
input: [4, res, res]
parameters: {res: 8}
layers:
  - conv: {out: 6, kernel: 1}
  - conv: {out: 2, kernel: 1}
"""
# In bytes of int8, peak (4 + 6) * res^2; flash 4 * 6 + 6 * 2 + 4 * (6 + 2) = 68 with biases.


@pytest.fixture
def small(tmp_path):
    path = tmp_path / "small.yaml"
    path.write_text(SMALL)
    return str(path)


def swept(small, *metrics, **more):
    return costcalc.sweep(small, metrics=metrics, storage="int8", res="2,4,8", **more)


def test_conditions_and_ranks_know_bytes(small):
    assert [row.peak_bytes for row in swept(small, "peak_bytes")] == [40, 160, 640]
    within = swept(small, "peak_bytes", where="peak_bytes <= 0.15625 KiB")  # 160 bytes
    assert [row.settings["res"] for row in within] == [2, 4]
    assert len(swept(small, "peak_bytes", where="peak_bytes < 0.16kB")) == 1
    assert [row.peak_bytes for row in swept(small, "peak_bytes").top(1, "-peak_bytes")] == [40]
    assert [row.peak_bytes for row in swept(small, "peak_bytes").top(2, "peak_bytes")] == [640, 160]


def test_a_front_of_two_metrics(tmp_path):
    # Wider is fewer bytes of RAM here and more of flash: each setting is on that front.
    path = tmp_path / "trade.yaml"
    path.write_text(
        "input: [1, 16, 16]\nparameters: {s: 1}\nlayers:\n"
        "  - conv: {out: fixed(8), kernel: s, stride: s, padding: valid}\n"
    )
    sweep = costcalc.sweep(path, metrics=BYTES, storage="int8", s="1,2,4")
    front = sweep.pareto(by=("peak_bytes", "weight_bytes"))
    assert [row.settings["s"] for row in front] == [1, 2, 4]
    chosen = sweep.chosen(is_front=True, by="peak_bytes,traffic_bytes")
    assert [row.settings["s"] for row in chosen.rows] == [4]
    assert "One setting has the least of both." in str(chosen)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"metrics": "peak_byte"}, "there is no metric 'peak_byte'; did you mean 'peak_bytes'"),
        ({"storage": "int8"}, 'only counts are asked for\n +expected bytes: metrics="peak_bytes"'),
        ({"batch": 2}, "batch=2 would change nothing: only counts are asked for"),
        ({"metrics": "weight_bytes", "storage": "int7"}, "there is no storage 'int7'"),
        ({"metrics": "peak_bytes", "planner": "best"}, "there is no planner 'best'"),
        ({"metrics": "peak_bytes", "batch": 0}, "batch: 0 is not a number of inputs"),
        ({"where": "peak_bytes < 1 KiB"}, 'the rows have no peak_bytes\n +expected metrics="peak'),
        ({"metrics": "peak_bytes", "where": "peak_bytes < 256K"}, "is a size in bytes, and 256K"),
        ({"metrics": "peak_bytes", "where": "params < 1 KiB"}, "is a count, and 1 KiB is a size"),
        ({"metrics": "peak_bytes", "storage": "tflm", "res": "1:200000"}, "'tflm' would give"),
    ],
)
def test_mistakes_are_refused(small, more, message):
    with pytest.raises(costcalc.CostcalcError, match=message):
        costcalc.sweep(small, **{"res": "2,4", **more}).rows()


def test_a_metric_that_was_not_asked_for_is_no_attribute(small):
    (row,) = costcalc.sweep(small, res=4).rows()
    assert row.params == 36
    with pytest.raises(AttributeError, match="metrics='peak_bytes'"):
        row.peak_bytes  # noqa: B018


def test_a_front_needs_two_metrics(small):
    for by in ("peak_bytes", "peak_bytes,peak_bytes", "res,peak_bytes"):
        with pytest.raises(SpecError):
            swept(small, "peak_bytes").chosen(is_front=True, by=by)


def test_the_largest_within_ram_and_flash(small):
    # 10 * res^2 <= 1024 up to res = 10; the flash is the same at every res.
    solution = costcalc.solve(small, "res", storage="int8", max_ram="1 KiB", max_flash="68 B")
    assert (solution.best.value, solution.best.peak_bytes, solution.best.weight_bytes) == (
        10,
        1000,
        68,
    )
    assert solution.data()["solution"] == {
        "value": 10,
        "params": 36,
        "mult_adds": 3600,
        "peak_bytes": 1000,
        "weight_bytes": 68,
    }
    assert solution.data()["budget"] == {"peak_bytes": 1024, "weight_bytes": 68}
    assert costcalc.solve(small, "res", storage="int8", max_flash=67, values=[1, 2]).best is None
    traffic = costcalc.solve(small, "res", storage="int8", max_traffic=10**6, values="8,16,32")
    # Two steps read 4 and 6 and write 6 and 2 channels: 18 * res^2, and all the weights.
    assert traffic.best.traffic_bytes == 18 * 32**2 + 68


@pytest.mark.parametrize("planner", ["liveness", "tflm", "tflite-mobile"])
def test_the_answer_of_solve_is_the_last_one_that_fits(planner):
    how = {"storage": "tflm", "planner": planner}
    solution = costcalc.solve("mobilenet_v2", "alpha", max_ram="300 KiB", res=96, **how)
    for candidate, fits in ((solution.best, True), (solution.after, False)):
        memory = costcalc.memory("mobilenet_v2", alpha=candidate.value, res=96, **how)
        assert memory.peak == candidate.peak_bytes
        assert (memory.peak <= 300 * 1024) is fits


@pytest.mark.parametrize(
    ("bound", "message"),
    [
        (
            {"max_ram": "256K"},
            "and 256K is a count\n +expected 256 KiB",
        ),
        ({"max_params": "1MiB"}, "max_params is a count, and 1MiB is a size in bytes"),
        ({"max_flash": "-1 KiB"}, "max_flash cannot be '-1 KiB'"),
        ({"max_flash": "big"}, "a number above zero: 256 KiB"),
        ({"max_params": 5, "storage": "tflm"}, "would change nothing"),
    ],
)
def test_bounds_have_the_unit_of_what_they_bound(small, bound, message):
    with pytest.raises(costcalc.CostcalcError, match=message):
        costcalc.solve(small, "res", **bound)


def test_the_planner_is_named_only_with_a_peak(small):
    how = {"storage": "tflm", "alpha": "0.5,1"}
    flash = costcalc.sweep(small, metrics="weight_bytes", **how).data()
    ram = costcalc.sweep(small, metrics="peak_bytes", batch=2, **how).data()
    assert (flash["storage"], flash.get("planner"), flash.get("batch")) == ("tflm", None, None)
    assert (ram["storage"], ram["planner"], ram["batch"]) == ("tflm", "tflm", 2)
