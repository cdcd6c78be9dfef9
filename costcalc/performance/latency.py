"""The answer to ``costcalc latency``: a bound and two estimates, step by step."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from math import lcm
from typing import Any

from costcalc.errors import DeviceError, did_you_mean, refuse
from costcalc.graph.layer import LayerGraph
from costcalc.kinds.naming import type_name
from costcalc.performance.energy import MEASURED, EventEnergy, EventModel
from costcalc.performance.explain import StepLatency
from costcalc.performance.roofline import StepTime, bound, roofline, serial, step_times
from costcalc.performance.running import Run, Work, device_line, work
from costcalc.records import NamedTuple
from costcalc.render.answer import FORMAT_VERSION, Answer
from costcalc.render.formatting import (
    counted,
    milliseconds,
    number,
    prefixed,
    rounded,
    significant,
    stated,
)
from costcalc.render.page import Cell, Column, Page, Ratio, Row, Share, Significant, Table
from costcalc.reporting.phrases import notes_of, settings_line, source_line

_NO_PREDICTION = (
    "Measured times are usually 2 to 20 times the bound. It is one of dense multiply-"
    "accumulates as counted: Winograd's convolutions and sparse weights need fewer."
)

_GATES = "With every gate open: a run that skips parts of the network may be below the bound."


class Spread(NamedTuple):
    """By how much the times measured on one device differ, as multiples of their bounds."""

    device: str
    rows: int
    """How many were measured."""
    factor: Fraction
    """The greatest multiple over the least."""


class Calibration(NamedTuple):
    """A network that was measured on the same device, and what the device achieved on it."""

    network: str
    bound: Fraction
    """In seconds."""
    measured: Fraction
    """In seconds."""
    spread: Spread

    @property
    def utilisation(self) -> Fraction:
        """Its bound over its measured time: the share of the peak that was achieved."""
        return self.bound / self.measured


@dataclass(frozen=True, repr=False)
class Latency(Answer):
    """What a network needs on a device: a bound, two estimates, and what limits each step.

    Attributes:
        bound: no measurement is below it.
        roofline: an estimate; computing and moving overlap within each step.
        serial: an estimate; nothing overlaps.
        measured: a measured time, if one was given.
        uncounted: layers unknown to costcalc, by the model's names for their operations, which
            no time includes.
    """

    network: str
    source: Mapping[str, str]
    parameters: Mapping[str, Any]
    run: Run
    work: Work
    steps: tuple[StepTime, ...]
    types: tuple[str, ...]
    """The type of each step's layers."""
    bound: Fraction
    """In seconds, as all times."""
    measured: Fraction | None
    calibration: Calibration | None
    events: EventEnergy | None
    uncounted: Mapping[str, Sequence[str]]
    left_out: tuple[str, ...]
    """Sentences on what the bound leaves out."""

    @cached_property
    def roofline(self) -> Fraction:
        """The sum of what limits each step."""
        return roofline(self.steps)

    @cached_property
    def serial(self) -> Fraction:
        """The sum of computing and moving."""
        return serial(self.steps)

    @property
    def operations(self) -> int:
        """Two for each multiply-accumulate."""
        return int(self.work.moves.operations)

    @property
    def utilisation(self) -> Fraction | None:
        """The bound over the measured time."""
        return self.bound / self.measured if self.measured is not None else None

    @property
    def calibrated(self) -> Fraction | None:
        """An estimate, the bound at the utilisation that another network achieved."""
        return self.bound / self.calibration.utilisation if self.calibration else None

    @property
    def spread(self) -> tuple[Fraction, ...]:
        """The least and the greatest time by the spread of the shipped measurements."""
        if self.calibration is None or self.calibrated is None:
            return ()
        factor = self.calibration.spread.factor
        return max(self.bound, self.calibrated / factor), self.calibrated * factor

    @property
    def is_refuted(self) -> bool:
        """Whether a measured time is below the bound."""
        return self.measured is not None and self.measured < self.bound

    def page(self) -> Page:
        """The steps with what limits them, and the sums by type and by limit."""
        tables = (self._step_table(), self._sums("Types", "type", self.types), self._limits())
        title = f"{self.network} on {self.run.device.title}"
        return Page(
            title, self._facts(), tables, (_NO_PREDICTION, *self._beforehand(), *self.left_out)
        )

    def explain(self, step: str) -> StepLatency:
        """The arithmetic of one step.

        Raises:
            SpecError: there is no such step.
        """
        names = [row.name for row in self.steps]
        if step not in names:
            hint = did_you_mean(step, names)
            refuse(None, f"there is no step '{step}'", "a name in the table of steps", hint=hint)
        row = self.steps[names.index(step)]
        return StepLatency(self.network, self.run, self.work, row, self.roofline)

    def data(self) -> dict[str, Any]:
        """The object of ``costcalc latency --format json``."""
        rates, moves = self.work.rates, self.work.moves
        return {
            "format_version": FORMAT_VERSION,
            "network": self.network,
            "parameters": {name: number(value) for name, value in self.parameters.items()},
            "device": self.run.device.name,
            "dtype": self.work.dtype,
            "storage": self.work.storage.name,
            "cores": self.run.working_cores,
            "batch": self.run.batch,
            "fused": self.run.is_fused,
            "fast_bytes": self.run.fast_bytes,
            "peak": number(rates.operations),
            "bandwidth": number(rates.tensors),
            "weight_bandwidth": number(rates.weights),
            "ridge": None if rates.ridge is None else float(rates.ridge),
            "compulsory": {"input_output_bytes": moves.tensors, "weight_bytes": self._weights()},
            "bound_seconds": float(self.bound),
            "roofline_seconds": float(self.roofline),
            "serial_seconds": float(self.serial),
            "operations": self.operations,
            **self._measured_data(),
            **self._energy_data(),
            **({"uncounted": self.uncounted} if self.uncounted else {}),
            **({"notes": list(self.left_out)} if self.left_out else {}),
            "layers": [
                {
                    "name": step.name,
                    "operations": step.operations,
                    "bytes": step.bytes,
                    "intensity": None if step.intensity is None else float(step.intensity),
                    "limit": step.limit,
                    "seconds": float(step.seconds),
                    **({"energy": float(self._event_cost(step))} if self.events else {}),
                }
                for step in self.steps
            ],
        }

    def _measured_data(self) -> dict[str, Any]:
        data: dict[str, Any] = {}
        if self.measured is not None and self.utilisation is not None:
            data["measured_seconds"] = float(self.measured)
            data["utilisation"] = float(self.utilisation)
        if self.calibration is not None and self.calibrated is not None:
            spread = self.calibration.spread
            data["calibration"] = {
                "network": self.calibration.network,
                "bound_seconds": float(self.calibration.bound),
                "measured_seconds": float(self.calibration.measured),
                "utilisation": float(self.calibration.utilisation),
                "estimate_seconds": float(self.calibrated),
                "spread": {
                    "device": spread.device,
                    "count": spread.rows,
                    "factor": float(spread.factor),
                    "from_seconds": float(self.spread[0]),
                    "to_seconds": float(self.spread[1]),
                },
            }
        return data

    def _energy_data(self) -> dict[str, Any]:
        data: dict[str, Any] = {}
        if self.run.device.power is not None:
            watts = self.run.device.power.value
            data["power_watts"] = float(watts)
            data["bound_joules"] = float(watts * self.bound)
            if self.measured is not None:
                data["measured_joules"] = float(watts * self.measured)
        if self.events is not None:
            factor = self.events.factor
            data["energy_model"] = {
                "name": self.events.model.name,
                "unit": self.events.model.unit,
                "total": float(self._event_total),
                "measured_over_model": None if factor is None else float(factor),
            }
        return data

    def _event_cost(self, step: StepTime) -> Fraction:
        assert self.events is not None
        return self.events.model.cost(step.traffic, self.work.dtype, self.run.device)

    @cached_property
    def _event_total(self) -> Fraction:
        return sum(map(self._event_cost, self.steps), Fraction(0))

    # facts

    def _facts(self) -> tuple[tuple[str, str], ...]:
        rates = self.work.rates
        facts = [
            ("source", source_line(self.source)),
            ("settings", settings_line(self.parameters)),
            ("device", device_line(self.run)),
            ("storage", f"{self.work.storage.name}: {self.work.storage.title}"),
            ("batch", self._batch()),
            ("steps", "fused: sums and pointwise convolutions" if self.run.is_fused else ""),
            ("blocking", self._blocking()),
            ("peak", f"{stated(rates.operations, 'OP/s')} dense, in {self.work.dtype}"),
            ("bandwidth", self._bandwidth()),
            ("ridge", self._ridge()),
            ("operations", f"{counted(self.operations)}, two for each multiply-accumulate"),
            ("bound", bound_line(self.work, self.bound, self.left_out)),
            ("roofline", f"{milliseconds(self.roofline)}, an estimate: computing hides moving"),
            ("serial", f"{milliseconds(self.serial)}, an estimate: nothing overlaps"),
            ("measured", self._measured()),
            *self._calibrated(),
            *self._energy(),
        ]
        return tuple(fact for fact in facts if fact[1])

    def _beforehand(self) -> Iterator[str]:
        """What the steps have that no run needs."""
        operations = int(2 * self.work.moves.beforehand)
        if operations:
            yield (
                f"Of the operations, {counted(operations)} work on weights alone and can be done "
                "beforehand: the bound leaves them out."
            )

    def _bandwidth(self) -> str:
        rates = self.work.rates
        if rates.tensors is None and rates.weights is None:
            return "not stated: moving is not counted, and all times are of computing alone"
        tensors, weights = (
            "not stated" if rate is None else stated(rate, "B/s")
            for rate in (rates.tensors, rates.weights)
        )
        return (
            tensors if rates.is_one_memory else f"{tensors} for activations, {weights} for weights"
        )

    def _batch(self) -> str:
        if self.run.batch == 1:
            return ""
        each = milliseconds(self.bound / self.run.batch)
        return f"{counted(self.run.batch)}, and all times are of it; the bound is {each} an input"

    def _blocking(self) -> str:
        size = self.run.fast_bytes
        if size is None:
            return ""
        return (
            f"through {self.work.storage.amount(size)} of fast memory: products move what Hong and "
            "Kung's bound says, convolutions what Chen et al.'s says, or their operands if more"
        )

    def _ridge(self) -> str:
        ridge = self.work.rates.ridge
        return (
            "" if ridge is None else f"{significant(ridge)} operations a byte; below, memory limits"
        )

    def _weights(self) -> int:
        """The compulsory bytes of weights: those that the chip cannot hold."""
        held = self.work.rates.held
        return 0 if held is None else max(int(self.work.moves.weights) - int(held), 0)

    def _measured(self) -> str:
        if self.measured is None or self.utilisation is None:
            return ""
        text = milliseconds(self.measured)
        if self.is_refuted:
            return f"{text}, below the bound: the profile or the measurement is wrong"
        return f"{text}; utilisation {rounded(100 * self.utilisation, 1)} % (bound / measured)"

    def _calibrated(self) -> tuple[tuple[str, str], ...]:
        calibration = self.calibration
        if calibration is None or self.calibrated is None:
            return ()
        utilisation = rounded(100 * calibration.utilisation, 1)
        spread = calibration.spread
        return (
            (
                "calibrated",
                f"{milliseconds(self.calibrated)}, an estimate: at the {utilisation} % that "
                f"{calibration.network} achieved in {milliseconds(calibration.measured)}",
            ),
            (
                "spread",
                f"{' to '.join(map(milliseconds, self.spread))}: the {spread.rows} times measured "
                f"on {spread.device} are multiples of their bounds that differ by up to "
                f"{significant(spread.factor)} times",
            ),
        )

    def _energy(self) -> Iterator[tuple[str, str]]:
        """Energy by the device's power, and by the event model."""
        power = self.run.device.power
        if power is not None:
            least = f"{prefixed(power.value * self.bound, 'J')} or more"
            watts = stated(power.value, "W")
            yield "energy", f"{least}: {watts} for {milliseconds(self.bound)}, the bound"
            if self.measured is not None:
                joules = prefixed(power.value * self.measured, "J")
                yield "energy", f"{joules}: {watts} for {milliseconds(self.measured)}, measured"
        if self.events is None:
            return
        events, factor = self.events, self.events.factor
        text = f"{events.amount(self._event_total)} by {events.model.name}, to compare designs: "
        if factor is None:
            yield "events", f"{text}{events.model.title}, no joules"
            return
        board, given = events.board, events.amount(events.on_board)
        text += f"for {board.network} on {board.device} it gives {given}, and"
        yield "events", f"{text} {significant(factor)} times that was measured"

    # tables

    @cached_property
    def _scale(self) -> int:
        """What makes every step's seconds whole, so that shares stay exact."""
        return lcm(*(step.seconds.denominator for step in self.steps)) if self.steps else 1

    def _share(self, seconds: Fraction) -> Share:
        return Share(int(seconds * self._scale), int(self.roofline * self._scale))

    @cached_property
    def _places(self) -> int:
        """Decimals of milliseconds in tables: four digits of the sum."""
        text = significant(1000 * self.roofline, 4)
        return min(max(len(text.partition(".")[2]), 2), 9)

    def _time(self, seconds: Fraction) -> tuple[Cell, Cell]:
        """Seconds for people, in milliseconds, and for scripts."""
        return Ratio(1000 * seconds, self._places), Ratio(seconds)

    def _step_table(self) -> Table:
        columns = (
            Column("name", "Step"),
            Column("operations", "Operations", "right"),
            Column("bytes", "Bytes", "right"),
            Column("intensity", "per B", "right"),
            Column("limit", "Limit"),
            Column("ms", "ms", "right", audience="people"),
            Column("seconds", "Seconds", "right", audience="scripts"),
            Column("seconds_percent", "%", "right", bar=True),
            *self._event_columns(),
        )
        rows = tuple(
            Row(
                (
                    step.name,
                    step.operations,
                    step.bytes,
                    None if step.intensity is None else Ratio(step.intensity),
                    step.limit,
                    *self._time(step.seconds),
                    self._share(step.seconds),
                    *self._event_cells(step),
                )
            )
            for step in self.steps
        )
        total: tuple[Cell, ...] = (
            "Total",
            self.operations,
            sum(step.bytes for step in self.steps),
            None,
            "",
            *self._time(self.roofline),
            self._share(self.roofline),
            *self._event_cells(*self.steps),
        )
        return Table("Steps by the roofline, an estimate", columns, rows, total=Row(total))

    def _event_columns(self) -> Iterator[Column]:
        if self.events is not None:
            yield Column("events", "Events", "right", audience="people")
            yield Column("energy", "Energy", "right", audience="scripts")

    def _event_cells(self, *steps: StepTime) -> Iterator[Cell]:
        if self.events is not None:
            cost = sum(map(self._event_cost, steps), Fraction(0))
            yield self.events.amount(cost)
            yield Significant(cost)

    def _sums(self, title: str, key: str, keys: Sequence[str]) -> Table:
        """Operations and seconds of the steps by a key, the longest first."""
        groups: dict[str, list[StepTime]] = {}
        for name, step in zip(keys, self.steps, strict=True):
            groups.setdefault(name, []).append(step)
        columns = (
            Column(key, title.removesuffix("s")),
            Column("steps", "Steps", "right"),
            Column("operations_percent", "% of operations", "right"),
            Column("intensity", "per B", "right"),
            Column("ms", "ms", "right", audience="people"),
            Column("seconds", "Seconds", "right", audience="scripts"),
            Column("seconds_percent", "% of time", "right", bar=True),
        )
        rows = []
        for name, steps in groups.items():
            operations, bytes_ = (sum(step[i] for step in map(_sizes, steps)) for i in (0, 1))
            seconds = roofline(steps)
            row: tuple[Cell, ...] = (
                name,
                len(steps),
                Share(operations, self.operations),
                Ratio(Fraction(operations, bytes_)) if bytes_ else None,
                *self._time(seconds),
                self._share(seconds),
            )
            rows.append((seconds, Row(row)))
        rows.sort(key=lambda row: -row[0])
        return Table(title, columns, tuple(row for _, row in rows))

    def _limits(self) -> Table:
        return self._sums("Limits", "limit", [step.limit for step in self.steps])


