"""A storage as typed, frozen data: how a runtime or a paper keeps a network's numbers.

A storage is to bytes what a convention is to mult-adds: a small YAML file with a source.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from fractions import Fraction
from types import MappingProxyType

from costcalc.costs.rules import Rule
from costcalc.kinds.base import Kind
from costcalc.records import NamedTuple
from costcalc.render.formatting import counted, rounded

ROLES = ("activations", "weights", "biases", "norm_params", "other_params", "buffers", "caches")
"""What is stored: tensors between layers, the params by the names of their events, and states."""

KEPT = ("inputs", "outputs", "states")
"""What may stay in memory to the end: the network's inputs and outputs, and recurrent states."""

DEFAULT_STORAGE = "fp32"
"""The storage of a network whose file states none."""

UNITS = {"KiB": 1024, "kB": 1000}
"""The bytes of a unit."""

Scratch = Mapping[str, tuple[Rule, ...]]
"""For kinds or families: a rule for each buffer that a step needs, in bytes."""


class Storage(NamedTuple):
    """One way to store a network, with its source."""

    name: str
    title: str
    source: str
    bits: Mapping[str, int]
    """The bits of one number, by role: one of :data:`ROLES`, every one of them."""
    mixed: Mapping[str, int] = MappingProxyType({})
    """The bits of the weights of layers, by a pattern of their names: ``{"*/fc*": 4}``."""
    norms: str = "folded"
    """Batch norms: ``folded`` into the layer before where there is one, or ``kept``."""
    fused: tuple[str, ...] = ()
    """Kinds or families that are part of the operator before them on their line: one step."""
    in_place: tuple[str, ...] = ()
    """Kinds or families whose output may take their input's memory: activation, add, depthwise."""
    concat: str = "copy"
    """``copy``, or ``view``: its inputs are written where the output is."""
    keeps: tuple[str, ...] = ("outputs", "states")
    """Which of :data:`KEPT` stay to the end; states that do not are not in this memory."""
    alignment: int = 1
    """Bytes to whose multiples addresses, or sizes, are rounded by the planner."""
    scratch: Scratch = MappingProxyType({})
    """Bytes that a step needs in addition to its tensors, by kind or family of its layer."""
    scales: Mapping[str, int] = MappingProxyType({})
    """Stored with groups of weights: ``bits`` for each, and how many weights a ``group`` has.

    Without a group it is an output channel; no group has weights of two channels.
    """
    planner: str = "liveness"
    """The planner of its arena, one of :data:`costcalc.arena.plan.PLANNERS`."""
    unit: str = "KiB"
    """What people are shown, one of :data:`UNITS`."""

    def scratch_of(self, kind: Kind) -> tuple[Rule, ...]:
        """The scratch buffers of a kind, by its own rules or its family's."""
        return self.scratch.get(kind.name) or self.scratch.get(kind.family) or ()

    def uses(self, names: Set[str]) -> bool:
        """Whether a rule of scratch uses one of some names."""
        rules = (rule for listed in self.scratch.values() for rule in listed)
        return any(rule.expression and rule.expression.names & names for rule in rules)

    def amount(self, bytes_: int) -> str:
        """Bytes for people, and the same in the storage's unit: ``2,560 B (2.5 KiB)``."""
        return byte_amount(bytes_, self.unit)


def byte_amount(bytes_: int, unit: str = "KiB") -> str:
    """Bytes, and the same in a unit of :data:`UNITS`.

    >>> byte_amount(2560), byte_amount(97493512, "kB"), byte_amount(512)
    ('2,560 B (2.5 KiB)', '97,493,512 B (97.5 MB)', '512 B')
    """
    exact = f"{counted(bytes_)} B"
    return exact if bytes_ < UNITS[unit] else f"{exact} ({in_unit(bytes_, unit)})"


def in_unit(bytes_: int, unit: str) -> str:
    """Bytes in a unit of :data:`UNITS`, or in a larger one from ten thousand of it on.

    >>> in_unit(2560, "KiB"), in_unit(12_000_000, "kB"), in_unit(10, "KiB")
    ('2.5 KiB', '12.0 MB', '10 B')
    """
    scale = size = UNITS[unit]
    if bytes_ < scale:
        return f"{bytes_} B"
    for prefix in "MGT":
        if bytes_ >= 10_000 * size:
            size, unit = size * scale, prefix + unit[1:]
    return f"{rounded(Fraction(bytes_, size), 1)} {unit}"
