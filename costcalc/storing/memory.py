"""The answer to ``costcalc memory``: flash, RAM and traffic of a network under a storage."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cached_property
from typing import Any, NamedTuple

from costcalc.arena.optimum import optimum
from costcalc.arena.plan import PLANNERS, Plan
from costcalc.arena.planned import PlannedSchedule
from costcalc.arena.schedule import Schedule
from costcalc.errors import did_you_mean, refuse
from costcalc.graph.layer import LayerGraph
from costcalc.render.answer import FORMAT_VERSION, Answer
from costcalc.render.formatting import counted, number, share
from costcalc.render.page import Page
from costcalc.reporting.phrases import notes_of, settings_line, source_line
from costcalc.spec.library import NameOrPath
from costcalc.storing.explain import AliveTensor, StepMemory
from costcalc.storing.network import A_STORAGE, is_own, stored_network
from costcalc.storing.patches import HALOS, Patches, patches
from costcalc.storing.reordering import Reordered, reordered
from costcalc.storing.storage import Storage
from costcalc.storing.tables import stage_table, step_table, tensor_table, traffic_table
from costcalc.storing.traffic import Traffic


class MemoryView(NamedTuple):
    """Which tables a page has."""

    tensors: bool = False
    traffic: bool = False


DEFAULT = MemoryView()


@dataclass(frozen=True, repr=False)
class Memory(Answer):
    """What a network needs in flash and RAM, step by step.

    Attributes:
        weight_bytes: stored numbers: what flash holds.
        peak: the planner's peak: what RAM holds.
        lower_bound: the most bytes alive in one step; no plan with addresses has less.
        optimum: the smallest peak of all plans; None where it is not known.
        schedule: the steps, and the tensors with their lifetimes.
    """

    network: str
    source: Mapping[str, str]
    parameters: Mapping[str, Any]
    storage: Storage
    batch: int
    planned: PlannedSchedule
    traffic: tuple[Traffic, ...]
    """By step."""
    optimum: int | None
    reordered: Reordered | None
    patched: Patches | None
    """The stages that may run in patches, the best first, if they were asked for."""
    notes: tuple[str, ...]
    layers: tuple[str, ...]
    """The names of the network's layers, which the steps name by index."""

    @property
    def schedule(self) -> Schedule:
        """The steps, the tensors with their lifetimes, and what is stored."""
        return self.planned.schedule

    @property
    def planner(self) -> str:
        """The planner's name."""
        return self.planned.planner

    @property
    def plan(self) -> Plan:
        """The addresses, if the planner gives any, and the peak."""
        return self.planned.plan

    @cached_property
    def weight_bytes(self) -> int:
        """The bytes of the stored numbers."""
        return int(self.schedule.weight_bytes)

    @property
    def peak(self) -> int:
        """The planner's peak in bytes."""
        return self.plan.peak

    @property
    def alive(self) -> tuple[int, ...]:
        """The bytes alive in each step, sizes rounded as the planner rounds them."""
        return self.planned.alive

    @property
    def lower_bound(self) -> int:
        """The most bytes alive in one step."""
        return self.planned.bound

    @property
    def sum_bytes(self) -> int:
        """The bytes of all tensors, without any reuse."""
        return self.planned.sized.planned("sum").peak

    @property
    def peak_step(self) -> int | None:
        """The step of the planner's peak; None if there are no steps."""
        return self.planned.peak_step

    def page(self, view: MemoryView = DEFAULT) -> Page:
        """The steps with what is alive in them; on request all tensors, and traffic."""
        planned, tables, listing = self.planned, [step_table(self.planned, self.traffic)], None
        if view.tensors:
            listing = tensor_table("Tensors", planned, range(len(self.schedule.tensors)))
            tables.append(listing)
        elif self.peak_step is not None:
            title = f"Alive in {self._step_name(self.peak_step)}"
            alive = self.alive_in(self.peak_step)
            tables.append(tensor_table(title, planned, alive))
        if view.traffic:
            tables.append(traffic_table(planned, self.traffic))
        if self.patched is not None:
            tables.append(stage_table(self.patched))
        return Page(self.network, self._facts(), tuple(tables), self.notes, listing=listing)

    def explain(self, step: str | int) -> StepMemory:
        """What is alive in one step, and why.

        Args:
            step: its name, its number, or the name of a layer that is part of it.

        Raises:
            SpecError: there is no such step.
        """
        number = self.step(step)
        tensors = ((index, self.schedule.tensors[index]) for index in self.alive_in(number))
        return StepMemory(
            network=self.network,
            step=self._step_name(number),
            number=number,
            steps=len(self.schedule.steps),
            layers=tuple(self.layers[index] for index in self.schedule.steps[number].layers),
            storage=self.storage,
            alive_bytes=self.alive[number],
            traffic=self.traffic[number],
            tensors=tuple(
                AliveTensor(tensor.name, tensor.bytes, self._why(index, number))
                for index, tensor in tensors
            ),
        )

    def step(self, name: str | int) -> int:
        """The index of a step, by its name, its number or the name of a layer in it.

        Raises:
            SpecError: there is no such step.
        """
        name = str(name)
        steps = self.schedule.steps
        known: dict[str, int] = {}
        for index, row in enumerate(steps):
            known.setdefault(row.name, index)
        for index, row in enumerate(steps):
            for layer in row.layers:
                known.setdefault(self.layers[layer], index)
        if name in known:
            return known[name]
        if name.isdecimal() and name.isascii() and int(name) < len(steps):
            return int(name)
        if name in self.layers:
            refuse(None, f"'{name}' is part of no step: its output is stored, or the input itself")
        hint = did_you_mean(name, known)
        expected = "the name of a step, of a layer in it, or its number"
        refuse(None, f"there is no step '{name}'", expected, hint=hint)

    def alive_in(self, step: int) -> list[int]:
        """The tensors alive in a step, as indexes, the largest first."""
        alive = self.schedule.alive_in(step)
        return sorted(alive, key=lambda index: -self.schedule.tensors[index].bytes)

    def data(self) -> dict[str, Any]:
        """The object of ``costcalc memory --format json``."""
        schedule, offsets, bound_step = self.schedule, self.plan.offsets, self.planned.bound_step
        return {
            "format_version": FORMAT_VERSION,
            "network": self.network,
            "parameters": {name: number(value) for name, value in self.parameters.items()},
            "storage": self.storage.name,
            "planner": self.planner,
            "batch": self.batch,
            "weight_bytes": self.weight_bytes,
            "peak_bytes": self.peak,
            "peak_step": None if self.peak_step is None else self._step_name(self.peak_step),
            "lower_bound_bytes": self.lower_bound,
            "lower_bound_step": None if bound_step is None else self._step_name(bound_step),
            "optimum_bytes": self.optimum,
            "sum_bytes": self.sum_bytes,
            **({"file_bytes": schedule.file_bytes} if schedule.file_bytes is not None else {}),
            **({"order": self._order_data(self.reordered)} if self.reordered else {}),
            **({"patches": self.patched.data()} if self.patched else {}),
            **({"notes": list(self.notes)} if self.notes else {}),
            "stored": _by_role(schedule),
            "steps": [
                {
                    "name": step.name,
                    "alive_bytes": alive,
                    "read_bytes": traffic.read_bytes,
                    "write_bytes": traffic.write_bytes,
                    "weight_bytes": traffic.weight_bytes,
                    "operations": traffic.operations,
                    "intensity": None if traffic.intensity is None else float(traffic.intensity),
                }
                for step, alive, traffic in zip(
                    schedule.steps, self.alive, self.traffic, strict=True
                )
            ],
            "tensors": [
                {
                    "name": tensor.name,
                    "bytes": tensor.bytes,
                    "first": tensor.first,
                    "last": tensor.last,
                    "offset": offsets[index] if offsets is not None else None,
                }
                for index, tensor in enumerate(schedule.tensors)
            ],
        }

    def _order_data(self, reordered: Reordered) -> dict[str, Any]:
        return {
            "searched": reordered.order is not None,
            "file_bytes": reordered.before,
            "best_bytes": reordered.after if reordered.order is not None else None,
        }

    def _step_name(self, step: int) -> str:
        return self.schedule.steps[step].name

    def _why(self, index: int, step: int) -> str:
        """Why a tensor is alive in a step."""
        row, later = self.schedule.steps[step], self.schedule.steps[step + 1 :]
        reasons = []
        if index in row.reads:
            reasons.append("read here")
        if index in row.writes:
            reasons.append("written here")
        if index in row.scratch:
            reasons.append("used only here")
        readers = [other.name for other in later if index in other.reads]
        if readers:
            reasons.append(f"read later by {readers[-1]}")
        elif self.schedule.tensors[index].kept:
            reasons.append("kept to the end")
        return ", ".join(reasons) or "alive from another step on"

    def _facts(self) -> tuple[tuple[str, str], ...]:
        planner, amount = PLANNERS[self.planner], self.storage.amount
        rounding = (
            f", sizes in multiples of {self.storage.alignment} B"
            if planner.rounds_sizes and self.storage.alignment > 1
            else ""
        )
        facts = [
            ("source", source_line(self.source)),
            ("settings", settings_line(self.parameters)),
            ("batch", counted(self.batch) if self.batch != 1 else ""),
            ("storage", f"{self.storage.name}: {self.storage.title}"),
            ("planner", f"{self.planner}: {planner.title}{rounding}"),
            ("order", self._order_fact()),
            *self._flash_facts(),
            ("RAM", self._ram_fact()),
            ("smaller", self._smaller_fact()),
            ("bound", self._bound_fact()),
            ("optimum", "not known" if self.optimum is None else amount(self.optimum)),
            ("patches", self._patches_fact()),
        ]
        return tuple(fact for fact in facts if fact[1])

    def _flash_facts(self) -> Iterable[tuple[str, str]]:
        """What is stored; of a file its size, and its parts."""
        amount, size = self.storage.amount, self.schedule.file_bytes
        if size is None:
            return [("flash", amount(self.weight_bytes))]
        quantisation = _by_role(self.schedule).get("quantisation", 0)
        return [
            ("flash", f"{amount(size)}, the file"),
            ("weights", f"{amount(self.weight_bytes)} of it, which budgets of flash bound"),
            ("scales", f"{amount(quantisation)} of it, with zero points"),
        ]

    def _ram_fact(self) -> str:
        """The peak and its step; without addresses, marked as a bound."""
        planned, amount = self.planned, self.storage.amount(self.peak)
        if not planned.has_addresses:
            amount = f"{'at most' if self.planner == 'sum' else 'at least'} {amount}"
        if self.peak_step is None:
            return amount
        step = self._step_name(self.peak_step)
        if not planned.fragmentation:
            return f"{amount}, in {step}"
        lost = self.storage.amount(planned.fragmentation)
        return f"{amount}, {lost} of it fragmentation: the arena ends in {step}"

    def _smaller_fact(self) -> str:
        """Another planner that needs less, if memory is fragmented."""
        other = self.planned.smaller() if self.planned.fragmentation else None
        return f"{self.storage.amount(other[1])} with planner {other[0]}" if other else ""

    def _bound_fact(self) -> str:
        bound, step = self.storage.amount(self.lower_bound), self.planned.bound_step
        where = "" if step is None else f", in {self._step_name(step)}"
        return f"{bound}, the most alive in one step{where}"

    def _order_fact(self) -> str:
        if self.reordered is None:
            return ""
        if self.reordered.order is None:
            return "unchanged; the search for a better one was given up"
        saved = self.reordered.before - self.reordered.after
        if saved <= 0:
            return "unchanged: no other order needs less"
        before = self.storage.amount(self.reordered.before)
        return (
            f"the best: a bound of {self.storage.amount(self.reordered.after)} instead of {before}"
        )

    def _patches_fact(self) -> str:
        """The best stage to run in patches, what it needs, and what it costs."""
        if self.patched is None:
            return ""
        best, count = self.patched.stages[0], self.patched.patches
        amount = self.storage.amount
        if best.peak >= self.patched.peak:
            return f"{count} × {count}: no stage needs less"
        clipped, beyond = (best.extra_macs(halo) for halo in HALOS)
        return (
            f"{count} × {count} up to {best.last}: {amount(best.peak)}, with the whole input "
            f"{amount(best.resident_peak)}; {counted(clipped)} multiply-accumulates more "
            f"({share(clipped, self.patched.macs)} %), {counted(beyond)} "
            f"({share(beyond, self.patched.macs)} %) if halos reach beyond the borders"
        )


