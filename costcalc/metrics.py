"""What a network costs, by name: the table of metrics, and how each is measured.

    LayerGraph × Accounting --measured--> {"mult_adds": ..., "peak_bytes": ...}

Reports, comparisons, sweeps, budgets, claims and figures that speak of a cost by its name
find it here.  Sizes may be numbers of any algebra, so a sweep measures arrays.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any

from costcalc.advice import advice, joined, listed_by, option
from costcalc.arena.schedule import Tensor
from costcalc.costs.count import LayerCost, count
from costcalc.costs.rules import Convention
from costcalc.errors import CostcalcError, did_you_mean, refuse
from costcalc.formulas.algebra import Size, largest
from costcalc.graph.budgets import budget
from costcalc.graph.layer import LayerGraph
from costcalc.graph.whole_numbers import whole_number
from costcalc.opening import exact_value
from costcalc.records import NamedTuple
from costcalc.render.page import Significant
from costcalc.reporting.phrases import unit_title
from costcalc.spec import numbers
from costcalc.spec.library import NameOrPath
from costcalc.spec.numbers import ExpressionError
from costcalc.storing.storage import DEFAULT_STORAGE

if TYPE_CHECKING:
    from costcalc.arena.planned import PlannedSchedule
    from costcalc.performance.roofline import Moves, Rates
    from costcalc.performance.running import Run
    from costcalc.storing.schedule import StoredNetwork
    from costcalc.storing.traffic import Traffic

COUNTED = ("params", "mult_adds")
"""What is measured unless other metrics are named."""


class Accounting(NamedTuple):
    """How costs are measured: counts by a convention, bytes by a storage, times on a device."""

    convention: Convention
    storage: str | None = None
    """A storage's name, or the path of its file; None for the network's own, or ``fp32``."""
    planner: str | None = None
    """The planner of peaks; None for the storage's."""
    batch: int = 1
    """How many inputs are run at once; counts are those of one."""
    run: Run | None = None
    """The device of times and energy, and how networks run there."""

    @property
    def planner_of_peaks(self) -> str:
        """The planner, by default the storage's.

        A file that states its own bytes has another one, :attr:`Measured.planner`; what asks
        here, sweeps and ``solve``, refuses such a file without a storage.

        Raises:
            StorageError: there is no such storage.
        """
        from costcalc.storing.files import load

        return self.planner or load(self.storage or DEFAULT_STORAGE).planner

    def facts(self, metrics: Iterable[str]) -> dict[str, Any]:
        """The device of times, the storage of bytes, the planner of a peak and a batch."""
        listed = tuple(metrics)
        if not has_bytes(listed):
            return {}
        planner = {"planner": self.planner_of_peaks} if "peak_bytes" in listed else {}
        batch = {"batch": self.batch} if self.batch != 1 else {}
        device = {"device": self.run.device.name} if self.run is not None else {}
        return {**device, "storage": self.storage or DEFAULT_STORAGE, **planner, **batch}

    @property
    def has_addresses(self) -> bool:
        """Whether the planner gives addresses, and not only a peak."""
        from costcalc.arena.plan import named_planner

        return named_planner(self.planner_of_peaks).has_addresses


Shares = Iterable[tuple[Size, str]]
"""What layers or steps contribute to a sum, with their names."""


