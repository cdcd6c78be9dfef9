"""The best plan of all, proved: a plan that meets the bound, or a search of every plan.

Pushing the buffers of a plan down, in the order of their offsets, until none moves never
makes two overlap.  In a plan pushed down each buffer stands on the highest of the conflicting
ones below it.  So it is enough to place buffers in every order of rising offsets, each on top
of the conflicting ones already placed.
"""

from __future__ import annotations

from collections.abc import Sequence

from costcalc.arena.plan import CONFLICTS, PLANNERS, Buffer, Plan, conflicts, liveness, rounded

BUFFERS = 128
"""The most buffers among which a search is begun."""

PLACEMENTS = 5_000
"""Placements that a search may try: the same on every machine, unlike a time."""


def optimum(buffers: Sequence[Buffer], alignment: int = 1) -> Plan | None:
    """The plan with the smallest peak of all; None if it is not known.

    It is known if some planner meets the bound, if the buffers are a chain, in which each
    is in conflict with its neighbours alone, or if a search of at most :data:`BUFFERS`
    buffers ends within :data:`PLACEMENTS` placements.  Sizes are rounded up to the alignment.
    It is not known if more than :data:`CONFLICTS` pairs are alive together.

    >>> optimum([Buffer(9, 0, 1), Buffer(8, 1, 2), Buffer(8, 2, 3), Buffer(9, 3, 4)])
    Plan(offsets=(0, 9, 0, 8), peak=17)
    """
    sized = [buffer._replace(offset=None) for buffer in rounded(buffers, alignment)]
    bound = liveness(sized).peak
    if conflicts(sized) > CONFLICTS:
        return None
    plans = []
    for row in PLANNERS.values():
        if row.place is not None and row.has_addresses and row.rounds_sizes:
            plans.append(row.place(sized, 1))
            if plans[-1].peak == bound:
                return plans[-1]
    best = min(plans, key=lambda plan: plan.peak)
    chain = _from_both_ends(sized, bound)
    if chain is not None:
        return chain
    return _Search(sized, bound, best).run() if len(sized) <= BUFFERS else None


def _from_both_ends(buffers: Sequence[Buffer], bound: int) -> Plan | None:
    """A plan of a chain, at the bound: every other buffer at the bottom, the rest at the top."""
    order = sorted(range(len(buffers)), key=lambda index: buffers[index].first)
    for one, other in zip(order, order[2:], strict=False):
        if buffers[other].first <= buffers[one].last:
            return None
    offsets = [0] * len(buffers)
    for index in order[1::2]:
        offsets[index] = bound - buffers[index].size
    return Plan(tuple(offsets), bound)


class _OutOfWork(Exception):
    """The search has tried as many placements as it may."""


class _Search:
    """Places buffers in every order of rising offsets, as long as that can still be better."""

    def __init__(self, buffers: Sequence[Buffer], bound: int, best: Plan) -> None:
        self.buffers = buffers
        self.bound = bound
        self.best = best
        self.tried = 0
        steps = sorted({buffer.first for buffer in buffers})
        # A step in which no buffer begins has a part of what is alive in the one before it.
        self.alive = [
            [i for i, buffer in enumerate(buffers) if buffer.first <= step <= buffer.last]
            for step in steps
        ]
        self.within = [
            [at for at, step in enumerate(steps) if buffer.first <= step <= buffer.last]
            for buffer in buffers
        ]

    def run(self) -> Plan | None:
        try:
            self._place(
                {index for index, buffer in enumerate(self.buffers) if buffer.size},
                [0] * len(self.buffers),
                [0] * len(self.alive),
                [sum(self.buffers[i].size for i in inside) for inside in self.alive],
                (0, -1),
            )
        except _OutOfWork:
            return None
        return self.best

    def _place(
        self,
        waiting: set[int],
        offsets: list[int],
        tops: list[int],
        still: list[int],
        last: tuple[int, int],
    ) -> None:
        """Tries every buffer next.

        Args:
            waiting: the buffers that have no offset yet.
            offsets: those of the others.
            tops: for each step, the end of the highest buffer placed in it.
            still: for each step, the bytes that wait in it.
            last: the offset placed last, and its buffer: the next one is not below it.

        Raises:
            _OutOfWork: there is no work left.
        """
        if not waiting:
            peak = max(tops)
            self.best = Plan(tuple(offsets), peak)
            return
        choices = []
        for index in waiting:
            offset = max(tops[at] for at in self.within[index])
            if (offset, index) > last:
                choices.append((offset, index))
        for offset, index in sorted(choices):
            self.tried += 1
            if self.tried > PLACEMENTS:
                raise _OutOfWork
            size = self.buffers[index].size
            inside = self.within[index]
            before = [tops[at] for at in inside]
            for at in inside:
                tops[at] = offset + size
                still[at] -= size
            # Whatever waits in a step comes on top of it, and not below this offset.
            reach = max(
                max(top, offset if left else 0) + left
                for top, left in zip(tops, still, strict=True)
            )
            if reach < self.best.peak:
                offsets[index] = offset
                self._place(waiting - {index}, offsets, tops, still, (offset, index))
            for at, top in zip(inside, before, strict=True):
                tops[at] = top
                still[at] += size
            if self.best.peak == self.bound:
                return
