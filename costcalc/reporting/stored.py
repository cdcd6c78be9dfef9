"""The bytes of a report's rows under a storage: what layers store, read, write and keep alive."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from fractions import Fraction
from functools import cached_property
from typing import Any

from costcalc.records import NamedTuple
from costcalc.render.page import Cell, Ratio


class StepBytes(NamedTuple):
    """One step: what it moves, and what is alive while it runs."""

    layer: str | None
    """The layer whose row it is counted in; None for a step of a file without a layer."""
    reads: frozenset[int]
    """Tensors, as indexes."""
    writes: frozenset[int]
    alive: int
    """In bytes, as the planner rounds sizes."""
    traffic: int
    """The bytes that it reads and writes, weights included."""
    operations: int


class RowBytes(NamedTuple):
    """The bytes of a layer, a block or a network; None where it has no step of its own."""

    weight_bytes: int
    input_bytes: int | None
    """The tensors that its steps read and none of them writes."""
    output_bytes: int | None
    """The tensors that its steps write and other steps read, or none."""
    alive_bytes: int | None
    """The most alive in one of its steps."""
    traffic_bytes: int | None
    intensity: Fraction | None
    """Operations for each byte of traffic; None if no byte is moved."""

    def cells(self) -> dict[str, Cell]:
        """The cells of a table by column key."""
        ratio = None if self.intensity is None else Ratio(self.intensity)
        return {**self._asdict(), "intensity": ratio}

    def data(self) -> dict[str, Any]:
        """The values in JSON by key."""
        ratio = None if self.intensity is None else float(self.intensity)
        return {**self._asdict(), "intensity": ratio}


class _Fields(NamedTuple):
    storage: str
    """Its name."""
    planner: str
    batch: int
    facts: tuple[tuple[str, str], ...]
    """The lines of a report's heading."""
    unit: tuple[str, int]
    """What people are shown, and its bytes: ``("KiB", 1024)``."""
    totals: Mapping[str, Any]
    """By metric: ``weight_bytes``, ``peak_bytes``, ``traffic_bytes``; on a device also
    ``bound_ms`` and ``energy``, which are fractions."""
    weights: Mapping[str, int]
    """The bytes that each layer stores; layers that store none are left out."""
    steps: tuple[StepBytes, ...]
    part_of: Mapping[str, str]
    """For each layer that is computed in a step: the step's name."""
    sizes: tuple[int, ...]
    """The bytes of each tensor."""
    kept: frozenset[int]
    """The tensors that stay to the end: the network's outputs."""


class StoredReport(_Fields):
    """A network's bytes, by layer and in total."""

    @cached_property
    def _by_layer(self) -> dict[str, list[StepBytes]]:
        steps: dict[str, list[StepBytes]] = {}
        for step in self.steps:
            if step.layer is not None:
                steps.setdefault(step.layer, []).append(step)
        return steps

    @cached_property
    def _readers(self) -> dict[int, int]:
        """How many steps read each tensor."""
        readers: dict[int, int] = {}
        for step in self.steps:
            for tensor in step.reads:
                readers[tensor] = readers.get(tensor, 0) + 1
        return readers

    @property
    def moving(self) -> Collection[str]:
        """The layers with a step of their own."""
        return self._by_layer.keys()

    @property
    def costing(self) -> Collection[str]:
        """The layers that store or move bytes."""
        return self._by_layer.keys() | self.weights.keys()

    def row(self, layers: Iterable[str]) -> RowBytes:
        """The bytes of layers together: sums, and the most alive in one of their steps."""
        names = list(layers)
        weights = sum(self.weights.get(name, 0) for name in names)
        steps = [step for name in names for step in self._by_layer.get(name, ())]
        return self._together(weights, steps)

    def total(self) -> RowBytes:
        """The bytes of the network; sums of inputs and of outputs would mean nothing."""
        row = self._together(self.totals["weight_bytes"], self.steps)
        return row._replace(input_bytes=None, output_bytes=None)

    def _together(self, weights: int, steps: Collection[StepBytes]) -> RowBytes:
        if not steps:
            return RowBytes(weights, None, None, None, None, None)
        read: dict[int, int] = {}
        for step in steps:
            for tensor in step.reads:
                read[tensor] = read.get(tensor, 0) + 1
        written = frozenset[int]().union(*(step.writes for step in steps))
        traffic = sum(step.traffic for step in steps)
        operations = sum(step.operations for step in steps)
        return RowBytes(
            weights,
            sum(self.sizes[tensor] for tensor in read.keys() - written),
            sum(self.sizes[tensor] for tensor in written if self._leaves(tensor, read)),
            max(step.alive for step in steps),
            traffic,
            Fraction(operations, traffic) if traffic else None,
        )

    def _leaves(self, tensor: int, read: Mapping[int, int]) -> bool:
        """Whether steps other than those that are counted in ``read`` need a tensor."""
        readers = self._readers.get(tensor, 0)
        return tensor in self.kept or readers == 0 or readers > read.get(tensor, 0)
