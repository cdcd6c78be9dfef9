"""The answer to ``costcalc latency --explain``: the arithmetic of one step."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from costcalc.performance.roofline import StepTime
from costcalc.performance.running import Run, Work
from costcalc.render.answer import FORMAT_VERSION, Answer
from costcalc.render.formatting import counted, milliseconds, rounded, significant, stated
from costcalc.render.page import Column, Page, Row, Table


@dataclass(frozen=True, repr=False)
class StepLatency(Answer):
    """Why a step needs the time that the roofline gives it: an estimate, with its arithmetic."""

    network: str
    run: Run
    work: Work
    step: StepTime
    total: Fraction
    """The roofline's seconds of the whole network."""

    def page(self) -> Page:
        """One row for each quantity, with the arithmetic that gives it."""
        columns = (
            Column("quantity", "Quantity"),
            Column("value", "Value", "right"),
            Column("arithmetic", "Arithmetic"),
        )
        rows = tuple(map(Row, self._rows()))
        device, rates = self.run.device, self.work.rates
        facts = (
            ("device", f"{device.name}: {device.title}"),
            ("storage", f"{self.work.storage.name}: {self.work.storage.title}"),
            ("peak", f"{stated(rates.operations, 'OP/s')} dense, in {self.work.dtype}"),
            ("limit", self._limit()),
        )
        table = Table("Estimate by the roofline", columns, rows)
        return Page(f"{self.network}: {self.step.name}", facts, (table,))

    def _limit(self) -> str:
        step = self.step
        other = min(step.compute_seconds, step.memory_seconds)
        what, beside = ("computing", "moving its bytes")[:: 1 if step.limit == "compute" else -1]
        text = f"{step.limit}: {what} takes {milliseconds(step.seconds)}"
        return f"{text}, {beside} {milliseconds(other)}"

    def _rows(self) -> list[tuple[str, str, str]]:
        step, traffic, rates = self.step, self.step.traffic, self.work.rates
        moved = traffic.read_bytes + traffic.write_bytes
        memory = _ratio(step.bytes, rates.tensors)
        if not rates.is_one_memory:
            weights = _ratio(traffic.weight_bytes, rates.weights)
            memory = f"the larger of {_ratio(moved, rates.tensors)} and {weights}"
        rows = [
            ("operations", counted(step.operations), f"2 × {counted(traffic.macs)} MACs"),
            (
                "bytes",
                counted(step.bytes),
                f"{counted(traffic.read_bytes)} read + {counted(traffic.write_bytes)} written "
                f"+ {counted(traffic.weight_bytes)} of weights",
            ),
        ]
        if step.intensity is not None and rates.ridge is not None:
            relation = "at or above" if step.intensity >= rates.ridge else "below"
            rows.append(
                (
                    "intensity",
                    rounded(step.intensity, 2),
                    f"operations / bytes, {relation} the ridge {significant(rates.ridge)}",
                )
            )
        share = 100 * step.seconds / self.total if self.total else Fraction(0)
        return [
            *rows,
            (
                "computing",
                milliseconds(step.compute_seconds),
                f"{counted(step.operations)} / {counted(rates.operations)} OP/s",
            ),
            ("moving", milliseconds(step.memory_seconds), memory),
            ("roofline", milliseconds(step.seconds), "the larger of the two"),
            ("share", f"{rounded(share, 2)} %", f"of {milliseconds(self.total)}"),
        ]

    def data(self) -> dict[str, Any]:
        """The object of ``costcalc latency --explain STEP --format json``."""
        step = self.step
        return {
            "format_version": FORMAT_VERSION,
            "network": self.network,
            "device": self.run.device.name,
            "dtype": self.work.dtype,
            "storage": self.work.storage.name,
            "step": step.name,
            "operations": step.operations,
            "macs": step.traffic.macs,
            "bytes": step.bytes,
            "read_bytes": step.traffic.read_bytes,
            "write_bytes": step.traffic.write_bytes,
            "weight_bytes": step.traffic.weight_bytes,
            "intensity": None if step.intensity is None else float(step.intensity),
            "limit": step.limit,
            "compute_seconds": float(step.compute_seconds),
            "memory_seconds": float(step.memory_seconds),
            "seconds": float(step.seconds),
        }


def _ratio(bytes_: int, rate: Fraction | None) -> str:
    return "no bandwidth is stated" if rate is None else f"{counted(bytes_)} / {counted(rate)} B/s"
