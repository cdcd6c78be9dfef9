"""A schedule under a planner: what it needs, and in which step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from costcalc.arena.plan import PLANNERS, Plan, named_planner
from costcalc.arena.schedule import Schedule


@dataclass(frozen=True)
class PlannedSchedule:
    """A schedule, a planner and its plan.

    Bytes alive and their bound are those of sizes as the planner rounds them.
    """

    schedule: Schedule
    planner: str
    """A name of :data:`costcalc.arena.plan.PLANNERS`."""
    alignment: int = 1

    @cached_property
    def plan(self) -> Plan:
        """The planner's plan; over a grid of sizes, only its peak.

        Raises:
            SpecError: there is no planner of that name, or it has too many tensors to place.
        """
        return self.schedule.planned(self.planner, self.alignment)

    @property
    def peak(self) -> Any:
        """The plan's peak in bytes."""
        return self.plan.peak

    @property
    def has_addresses(self) -> bool:
        """Whether the planner gives addresses, and not only a peak."""
        return named_planner(self.planner).has_addresses

    @cached_property
    def sized(self) -> Schedule:
        """The schedule with its sizes as the planner rounds them."""
        if self.alignment == 1 or not named_planner(self.planner).rounds_sizes:
            return self.schedule
        return self.schedule.rounded(self.alignment)

    @cached_property
    def alive(self) -> tuple[Any, ...]:
        """The bytes alive in each step."""
        return self.sized.alive

    @cached_property
    def bound(self) -> int:
        """The most bytes alive in one step: no plan with addresses needs less."""
        return max(self.alive, default=self.sized.planned("liveness").peak)

    @property
    def bound_step(self) -> int | None:
        """The first step with the most bytes alive; None if there are no steps."""
        return _first_largest(self.alive)

    @property
    def fragmentation(self) -> int:
        """What a plan with addresses needs above the bound."""
        return int(self.peak - self.bound) if self.has_addresses else 0

    @cached_property
    def peak_step(self) -> int | None:
        """The step of the peak; None if there are no steps, or if it is not the peak of a step.

        With addresses it is a step at whose tensors the arena ends.  Of several, it is the
        one with the most bytes alive, which are fewer than the peak if memory is fragmented.
        """
        offsets = self.plan.offsets
        if offsets is None:
            return _first_largest(self.sized.by_step(self.planner) or ())
        ends = [0] * len(self.alive)
        for tensor, offset in zip(self.schedule.tensors, offsets, strict=True):
            for step in range(tensor.first, min(tensor.last + 1, len(ends))):
                ends[step] = max(ends[step], offset + tensor.bytes)
        return _first_largest(list(zip(ends, self.alive, strict=True)))

    def counted(self, step: int) -> list[int]:
        """The tensors that the planner counts in a step, as indexes, the largest first."""
        row = self.schedule.steps[step]
        of_step = {"layer-io": sorted(row.tensors), "largest": row.writes}
        counted = of_step.get(self.planner, self.schedule.alive_in(step))
        return sorted(counted, key=lambda index: -self.schedule.tensors[index].bytes)

    def planning(self, schedule: Schedule) -> PlannedSchedule:
        """Another schedule under the same planner."""
        return PlannedSchedule(schedule, self.planner, self.alignment)

    def smaller(self) -> tuple[str, int] | None:
        """The planner whose addresses need fewest bytes, if that is less than this one's."""
        others = [
            (PlannedSchedule(self.schedule, name, self.alignment).peak, name)
            for name, row in PLANNERS.items()
            if row.has_addresses and name != self.planner
        ]
        peak, name = min(others, key=lambda other: other[0])
        return (name, peak) if peak < self.peak else None


def _first_largest(values: Sequence[Any]) -> int | None:
    return max(range(len(values)), key=values.__getitem__, default=None)
