"""Planners: they give each buffer an address, so that buffers alive together never overlap.

    buffers (size, first step, last step) --planner--> Plan: an offset for each, and the peak

Two buffers conflict if ``first_a <= last_b`` and ``first_b <= last_a``: an operator's inputs
and outputs do.  A peak without addresses (liveness, layer-io, sum) is a planner as well,
whose offsets are None.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from costcalc.records import NamedTuple


class Buffer(NamedTuple):
    """Memory of a size in bytes, in use from one step to another, both included."""

    size: int
    first: int
    last: int


class Plan(NamedTuple):
    """An address for each buffer, in the order of the buffers, and the end of the last one."""

    offsets: tuple[int, ...] | None
    """None if the planner gives no addresses."""
    peak: int
    """The bytes of the arena: the largest sum of an offset and a size."""


Planner = Callable[[Sequence[Buffer], int], Plan]
"""A function of buffers whose sizes are rounded up to an alignment, and the alignment."""

PLANNERS: Mapping[str, Planner] = {}
"""The planners by name: the names are those of ``--planner``."""
