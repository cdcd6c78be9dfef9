"""What a network costs, by name: the table of metrics, and how each is measured.

    LayerGraph × Accounting --measured--> {"mult_adds": ..., "peak_bytes": ...}

Reports, comparisons, sweeps, budgets, claims and figures that speak of a cost by its name
find it here.  Sizes may be numbers of any algebra, so a sweep measures arrays.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any

from costcalc.advice import advice, joined, listed_by, option
from costcalc.arena.schedule import PARAMS, Constant, Tensor
from costcalc.costs.count import LayerCost, count
from costcalc.costs.rules import Convention
from costcalc.errors import did_you_mean, refuse
from costcalc.formulas.algebra import Size, largest
from costcalc.graph.budgets import budget
from costcalc.graph.layer import LayerGraph
from costcalc.opening import exact_value
from costcalc.records import NamedTuple
from costcalc.render.page import Significant
from costcalc.spec import numbers
from costcalc.spec.numbers import ExpressionError

if TYPE_CHECKING:
    from costcalc.performance.roofline import Moves, Rates
    from costcalc.performance.running import Run
    from costcalc.storing.schedule import StoredNetwork, Traffic
    from costcalc.storing.storage import Storage

COUNTED = ("params", "mult_adds")
"""What is measured unless other metrics are named."""

DEFAULT_STORAGE = "fp32"
"""The storage of a network whose file states none."""


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

        Raises:
            StorageError: there is no such storage.
        """
        from costcalc.storing.files import load

        return self.planner or load(self.storage or DEFAULT_STORAGE).planner

    @property
    def device_name(self) -> str:
        """The name of the device; empty without one."""
        return self.run.device.name if self.run is not None else ""

    @property
    def has_addresses(self) -> bool:
        """Whether the planner gives addresses, rather than a peak alone."""
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
    def stored(self) -> tuple[Storage, StoredNetwork]:
        """The storage, and the whole network under it."""
        if self._whole is not None:
            return self._whole.stored
        # Imported here: most questions are about counts alone.
        from costcalc.storing.memory import under

        return under(self.graph, self.accounting.storage, self.accounting.batch)

    @property
    def planner(self) -> str:
        """The planner of peaks."""
        return self.accounting.planner or self.stored[0].planner

    @property
    def constants(self) -> tuple[Constant, ...]:
        """What is stored for the layers."""
        constants = self.stored[1].schedule.constants
        if self.layers is None:
            return constants
        return tuple(one for one in constants if one.layer is not None and self._has([one.layer]))

    @property
    def weight_bytes(self) -> Size:
        """The bytes of the stored numbers."""
        return self.stored[1].schedule._replace(constants=self.constants).weight_bytes

    @property
    def peak_bytes(self) -> Size:
        """The planner's peak; of a part, the most that one of its steps needs.

        Raises:
            SpecError: a planner with addresses has none for a part.
        """
        storage, network = self.stored
        if self.layers is None:
            return network.schedule.planned(self.planner, storage.alignment).peak
        from costcalc.storing.memory import rounded_sizes

        schedule = rounded_sizes(network.schedule, self.planner, storage.alignment)
        by_step = schedule.by_step(self.planner)
        if by_step is None or self.accounting.has_addresses:
            refuse(
                None,
                f"'{self.planner}' plans a whole network, not some layers of it",
                "a planner whose peak is that of a step: liveness, layer-io or largest",
            )
        steps = zip(schedule.steps, by_step, strict=True)
        return largest(size for step, size in steps if self._has(step.layers))

    def at_peak(self) -> tuple[str, tuple[Tensor, ...]]:
        """The step of the peak, and the tensors that it counts there, the largest first."""
        from costcalc.storing.memory import needed

        storage, network = self.stored
        schedule = network.schedule
        plan = schedule.planned(self.planner, storage.alignment)
        by_step = needed(schedule, plan, self.planner, storage.alignment)
        steps = [at for at, step in enumerate(schedule.steps) if self._has(step.layers)]
        tensors: Iterable[Tensor] = schedule.tensors
        name = ""
        if steps and self.planner != "sum":
            at = max(steps, key=by_step.__getitem__)
            step = schedule.steps[at]
            name = step.name
            if self.planner == "largest":
                tensors = (schedule.tensors[index] for index in step.writes)
            elif self.planner == "layer-io":
                tensors = (schedule.tensors[index] for index in {*step.reads, *step.writes})
            else:
                tensors = schedule.at(at)
        return name, tuple(sorted(tensors, key=lambda tensor: (-tensor.bytes, tensor.name)))

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
        network = self.stored[1]
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

        run = self.run
        storage, network = self.stored
        return moves(network), rates(run.device, run.dtype or dtype_of(storage), run.cores)

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
        by_layer: dict[int, Size] = {}
        for constant in self.constants:
            if constant.layer is not None and constant.role in PARAMS:
                by_layer[constant.layer] = by_layer.get(constant.layer, 0) + constant.bytes
        return ((size, self.graph.layers[index].name) for index, size in by_layer.items())

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
    "peak_bytes": Metric("RAM", lambda network: network.peak_bytes, "of RAM", "max_ram", unit="B"),
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
    storage: str | None = None,
    planner: str | None = None,
    batch: int = 1,
    device: str | None = None,
    dtype: str | None = None,
) -> Accounting:
    """An accounting for some metrics; with a device, the storage is by default its usual one.

    Raises:
        CostcalcError: there is no such storage, planner or device, the batch is no number of
            inputs, one of them is given although no metric depends on it, or times have no
            device.
    """
    given = {"storage": storage, "planner": planner, "batch": batch if batch != 1 else None}
    given |= {"device": device, "dtype": dtype}
    times = [name for name in metrics if METRICS[name].is_timed]
    if times and device is None:
        message = f"{times[0]} is a figure of a device, and none is named"
        refuse(None, message, option("device", "NAME"), hint=listed_by("devices"))
    if dtype is not None and device is None:
        refuse(None, advice("{} needs a device", option("dtype", dtype)), option("device", "NAME"))
    stated = [option(name, str(value)) for name, value in given.items() if value is not None]
    if has_bytes(metrics):
        from costcalc.arena.plan import named_planner
        from costcalc.storing.files import load
        from costcalc.storing.memory import check_batch

        check_batch(batch)
        if storage is not None:
            load(storage)
        if planner is not None:
            named_planner(planner)
        if device is not None:
            from costcalc.performance.running import run, usual_storage

            on = run(device, dtype, storage, batch=batch)
            return Accounting(convention, usual_storage(on), planner, batch, on)
    elif stated:
        refuse(
            None,
            advice("{} would change nothing: only counts are asked for", joined(" and ", stated)),
            advice(
                "a metric or a bound in bytes: {}, {}",
                option("metrics", "peak_bytes"),
                option("max_ram", "256KiB"),
            ),
        )
    return Accounting(convention, storage, planner, batch)


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


def heading(name: str) -> str:
    """A metric's title with its unit: ``RAM, B``."""
    metric = METRICS[name]
    return f"{metric.title}, {metric.unit}" if metric.unit else metric.title


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
