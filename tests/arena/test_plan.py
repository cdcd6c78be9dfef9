"""Planners: worked cases with their offsets, random buffers, and what cannot be planned."""

import re
from itertools import combinations
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import costcalc
from costcalc.arena import plan as planning
from costcalc.arena.plan import PLANNERS, Buffer
from costcalc.errors import SpecError
from tests.arena.cases import CASES, named

WITH_ADDRESSES = ("tflm", "greedy-by-size", "greedy-by-breadth", "tflite-mobile")


def overlaps(buffers, offsets):
    """Pairs of buffers that share a byte in some step, found byte by byte and step by step."""
    taken = {}
    pairs = set()
    for index, ((size, first, last), offset) in enumerate(zip(buffers, offsets, strict=True)):
        for step in range(first, last + 1):
            for byte in range(offset, offset + size):
                other = taken.setdefault((step, byte), index)
                if other != index:
                    pairs.add((other, index))
    return pairs


def overlaps_of_pairs(buffers, offsets):
    """The same for large buffers: two intervals of time and of addresses that meet."""
    rows = list(zip(buffers, offsets, strict=True))
    return [
        (a, b)
        for (a, at), (b, to) in combinations(rows, 2)
        if {*range(a[1], a[2] + 1)} & {*range(b[1], b[2] + 1)} and at < to + b[0] and to < at + a[0]
    ]


PLANNED = [
    pytest.param(case, planner, id=f"{case['name']}-{planner}")
    for case in CASES["plans"]
    for planner in WITH_ADDRESSES
    if planner in case["plans"]
]


@pytest.mark.parametrize(("case", "planner"), PLANNED)
def test_offsets_of_worked_cases(case, planner):
    expected = case["plans"][planner]
    end = max(last for _, _, last in case["buffers"])
    kept = expected.get("kept", ())
    buffers = [
        (size, first, end if index in kept else last)
        for index, (size, first, last) in enumerate(case["buffers"])
    ]
    alignment = 64 if planner == "tflite-mobile" else case["alignment"]
    plan = costcalc.plan(buffers, planner, alignment)
    assert plan.offsets == tuple(expected["offsets"])
    assert plan.peak == expected["peak"]
    assert not overlaps_of_pairs(buffers, plan.offsets)


@pytest.mark.parametrize("planner", ["liveness", "sum"])
@pytest.mark.parametrize("case", **named("plans"))
def test_peaks_without_addresses_of_worked_cases(case, planner):
    alignment = case["alignment"]
    plan = costcalc.plan(case["buffers"], planner, alignment)
    assert plan == (None, case["plans"][planner]["peak"])


def test_published_orders_of_equals():
    """tflite-micro's own test; and the chain on which every greedy rule loses to ping-pong."""
    medium = [(10, 0, 1), (20, 1, 2), (30, 2, 3), (40, 3, 4), (50, 0, 1)]
    assert costcalc.plan(medium, alignment=1) == ((50, 70, 40, 0, 0), 90)
    chain = [(9, 0, 1), (8, 1, 2), (8, 2, 3), (9, 3, 4)]
    peaks = {planner: costcalc.plan(chain, planner, 1).peak for planner in WITH_ADDRESSES[:3]}
    assert set(peaks.values()) == {25}


def test_sizes_are_rounded_up_by_default():
    assert costcalc.plan([(1, 0, 1), (17, 1, 2)]) == ((32, 0), 48)


def test_a_phone_rounds_offsets_alone():
    assert costcalc.plan([(1, 0, 0), (17, 0, 1)], "tflite-mobile", 64) == ((64, 0), 65)


BUFFERS = st.lists(
    st.tuples(st.integers(0, 12), st.integers(0, 6), st.integers(0, 4)).map(
        lambda drawn: (drawn[0], drawn[1], drawn[1] + drawn[2])
    ),
    max_size=9,
)