class Measured:
    """A layer graph, or some layers of it, under an accounting.

    Each stage is computed once, when it is needed; a part shares those of the whole.
    """

    def __init__(
        self,
        graph: LayerGraph,
        accounting: Accounting,
        whole: Measured | None = None,
        layers: frozenset[int] | None = None,
    ) -> None:
        """Measures nothing yet.

        Args:
            graph: the network.
            accounting: how its costs are measured.
            whole: the whole network, if this is a part of it.
            layers: the part's layers, as indexes; None for all.
        """
        self.graph = graph
        self.accounting = accounting
        self.layers = layers
        self._whole = whole

    def part(self, layers: Iterable[int]) -> Measured:
        """Some layers of the network, as indexes; the network itself if they are all."""
        chosen = frozenset(layers)
        if len(chosen) == len(self.graph.layers):
            return self
        return Measured(self.graph, self.accounting, self, chosen)

    @cached_property
    def costs(self) -> tuple[LayerCost, ...]:
        """The counts of each layer."""
        if self._whole is None:
            return count(self.graph, self.accounting.convention)
        costs = enumerate(self._whole.costs)
        return tuple(cost for index, cost in costs if self._has([index]))

    @cached_property
    def stored(self) -> StoredNetwork:
        """The whole network under the storage."""
        if self._whole is not None:
            return self._whole.stored
        # Imported here: most questions are only about counts.
        from costcalc.storing.network import stored_network

        how = self.accounting
        return stored_network(self.graph, how.storage, how.batch, how.planner)

    @cached_property
    def planned(self) -> PlannedSchedule:
        """The whole network's schedule under the planner."""
        if self._whole is not None:
            return self._whole.planned
        return self.stored.planned(self.accounting.planner)

    @property
    def weight_bytes(self) -> Size:
        """The bytes of the stored numbers."""
        if self.layers is None:
            return self.stored.schedule.weight_bytes
        return _sum(size for size, _ in self.weights_of_layers)

    @property
    def peak_bytes(self) -> Size:
        """The planner's peak; of a part, the most that one of its steps needs.

        Raises:
            SpecError: a planner with addresses has none for a part.
        """
        planned = self.planned
        if self.layers is None:
            return planned.peak
        schedule = planned.sized
        by_step = schedule.by_step(planned.planner)
        if by_step is None or planned.has_addresses:
            refuse(
                None,
                f"'{planned.planner}' plans a whole network, not some layers of it",
                "a planner whose peak is that of a step: liveness, layer-io or largest",
            )
        steps = zip(schedule.steps, by_step, strict=True)
        return largest(size for step, size in steps if self._has(step.layers))

    def at_peak(self) -> tuple[str, tuple[Tensor, ...]]:
        """The step of the peak, and the tensors that count there, the largest first.

        With addresses it is the step with the most bytes alive, which bounds every plan; the
        peak may be higher.
        """
        planned = self.planned
        steps = [at for at, step in enumerate(planned.schedule.steps) if self._has(step.layers)]
        by_step = planned.sized.by_step(planned.planner)
        if not steps or by_step is None:
            name, tensors = "", planned.schedule.tensors
        else:
            at = max(steps, key=by_step.__getitem__)
            name = planned.schedule.steps[at].name
            tensors = tuple(planned.schedule.tensors[index] for index in planned.counted(at))
        return name, tuple(sorted(tensors, key=lambda tensor: (-tensor.bytes, tensor.name)))

    @property
    def is_fragmented(self) -> bool:
        """Whether the peak is that of addresses, above all that is alive at once."""
        return self.layers is None and self.planned.fragmentation > 0

    def smaller_peaks(self) -> Iterator[tuple[str, int]]:
        """Other ways to run the whole network that need less: a planner, an order of the steps."""
        if self.layers is not None:
            return
        other = self.planned.smaller() if self.is_fragmented else None
        if other is not None:
            yield f"planner {other[0]}", other[1]
        from costcalc.storing.reordering import reordered

        try:
            _, best = reordered(self.graph, self.accounting.batch, self.stored)
        except CostcalcError:  # some steps run others: their order is fixed
            return
        peak = self.planned.planning(best.schedule).peak
        if peak < self.planned.peak:
            yield "the best order of the steps", peak

    @property
    def traffic(self) -> tuple[tuple[Size, str], ...]:
        """The bytes that each step reads and writes, with its name."""
        return tuple((traffic.traffic_bytes, name) for traffic, name in self._moved)

    @property
    def intensity(self) -> Fraction:
        """Operations for each byte of traffic; 0 if no byte is moved."""
        operations = sum(traffic.operations for traffic, _ in self._moved)
        moved = _sum(size for size, _ in self.traffic)
        return Fraction(operations, moved) if moved else Fraction(0)

    @property
    def _moved(self) -> Iterator[tuple[Traffic, str]]:
        network = self.stored
        for step, traffic in zip(network.schedule.steps, network.traffic, strict=True):
            if self._has(step.layers):
                yield traffic, step.name

    @cached_property
    def _timed(self) -> tuple[Moves, Rates]:
        """What the whole network moves, and what the device does in a second.

        Raises:
            DeviceError: the device lacks a figure.
        """
        if self._whole is not None:
            return self._whole._timed
        from costcalc.performance.roofline import moves, rates
        from costcalc.performance.running import dtype_of

        run, network = self.run, self.stored
        dtype = run.dtype or dtype_of(network.storage)
        return moves(self.graph, network), rates(run.device, dtype, run.cores)

    @property
    def run(self) -> Run:
        """The device, and how the network runs there.

        Raises:
            SpecError: none is named.
        """
        if self.accounting.run is None:
            refuse(None, "a time needs a device", option("device", "NAME"))
        return self.accounting.run

    @property
    def computed(self) -> tuple[tuple[Size, str], ...]:
        """The operations of each step, two for a multiply-accumulate, with its name."""
        return tuple((2 * traffic.macs, name) for traffic, name in self._moved)

    @property
    def bound_seconds(self) -> Any:
        """Seconds that no run on the device is below; of a part, those of computing."""
        from costcalc.performance.roofline import bound

        moves, rates = self._timed
        if self.layers is None:
            return bound(moves, rates)
        return rates.computing(_sum(operations for operations, _ in self.computed))

    @property
    def bound_joules(self) -> Any:
        """The device's power for as long as the bound.

        Raises:
            DeviceError: no source states its power.
        """
        from costcalc.performance.energy import power

        return self.bound_seconds * power(self.run.device)

    @property
    def weights_of_layers(self) -> Shares:
        """The bytes that each layer stores, with its name."""
        by_layer = self.stored.schedule.weights_by_layer.items()
        return ((size, self.graph.layers[at].name) for at, size in by_layer if self._has([at]))

    def _has(self, layers: Iterable[int]) -> bool:
        return self.layers is None or not self.layers.isdisjoint(layers)


