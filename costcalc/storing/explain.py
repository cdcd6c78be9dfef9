"""The answer to ``costcalc memory --explain``: what is alive in one step, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from costcalc.records import NamedTuple
from costcalc.render.answer import FORMAT_VERSION, Answer
from costcalc.render.formatting import counted, rounded
from costcalc.render.page import Column, Page, Row, Table
from costcalc.storing.storage import Storage
from costcalc.storing.traffic import Traffic


class AliveTensor(NamedTuple):
    """A tensor that is alive in a step."""

    name: str
    bytes: int
    why: str


@dataclass(frozen=True, repr=False)
class StepMemory(Answer):
    """What is alive in one step of a network, and what the step moves."""

    network: str
    step: str
    number: int
    """The place of the step, from 0."""
    steps: int
    layers: tuple[str, ...]
    """The names of the layers that it computes."""
    storage: Storage
    alive_bytes: int
    traffic: Traffic
    tensors: tuple[AliveTensor, ...]
    """The largest first."""

    def page(self) -> Page:
        """The tensors with the reasons that they are alive."""
        columns = (
            Column("tensor", "Tensor"),
            Column("bytes", "Bytes", "right"),
            Column("why", "Why it is alive"),
        )
        traffic = self.traffic
        intensity = traffic.intensity
        facts = [
            ("step", f"{self.number}, of steps 0 to {self.steps - 1}"),
            *([("computes", ", ".join(self.layers))] if self.layers[1:] else []),
            ("storage", f"{self.storage.name}: {self.storage.title}"),
            ("alive", self.storage.amount(self.alive_bytes)),
            ("reads", f"{counted(traffic.read_bytes)} B"),
            ("writes", f"{counted(traffic.write_bytes)} B"),
            ("weights", f"{counted(traffic.weight_bytes)} B"),
            ("operations", counted(traffic.operations)),
        ]
        if intensity is not None:
            facts.append(("intensity", f"{rounded(intensity, 2)} operations for each byte"))
        total = Row(("Total", sum(tensor.bytes for tensor in self.tensors), ""))
        table = Table("Alive", columns, tuple(map(Row, self.tensors)), total=total)
        return Page(f"{self.network}: {self.step}", tuple(facts), (table,))

    def data(self) -> dict[str, Any]:
        """The object of ``costcalc memory --explain STEP --format json``."""
        intensity = self.traffic.intensity
        return {
            "format_version": FORMAT_VERSION,
            "network": self.network,
            "storage": self.storage.name,
            "step": self.step,
            "layers": list(self.layers),
            "alive_bytes": self.alive_bytes,
            **self.traffic._asdict(),
            "intensity": None if intensity is None else float(intensity),
            "tensors": [tensor._asdict() for tensor in self.tensors],
        }