@given(BUFFERS, st.sampled_from(WITH_ADDRESSES), st.sampled_from([1, 2, 4]))
def test_random_plans_are_valid(buffers, planner, alignment):
    plan = costcalc.plan(buffers, planner, alignment)
    assert not overlaps(buffers, plan.offsets)
    assert all(offset % alignment == 0 for offset in plan.offsets)
    ends = [
        offset + (size if planner == "tflite-mobile" else -(-size // alignment) * alignment)
        for (size, _, _), offset in zip(buffers, plan.offsets, strict=True)
        if size
    ]
    assert plan.peak == max(ends, default=0)
    # What is alive in a step needs room beside one another.
    for step in range(12):
        alive = sum(size for size, first, last in buffers if first <= step <= last)
        assert alive <= plan.peak


@given(BUFFERS)
def test_liveness_is_what_a_walk_over_the_steps_counts(buffers):
    walked = [
        sum(size for size, first, last in buffers if first <= step <= last) for step in range(12)
    ]
    assert costcalc.plan(buffers, "liveness", 1).peak == max(walked)


def conflicts_looked_at(count):
    """Lengths of the lists of conflicts that a plan of a long chain looks through."""
    looked = []
    gap = planning._smallest_gap

    def counted(taken, size, alignment):
        taken = list(taken)
        looked.append(len(taken))
        return gap(taken, size, alignment)

    random = Random(1)
    buffers = [planning.Buffer(random.randrange(1, 999), at, at + 1) for at in range(count)]
    planning._placed(buffers, range(count), counted)
    return sum(looked)


def test_a_buffer_is_compared_with_its_conflicts_alone():
    """n buffers of a chain have n - 1 conflicts: neither n * n nor n * n * n are looked at."""
    assert conflicts_looked_at(500) == 499


@pytest.mark.parametrize(
    ("buffers", "options", "message"),
    [
        ([(1, 0, 1)], {"planner": "tflmm"}, "no planner 'tflmm'; did you mean 'tflm'"),
        ([(1, 0, 1)], {"planner": "layer-io"}, "'layer-io' needs to know which step reads"),
        ([(1, 0, 1)], {"alignment": 0}, "an alignment is a number of bytes"),
        ([(1, 0, 1)], {"alignment": 1.5}, "an alignment is a number of bytes"),
        ([(1, 0, 1), (1, 2, 1)], {}, "buffer 1 is not a size and its steps"),
        ([(-1, 0, 1)], {}, "buffer 0 is not a size and its steps"),
        ([(1.0, 0, 1)], {}, "buffer 0 is not a size and its steps"),
        ([(1, 2)], {}, "buffer 0 is not a size and its steps"),
        ([7], {}, "buffer 0 is not a size and its steps"),
        ([{1, 2, 3}], {}, "buffer 0 is not a size and its steps"),
        (7, {}, "buffers are a list"),
        ([(1, 0, 3_163)] * 3_164, {}, "3,164 tensors have 5,003,866 pairs alive together"),
    ],
)
def test_what_cannot_be_planned_is_refused(buffers, options, message):
    with pytest.raises(SpecError, match=re.escape(message)):
        costcalc.plan(buffers, **options)


@pytest.mark.parametrize("seed", range(5))
def test_pairs_alive_together_are_counted(seed):
    random = Random(seed)
    ends = [sorted(random.choices(range(9), k=2)) for _ in range(12)]
    buffers = [Buffer(1, first, last) for first, last in ends]
    pairs = combinations(buffers, 2)
    together = sum(a.first <= b.last and b.first <= a.last for a, b in pairs)
    assert planning.conflicts(buffers) == together


def test_numbers_of_arrays_are_numbers():
    buffers = np.array([(8, 0, 1), (4, 1, 2)])
    assert costcalc.plan(buffers, alignment=np.int64(1)) == ((0, 8), 12)
    assert costcalc.plan(map(tuple, buffers), alignment=1) == ((0, 8), 12)


def test_steps_may_be_far_apart():
    plan = costcalc.plan([(8, 0, 10**12), (8, 10**12, 10**15)], alignment=1)
    assert plan == ((8, 0), 16)


def test_fixed_addresses_come_first_and_may_overlap():
    """A file that plans ahead: two buffers share address 16 on purpose, the third avoids both."""
    buffers = [Buffer(64, 0, 1), Buffer(32, 0, 1, 16), Buffer(16, 0, 1, 16)]
    assert PLANNERS["tflm"].place(buffers, 16) == ((48, 16, 16), 112)
    assert PLANNERS["greedy-by-size"].place(buffers, 16) == ((0, 64, 96), 112)


def test_every_planner_has_a_title():
    assert all(row.title for row in PLANNERS.values())
