"""Learned numbers, each counted once, however many operations read it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import prod
from typing import NamedTuple

from costcalc.importers.torch.calls import NORM, OTHER, Parameter, Region

EVENTS: Mapping[str, str] = {
    "weight": "weights",
    "bias": "biases",
    NORM: "norm_params",
    OTHER: "other_params",
}
"""The event that counts the learned numbers of each role."""


class Stored(NamedTuple):
    """Where the numbers of a layer come from: one part of a parameter, or several parameters."""

    region: Region | None
    sources: frozenset[str]
    """Parameters that they are computed of, where they are no part of one."""


class Ledger:
    """How many numbers of each parameter are counted."""

    def __init__(self, parameters: Iterable[Parameter]) -> None:
        self.left = {each.name: prod(each.shape) for each in parameters}
        self.counted = set[Region]()

    def claim(self, stored: Stored, most: int) -> int:
        """How many numbers count here for the first time, ``most`` at the highest.

        Numbers that are computed, as in a standardised weight, count as those of the
        parameter that has most of them: the others are gains and shifts.
        """
        if stored.region is not None:
            if stored.region in self.counted:
                return 0
            self.counted.add(stored.region)
            return self._take(stored.region.parameter, min(most, prod(stored.region.shape)))
        if not stored.sources:
            return 0
        largest = max(sorted(stored.sources), key=lambda name: self.left[name])
        return self._take(largest, most)

    def rest(self, parameter: str) -> int:
        """All that is not counted yet, which counts now."""
        return self._take(parameter, self.left[parameter])

    def _take(self, parameter: str, most: int) -> int:
        taken = min(most, self.left[parameter])
        self.left[parameter] -= taken
        return taken
