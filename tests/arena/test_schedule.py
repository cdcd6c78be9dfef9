"""Schedules: what is alive in each step, in any algebra; and memory used in place."""

import pytest

from costcalc.arena.merging import Overwrite, in_place
from costcalc.arena.schedule import Schedule, Step, Tensor
from tests.arena.cases import named, schedule_of


def readme_chain():
    """The example of eliberis/tflite-tools, bytes as its README prints them."""
    sizes = (3072, 14400, 12544, 3136, 128, 10, 10)
    steps = tuple(Step(f"op{at}", (at,), (at + 1,)) for at in range(6))
    tensors = tuple(Tensor(f"t{at}", size, 0, 0, kept=at == 6) for at, size in enumerate(sizes))
    return Schedule(steps, tensors).in_order(range(6))


def test_bytes_alive_in_a_published_example():
    schedule = readme_chain()
    assert schedule.alive == (17472, 26944, 15680, 3264, 138, 20)
    assert schedule.liveness == schedule.layer_io == schedule.planned("layer-io").peak == 26944
    assert schedule.alive_in(1) == [1, 2]


def test_a_residual_with_the_add_in_its_last_step():
    """x 16, expanded 96, depthwise 96, projected and added 16: others alive make the difference."""
    steps = (Step("e", (0,), (1,)), Step("d", (1,), (2,)), Step("p", (2, 0), (3,)))
    sizes = (16, 96, 96, 16)
    tensors = tuple(Tensor(str(at), size, 0, 0, kept=at == 3) for at, size in enumerate(sizes))
    schedule = Schedule(steps, tensors).in_order(range(3))
    assert schedule.layer_io == 192
    assert schedule.liveness == 208
    assert schedule.planned("sum").peak == 224
    assert schedule.planned("largest").peak == 96


@pytest.mark.parametrize("case", **named("in_place"))
def test_memory_in_place(case):
    schedule = schedule_of(case)
    names = list(case["sizes"])
    for kinds, alive in case["alive"].items():
        overwrites = [
            Overwrite(
                step,
                names.index(writes),
                tuple(map(names.index, reads)),
                case["sizes"][writes] // case["channels"] if kind == "depthwise" else 0,
            )
            for step, (_, reads, writes, kind) in enumerate(case["steps"])
            if kind in kinds.split("+")
        ]
        assert in_place(schedule, overwrites).alive == tuple(alive), kinds


def test_a_larger_output_is_not_written_over_its_input():
    steps = (Step("a", (0,), (1,)), Step("b", (1,), (2,)))
    tensors = (Tensor("x", 1, 0, 0), Tensor("y", 4, 0, 0), Tensor("z", 5, 0, 0, kept=True))
    schedule = Schedule(steps, tensors).in_order(range(2))
    assert in_place(schedule, [Overwrite(1, 2, (1,))]) == schedule


def test_an_input_gives_its_memory_once():
    steps = (Step("a", (0,), (1,)), Step("b", (1,), (2, 3)))
    tensors = tuple(Tensor(name, 4, 0, 0) for name in "xyzw")
    schedule = Schedule(steps, tensors).in_order(range(2))
    shared = in_place(schedule, [Overwrite(1, 2, (1,)), Overwrite(1, 3, (1,))])
    assert [tensor.name for tensor in shared.tensors] == ["x", "y", "w"]
    assert shared.steps[1] == Step("b", (1,), (1, 2))
    assert shared.alive == (8, 8)


def test_a_network_without_steps_needs_nothing():
    assert Schedule((), (Tensor("x", 4, 0, 0),)).alive == ()


def test_a_tensor_that_is_kept_is_not_written_over():
    steps = (Step("a", (0,), (1,)), Step("b", (1,), (2,)))
    tensors = (Tensor("x", 4, 0, 0), *(Tensor(name, 4, 0, 0, kept=True) for name in "yz"))
    schedule = Schedule(steps, tensors).in_order(range(2))
    assert in_place(schedule, [Overwrite(1, 2, (1,))]) == schedule