def memory(
    graph: LayerGraph,
    storage: NameOrPath | None,
    planner: str | None = None,
    batch: int = 1,
    is_reordered: bool = False,
    pieces: int | None = None,
) -> Memory:
    """The memory of a layer graph.

    Args:
        graph: a network.
        storage: a storage's name or path; None for the network's own.
        planner: a planner's name; None for the storage's.
        batch: how many inputs are run at once.
        is_reordered: whether to search the best order of the steps.
        pieces: the patches along each axis to run the first layers in, if any.

    Raises:
        CostcalcError: there is no such storage or planner.
    """
    network = stored_network(graph, storage, batch, planner)
    row = network.storage
    if pieces is not None and is_own(row):
        refuse(None, "patches need a storage, since they change a file's tensors", A_STORAGE)
    saved = None
    if is_reordered:
        saved, network = reordered(graph, batch, network)
    planned = network.planned(planner)
    return Memory(
        network=graph.name,
        source=graph.source,
        parameters=graph.parameters,
        storage=row,
        batch=batch,
        planned=planned,
        traffic=network.traffic,
        optimum=_optimum(planned),
        reordered=saved,
        patched=patches(graph, row, planned.planner, pieces, batch) if pieces is not None else None,
        notes=tuple(_notes(graph, row, planned.planner)),
        layers=tuple(layer.name for layer in graph.layers),
    )


