"""What a step moves and computes.

A step reads each of its input tensors and of its constants once, and writes its outputs; of a
table it reads the rows that it looks up.
Constants that several steps share are stored once, and read by each of these steps.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

from costcalc.arena.schedule import Schedule, Step
from costcalc.formulas.algebra import Size
from costcalc.kinds.base import Events
from costcalc.records import NamedTuple


class Traffic(NamedTuple):
    """What a step moves and computes."""

    read_bytes: Size
    """Bytes of the tensors that it reads, each once."""
    write_bytes: Size
    """Bytes of its outputs."""
    weight_bytes: Size
    """Bytes of the stored numbers that it reads, each once."""
    operations: Size
    """A multiply-accumulate is two; everything else that is computed is one."""
    macs: Size
    """Multiply-accumulates alone."""
    first_bytes: Size
    """Those of ``weight_bytes`` that no step before it reads."""

    @property
    def traffic_bytes(self) -> Size:
        """All bytes read and written."""
        return self.read_bytes + self.write_bytes + self.weight_bytes

    @property
    def intensity(self) -> Fraction | None:
        """Operations for each byte; None if no byte is moved."""
        return Fraction(self.operations, self.traffic_bytes) if self.traffic_bytes else None


def traffic(schedule: Schedule, step: Step, operations: Size, macs: Size) -> Traffic:
    """The traffic of a step of a schedule in which no two tensors share memory."""
    return Traffic(
        read_bytes=sum(schedule.tensors[index].bytes for index in step.reads),
        write_bytes=sum(schedule.tensors[index].bytes for index in step.writes),
        weight_bytes=step.weight_bytes,
        operations=operations,
        macs=macs,
        first_bytes=step.first_bytes,
    )


def total(rows: Iterable[Traffic]) -> Traffic:
    """The traffic of some steps together."""
    listed = list(rows)
    return Traffic(*(sum(getattr(row, field) for row in listed) for field in Traffic._fields))


def operations(events: Events) -> Size:
    """Operations of a layer: two for each multiply-accumulate, one for each other event."""
    return (
        2 * events.macs
        + events.additions
        + events.multiplications
        + events.divisions
        + events.comparisons
        + events.functions
    )
