"""The answer to ``costcalc memory``: flash, RAM and traffic of a network under a storage."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cached_property
from typing import Any, NamedTuple

from costcalc.advice import advice, option
from costcalc.arena.optimum import optimum
from costcalc.arena.order import best_order
from costcalc.arena.plan import PLANNERS, Plan, named_planner
from costcalc.arena.schedule import PARAMS, Schedule, Step, Tensor
from costcalc.errors import did_you_mean, refuse
from costcalc.graph.layer import LayerGraph
from costcalc.kinds.base import channels_last
from costcalc.render.answer import FORMAT_VERSION, Answer
from costcalc.render.formatting import counted, number, share
from costcalc.render.page import Cell, Column, Dimensions, Page, Ratio, Row, Share, Table
from costcalc.reporting.phrases import settings_line, source_line, uncounted_notes
from costcalc.storing.explain import AliveTensor, StepMemory
from costcalc.storing.files import load
from costcalc.storing.patches import HALOS, Patches, Stage, patches
from costcalc.storing.schedule import StoredNetwork, Traffic, operations, stored
from costcalc.storing.storage import Storage

A_STORAGE = option("storage", "NAME")
"""What helps where a file's own bytes do not apply."""

OWN = "tflite"
"""The storage of a file that states its own tensors and steps."""

_OWN = Storage(
    name=OWN,
    title="as the file states its tensors and steps",
    source="the file",
    bits={},
    alignment=16,
    planner="tflm",
)


class Reordered(NamedTuple):
    """The best order of the steps, and what it saves."""

    order: tuple[int, ...] | None
    """The steps of the file's order; None if the search was given up."""
    before: int
    """The bound in the file's order."""
    after: int


class MemoryView(NamedTuple):
    """Which tables a page has."""

    tensors: bool = False
    traffic: bool = False


DEFAULT = MemoryView()


