"""Planners: they give each buffer an address, so that buffers alive together never overlap.

    buffers (size, first step, last step) --planner--> Plan: an offset for each, and the peak

Two buffers conflict if ``first_a <= last_b`` and ``first_b <= last_a``: an operator's inputs
and outputs do.  A peak without addresses is a planner as well, whose offsets are None.

A buffer is compared with the buffers in conflict with it alone, so that n buffers with c
conflicts take O(n log n + c log c) steps: linear for a chain, at most quadratic.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from operator import index as as_whole
from typing import Any

from costcalc.advice import advice, option
from costcalc.errors import did_you_mean, refuse
from costcalc.formulas.algebra import round_up
from costcalc.records import NamedTuple

CONFLICTS = 5_000_000
"""The most pairs of buffers alive together among which addresses are planned."""


class Buffer(NamedTuple):
    """Memory of a size in bytes, in use from one step to another, both included."""

    size: int
    first: int
    last: int
    offset: int | None = None
    """Its address, if it is fixed; only ``tflm`` keeps to it."""


class Plan(NamedTuple):
    """An address for each buffer, in the order of the buffers, and the end of the last one."""

    offsets: tuple[int, ...] | None
    """None if the planner gives no addresses."""
    peak: int
    """The bytes of the arena, which are the largest sum of an offset and a size."""


class Planner(NamedTuple):
    """A row of the table of planners."""

    title: str
    source: str
    place: Callable[[Sequence[Buffer], int], Plan] | None
    """Plans buffers at an alignment; None if the peak depends on which step reads what."""
    has_addresses: bool = False
    rounds_sizes: bool = True
    """Whether sizes are rounded up to the alignment; if not, only offsets are."""


Gap = Callable[[Iterable[tuple[int, int]], int, int], int]
"""A rule that picks an offset for a size, given the sorted (start, end) of its conflicts."""


def plan(
    buffers: Iterable[tuple[int, int, int]], planner: str = "tflm", alignment: int = 16
) -> Plan:
    """Addresses for a list of buffers.

    Args:
        buffers: the size in bytes, the first and the last step of each, both included.
            Their order decides between equals.
        planner: a key of ``costcalc.arena.plan.PLANNERS``.
        alignment: bytes; ``tflite-mobile`` rounds offsets up to its multiples (64 in that
            runtime), the others round sizes, and so offsets as well.

    Raises:
        SpecError: a buffer or the alignment is wrong, there is no such planner, or it
            needs to know more than lifetimes; or too many buffers are alive together.

    >>> plan([(10, 0, 1), (20, 1, 2), (30, 2, 3), (40, 3, 4), (50, 0, 1)], alignment=1)
    Plan(offsets=(50, 70, 40, 0, 0), peak=90)
    """
    row = named_planner(planner)
    if row.place is None:
        refuse(
            None,
            f"'{planner}' needs to know which step reads which tensor",
            expected="a network, or another planner: "
            + ", ".join(name for name, row in PLANNERS.items() if row.place),
        )
    multiple = whole_or_none(alignment)
    if multiple is None or multiple < 1:
        refuse(None, "an alignment is a number of bytes", "1 or more", found=repr(alignment))
    if not isinstance(buffers, Iterable):
        refuse(None, "buffers are a list", "[(size, first, last), ...]", found=repr(buffers))
    checked = [_checked(number, buffer) for number, buffer in enumerate(buffers)]
    return row.place(checked, multiple)


def named_planner(name: str) -> Planner:
    """A row of :data:`PLANNERS`.

    Raises:
        SpecError: there is no planner of that name.
    """
    if not isinstance(name, str) or name not in PLANNERS:
        hint = did_you_mean(str(name), PLANNERS)
        refuse(None, f"there is no planner '{name}'", "one of " + ", ".join(PLANNERS), hint=hint)
    return PLANNERS[name]


def rounded(buffers: Iterable[Buffer], alignment: int) -> list[Buffer]:
    """Buffers with their sizes rounded up to multiples of the alignment."""
    return [buffer._replace(size=round_up(buffer.size, alignment)) for buffer in buffers]


def liveness(buffers: Sequence[Buffer], alignment: int = 1) -> Plan:
    """The largest sum of sizes alive in one step: no plan has a smaller peak."""
    alive = _alive(rounded(buffers, alignment))
    return Plan(None, max(alive.values(), default=0))


def total(buffers: Sequence[Buffer], alignment: int = 1) -> Plan:
    """The sum of all sizes: nothing is reused."""
    return Plan(None, sum(buffer.size for buffer in rounded(buffers, alignment)))


def largest(buffers: Sequence[Buffer], alignment: int = 1) -> Plan:
    """The size of the largest buffer."""
    return Plan(None, max((buffer.size for buffer in rounded(buffers, alignment)), default=0))


def tflm(buffers: Sequence[Buffer], alignment: int) -> Plan:
    """The greedy planner of tflite-micro.

    Buffers with a fixed address come first.  Then the largest, and of equals the one that
    was added last; each in the lowest gap that it fits into.
    """
    sized = rounded(buffers, alignment)

    def key(index: int) -> tuple[int, int, int]:
        size, _, _, offset = sized[index]
        return (1, -size, -index) if offset is None else (0, 0, index)

    return _placed(sized, sorted(range(len(sized)), key=key), _first_gap)


def greedy_by_size(buffers: Sequence[Buffer], alignment: int) -> Plan:
    """Greedy by size: the largest first, each in the smallest gap that it fits into.

    The paper leaves open which of equals comes first: here the first one added.
    """
    sized = _movable(rounded(buffers, alignment))
    order = sorted(range(len(sized)), key=lambda index: -sized[index].size)
    return _placed(sized, order, _smallest_gap)


def greedy_by_breadth(buffers: Sequence[Buffer], alignment: int) -> Plan:
    """Greedy by breadth: the steps with the most bytes alive first, and in a step by size.

    Equal steps and equal buffers keep their order.
    """
    sized = _movable(rounded(buffers, alignment))
    # A step in which no buffer begins has no more bytes than the one before it.
    alive = _alive(sized)
    starts: dict[int, list[int]] = {}
    steps = list(alive)
    widest = sorted(steps, key=lambda step: (-alive[step], step))
    ranks = {step: rank for rank, step in enumerate(widest)}
    for index, buffer in enumerate(sized):
        # The buffer is placed with the first of the steps, in that order, that it is alive in.
        starts.setdefault(_first_of(ranks, steps, buffer), []).append(index)
    order = [
        index
        for rank in sorted(starts)
        for index in sorted(starts[rank], key=lambda index: -sized[index].size)
    ]
    return _placed(sized, order, _smallest_gap)


def tflite_mobile(buffers: Sequence[Buffer], alignment: int) -> Plan:
    """The arena of TFLite on phones.

    Buffers that live from the first step to the last come first, in their order; then the
    largest, of equals the one that begins first.  Each takes the smallest gap that it fits
    into, at an aligned offset; sizes are not rounded.
    """
    buffers = _movable(buffers)
    begin = min((buffer.first for buffer in buffers), default=0)
    end = max((buffer.last for buffer in buffers), default=0)

    def key(index: int) -> tuple[int, int, int]:
        size, first, last, _ = buffers[index]
        return (0, 0, 0) if (first, last) == (begin, end) else (1, -size, first)

    return _placed(buffers, sorted(range(len(buffers)), key=key), _smallest_gap, alignment)


_TFLITE = "tensorflow/lite"
_LEE = "Pisarchyk and Lee, arXiv 2001.03288"

PLANNERS: Mapping[str, Planner] = {
    "liveness": Planner("the most bytes alive in one step, a lower bound", "", liveness),
    "layer-io": Planner("the most bytes that one step reads and writes", "", None),
    "largest": Planner("the largest tensor that a step writes", "", largest),
    "sum": Planner("all tensors, without reuse", "", total),
    "tflm": Planner(
        "tflite-micro's greedy planner",
        f"{_TFLITE}/micro/memory_planner/greedy_memory_planner.cc",
        tflm,
        has_addresses=True,
    ),
    "greedy-by-size": Planner("greedy by size", f"{_LEE}, Algorithm 3", greedy_by_size, True),
    "greedy-by-breadth": Planner("greedy by breadth", _LEE, greedy_by_breadth, True),
    "tflite-mobile": Planner(
        "the arena of TFLite on phones, tensors alone",
        f"{_TFLITE}/arena_planner.cc",
        tflite_mobile,
        has_addresses=True,
        rounds_sizes=False,
    ),
}
"""The planners by name: the names are those of ``--planner``."""


def whole_or_none(value: Any) -> int | None:
    """A whole number, NumPy's included; None if it is something else."""
    try:
        return None if isinstance(value, bool) else as_whole(value)
    except TypeError:
        return None


