"""A schedule under a planner: in which step its peak is, and what counts there."""

import pytest

from costcalc.arena.planned import PlannedSchedule
from costcalc.arena.schedule import Schedule, Step, Tensor


def schedule():
    """Three steps in which ``wait`` is alive throughout: x 16 -> y 32 -> z 8, with 4 of scratch."""
    tensors = (
        Tensor("x", 16, 0, 0),
        Tensor("wait", 24, 0, 0),
        Tensor("y", 32, 0, 0),
        Tensor("z", 8, 0, 0, kept=True),
        Tensor("scratch", 4, 0, 0),
    )
    steps = (
        Step("a", (0,), (2,)),
        Step("b", (2,), (3,), scratch=(4,)),
        Step("c", (1, 3), ()),
    )
    return Schedule(steps, tensors).in_order(range(3))


@pytest.mark.parametrize(
    ("planner", "peak", "step", "counted"),
    [
        ("liveness", 72, 0, ["y", "wait", "x"]),
        ("layer-io", 48, 0, ["y", "x"]),
        ("largest", 32, 0, ["y"]),
        ("tflm", 72, 0, ["y", "wait", "x"]),
        ("sum", 84, None, []),
    ],
)
def test_the_step_of_a_peak_and_what_counts_there(planner, peak, step, counted):
    planned = PlannedSchedule(schedule(), planner)
    assert (planned.peak, planned.peak_step) == (peak, step)
    names = [planned.schedule.tensors[index].name for index in planned.counted(0)]
    assert step is None or names == counted


def test_scratch_counts_with_its_step():
    planned = PlannedSchedule(schedule(), "layer-io")
    names = [planned.schedule.tensors[index].name for index in planned.counted(1)]
    assert names == ["y", "z", "scratch"]
    assert planned.sized.by_step("layer-io") == (48, 44, 32)


def test_an_arena_ends_in_the_last_step_of_a_tensor_too():
    """The larger lies lowest; the one above it is alive in both steps, the fuller one counts."""
    tensors = (Tensor("low", 32, 1, 1), Tensor("above", 16, 0, 1))
    planned = PlannedSchedule(Schedule((Step("a"), Step("b")), tensors), "tflm")
    assert planned.plan.offsets == (0, 32)
    assert (planned.peak_step, planned.bound_step, planned.fragmentation) == (1, 1, 0)


def test_another_planner_is_named_if_it_needs_less_alone():
    """tflite-micro's test of its planner, at 90 for a bound of 80."""
    rows = [(10, 0, 1), (20, 1, 2), (30, 2, 3), (40, 3, 4), (50, 0, 1)]
    tensors = tuple(Tensor(str(at), *row) for at, row in enumerate(rows))
    planned = PlannedSchedule(Schedule((Step("s"),) * 5, tensors), "tflm")
    assert (planned.peak, planned.bound, planned.fragmentation) == (90, 80, 10)
    assert planned.bound_step == 1
    peaks = {
        name: PlannedSchedule(planned.schedule, name).peak
        for name in ("greedy-by-size", "greedy-by-breadth", "tflite-mobile")
    }
    least = min(peaks.values())
    found = planned.smaller()
    assert found is None if least >= 90 else found[1] == least
    best = PlannedSchedule(planned.schedule, min(peaks, key=peaks.__getitem__))
    assert best.peak > least or best.smaller() is None
