"""A storage as typed, frozen data: how a runtime or a paper keeps a network's numbers.

A storage is to bytes what a convention is to mult-adds: a small YAML file with a source.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from costcalc.costs.rules import Rules
from costcalc.records import NamedTuple

ROLES = ("activations", "weights", "biases", "norm_params", "other_params", "buffers", "caches")
"""What is stored: tensors between layers, the params by the names of their events, and states."""


class Storage(NamedTuple):
    """One way to store a network, with its source."""

    name: str
    title: str
    source: str
    bits: Mapping[str, int]
    """The bits of one number, by role."""
    mixed: Mapping[str, int] = MappingProxyType({})
    """The bits of the weights of layers, by a pattern of their names: ``{"*/fc*": 4}``."""
    norms: str = "folded"
    """``folded`` into the layer before where there is one, or ``kept``."""
    fused: tuple[str, ...] = ()
    """Kinds or families that are part of the operator before them on their line: one step."""
    in_place: tuple[str, ...] = ()
    """Kinds or families whose output may take their input's memory: activation, add, depthwise."""
    concat: str = "copy"
    """``copy``, or ``view``: its inputs are written where the output is."""
    keeps: tuple[str, ...] = ("outputs",)
    """Which of ``inputs`` and ``outputs`` stay to the end."""
    alignment: int = 1
    """Bytes to whose multiples addresses, or sizes, are rounded by the planner."""
    scratch: Rules = MappingProxyType({})
    """Bytes that a step needs besides its tensors, by kind or family of its layer."""
    scales: Mapping[str, int] = MappingProxyType({})
    """Bits stored for each group of weights, such as a scale for each channel."""
    planner: str = "liveness"
    """The planner of its arena, one of :data:`costcalc.arena.plan.PLANNERS`."""
    unit: str = "KiB"
    """What people are shown: ``KiB`` of 1024 bytes, or ``kB`` of 1000."""