def _checked(number: int, buffer: tuple[int, int, int]) -> Buffer:
    """A buffer that somebody passes.

    Raises:
        SpecError: it is not a size and two steps in order.
    """
    # A row of an array has a list of its numbers.
    row = getattr(buffer, "tolist", lambda: buffer)()
    values = tuple(row) if isinstance(row, tuple | list) else ()
    whole = [number for number in map(whole_or_none, values) if number is not None]
    if len(whole) == len(values) == 3:
        size, first, last = whole
        if size >= 0 and 0 <= first <= last:
            return Buffer(size, first, last)
    refuse(
        None,
        f"buffer {number} is not a size and its steps",
        expected="(size, first, last): bytes, and two steps in order, as whole numbers",
        found=repr(buffer),
    )


def _movable(buffers: Iterable[Buffer]) -> list[Buffer]:
    """Buffers without fixed addresses."""
    return [buffer._replace(offset=None) for buffer in buffers]


def _alive(buffers: Sequence[Buffer]) -> dict[int, int]:
    """The bytes alive in each step in which some buffer begins, in the order of the steps."""
    begun: dict[int, int] = {}
    ended: list[tuple[int, int]] = []
    for size, first, last, _ in buffers:
        begun[first] = begun.get(first, 0) + size
        ended.append((last, size))
    ended.sort()
    alive, bytes_, done = {}, 0, 0
    for step in sorted(begun):
        while done < len(ended) and ended[done][0] < step:
            bytes_ -= ended[done][1]
            done += 1
        bytes_ += begun[step]
        alive[step] = bytes_
    return alive


