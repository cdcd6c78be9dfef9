"""The answer to ``costcalc fits``: flash, RAM and the bound of a network against a device."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from costcalc.arena.plan import PLANNERS
from costcalc.arena.planned import PlannedSchedule
from costcalc.arena.schedule import Schedule
from costcalc.errors import DeviceError
from costcalc.graph.layer import LayerGraph
from costcalc.performance.device import Device, Memory
from costcalc.performance.latency import bound_line, left_out
from costcalc.performance.roofline import bound
from costcalc.performance.running import Run, Work, device_line, work
from costcalc.records import NamedTuple
from costcalc.render.answer import FORMAT_VERSION, Answer
from costcalc.render.formatting import counted, milliseconds, number, rounded
from costcalc.render.page import Cell, Column, Page, Row, Table, Word
from costcalc.reporting.phrases import settings_line, source_line
from costcalc.storing.storage import Storage

_NAMED = 2
"""The most tensors that a line names."""


class Check(NamedTuple):
    """What a network needs of one thing that a device has."""

    name: str
    """``flash``, ``ram`` or ``bound``."""
    what: str
    """What is needed, in words."""
    unit: str
    """``B`` or ``ms``."""
    needed: int | Fraction
    available: int | Fraction | None
    """None if no source states it."""
    change: str
    """What to change if it does not hold."""
    metrics: tuple[str, ...]
    """The metrics whose sum is needed."""
    fitting: Mapping[str, Any] | None = None
    """The largest smaller setting at which it holds, by parameter, None where there is none; or
    None if it was not looked for."""

    @property
    def margin(self) -> int | Fraction | None:
        """What is left; below zero if it is not enough."""
        return None if self.available is None else self.available - self.needed

    @property
    def holds(self) -> bool | None:
        """Whether it is enough; None if it is not known."""
        return None if self.available is None else self.needed <= self.available

    def amount(self, value: int | Fraction | None) -> str:
        """A value for people: whole bytes, or milliseconds with four digits."""
        if value is None:
            return "not stated"
        return milliseconds(Fraction(value) / 1000) if self.unit == "ms" else f"{counted(value)} B"

    def data(self) -> dict[str, Any]:
        """The check in JSON."""
        return {
            "name": self.name,
            "what": self.what,
            "unit": self.unit,
            "needed": number(self.needed),
            "available": number(self.available),
            "margin": number(self.margin),
            "holds": self.holds,
            "change": "" if self.holds else self.change,
            **_fitting_data(self.fitting),
        }


@dataclass(frozen=True, repr=False)
class Fits(Answer):
    """Whether a network fits a device, with the margins.

    Attributes:
        bound: seconds that no run there is below.
        uncounted: layers unknown to costcalc, by the model's names for their operations, which
            nothing includes but their outputs.
        fitting: the largest smaller setting at which all checks hold, by parameter, None where
            there is none; or None if it was not looked for.
    """

    network: str
    source: Mapping[str, str]
    parameters: Mapping[str, Any]
    run: Run
    work: Work
    planner: str
    bound: Fraction
    checks: tuple[Check, ...]
    uncounted: Mapping[str, Sequence[str]]
    left_out: tuple[str, ...]
    """Sentences on what the bound leaves out."""
    fitting: Mapping[str, Any] | None = None

    @property
    def fits(self) -> bool:
        """Whether nothing that is known is too little."""
        return all(check.holds is not False for check in self.checks)

    @property
    def verdict(self) -> bool | None:
        """As ``fits``; None if it fits as far as is known, and something is not."""
        is_known = all(check.holds is not None for check in self.checks)
        return self.fits if is_known or not self.fits else None

    @property
    def storage(self) -> Storage:
        """How its numbers are kept."""
        return self.work.storage

    def page(self) -> Page:
        """One line for each check, then what to change."""
        verdict = {
            True: "it fits",
            False: "it does not fit",
            None: "it fits, as far as is stated",
        }[self.verdict]
        facts = (
            ("source", source_line(self.source)),
            ("settings", settings_line(self.parameters)),
            ("device", device_line(self.run)),
            ("storage", f"{self.storage.name}: {self.storage.title}"),
            ("planner", f"{self.planner}: {PLANNERS[self.planner].title}"),
            ("bound", bound_line(self.work, self.bound, self.left_out)),
        )
        columns = (
            Column("check", "Check"),
            Column("what", "What", rank=2),
            Column("needed_text", "Needed", "right", audience="people"),
            Column("available_text", "Available", "right", audience="people"),
            Column("margin_text", "Margin", "right", audience="people"),
            Column("unit", "Unit", audience="scripts"),
            Column("needed", "Needed", "right", audience="scripts"),
            Column("available", "Available", "right", audience="scripts"),
            Column("margin", "Margin", "right", audience="scripts"),
            Column("margin_percent", "%", "right", audience="people"),
            Column("holds", "Holds"),
        )
        rows = tuple(Row(self._cells(check)) for check in self.checks)
        title = f"{self.network} on {self.run.device.title}: {verdict}"
        table = Table("Checks", columns, rows)
        shown = tuple(fact for fact in facts if fact[1])
        return Page(title, shown, (table,), (*self._changes(), *self._notes()))

    def _cells(self, check: Check) -> tuple[Cell, ...]:
        share = None
        if check.margin is not None and check.available:
            share = rounded(100 * Fraction(check.margin) / check.available, 1)
        return (
            check.name,
            check.what,
            *map(check.amount, (check.needed, check.available, check.margin)),
            check.unit,
            *map(_exact, (check.needed, check.available, check.margin)),
            share,
            _verdict(check.holds, "not known"),
        )

    def _notes(self) -> Iterator[str]:
        if not PLANNERS[self.planner].has_addresses:
            yield f"RAM by '{self.planner}' has no addresses: a runtime's may be larger."
        yield _NO_PREDICTION
        yield from self.left_out

    def _changes(self) -> Iterator[str]:
        """What to change, for each check that does not hold; then settings that fit."""
        failing = [check for check in self.checks if check.holds is False]
        for check in failing:
            over = check.amount(-(check.margin or 0))
            if check.unit == "B":
                over = self.storage.amount(-int(check.margin or 0))
            alone = _settings(check.fitting) if len(failing) > 1 else ""
            alone = f" It holds at {alone}." if alone else ""
            yield f"{check.name}: {over} too much. {check.change}.{alone}"
        together = _settings(self.fitting)
        if together:
            yield f"It fits at {together}, other settings as they are."

    def data(self) -> dict[str, Any]:
        """The object of ``costcalc fits --format json``."""
        return {
            "format_version": FORMAT_VERSION,
            "network": self.network,
            "parameters": {name: number(value) for name, value in self.parameters.items()},
            **self.row(),
            **_fitting_data(self.fitting),
            **({"uncounted": self.uncounted} if self.uncounted else {}),
            **({"notes": list(self.left_out)} if self.left_out else {}),
        }

    def row(self) -> dict[str, Any]:
        """What JSON has of the device."""
        return {
            "device": self.run.device.name,
            "dtype": self.work.dtype,
            "storage": self.storage.name,
            "planner": self.planner,
            "bound_ms": float(1000 * self.bound),
            "fits": self.fits,
            "checks": [check.data() for check in self.checks],
        }


@dataclass(frozen=True, repr=False)
class FitsAll(Answer):
    """Whether a network fits each device that ships."""

    network: str
    source: Mapping[str, str]
    parameters: Mapping[str, Any]
    rows: tuple[Fits, ...]
    uncounted: Mapping[str, Sequence[str]]
    left_out: tuple[str, ...]
    """Sentences on what the bounds leave out."""
    without: tuple[str, ...]
    """The devices that state no peak for what is multiplied, and so have no row."""

    @property
    def fits(self) -> bool:
        """Whether it fits some of them, as far as is stated."""
        return any(row.fits for row in self.rows)

    def page(self) -> Page:
        """One row for each device."""
        found = {check.name for row in self.rows for check in row.checks}
        names = [name for name in ("flash", "ram", "bound") if name in found]
        titles = {"flash": "Flash", "ram": "RAM", "bound": "of limit"}
        columns = [
            Column("device", "Device"),
            Column("storage", "Storage", rank=2),
            *(Column(f"{name}_percent", f"{titles[name]}, %", "right") for name in names),
            Column("bound_text", "Bound, ms", "right", audience="people"),
            Column("bound_ms", "Bound, ms", "right", audience="scripts"),
            Column("fits", "Fits"),
        ]
        rows = []
        for row in self.rows:
            used = {check.name: _used(check) for check in row.checks}
            text = milliseconds(row.bound).removesuffix(" ms")
            exact = Fraction(1000 * row.bound)
            cells: list[Cell] = [row.run.device.name, row.storage.name]
            cells += [used.get(name) for name in names]
            rows.append(Row((*cells, text, exact, _verdict(row.verdict))))
        fitting = sum(row.fits for row in self.rows)
        facts = (
            ("source", source_line(self.source)),
            ("settings", settings_line(self.parameters)),
            ("fits", f"{fitting} of {len(self.rows)} devices"),
        )
        notes = (
            "Flash and RAM: the share that is used; empty where it is not stated, or where "
            "weights and tensors share one memory, RAM.",
            _NO_PREDICTION,
            *self._without(),
            *self.left_out,
        )
        shown = tuple(fact for fact in facts if fact[1])
        return Page(
            f"{self.network} on every device",
            shown,
            (Table("Devices", tuple(columns), tuple(rows)),),
            notes,
        )

    def _without(self) -> Iterator[str]:
        if self.without:
            names = ", ".join(self.without)
            yield f"Without those that state no peak for these numbers: {names}."

    def data(self) -> dict[str, Any]:
        """The object of ``costcalc fits --format json`` without a device."""
        return {
            "format_version": FORMAT_VERSION,
            "network": self.network,
            "parameters": {name: number(value) for name, value in self.parameters.items()},
            "fits": self.fits,
            "devices": [row.row() for row in self.rows],
            **({"without": self.without} if self.without else {}),
            **({"uncounted": self.uncounted} if self.uncounted else {}),
            **({"notes": list(self.left_out)} if self.left_out else {}),
        }


_NO_PREDICTION = (
    "The bound is the least that any run needs: measured times are usually 2 to 20 times it."
)


def _fitting_data(fitting: Mapping[str, Any] | None) -> dict[str, Any]:
    if fitting is None:
        return {}
    return {"fitting": {name: number(value) for name, value in fitting.items()}}


def _settings(fitting: Mapping[str, Any] | None) -> str:
    """The settings of a ``fitting`` in words; empty if none were tried."""
    found = [f"{name} = {number(value)}" for name, value in (fitting or {}).items() if value]
    nothing = f"no smaller {' or '.join(fitting)} that was tried" if fitting else ""
    return ", or at ".join(found) or nothing


def _exact(value: int | Fraction | None) -> Cell:
    return None if value is None else value


def _verdict(holds: bool | None, unknown: str = "as far as stated") -> Word:
    if holds is None:
        return Word(unknown, "quiet")
    return Word("yes", "good") if holds else Word("no", "bad")


def _used(check: Check) -> str | None:
    if not check.available:
        return None
    return rounded(100 * Fraction(check.needed) / check.available, 1)


def fits(
    graph: LayerGraph, run: Run, planner: str | None = None, most_ms: Fraction | int | None = None
) -> Fits:
    """Whether a layer graph fits a device.

    Args:
        graph: a network.
        run: the device, and how the network runs there.
        planner: the planner of the peak; None for the storage's.
        most_ms: the most milliseconds that the bound may have; None for no limit.

    Raises:
        CostcalcError: there is no such planner, or the device lacks a figure.
    """
    done = work(graph, run, planner)
    planned = done.network.planned(planner)
    name = planned.planner
    seconds = Fraction(bound(done.moves, done.rates))
    checks = list(_memory_checks(graph, run.device, planned))
    if most_ms is not None:
        change = _most_operations(done)
        checks.append(Check("bound", "time", "ms", 1000 * seconds, most_ms, change, ("bound_ms",)))
    return Fits(
        network=graph.name,
        source=graph.source,
        parameters=graph.parameters,
        run=run,
        work=done,
        planner=name,
        bound=seconds,
        checks=tuple(checks),
        uncounted=graph.uncounted,
        left_out=tuple(left_out(graph)),
    )


def everywhere(graph: LayerGraph, fit: Callable[[str], Fits], devices: list[str]) -> FitsAll:
    """Whether a layer graph fits each of some devices, by name.

    Raises:
        CostcalcError: as for :func:`fits`; or no device states a peak for what is multiplied.
    """
    rows, without = list[Fits](), list[str]()
    for device in devices:
        try:
            rows.append(fit(device))
        except DeviceError:
            without.append(device)
    if not rows:
        fit(devices[0])
    return FitsAll(
        network=graph.name,
        source=graph.source,
        parameters=graph.parameters,
        rows=tuple(rows),
        uncounted=graph.uncounted,
        left_out=tuple(left_out(graph)),
        without=tuple(without),
    )


def _memory_checks(graph: LayerGraph, device: Device, planned: PlannedSchedule) -> Iterator[Check]:
    weights, peak = int(planned.schedule.weight_bytes), planned.peak
    most_stored = _most_stored(graph, planned.schedule)
    working, home = device.ram or device.dram, device.flash or device.dram or device.ram
    if home is working:
        change = f"{most_stored}; {_at_peak(planned)}"
        both = ("weight_bytes", "peak_bytes")
        yield Check("ram", "weights and tensors", "B", weights + peak, _size(home), change, both)
        return
    yield Check("flash", "weights", "B", weights, _size(home), most_stored, ("weight_bytes",))
    at_peak = _at_peak(planned)
    yield Check("ram", "tensors", "B", peak, _size(working), at_peak, ("peak_bytes",))


def _size(memory: Memory | None) -> int | None:
    return int(memory.size.value) if memory is not None and memory.size is not None else None


def _most_stored(graph: LayerGraph, schedule: Schedule) -> str:
    """The step that stores most."""
    by_layer = schedule.weights_by_layer
    if not by_layer:
        return "Nothing is stored"
    layer = max(by_layer, key=by_layer.__getitem__)
    steps = (step.name for step in schedule.steps if layer in step.layers)
    name = next(steps, graph.layers[layer].name)
    return f"Most is stored for {name}: {counted(by_layer[layer])} B"


def _at_peak(planned: PlannedSchedule) -> str:
    """The step with most alive, and its largest tensors."""
    schedule = planned.schedule
    by_step = planned.sized.by_step(planned.planner) or ()
    if not by_step:
        return "All tensors count"
    at = max(range(len(by_step)), key=by_step.__getitem__)
    counting = (schedule.tensors[index] for index in planned.counted(at))
    tensors = sorted(counting, key=lambda tensor: -tensor.bytes)[:_NAMED]
    words = ", ".join(f"{tensor.name} {counted(tensor.bytes)} B" for tensor in tensors)
    return f"Most is needed in {schedule.steps[at].name}: {words}"


def _most_operations(done: Work) -> str:
    """The step that computes most, if that is the limit; else the bytes that must move."""
    moves, rates = done.moves, done.rates
    if rates.computing(moves.needed_operations) < bound(moves, rates):
        return "Moving the weights that the chip cannot hold takes longest: fewer or narrower ones"
    rows = zip(moves.names, moves.traffic, strict=True)
    name, most = max(rows, key=lambda row: row[1].macs, default=("", None))
    if most is None or not moves.operations:
        return "Nothing is computed"
    share = rounded(Fraction(200 * most.macs, moves.operations), 1)
    return f"Most is computed in {name}: {share} % of the operations"
