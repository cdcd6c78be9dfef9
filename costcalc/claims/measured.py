"""Times that were measured, which ship as claims: each with the bound of its network."""

from __future__ import annotations

from fractions import Fraction

from costcalc.claims import reader
from costcalc.claims.networks import Networks
from costcalc.claims.sources import papers
from costcalc.claims.verdict import Result, judge
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
    file = reader.read(papers()[PAPER], networks)
    return tuple(
        Measurement(judge(claim, networks))
        for claim in (file.claims if file is not None else ())
        if device in (None, claim.quantity.counting.device)
    )