def _sizes(step: StepTime) -> tuple[int, int]:
    return step.operations, step.bytes


def bound_line(done: Work, seconds: Fraction, left_out: Sequence[str]) -> str:
    """The bound with what it comes from, in words that no reader takes for a prediction.

    Args:
        done: what is computed and moved.
        seconds: the bound.
        left_out: sentences on what it leaves out.
    """
    is_computing = done.rates.computing(done.moves.needed_operations) == seconds
    by = "computing" if is_computing else "compulsory bytes"
    return f"{milliseconds(seconds)}, by {by}: {no_run(left_out)}; a limit, not a prediction"


def no_run(left_out: Sequence[str]) -> str:
    """What a bound says, in words, given sentences on what it leaves out."""
    return f"no run{' of all that is counted' if left_out else ''} is faster"


def latency(
    graph: LayerGraph,
    run: Run,
    measured: Fraction | None = None,
    calibration: Calibration | None = None,
    events: EventEnergy | None = None,
) -> Latency:
    """What a layer graph needs on a device.

    Args:
        graph: a network.
        run: the device, and how it runs there.
        measured: a measured time in seconds.
        calibration: another network that was measured there.
        events: an event model of energy.

    Raises:
        CostcalcError: the storage does not fit the network, or the device lacks a figure.
    """
    done = work(graph, run)
    return Latency(
        network=graph.name,
        source=graph.source,
        parameters=graph.parameters,
        run=run,
        work=done,
        steps=step_times(done.moves, done.rates),
        types=tuple(_types(graph, done)),
        bound=Fraction(bound(done.moves, done.rates)),
        measured=measured,
        calibration=calibration,
        events=events,
        uncounted=graph.uncounted,
        left_out=tuple(left_out(graph)),
    )


