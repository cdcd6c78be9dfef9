"""The bytes of each layer of a report, from a schedule's steps and constants."""

from __future__ import annotations

from collections.abc import Iterator

from costcalc.graph.layer import LayerGraph
from costcalc.render.formatting import counted
from costcalc.reporting.stored import StepBytes, StoredReport
from costcalc.spec.library import NameOrPath
from costcalc.storing.network import stored_network
from costcalc.storing.schedule import StoredNetwork
from costcalc.storing.storage import UNITS


def stored_report(
    graph: LayerGraph, storage: NameOrPath | None, planner: str | None, batch: int
) -> StoredReport:
    """The bytes of a layer graph by layer.

    Args:
        graph: a network.
        storage: a storage's name or path; None for the network's own, or ``fp32``.
        planner: a planner's name; None for the storage's.
        batch: how many inputs are run at once.

    Raises:
        CostcalcError: there is no such storage or planner.
    """
    network = stored_network(graph, storage, batch, planner)
    row, schedule, planned = network.storage, network.schedule, network.planned(planner)
    names = [layer.name for layer in graph.layers]
    totals = {
        "weight_bytes": int(schedule.weight_bytes),
        "peak_bytes": int(planned.peak),
        "traffic_bytes": sum(int(step.traffic_bytes) for step in network.traffic),
    }
    return StoredReport(
        storage=row.name,
        planner=planned.planner,
        batch=batch,
        facts=(
            ("storage", f"{row.name}: {row.title}"),
            ("batch", counted(batch) if batch != 1 else ""),
            ("flash", row.amount(totals["weight_bytes"])),
            ("RAM", f"{row.amount(totals['peak_bytes'])}, planner {planned.planner}"),
        ),
        unit=(row.unit, UNITS[row.unit]),
        totals=totals,
        weights={names[at]: int(size) for at, size in schedule.weights_by_layer.items()},
        steps=tuple(_steps(network, names, planned.alive)),
        part_of={names[layer]: step.name for step in schedule.steps for layer in step.layers},
        sizes=tuple(int(tensor.bytes) for tensor in network.apart.tensors),
        kept=frozenset(index for index, tensor in enumerate(network.apart.tensors) if tensor.kept),
    )


def _steps(network: StoredNetwork, names: list[str], alive: tuple[int, ...]) -> Iterator[StepBytes]:
    """The steps; their tensors are those of outputs apart, before any shares another's memory."""
    apart = {step.name: step for step in network.apart.steps}
    for step, traffic, now in zip(network.schedule.steps, network.traffic, alive, strict=True):
        own = apart[step.name]
        yield StepBytes(
            layer=names[step.layers[0]] if step.layers else None,
            reads=frozenset(own.reads),
            writes=frozenset(own.writes),
            alive=now,
            traffic=int(traffic.traffic_bytes),
            operations=int(traffic.operations),
        )