class Metric(NamedTuple):
    """A row of the table of metrics."""

    title: str
    measure: Callable[[Measured], Size]
    noun: str
    """What it is in a sentence: ``3 params``."""
    bound: str
    """The argument that bounds it: ``max_ram``."""
    shares: Callable[[Measured], Shares] | None = None
    """What it is the sum of; None for a peak, or a bound."""
    unit: str = ""
    """``B``, ``ms`` or ``mJ``; counts have none."""
    is_largest: bool = False
    """Whether it is the largest over the network's steps, and not their sum."""

    @property
    def is_bytes(self) -> bool:
        """Whether it is shown, and bounded, in bytes: ``256 KiB``."""
        return self.unit == "B"

    @property
    def is_timed(self) -> bool:
        """Whether it follows from a device, and is no whole number."""
        return self.unit in ("ms", "mJ")


METRICS: Mapping[str, Metric] = {
    "params": Metric(
        "Params",
        lambda network: _sum(cost.params for cost in network.costs),
        "params",
        "max_params",
        lambda network: ((cost.params, cost.layer.name) for cost in network.costs),
    ),
    "mult_adds": Metric(
        "Mult-Adds",
        lambda network: _sum(cost.mult_adds for cost in network.costs),
        "mult-adds",
        "max_mult_adds",
        lambda network: ((cost.mult_adds, cost.layer.name) for cost in network.costs),
    ),
    "weight_bytes": Metric(
        "Flash",
        lambda network: network.weight_bytes,
        "of flash",
        "max_flash",
        lambda network: network.weights_of_layers,
        unit="B",
    ),
    "peak_bytes": Metric(
        "RAM",
        lambda network: network.peak_bytes,
        "of RAM",
        "max_ram",
        unit="B",
        is_largest=True,
    ),
    "traffic_bytes": Metric(
        "Traffic",
        lambda network: _sum(bytes_ for bytes_, _ in network.traffic),
        "of traffic",
        "max_traffic",
        lambda network: network.traffic,
        unit="B",
    ),
    "bound_ms": Metric(
        "Bound",
        lambda network: 1000 * network.bound_seconds,
        "ms at least",
        "max_ms",
        unit="ms",
    ),
    "energy": Metric(
        "Energy at the bound",
        lambda network: 1000 * network.bound_joules,
        "mJ at the bound",
        "max_mj",
        unit="mJ",
    ),
}
"""Metrics by name: the names are those of columns, budgets, claims and ``--metrics``."""


