"""The optimum: worked cases, and every placement on a small grid of addresses."""

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from costcalc.arena import optimum as searching
from costcalc.arena.optimum import optimum
from costcalc.arena.plan import Buffer, liveness
from tests.arena.cases import named
from tests.arena.test_plan import overlaps, overlaps_of_pairs


def test_it_is_not_known_among_too_many(monkeypatch):
    buffers = [Buffer(1, 0, 1)] * 4  # 6 pairs
    monkeypatch.setattr(searching, "CONFLICTS", 6)
    assert optimum(buffers).peak == 4
    monkeypatch.setattr(searching, "CONFLICTS", 5)
    assert optimum(buffers) is None


@pytest.mark.parametrize("case", **named("plans"))
def test_worked_cases(case):
    buffers = [Buffer(*row) for row in case["buffers"]]
    plan = optimum(buffers, case["alignment"])
    assert plan is not None
    assert plan.peak == case["optimum"]
    assert not overlaps_of_pairs(case["buffers"], plan.offsets)
    ends = [at + size for (size, *_), at in zip(case["buffers"], plan.offsets, strict=True)]
    assert max(ends, default=0) <= plan.peak


def smallest_peak(buffers):
    """The smallest peak, by trying every address of every buffer."""
    peak = max(
        (sum(b.size for b in buffers if b.first <= step <= b.last) for step in range(9)),
        default=0,
    )
    while True:
        ranges = [range(peak - buffer.size + 1) for buffer in buffers]
        for offsets in product(*ranges):
            rows = [(*row[:3], at) for row, at in zip(buffers, offsets, strict=True)]
            if all(
                a[2] < b[1] or b[2] < a[1] or a[3] + a[0] <= b[3] or b[3] + b[0] <= a[3]
                for index, a in enumerate(rows)
                for b in rows[:index]
            ):
                return peak
        peak += 1


@settings(max_examples=60)
@given(
    st.lists(
        st.tuples(st.integers(1, 4), st.integers(0, 4), st.integers(0, 3)).map(
            lambda drawn: Buffer(drawn[0], drawn[1], drawn[1] + drawn[2])
        ),
        max_size=5,
    )
)
def test_random_buffers_against_every_address(buffers):
    plan = optimum(buffers)
    assert plan.peak == smallest_peak(buffers)
    assert not overlaps([buffer[:3] for buffer in buffers], plan.offsets)


def test_the_optimum_can_exceed_the_bound():
    """Seven buffers of at most 6 bytes alive together, which no plan fits into 6."""
    rows = [(3, 0, 1), (3, 6, 7), (3, 0, 3), (2, 3, 4), (1, 4, 5), (3, 5, 6), (1, 2, 5)]
    buffers = [Buffer(*row) for row in rows]
    assert liveness(buffers).peak == 6
    assert optimum(buffers).peak == smallest_peak(buffers) == 7


def test_nothing_is_claimed_where_the_search_gives_up(monkeypatch):
    buffers = [Buffer(*row) for row in [(9, 0, 1), (8, 1, 2), (8, 2, 3), (9, 3, 4), (1, 2, 4)]]
    assert optimum(buffers).peak == 18
    monkeypatch.setattr(searching, "BUFFERS", 4)
    assert optimum(buffers) is None
    monkeypatch.setattr(searching, "BUFFERS", 5)
    monkeypatch.setattr(searching, "PLACEMENTS", 2)
    assert optimum(buffers) is None