@dataclass(frozen=True)
class Memory(Answer):
    """What a network needs in flash and RAM, step by step.

    Attributes:
        weight_bytes: stored numbers: what flash holds.
        peak: the planner's peak: what RAM holds.
        lower_bound: the most bytes alive in one step; no plan with addresses has less.
        optimum: the smallest peak of all plans; None where it is not known.
    """

    network: str
    source: Mapping[str, str]
    parameters: Mapping[str, Any]
    storage: Storage
    planner: str
    batch: int
    schedule: Schedule
    traffic: tuple[Traffic, ...]
    """By step."""
    plan: Plan
    optimum: int | None
    reordered: Reordered | None
    patched: Patches | None
    """The stages that may run in patches, the best first, if they were asked for."""
    notes: tuple[str, ...]

    @cached_property
    def weight_bytes(self) -> int:
        """The bytes of the stored numbers."""
        return int(self.schedule.weight_bytes)

    @property
    def peak(self) -> int:
        """The planner's peak in bytes."""
        return self.plan.peak

    @cached_property
    def alive(self) -> tuple[int, ...]:
        """The bytes alive in each step, sizes rounded as the planner rounds them."""
        return self._rounded.alive

    @cached_property
    def lower_bound(self) -> int:
        """The most bytes alive in one step."""
        return max(self.alive, default=self.schedule.planned("liveness").peak)

    @property
    def sum_bytes(self) -> int:
        """The bytes of all tensors, without any reuse."""
        return self._rounded.planned("sum").peak

    @cached_property
    def _rounded(self) -> Schedule:
        return rounded_sizes(self.schedule, self.planner, self.storage.alignment)

    @cached_property
    def peak_step(self) -> int | None:
        """The step in which the planner's peak is reached; None if there are no steps."""
        sizes = self._by_step()
        return max(range(len(sizes)), key=lambda step: sizes[step]) if sizes else None

    def _by_step(self) -> Sequence[Any]:
        """What the planner's peak is the largest of, for each step."""
        return needed(self.schedule, self.plan, self.planner, self.storage.alignment)

    def page(self, view: MemoryView = DEFAULT) -> Page:
        """The steps with what is alive in them; on request all tensors, and traffic."""
        tables, listing = [self._step_table()], None
        if view.tensors:
            listing = self._tensor_table("Tensors", range(len(self.schedule.tensors)))
            tables.append(listing)
        elif self.peak_step is not None:
            name = self.schedule.steps[self.peak_step].name
            tables.append(self._tensor_table(f"Alive in {name}", self.alive_in(self.peak_step)))
        if view.traffic:
            tables.append(self._traffic_table())
        if self.patched is not None:
            tables.append(_stage_table(self.patched))
        return Page(self.network, self._facts(), tuple(tables), self.notes, listing=listing)

    def explain(self, step: str | int) -> StepMemory:
        """What is alive in one step, by its name or its number, and why.

        Raises:
            SpecError: there is no such step.
        """
        number = self.step(step)
        row = self.schedule.steps[number]
        tensors = ((index, self.schedule.tensors[index]) for index in self.alive_in(number))
        return StepMemory(
            network=self.network,
            step=row.name,
            number=number,
            steps=len(self.schedule.steps),
            storage=self.storage,
            alive_bytes=self.alive[number],
            traffic=self.traffic[number],
            tensors=tuple(
                AliveTensor(tensor.name, tensor.bytes, self._why(index, tensor, number, row))
                for index, tensor in tensors
            ),
        )

    def step(self, name: str | int) -> int:
        """The index of a step, by its name or its number.

        Raises:
            SpecError: there is no such step.
        """
        name = str(name)
        names = [step.name for step in self.schedule.steps]
        if name in names:
            return names.index(name)
        if name.isdecimal() and name.isascii() and int(name) < len(names):
            return int(name)
        hint = did_you_mean(name, names)
        refuse(None, f"there is no step '{name}'", "the name of a step, or its number", hint=hint)

    def alive_in(self, step: int) -> list[int]:
        """The tensors alive in a step, as indexes, the largest first."""
        alive = [
            index
            for index, tensor in enumerate(self.schedule.tensors)
            if tensor.first <= step <= tensor.last
        ]
        return sorted(alive, key=lambda index: -self.schedule.tensors[index].bytes)

    def data(self) -> dict[str, Any]:
        """The object of ``costcalc memory --format json``."""
        schedule, offsets = self.schedule, self.plan.offsets
        return {
            "format_version": FORMAT_VERSION,
            "network": self.network,
            "parameters": {name: number(value) for name, value in self.parameters.items()},
            "storage": self.storage.name,
            "planner": self.planner,
            "batch": self.batch,
            "weight_bytes": self.weight_bytes,
            "peak_bytes": self.peak,
            "peak_step": None if self.peak_step is None else schedule.steps[self.peak_step].name,
            "lower_bound_bytes": self.lower_bound,
            "optimum_bytes": self.optimum,
            "sum_bytes": self.sum_bytes,
            **({"file_bytes": schedule.file_bytes} if schedule.file_bytes is not None else {}),
            **({"order": self._order_data(self.reordered)} if self.reordered else {}),
            **({"patches": _patches_data(self.patched)} if self.patched else {}),
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

    # tables

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
            ("flash", amount(self.weight_bytes) + self._apart()),
            ("RAM", self._ram()),
            ("bound", f"{amount(self.lower_bound)}, the most alive in one step"),
            (
                "optimum",
                "not searched" if self.optimum is None else self.storage.amount(self.optimum),
            ),
            ("patches", self._patches_fact()),
        ]
        return tuple(fact for fact in facts if fact[1])

    def _apart(self) -> str:
        """What else a file holds."""
        schedule, amount = self.schedule, self.storage.amount
        if schedule.file_bytes is None:
            return ""
        quantisation = _by_role(schedule).get("quantisation", 0)
        return f"; quantisation {amount(quantisation)}, file {amount(schedule.file_bytes)}"

    def _ram(self) -> str:
        """The peak and its step; without addresses it is a bound, and says so."""
        side = "at most " if self.planner == "sum" else "at least "
        amount = self.storage.amount(self.peak)
        if not PLANNERS[self.planner].has_addresses:
            amount = side + amount
        if self.peak_step is None or self.planner == "sum":
            return amount
        return f"{amount}, in {self.schedule.steps[self.peak_step].name}"

    def _order_fact(self) -> str:
        if self.reordered is None:
            return ""
        if self.reordered.order is None:
            return "as it is; the search for a better one was given up"
        saved = self.reordered.before - self.reordered.after
        if saved <= 0:
            return "as it is: no other order needs less"
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
        before = (
            self.schedule.planned("layer-io").peak
            if self.planner == "layer-io"
            else (self.schedule.liveness)
        )
        if best.peak >= before:
            return f"{count} × {count}: no stage needs less"
        clipped, beyond = (best.extra_macs(halo) for halo in HALOS)
        return (
            f"{count} × {count} up to {best.last}: {amount(best.peak)}, with the whole input "
            f"{amount(best.resident_peak)}; {counted(clipped)} multiply-accumulates more "
            f"({share(clipped, self.patched.macs)} %), {counted(beyond)} "
            f"({share(beyond, self.patched.macs)} %) if halos reach beyond the borders"
        )

    def _step_table(self) -> Table:
        columns = (
            Column("step", "Step"),
            Column("alive_bytes", "Alive, B", "right"),
            Column("alive_percent", "% of bound", "right", bar=True),
            Column("read_bytes", "Read, B", "right", audience="scripts"),
            Column("write_bytes", "Written, B", "right", audience="scripts"),
            Column("weight_bytes", "Weights, B", "right", audience="scripts"),
            Column("operations", "Operations", "right", audience="scripts"),
            Column("intensity", "Operations per B", "right", audience="scripts"),
        )
        rows = tuple(
            Row((step.name, alive, Share(alive, self.lower_bound), *_traffic_cells(traffic)))
            for step, alive, traffic in zip(
                self.schedule.steps, self.alive, self.traffic, strict=True
            )
        )
        return Table("Steps", columns, rows)

    def _tensor_table(self, title: str, indexes: Iterable[int]) -> Table:
        columns: tuple[Column, ...] = (
            Column("tensor", "Tensor"),
            Column("bytes", "Bytes", "right"),
            Column("first", "First", "right", audience="scripts"),
            Column("last", "Last", "right", audience="scripts"),
            Column("first_step", "From step", rank=2, audience="people"),
            Column("last_step", "To step", rank=1, audience="people"),
            Column("offset", "Offset", "right"),
        )
        offsets = self.plan.offsets
        if offsets is None:
            columns = columns[:-1]
        rows = []
        for index in indexes:
            tensor = self.schedule.tensors[index]
            cells: tuple[Cell, ...] = (
                tensor.name,
                tensor.bytes,
                tensor.first,
                tensor.last,
                self._step_name(tensor.first),
                self._step_name(tensor.last),
            )
            rows.append(Row((*cells, offsets[index]) if offsets is not None else cells))
        return Table(title, columns, tuple(rows))

    def _step_name(self, step: int) -> str:
        steps = self.schedule.steps
        return f"{step} {steps[step].name}" if step < len(steps) else str(step)

    def _traffic_table(self) -> Table:
        columns = (
            Column("step", "Step"),
            Column("read_bytes", "Read, B", "right"),
            Column("write_bytes", "Written, B", "right"),
            Column("weight_bytes", "Weights, B", "right"),
            Column("operations", "Operations", "right", rank=1),
            Column("intensity", "per B", "right"),
        )
        rows = tuple(
            Row((step.name, *_traffic_cells(traffic)))
            for step, traffic in zip(self.schedule.steps, self.traffic, strict=True)
        )
        everything = total_traffic(self.traffic)
        return Table("Traffic", columns, rows, total=Row(("Total", *_traffic_cells(everything))))

    def _why(self, index: int, tensor: Tensor, step: int, row: Step) -> str:
        reasons = []
        if index in row.reads:
            reasons.append("read here")
        if index in row.writes:
            reasons.append("written here")
        readers = [later.name for later in self.schedule.steps[step + 1 :] if index in later.reads]
        if readers:
            reasons.append(f"read later by {readers[-1]}")
        elif tensor.kept:
            reasons.append("kept to the end")
        return ", ".join(reasons) or "alive from another step on"