BYTES = tuple(name for name, row in METRICS.items() if row.is_bytes)
"""The metrics in bytes, which a storage determines."""

TIMES = tuple(name for name, row in METRICS.items() if row.is_timed)
"""The metrics that a device determines, and a storage with it."""


def measured(
    graph: LayerGraph, accounting: Accounting, metrics: Iterable[str] = COUNTED
) -> dict[str, Any]:
    """The costs of a layer graph, by metric.

    Raises:
        CostcalcError: the convention or the storage does not fit the network.
    """
    network = Measured(graph, accounting)
    return {name: METRICS[name].measure(network) for name in metrics}


def accounting(
    convention: Convention,
    metrics: Iterable[str] = COUNTED,
    storage: NameOrPath | None = None,
    planner: str | None = None,
    batch: int = 1,
    device: NameOrPath | None = None,
    dtype: str | None = None,
    instead: str = "",
) -> Accounting:
    """An accounting for some metrics; with a device, the storage is by default its usual one.

    Args:
        convention: how costs are counted.
        metrics: what is measured.
        storage: as in :class:`Accounting`; also a path object.
        planner: likewise.
        batch: likewise.
        device: a device's name or path.
        dtype: what is multiplied there; None for what the storage, or the device, has.
        instead: as for :func:`refuse_unused`.

    Raises:
        CostcalcError: there is no such storage, planner or device, the batch is not a number of
            inputs, one of them is given although no metric depends on it, or times have no
            device.
    """
    batch = whole_number("batch", batch)
    refuse_unused(metrics, instead, storage, planner, batch, device, dtype)
    times = [name for name in metrics if METRICS[name].is_timed]
    if times and device is None:
        message = f"{times[0]} is a figure of a device, and none is named"
        refuse(None, message, option("device", "NAME"), hint=listed_by("devices"))
    if dtype is not None and device is None:
        refuse(None, advice("{} needs a device", option("dtype", dtype)), option("device", "NAME"))
    if has_bytes(metrics):
        from costcalc.arena.plan import named_planner
        from costcalc.storing.files import load

        if storage is not None:
            load(storage)
        if planner is not None:
            named_planner(planner)
    if device is not None:
        from costcalc.performance.running import run, usual_storage

        on = run(device, dtype, storage, batch=batch)
        return Accounting(convention, usual_storage(on), planner, batch, on)
    path = None if storage is None else os.fspath(storage)
    return Accounting(convention, path, planner, batch)


def refuse_unused(
    metrics: Iterable[str],
    instead: str,
    storage: NameOrPath | None,
    planner: str | None,
    batch: int,
    device: NameOrPath | None = None,
    dtype: str | None = None,
) -> None:
    """Refuses what determines bytes and times if no metric is in either.

    Args:
        metrics: what is measured.
        instead: the options that ask for bytes, or with a device for times.
        storage: a storage, if one is given.
        planner: likewise.
        batch: likewise; 1 is none.
        device: likewise.
        dtype: likewise.

    Raises:
        SpecError: one of them is given, but only counts are measured.
    """
    given = {"storage": storage, "planner": planner, "batch": batch if batch != 1 else None}
    given |= {"device": device, "dtype": dtype}
    stated = [option(name, str(value)) for name, value in given.items() if value is not None]
    if stated and not has_bytes(metrics):
        message = "{} would change nothing: only counts are asked for"
        if batch != 1:
            message += ", and a batch of N costs N times as much"
        what = "bytes: {}" if device is None and dtype is None else "times, or bytes: {}"
        refuse(None, advice(message, joined(" and ", stated)), advice(what, instead))


def has_bytes(metrics: Iterable[str]) -> bool:
    """Whether any of the metrics depends on a storage: those in bytes, and times."""
    return any(METRICS[name].unit for name in metrics)


def by_metric(
    max_mult_adds: Any,
    max_params: Any,
    max_ram: Any,
    max_flash: Any,
    max_traffic: Any,
    max_ms: Any = None,
    max_mj: Any = None,
) -> dict[str, Any]:
    """Bounds by the metrics that they bound, from the arguments of a question or a command."""
    return {
        "mult_adds": max_mult_adds,
        "params": max_params,
        "peak_bytes": max_ram,
        "weight_bytes": max_flash,
        "traffic_bytes": max_traffic,
        "bound_ms": max_ms,
        "energy": max_mj,
    }


