"""How parts of a network depend on one another in memory.

Under a storage, a layer may be part of the step before it, a tensor is alive until the last
step that reads it, and outputs stay to the end.  So a part's bytes depend on more than what
reaches it: on which parts after it read what the parts before it made.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set

from costcalc.formulas.algebra import Size, largest
from costcalc.graph.layer import NETWORK_INPUT, Layer, LayerGraph
from costcalc.grid.parts import PartText
from costcalc.metrics import Accounting, Measured
from costcalc.records import NamedTuple
from costcalc.storing.network import storage_or_default
from costcalc.storing.schedule import FOLDED, INPUT, is_view
from costcalc.storing.storage import Storage


class Crossing(NamedTuple):
    """A tensor that may be alive in parts that neither make nor read it."""

    made: int
    """The part that makes it; -1 for the network's input."""
    last: int
    """The last part that may read it; the number of parts if it may stay to the end."""
    decided_by: tuple[int, ...]
    """The parts on whose conditions it depends how long it is alive."""


def entangled(metric: str, accounting: Accounting) -> str:
    """Why a metric is neither a sum over parts nor the largest of them; '' if it is."""
    if metric in ("bound_ms", "energy"):
        return "a time is that of the whole network"
    storage = storage_or_default(accounting.storage)
    if metric in ("peak_bytes", "traffic_bytes") and storage.concat == "view":
        return f"under '{storage.name}' what is concatenated is one tensor"
    if metric == "peak_bytes":
        planner = accounting.planner_of_peaks
        if accounting.has_addresses or planner == "sum":
            return f"the planner '{planner}' looks at all tensors together"
        if storage.in_place:
            return f"under '{storage.name}' steps may work in place"
    return ""


def leans(graph: LayerGraph, layers: Sequence[int], storage: Storage) -> bool:
    """Whether some layer of a part may be in a step that begins before the part."""
    return any(
        NETWORK_INPUT < max(graph.layers[index].inputs, default=NETWORK_INPUT) < layers[0]
        for index in layers
        if _joins(graph.layers[index], storage)
    )


def _joins(layer: Layer, storage: Storage) -> bool:
    is_folded = layer.kind.name == FOLDED and storage.norms == "folded"
    is_fused = bool({layer.kind.name, layer.kind.family} & {*storage.fused})
    return is_folded or is_fused or is_view(layer)


def crossings(parts: Sequence[PartText], storage: Storage) -> Iterator[Crossing]:
    """The tensors that may be alive beyond the part after the one that makes them."""
    end = len(parts)
    if "inputs" in storage.keeps:
        yield Crossing(-1, end, ())
    by_name = [at for at, part in enumerate(parts) if "input" in part.reads]
    if by_name:
        yield Crossing(-1, max(by_name), tuple(by_name))
    for made, part in enumerate(parts):
        readers = [
            at
            for at in range(made + 1, end)
            if not parts[at].reads.isdisjoint(part.called | part.inner)
            or any(name.partition("/")[0] in part.called for name in parts[at].reads)
            or parts[at].has_recent
        ]
        following = []
        for at in range(made + 1, end):
            following.append(at)
            if not parts[at].is_optional:
                break
        is_followed = bool(following) and all(parts[at].follows for at in following)
        is_read = is_followed or any(not parts[at].is_optional for at in readers)
        stays = not is_read and "outputs" in storage.keeps
        if stays or readers:
            decided_by = tuple({*readers, *following})
            yield Crossing(made, end if stays else max(readers), decided_by)


def peak_of_steps(network: Measured, layers: frozenset[int]) -> Size:
    """The most bytes that a step of some layers needs; 0 if they are in no step."""
    planned = network.planned
    by_step = planned.sized.by_step(planned.planner)
    assert by_step is not None
    rows = zip(planned.sized.steps, by_step, strict=True)
    return largest([0, *(size for step, size in rows if not layers.isdisjoint(step.layers))])


def tangle(
    network: Measured, parts: Sequence[Sequence[int]], handed: Set[int], is_peak: bool
) -> str:
    """The reason why bytes do not add up over parts; '' if they do.

    Args:
        network: the network at some settings.
        parts: the layers of each part.
        handed: the layers whose outputs parts hand on.
        is_peak: whether it matters what is in memory together.
    """
    graph, schedule = network.graph, network.stored.schedule
    owner = {layer: at for at, layers in enumerate(parts) for layer in layers}
    alone = graph.weights_alone
    crossing = {
        source
        for reader, layer in enumerate(graph.layers)
        for source in alone.intersection(layer.inputs)
        if owner[source] != owner[reader]
    }
    if crossing or alone & handed:
        return "some parts read what others compute from stored numbers alone"
    if any(len({owner[layer] for layer in step.layers}) > 1 for step in schedule.steps):
        return "a step has layers of several parts"
    if not is_peak:
        return ""
    written = {tensor for step in schedule.steps for tensor in (*step.writes, *step.scratch)}
    if any(tensor not in written and tensor != INPUT for tensor in range(len(schedule.tensors))):
        return "other inputs or states of layers are in memory"
    if not handed >= {*graph.outputs}:
        return "the network has outputs inside its parts"
    if not schedule.steps:
        return "the network has no steps at some settings"
    return ""