def _optimum(planned: PlannedSchedule) -> int | None:
    """The smallest peak of all plans with addresses, if it is known."""
    schedule = planned.schedule
    if any(tensor.offset is not None for tensor in schedule.tensors):
        return None
    if planned.has_addresses and planned.peak == planned.bound:
        return planned.bound
    if not PLANNERS[planned.planner].rounds_sizes:
        return None  # only addresses are rounded, which the search does not support
    best = optimum(schedule.buffers, planned.alignment)
    return best.peak if best is not None else None


def _by_role(schedule: Schedule) -> dict[str, int]:
    """The bytes of constants, by role."""
    roles: dict[str, int] = {}
    for constant in schedule.constants:
        roles[constant.role] = roles.get(constant.role, 0) + constant.bytes
    return roles


def _notes(graph: LayerGraph, storage: Storage, planner: str) -> Iterable[str]:
    for pattern in storage.mixed:
        if not any(fnmatchcase(layer.name, pattern) for layer in graph.layers):
            yield f"No layer has a name like '{pattern}', for which the storage has other bits."
    if graph.gated:
        yield "With every gate open."
    if planner in ("tflm", "tflite-mobile"):
        yield "Tensors alone: a runtime also keeps variables, scales and structures of its own."
        if not is_own(storage):
            yield "A converter may add operators; a .tflite file, such as an export, has them."
    if any(layer.computation.events.states for layer in graph.layers) and (
        "states" not in storage.keeps
    ):
        yield "Without the states of recurrent layers, which this storage keeps elsewhere."
    yield from notes_of(graph)