def limits(given: Mapping[str, Any]) -> dict[str, int | Fraction]:
    """Bounds by metric, without those that are None; sizes have units of bytes, counts none.

    Args:
        given: numbers or text.

    Raises:
        SpecError: a bound is not a number above zero, or has the other kind of unit.
    """
    found = {}
    for name, value in given.items():
        number = limit(name, value)
        if number is not None:
            found[name] = number
    return found


def floors(given: Mapping[str, Any]) -> dict[str, int | Fraction]:
    """Lower bounds on counts by metric, without those that are None.

    Args:
        given: numbers or text.

    Raises:
        SpecError: one is not a number above zero, or has a unit of bytes.
    """
    numbers = {name: budget(option(f"min_{name}"), amount(value)) for name, value in given.items()}
    return {name: number for name, number in numbers.items() if number is not None}


def limit(name: str, value: Any) -> int | Fraction | None:
    """A bound on a metric in its own unit; None if there is none.

    Raises:
        SpecError: as for :func:`limits`.

    >>> limit("bound_ms", "20"), limit("bound_ms", "0.5 s"), limit("peak_bytes", "2 KiB")
    (20, 500, 2048)
    """
    metric = METRICS[name]
    what = option(metric.bound)
    if not metric.is_timed:
        return budget(what, amount(value), metric.is_bytes)
    if isinstance(value, str):
        base = metric.unit.removeprefix("m")
        try:
            stated = numbers.measure(value.strip(), base)
            number = 1000 * stated.value if stated is not None else numbers.quantity(value.strip())
        except ExpressionError as error:
            refuse(None, advice("{}: {}", what, error.message), error.expected)
        value = number if number is not None and number > 0 else value
    if isinstance(value, str):
        expected = f"a number above zero: 20, or 20 {metric.unit}"
        refuse(None, advice("{} cannot be '{}'", what, value), expected)
    return budget(what, amount(value), examples=f"20, for 20 {metric.unit}")


def amount(value: Any) -> Any:
    """A number as text or as an exact number, also from a float such as 100e6."""
    is_fraction = isinstance(value, float) and not value.is_integer()
    return value if value is None or isinstance(value, str) or is_fraction else exact_value(value)


def title(name: str, unit: str) -> str:
    """A metric's title; that of mult-adds is the title of their unit: ``FLOPs``."""
    return unit_title(unit) if name == "mult_adds" else METRICS[name].title


def heading(name: str, unit: str) -> str:
    """A metric's title, with its unit if it has one: ``RAM, B``."""
    metric = METRICS[name]
    return f"{metric.title}, {metric.unit}" if metric.unit else title(name, unit)


def shown(name: str, value: Any) -> Any:
    """A cost as a cell of a table: times and energy with four digits, counts as they are."""
    return Significant(Fraction(value)) if METRICS[name].is_timed else value


def for_scripts(name: str, value: Any) -> Any:
    """A cost for scripts: times and energy as the nearest float, counts as they are."""
    return float(value) if METRICS[name].is_timed else value


def cost_of(costs: Mapping[str, Any], name: str) -> Any:
    """The cost of that name, as an attribute of what has costs.

    Raises:
        AttributeError: it was not measured.
    """
    if name in costs:
        return costs[name]
    how = f": it was not asked for, metrics={name!r}" if name in METRICS else ""
    raise AttributeError(f"there is no {name}{how}")


def named_metrics(names: Iterable[str]) -> tuple[str, ...]:
    """Names of metrics, each once.

    Raises:
        SpecError: there is no such metric.
    """
    listed = tuple(dict.fromkeys(names))
    for name in listed:
        if name not in METRICS:
            hint = did_you_mean(name, METRICS)
            refuse(None, f"there is no metric '{name}'", "one of " + ", ".join(METRICS), hint=hint)
    return listed


def _sum(sizes: Iterable[Size]) -> Size:
    total: Size = sum(sizes)
    return total