def calibration(
    network: str, graph: LayerGraph, run: Run, measured: Fraction, spread: Spread
) -> Calibration:
    """What a device achieved on a network that was measured there.

    Raises:
        DeviceError: the measured time is below the bound.
    """
    done = work(graph, run)
    least = Fraction(bound(done.moves, done.rates))
    if measured < least:
        message = f"{network} in {milliseconds(measured)} is below its bound on {run.device.name}"
        expected = f"at least {milliseconds(least)}, or another device or dtype"
        refuse(None, message, expected, error=DeviceError)
    return Calibration(network, least, measured, spread)


def _types(graph: LayerGraph, done: Work) -> list[str]:
    """The type of each step: that of the layer which gives it its name."""
    hosts = {step.name: step.layers[:1] for step in done.network.schedule.steps}

    def of_step(name: str) -> str:
        layers = [graph.layers[index] for index in hosts[name]]
        return "".join(
            type_name(layer.kind, layer.operation, layer.input_shapes) for layer in layers
        )

    return [" + ".join(map(of_step, parts)) for parts in done.moves.parts]


def left_out(graph: LayerGraph) -> Iterator[str]:
    """Sentences on what a bound leaves out: gates that close, operations without a kind."""
    if graph.gated:
        yield _GATES
    yield from notes_of(graph)


def event_energy(model: EventModel, graph: LayerGraph, run: Run) -> EventEnergy:
    """An event model, with what it gives for the network that was measured, on its board."""
    done = work(graph, run)
    total = sum(
        (model.cost(row, done.dtype, run.device) for row in done.moves.traffic), Fraction(0)
    )
    return EventEnergy(model, MEASURED, total)
