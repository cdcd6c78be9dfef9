"""Seconds of a network on a device: a bound and two estimates, from one table of steps.

    LayerGraph × Storage --stored--> steps' traffic × Device --> StepTime for each step

For a step of O operations and B bytes on a device of P operations and W bytes a second:

    bound     max(sum of O / P, compulsory bytes / W)     no measurement is below it
    roofline  sum of max(O / P, B / W)                    an estimate: Williams et al. 2009
    serial    sum of (O / P + B / W)                      an estimate: Paleo, Qi et al. 2017

Compulsory bytes are the network's input and output, and the weights that the chip cannot hold.
All three are exact rationals, and ``bound <= roofline <= serial <= 2 * roofline`` over one traffic.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Literal

from costcalc.records import NamedTuple

Limit = Literal["compute", "memory"]


class StepTime(NamedTuple):
    """What a step needs on a device."""

    name: str
    operations: int
    bytes: int
    compute_seconds: Fraction
    """Operations over the peak."""
    memory_seconds: Fraction
    """Bytes over the bandwidth."""

    @property
    def seconds(self) -> Fraction:
        """The roofline's seconds: those of the limit."""
        return max(self.compute_seconds, self.memory_seconds)

    @property
    def limit(self) -> Limit:
        """What takes longer; a tie is computing."""
        return "compute" if self.compute_seconds >= self.memory_seconds else "memory"