def check_batch(batch: object) -> None:
    """Checks a number of inputs.

    Raises:
        SpecError: it is not a whole number above zero.
    """
    if type(batch) is not int or batch < 1:
        refuse(None, "a batch is a number of inputs", "1 or more", found=repr(batch))


def under(graph: LayerGraph, storage: str | None, batch: int = 1) -> tuple[Storage, StoredNetwork]:
    """A layer graph under a storage, by default that of its file, or else ``fp32``.

    Args:
        graph: a network; sizes may be numbers of any algebra.
        storage: a storage's name or path.
        batch: how many inputs are run at once.

    Raises:
        CostcalcError: there is no such storage, or a file's own has no such batch or setting.
    """
    check_batch(batch)
    if storage is None and graph.is_file_resized:
        refuse(
            None,
            f"{graph.name} states its bytes at the file's own settings alone",
            advice("{}, which has them at every setting", A_STORAGE),
        )
    if storage is None and graph.schedule is not None:
        if batch != 1:
            message = "a file's own tensors have its own batch"
            refuse(None, message, advice("{} for another", A_STORAGE))
        return _OWN, _of_file(graph, graph.schedule)
    row = load("fp32" if storage is None else storage)
    return row, stored(graph, row, batch)


def memory(
    graph: LayerGraph,
    storage: str | None,
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
    row, network = under(graph, storage, batch)
    reordered = None
    if is_reordered:
        reordered, network = _reordered(graph, row, batch, network)
    name = planner or row.planner
    named_planner(name)
    if pieces is not None and row is _OWN:
        refuse(None, "patches need a storage, since they change a file's tensors", A_STORAGE)
    schedule = network.schedule
    plan = schedule.planned(name, row.alignment)
    return Memory(
        network=graph.name,
        source=graph.source,
        parameters=graph.parameters,
        storage=row,
        planner=name,
        batch=batch,
        schedule=schedule,
        traffic=network.traffic,
        plan=plan,
        optimum=_optimum(schedule, plan, name, row.alignment),
        reordered=reordered,
        patched=patches(graph, row, name, pieces, batch) if pieces is not None else None,
        notes=tuple(_notes(graph, row, name)),
    )


def rounded_sizes(schedule: Schedule, planner: str, alignment: int) -> Schedule:
    """The schedule with its sizes rounded as a planner rounds them."""
    if alignment == 1 or not PLANNERS[planner].rounds_sizes:
        return schedule
    return schedule.rounded(alignment)


def needed(schedule: Schedule, plan: Plan, planner: str, alignment: int) -> Sequence[Any]:
    """What the peak of a plan is the largest of, for each step."""
    in_steps, offsets = rounded_sizes(schedule, planner, alignment), plan.offsets
    if offsets is None:
        by_step = in_steps.by_step(planner)
        return in_steps.alive if by_step is None else by_step
    ends = [0] * len(in_steps.steps)
    for tensor, offset in zip(schedule.tensors, offsets, strict=True):
        for step in range(tensor.first, min(tensor.last + 1, len(ends))):
            ends[step] = max(ends[step], offset + tensor.bytes)
    return list(zip(ends, in_steps.alive, strict=True))


def total_traffic(rows: Iterable[Traffic]) -> Traffic:
    """The traffic of some steps together."""
    listed = list(rows)
    return Traffic(*(sum(getattr(row, field) for row in listed) for field in Traffic._fields))


def _optimum(schedule: Schedule, plan: Plan, planner: str, alignment: int) -> int | None:
    """The smallest peak of all plans with addresses, if it is known."""
    if any(tensor.offset is not None for tensor in schedule.tensors):
        return None
    if PLANNERS[planner].rounds_sizes:
        best = optimum(schedule.buffers, alignment)
        return best.peak if best is not None else None
    # Addresses alone are rounded: only a plan that meets the bound is known to be the best.
    return plan.peak if plan.peak == schedule.liveness else None


def _reordered(
    graph: LayerGraph, storage: Storage, batch: int, network: StoredNetwork
) -> tuple[Reordered, StoredNetwork]:
    """The best order of the steps of a network, and the network in it.

    Raises:
        SpecError: the lifetimes of a file's tensors do not follow from its steps alone.
    """
    in_order = network.apart.in_order(range(len(network.apart.steps)))
    if in_order.tensors != network.apart.tensors:
        refuse(
            None,
            f"the steps of {graph.name} cannot be put in another order: some run others",
            hint=advice("{}, for the network without its file's own steps", A_STORAGE),
        )
    before = int(network.schedule.liveness)
    best = best_order(network.apart)
    if best is None:
        return Reordered(None, before, before), network
    if graph.schedule is not None and storage is _OWN:
        schedule = network.apart.in_order(best.steps)
        traffic = tuple(network.traffic[step] for step in best.steps)
        ordered = StoredNetwork(schedule, schedule, traffic)
    else:
        ordered = stored(graph, storage, batch, best.steps)
    after = int(ordered.schedule.liveness)
    if after >= before:  # in place and views can gain more in the file's own order
        return Reordered(tuple(range(len(network.apart.steps))), before, before), network
    return Reordered(best.steps, before, after), ordered


def _of_file(graph: LayerGraph, schedule: Schedule) -> StoredNetwork:
    """A network whose file states its tensors and steps."""
    weights: dict[int, int] = {}
    for constant in schedule.constants:
        if constant.layer is not None and constant.role in PARAMS:
            weights[constant.layer] = weights.get(constant.layer, 0) + constant.bytes
    traffic = tuple(
        Traffic(
            sum(schedule.tensors[index].bytes for index in step.reads),
            sum(schedule.tensors[index].bytes for index in step.writes[:1]),
            sum(weights.get(layer, 0) for layer in step.layers),
            sum(operations(graph.layers[layer].events()) for layer in step.layers),
        )
        for step in schedule.steps
    )
    return StoredNetwork(schedule, schedule, traffic)


def _by_role(schedule: Schedule) -> dict[str, int]:
    """The bytes of constants, by role."""
    roles: dict[str, int] = {}
    for constant in schedule.constants:
        roles[constant.role] = roles.get(constant.role, 0) + constant.bytes
    return roles


def _traffic_cells(traffic: Traffic) -> tuple[Cell, ...]:
    intensity = traffic.intensity
    return (
        traffic.read_bytes,
        traffic.write_bytes,
        traffic.weight_bytes,
        traffic.operations,
        None if intensity is None else Ratio(intensity),
    )


def _stage_table(patched: Patches) -> Table:
    columns = (
        Column("stage", "Up to"),
        Column("tile", "Tile", rank=3),
        Column("tile_bytes", "Tile, B", "right", rank=2),
        Column("output_bytes", "Output, B", "right", rank=2),
        Column("rest_bytes", "Rest, B", "right", rank=1),
        Column("peak_bytes", "RAM, B", "right"),
        Column("extra", "MACs more", "right", rank=4),
        Column("extra_percent", "%", "right"),
    )
    rows = tuple(
        Row(
            (
                stage.last,
                Dimensions(channels_last(stage.halos["clipped"].tile)),
                stage.halos["clipped"].tile_bytes,
                stage.output_bytes,
                stage.rest_bytes,
                stage.peak,
                stage.extra_macs("clipped"),
                Share(stage.extra_macs("clipped"), patched.macs),
            )
        )
        for stage in patched.stages
    )
    return Table(f"Stages in {patched.patches} × {patched.patches} patches", columns, rows)


def _patches_data(patched: Patches) -> dict[str, Any]:
    return {
        "patches": patched.patches,
        "mult_adds": patched.macs,
        "stages": [_stage_data(stage) for stage in patched.stages],
    }


def _stage_data(stage: Stage) -> dict[str, Any]:
    return {
        "last": stage.last,
        "peak_bytes": stage.peak,
        "resident_peak_bytes": stage.resident_peak,
        "output_bytes": stage.output_bytes,
        "rest_bytes": stage.rest_bytes,
        "mult_adds": stage.macs,
        **{
            name: {
                "tile": list(halo.tile),
                "tile_bytes": halo.tile_bytes,
                "mult_adds": halo.macs,
                "extra_mult_adds": stage.extra_macs(name),
            }
            for name, halo in stage.halos.items()
        },
    }


def _notes(graph: LayerGraph, storage: Storage, planner: str) -> Iterable[str]:
    for pattern in storage.mixed:
        if not any(fnmatchcase(layer.name, pattern) for layer in graph.layers):
            yield f"No layer has a name like '{pattern}', for which the storage has other bits."
    if graph.gated:
        yield "With every gate open."
    if planner in ("tflm", "tflite-mobile"):
        yield "Tensors alone: a runtime also keeps variables, scales and structures of its own."
    if any(layer.computation.events.states for layer in graph.layers) and (
        "states" not in storage.keeps
    ):
        yield "Without the states of recurrent layers, which this storage keeps elsewhere."
    yield from uncounted_notes(graph.uncounted)
