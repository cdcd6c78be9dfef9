"""The best order of steps, against every topological order; and lifetimes in an order."""

from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from costcalc.arena import order as searching
from costcalc.arena.order import best_order
from costcalc.arena.schedule import Schedule, Step, Tensor
from tests.arena.cases import named, schedule_of


def walked(steps, sizes, outputs, order):
    """The most bytes alive, by walking along an order: what is made, and still needed."""
    made_by = {writes: step for step, (_, writes) in enumerate(steps)}
    present = {tensor for tensor in sizes if tensor not in made_by}
    peak = 0
    for position, step in enumerate(order):
        reads, writes = steps[step]
        assert set(reads) <= present, "the order is not topological"
        present.add(writes)
        peak = max(peak, sum(sizes[tensor] for tensor in present))
        later = {tensor for other in order[position + 1 :] for tensor in steps[other][0]}
        present = {tensor for tensor in present if tensor in later or tensor in outputs}
    return peak


def topological(steps):
    """Every order in which a step comes after those that make what it reads."""
    made_by = {writes: step for step, (_, writes) in enumerate(steps)}
    for order in permutations(range(len(steps))):
        at = {step: position for position, step in enumerate(order)}
        if all(
            at[made_by[tensor]] < at[step]
            for step, (reads, _) in enumerate(steps)
            for tensor in reads
            if tensor in made_by
        ):
            yield order


@pytest.mark.parametrize("case", **named("orders"))
def test_worked_cases(case):
    schedule = schedule_of(case)
    best = best_order(schedule)
    assert schedule.liveness == case["file"]
    assert best.peak == case["best"]
    assert [schedule.steps[step].name for step in best.steps] == case["order"]
    assert schedule.in_order(best.steps).liveness == case["best"]
    steps = [(reads, writes) for _, reads, writes in case["steps"]]
    peaks = [walked(steps, case["sizes"], case["outputs"], order) for order in topological(steps)]
    assert (min(peaks), max(peaks), len(peaks)) == (case["best"], case["worst"], case["orders"])


@st.composite
def networks(draw):
    """A few steps, each of which reads what an input or an earlier step makes."""
    inputs = draw(st.integers(1, 2))
    count = draw(st.integers(1, 6))
    steps = [
        (draw(st.lists(st.integers(0, inputs + step - 1), min_size=1, max_size=3, unique=True)),
         inputs + step)
        for step in range(count)
    ]  # fmt: skip
    sizes = dict(enumerate(draw(st.lists(st.integers(0, 9), min_size=inputs + count,
                                         max_size=inputs + count))))  # fmt: skip
    outputs = draw(st.sets(st.integers(0, inputs + count - 1))) | {inputs + count - 1}
    return steps, sizes, outputs


@settings(max_examples=80)
@given(networks())
def test_random_networks_against_all_orders(network):
    steps, sizes, outputs = network
    schedule = Schedule(
        tuple(Step(str(at), tuple(reads), (writes,)) for at, (reads, writes) in enumerate(steps)),
        tuple(Tensor(str(at), size, 0, 0, kept=at in outputs) for at, size in sizes.items()),
    ).in_order(range(len(steps)))
    file_order = tuple(range(len(steps)))
    assert schedule.liveness == walked(steps, sizes, outputs, file_order)
    best = best_order(schedule)
    every = [walked(steps, sizes, outputs, order) for order in topological(steps)]
    assert best.peak == min(every)
    assert walked(steps, sizes, outputs, best.steps) == best.peak
    assert schedule.in_order(best.steps).liveness == best.peak
    if schedule.liveness == best.peak:
        assert best.steps == file_order


def test_a_search_that_takes_too_long_is_given_up(monkeypatch):
    monkeypatch.setattr(searching, "LOOKS", 1)
    case = named("orders")["argvalues"][0]
    assert best_order(schedule_of(case)) is None


def test_a_thousand_steps_with_branches_that_shrink():
    """250 pairs of branches, worked off one by one: sets that grow are not enumerated."""
    steps, tensors = [], [Tensor("x", 10, 0, 0)]
    for pair in range(250):
        at = len(tensors)
        for name, size in (("p", 50), ("q", 40), ("r", 5), ("s", 20), ("y", 10)):
            tensors.append(Tensor(f"{name}{pair}", size, 0, 0))
        steps += [
            Step("a1", (at - 1,), (at,)),
            Step("b1", (at - 1,), (at + 1,)),
            Step("a2", (at,), (at + 2,)),
            Step("b2", (at + 1,), (at + 3,)),
            Step("cat", (at + 2, at + 3), (at + 4,)),
        ]
    schedule = Schedule(tuple(steps), tuple(tensors)).in_order(range(len(steps)))
    assert schedule.liveness == 100
    assert best_order(schedule).peak == 65


def test_a_step_that_needs_more_afterwards_is_not_run_at_once():
    """Two branches of 40 that grow to 50 before they shrink: to begin both at first costs 140,
    although neither beginning raises the 100 bytes that the last step needs in any order."""
    sizes = {"x": 5, "p": 40, "q": 40, "pp": 50, "qq": 50, "r": 1, "s": 1, "y": 98}
    rows = [("x", "p"), ("x", "q"), ("p", "pp"), ("q", "qq"), ("pp", "r"), ("qq", "s")]
    names = list(sizes)
    steps = [((names.index(a),), names.index(b)) for a, b in rows] + [((5, 6), 7)]
    schedule = Schedule(
        tuple(Step(str(at), reads, (writes,)) for at, (reads, writes) in enumerate(steps)),
        tuple(Tensor(name, size, 0, 0, kept=name == "y") for name, size in sizes.items()),
    ).in_order(range(len(steps)))
    assert schedule.liveness == 140
    assert best_order(schedule).peak == 100


def test_scratch_counts_in_the_step_that_needs_it_alone():
    """Branches of 50 and of 40, worked off one after the other; the last step needs 30 besides:
    5 + 20 + 25 + 30, more than the 65 of the branches."""
    sizes = {"x": 10, "p": 50, "q": 40, "r": 5, "s": 20, "y": 25, "scratch": 30}
    tensors = tuple(Tensor(name, size, 0, 0, kept=name == "y") for name, size in sizes.items())
    steps = (
        Step("a1", (0,), (1,)),
        Step("b1", (0,), (2,)),
        Step("a2", (1,), (3,)),
        Step("b2", (2,), (4,)),
        Step("cat", (3, 4), (5,), scratch=(6,)),
    )
    schedule = Schedule(steps, tensors).in_order(range(5))
    assert schedule.liveness == 100
    best = best_order(schedule)
    assert best == ((0, 2, 1, 3, 4), 80)
    assert schedule.in_order(best.steps).alive == (60, 65, 55, 65, 80)