def _first_of(ranks: Mapping[int, int], steps: Sequence[int], buffer: Buffer) -> int:
    """The lowest rank of the steps that a buffer is alive in."""
    within = steps[bisect_left(steps, buffer.first) : bisect_right(steps, buffer.last)]
    return min(ranks[step] for step in within)


def conflicts(buffers: Sequence[Buffer]) -> int:
    """The number of pairs of buffers alive together."""
    lasts = sorted(buffer.last for buffer in buffers)
    apart = sum(bisect_left(lasts, buffer.first) for buffer in buffers)
    return len(buffers) * (len(buffers) - 1) // 2 - apart


class _Placed:
    """The buffers placed so far, found by the steps that they are alive in."""

    def __init__(self, buffers: Sequence[Buffer]) -> None:
        self.buffers = buffers
        self.steps = sorted({buffer.first for buffer in buffers})
        self.alive: list[list[int]] = [[] for _ in self.steps]
        self.begun: list[list[int]] = [[] for _ in self.steps]

    def add(self, index: int) -> None:
        begin, end = self._span(index)
        self.begun[begin].append(index)
        for step in range(begin, end):
            self.alive[step].append(index)

    def conflicts(self, index: int) -> Iterator[int]:
        """Those alive when the buffer begins, and those that begin while it is alive."""
        begin, end = self._span(index)
        yield from self.alive[begin]
        for step in range(begin + 1, end):
            yield from self.begun[step]

    def _span(self, index: int) -> tuple[int, int]:
        _, first, last, _ = self.buffers[index]
        return bisect_left(self.steps, first), bisect_right(self.steps, last)


def _placed(buffers: Sequence[Buffer], order: Iterable[int], gap: Gap, alignment: int = 1) -> Plan:
    """Places buffers one after another, each in a gap between those in conflict with it.

    Raises:
        SpecError: too many are alive together.
    """
    pairs = conflicts(buffers)
    if pairs > CONFLICTS:
        refuse(
            None,
            f"{len(buffers):,} tensors have {pairs:,} pairs alive together, too many to place",
            expected=f"at most {CONFLICTS:,} pairs",
            hint=advice("{}, which needs no addresses", option("planner", "liveness")),
        )
    placed = _Placed(buffers)
    offsets = [0] * len(buffers)
    peak = 0
    for index in order:
        size = buffers[index].size
        if not size:  # an empty buffer needs no address, and blocks none
            continue
        fixed = buffers[index].offset
        if fixed is None:
            taken = sorted(
                (offsets[other], offsets[other] + buffers[other].size)
                for other in placed.conflicts(index)
            )
            offsets[index] = gap(taken, size, alignment)
        else:
            offsets[index] = fixed
        peak = max(peak, offsets[index] + size)
        placed.add(index)
    return Plan(tuple(offsets), peak)


def _first_gap(taken: Iterable[tuple[int, int]], size: int, alignment: int) -> int:
    """The lowest offset at which the size fits."""
    offset = 0
    for start, end in taken:
        if start - offset >= size:
            break
        offset = max(offset, round_up(end, alignment))
    return offset


def _smallest_gap(taken: Iterable[tuple[int, int]], size: int, alignment: int) -> int:
    """The lowest of the smallest gaps that the size fits into; above all conflicts if none."""
    offset, best, smallest = 0, None, 0
    for start, end in taken:
        room = start - offset
        if room >= size and (best is None or room < smallest):
            best, smallest = offset, room
        offset = max(offset, round_up(end, alignment))
    return offset if best is None else best
