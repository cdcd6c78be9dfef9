"""The order of a network's steps that needs the least memory.

Liberis and Lane (arXiv 1910.05110) search the sets of tensors that may be alive together.
Here the sets are those of the steps that have run, which say the same, and are visited by
the peak that leads to them, the smallest first: the first order that is complete is the best.
"""

from __future__ import annotations

from heapq import heappop, heappush

from costcalc.arena.schedule import Schedule
from costcalc.records import NamedTuple

LOOKS = 1_000_000
"""Looks at steps that are ready to run; a search that needs more is given up.

Each step that is tried looks at all that are ready with it: the work of a search is the
same on every machine, unlike a time.
"""


class Order(NamedTuple):
    """An order of the steps, as indexes into a schedule, and the most bytes alive in it."""

    steps: tuple[int, ...]
    peak: int


def best_order(schedule: Schedule) -> Order | None:
    """The order with the smallest liveness; None if it takes too long to find.

    Of equals it is the schedule's own, or else the first one found.  Every order is allowed
    in which a step comes after those that write what it reads.
    """
    return _Search(schedule).run()


class _State(NamedTuple):
    """The cheapest known way to a set of steps."""

    peak: int
    alive: int
    """The bytes that are needed when the set has run."""
    ready: tuple[int, ...]
    """The steps that may run next."""
    before: int
    """The set without the step that ran last."""
    last: int


class _Search:
    """Sets of steps are integers with a bit for each."""

    def __init__(self, schedule: Schedule) -> None:
        self.schedule = schedule
        count = len(schedule.tensors)
        self.bytes = [tensor.bytes for tensor in schedule.tensors]
        self.users, self.writers = [0] * count, [0] * count
        self.needs = [0] * len(schedule.steps)
        self.followers: list[list[int]] = [[] for _ in schedule.steps]
        for number, step in enumerate(schedule.steps):
            for index in step.reads:
                self._after(number, self.writers[index])
            for index in (*step.writes, *step.scratch):
                self._after(number, self.users[index])
                self.writers[index] |= 1 << number
            for index in step.tensors:
                self.users[index] |= 1 << number
        self.unread = sum(
            tensor.bytes
            for tensor, users in zip(schedule.tensors, self.users, strict=True)
            if not users and not tensor.kept
        )
        """Bytes of inputs that no step reads, alive only in the first step."""

    def _after(self, step: int, others: int) -> None:
        """Notes that a step must run after others, the steps of a set."""
        others &= ~(self.needs[step] | 1 << step)
        self.needs[step] |= others
        while others:
            lowest = others & -others
            self.followers[lowest.bit_length() - 1].append(step)
            others ^= lowest

    def run(self) -> Order | None:
        schedule = self.schedule
        file_order = Order(tuple(range(len(schedule.steps))), schedule.liveness)
        floor: int = schedule.layer_io  # no order can need less
        everything = (1 << len(schedule.steps)) - 1
        inputs = sum(
            size
            for tensor, size, writers, users in zip(
                schedule.tensors, self.bytes, self.writers, self.users, strict=True
            )
            if not writers and (users or tensor.kept)
        )
        ready = tuple(step for step, needs in enumerate(self.needs) if not needs)
        states = {0: _State(floor, inputs, ready, 0, -1)}
        queue, visited, looks = [(floor, 0, 0)], set[int](), 0
        while queue:
            peak, _, done = heappop(queue)
            if done in visited:
                continue
            if peak >= file_order.peak:
                return file_order
            if done == everything:
                return Order(self._path(states, done), peak)
            visited.add(done)
            moves = self._moves(done, states[done])
            looks += len(moves) * len(states[done].ready)
            if looks > LOOKS:
                return None
            for step, state in moves:
                reached = done | 1 << step
                if reached not in states or state.peak < states[reached].peak:
                    states[reached] = state
                    heappush(queue, (state.peak, -reached.bit_count(), reached))
        return file_order

    def _moves(self, done: int, state: _State) -> list[tuple[int, _State]]:
        """The steps that may run next, each with the state that it leads to.

        A step that neither raises the peak nor needs more bytes after it than before comes
        at once: whatever is run before it would need as much or more if it came later.
        """
        moves = []
        for step in state.ready:
            now = done | 1 << step
            during, after = state.alive, 0
            if not done:
                during += self.unread
                after -= self.unread
            row = self.schedule.steps[step]
            for index in row.tensors:
                if self.writers[index] and not self.writers[index] & done:
                    during += self.bytes[index]
                if not self.users[index] & ~now and not self.schedule.tensors[index].kept:
                    after -= self.bytes[index]
            after += during
            ready = (
                *(other for other in state.ready if other != step),
                *(other for other in self.followers[step] if not self.needs[other] & ~now),
            )
            peak = max(state.peak, during)
            move = step, _State(peak, after, ready, done, step)
            if peak == state.peak and after <= state.alive:
                return [move]
            moves.append(move)
        return moves

    @staticmethod
    def _path(states: dict[int, _State], done: int) -> tuple[int, ...]:
        steps = []
        while done:
            steps.append(states[done].last)
            done = states[done].before
        return tuple(reversed(steps))
