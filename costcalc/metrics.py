"""What a network costs, by name: the table of metrics, and how each is measured.

    LayerGraph × Accounting --measured--> {"mult_adds": ..., "peak_bytes": ...}

Reports, comparisons, sweeps, budgets, claims and figures that speak of a cost by its name
find it here.  Sizes may be numbers of any algebra, so a sweep measures arrays.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from costcalc.costs.count import LayerCost, count
from costcalc.costs.rules import Convention
from costcalc.errors import did_you_mean, refuse
from costcalc.formulas.algebra import Size
from costcalc.graph.layer import LayerGraph
from costcalc.records import NamedTuple

if TYPE_CHECKING:
    from costcalc.storing.schedule import StoredNetwork
    from costcalc.storing.storage import Storage

COUNTED = ("params", "mult_adds")
"""What is measured unless other metrics are named."""


class Accounting(NamedTuple):
    """How costs are measured: counts by a convention, bytes by a storage."""

    convention: Convention
    storage: str | None = None
    """A storage's name, or the path of its file; None for the network's own, or ``fp32``."""
    planner: str | None = None
    """The planner of peaks; None for the storage's."""
    batch: int = 1
    """How many inputs are run at once; counts are those of one."""


class Measured:
    """One layer graph under an accounting; each stage is computed once, when it is needed."""

    def __init__(self, graph: LayerGraph, accounting: Accounting) -> None:
        self.graph = graph
        self.accounting = accounting

    @cached_property
    def costs(self) -> tuple[LayerCost, ...]:
        """The counts of each layer."""
        return count(self.graph, self.accounting.convention)

    @cached_property
    def stored(self) -> tuple[Storage, StoredNetwork]:
        """The storage, and the network under it."""
        # Imported here: most questions are about counts alone.
        from costcalc.storing.memory import under

        return under(self.graph, self.accounting.storage, self.accounting.batch)

    @property
    def peak_bytes(self) -> Size:
        """The planner's peak."""
        storage, network = self.stored
        planner = self.accounting.planner or storage.planner
        return network.schedule.planned(planner, storage.alignment).peak


class Metric(NamedTuple):
    """A row of the table of metrics."""

    title: str
    measure: Callable[[Measured], Size]
    is_bytes: bool = False
    """Whether it is shown, and bounded, in bytes: ``256 KiB``."""
    option: str = ""
    """The word of its bound on the command line, if not its name: ``max-ram``."""


METRICS: Mapping[str, Metric] = {
    "params": Metric("Params", lambda network: _sum(cost.params for cost in network.costs)),
    "mult_adds": Metric(
        "Mult-Adds", lambda network: _sum(cost.mult_adds for cost in network.costs)
    ),
    "weight_bytes": Metric(
        "Flash",
        lambda network: network.stored[1].schedule.weight_bytes,
        is_bytes=True,
        option="max-flash",
    ),
    "peak_bytes": Metric(
        "RAM", lambda network: network.peak_bytes, is_bytes=True, option="max-ram"
    ),
    "traffic_bytes": Metric(
        "Traffic",
        lambda network: _sum(step.traffic_bytes for step in network.stored[1].traffic),
        is_bytes=True,
    ),
}
"""Metrics by name: the names are those of columns, budgets, claims and ``--metrics``."""


def measured(
    graph: LayerGraph, accounting: Accounting, metrics: Iterable[str] = COUNTED
) -> dict[str, Any]:
    """The costs of a layer graph, by metric.

    Raises:
        CostcalcError: the convention or the storage does not fit the network.
    """
    network = Measured(graph, accounting)
    return {name: METRICS[name].measure(network) for name in metrics}


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
