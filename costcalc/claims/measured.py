"""Times that were measured, which ship as claims: each with the bound of its network."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from costcalc.claims import reader
from costcalc.claims.networks import Networks
from costcalc.claims.sources import papers
from costcalc.claims.verdict import Result, judge
from costcalc.performance import files
from costcalc.performance.device import Device
from costcalc.performance.latency import Spread
from costcalc.records import NamedTuple

PAPER = "measured"
"""The claims file of the times."""


class Measurement(NamedTuple):
    """A network that was run on a device."""

    result: Result
    """The claim that the bound is at most the measured time."""

    @property
    def device(self) -> str:
        """The name of the device."""
        return self.result.claim.quantity.counting.device or ""

    @property
    def bound(self) -> Fraction:
        """In milliseconds."""
        return self.result.computed

    @property
    def measured(self) -> Fraction:
        """In milliseconds."""
        return self.result.claim.figure.number

    @property
    def ratio(self) -> Fraction:
        """How many times the bound was measured."""
        return self.measured / self.bound


def measurements(device: str | None = None) -> tuple[Measurement, ...]:
    """The times that ship; with a device's name, those of this device."""
    networks = Networks()
    file = reader.read(papers()[PAPER][0], networks)
    return tuple(
        Measurement(judge(claim, networks))
        for claim in (file.claims if file is not None else ())
        if device in (None, claim.quantity.counting.device)
    )


def spread(of: Device) -> Spread:
    """That of a device; where fewer than two times ship, the widest of its class, or of all."""
    rows = measurements(of.name)
    if len(rows) > 1:
        return _spread(rows)
    rows = measurements()
    names = tuple(dict.fromkeys(row.device for row in rows))
    alike = (
        tuple(name for name in names if files.load(name).device_class == of.device_class) or names
    )
    groups = [tuple(row for row in rows if row.device == name) for name in alike]
    return max((_spread(group) for group in groups), key=lambda spread: spread.factor)


def _spread(rows: Sequence[Measurement]) -> Spread:
    ratios = [row.ratio for row in rows]
    return Spread(rows[0].device, len(rows), max(ratios) / min(ratios))
