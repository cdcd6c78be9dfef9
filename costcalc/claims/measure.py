"""Computes the quantities of figures: the table of metrics, and how layers are selected."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from fractions import Fraction
from typing import Any, NamedTuple, NoReturn

from costcalc import metrics
from costcalc.claims.claim import Counting, Quantity, Subject
from costcalc.claims.networks import Networks
from costcalc.claims.spaces import network_count
from costcalc.costs.count import LayerCost
from costcalc.errors import did_you_mean, refuse
from costcalc.graph.layer import Layer, LayerGraph
from costcalc.kinds.base import elements
from costcalc.kinds.naming import type_name
from costcalc.metrics import Measured
from costcalc.names import paths
from costcalc.opening import OpenNetwork


class Part(NamedTuple):
    """The layers of a network that a figure is about."""

    measured: Measured
    subject: Subject
    network: OpenNetwork

    @property
    def graph(self) -> LayerGraph:
        """The whole network."""
        return self.measured.graph

    @property
    def costs(self) -> Sequence[LayerCost]:
        """The counts of the layers."""
        return self.measured.costs


class Metric(NamedTuple):
    """A row of the table of metrics."""

    name: str
    title: str
    measure: Callable[[Part], Any]
    join: Callable[[Iterable[Any]], Any] = sum
    """How the measurements of several layers, or of several networks, are combined."""
    shares: Callable[[Part], Iterable[tuple[Any, str]]] | None = None
    """What layers contribute, with their names, if a layer has a value of its own."""
    is_bytes: bool = False
    """Whether it depends on a storage, and its figures are in bytes."""
    is_of_space: bool = False
    """Whether it is a figure of a spec's whole space, not of one network."""


def _largest(values: Iterable[Any]) -> Any:
    return max(values, default=0)


def _by_layer(
    name: str,
    title: str,
    of_layer: Callable[[LayerCost], Any],
    join: Callable[[Iterable[Any]], Any] = sum,
) -> Metric:
    """A metric whose value is that of the layers, combined."""

    def shares(part: Part) -> Iterable[tuple[Any, str]]:
        return ((of_layer(cost), cost.layer.name) for cost in part.costs)

    return Metric(name, title, lambda part: join(map(of_layer, part.costs)), join, shares)


def _measured_row(name: str, row: metrics.Metric) -> Metric:
    """A row of the table of :mod:`costcalc.metrics`; a peak of several networks is the largest."""
    shares, is_peak = row.shares, row.is_bytes and row.shares is None
    return Metric(
        name,
        f"{row.title}, {row.unit}" if row.is_timed else row.title,
        lambda part: row.measure(part.measured),
        _largest if is_peak else sum,
        None if shares is None else lambda part: shares(part.measured),
        row.is_bytes,
    )


def _layers(part: Part) -> int:
    return sum(1 for cost in part.costs if cost.params)


def _blocks(part: Part) -> int:
    names = part.graph.blocks.values()
    return sum(1 for name in names if not part.subject.only or name in part.subject.only)


def _neurons(cost: LayerCost) -> Any:
    """The elements of a layer's map; 0 for a norm or an activation, whose map is its host's."""
    return elements(cost.layer.output) if cost.layer.host is None else 0


def _side(cost: LayerCost) -> Any:
    layer = cost.layer
    return layer.output[-1] if layer.host is None and layer.output else 0


def _stride(cost: LayerCost) -> Any:
    operation: Any = cost.layer.operation
    stride = getattr(operation, "stride", 1)
    if stride is None:  # by default the windows of a pool do not overlap
        stride = operation.kernel
    return max(stride) if isinstance(stride, tuple) else stride


def _input_neurons(part: Part) -> Any:
    return elements(part.graph.input)


def _network_count(part: Part) -> int:
    return network_count(part.network, part.measured.accounting)


QUANTITIES = (
    *(_measured_row(name, metrics.METRICS[name]) for name in ("mult_adds", "params")),
    *(_measured_row(name, row) for name, row in metrics.METRICS.items() if row.unit),
    Metric("intensity", "Operations per byte", lambda part: part.measured.intensity, _largest),
    Metric("layer_count", "Layers", _layers),
    Metric("block_count", "Blocks", _blocks),
    _by_layer("neurons", "Neurons", _neurons),
    Metric("input_neurons", "Input neurons", _input_neurons),
    _by_layer("map_side", "Side", _side, _largest),
    _by_layer("stride", "Stride", _stride, _largest),
    Metric("network_count", "Networks", _network_count, is_of_space=True),
)
"""What can be measured, alone or with a suffix of :data:`RELATIONS`."""


class Relation(NamedTuple):
    """How two measurements are compared."""

    suffix: str
    title: str
    compare: Callable[[Fraction, Fraction], Fraction]
    needs_over: bool = True
    """Whether ``over`` names the second subject; otherwise it is the whole network."""


RELATIONS = (
    Relation("_share", "share of", lambda part, whole: part / whole, needs_over=False),
    Relation("_ratio", "ratio of", lambda a, b: a / b),
    Relation("_increase", "increase of", lambda a, b: (a - b) / b),
    Relation("_difference", "difference of", lambda a, b: a - b),
)

METRICS: Mapping[str, tuple[Metric, Relation | None]] = {
    metric.name + (relation.suffix if relation else ""): (metric, relation)
    for metric in QUANTITIES
    for relation in (None, *RELATIONS)
}
"""The metrics of claims by name."""

FORMER: Mapping[str, str] = {
    f"memory{suffix}": f"peak_bytes{suffix} with 'storage: mobilenet_v2-table3', its new name"
    for suffix in ("", *(relation.suffix for relation in RELATIONS))
}
"""What has replaced the metrics of earlier releases."""


def title(metric: str) -> str:
    """A metric's title in tables: ``Mult-Adds``, ``Mult-Adds (share)``."""
    quantity, relation = METRICS[metric]
    return f"{quantity.title} ({relation.suffix[1:]})" if relation else quantity.title


def measure(quantity: Quantity, networks: Networks) -> Fraction:
    """The exact value of a quantity.

    Raises:
        CostcalcError: a network or the convention is wrong, or no layer matches a
            name in the claim.
    """
    metric, relation = METRICS[quantity.metric]
    value = _measured(metric, quantity.subject, quantity.counting, networks)
    if relation is None:
        return value
    second = quantity.over if relation.needs_over else quantity.subject._replace(only=())
    assert second is not None  # the reader requires it
    other = _measured(metric, second, quantity.counting, networks)
    if not other and relation.suffix != "_difference":
        name = " + ".join(network.name for network in second.networks)
        refuse(None, f"{name} has no {metric.title} to compare with")
    return relation.compare(value, other)


def _measured(metric: Metric, subject: Subject, counting: Counting, networks: Networks) -> Fraction:
    value = metric.join(metric.measure(part) for part in parts(subject, counting, networks))
    return Fraction(value) * (counting.times if metric.name == "mult_adds" else 1)


def parts(subject: Subject, counting: Counting, networks: Networks) -> list[Part]:
    """The layers of each network that the subject selects and the counting keeps.

    Raises:
        CostcalcError: a network or the convention is wrong, or no layer matches a name.
    """
    counts = [networks.measured(network, counting) for network in subject.networks]
    graphs = [whole.graph for whole in counts]
    for name in (*subject.only, *counting.without):
        if not any(networks.selected(name, graph, _selected) for graph in graphs):
            _refuse_name(name, graphs)
    selected = []
    for network, whole in zip(subject.networks, counts, strict=True):
        graph = whole.graph
        kept = {*range(len(graph.layers))}
        if subject.only:
            kept = set().union(
                *(networks.selected(name, graph, _selected) for name in subject.only)
            )
        if subject.side is not None:
            kept = {index for index in kept if graph.layers[index].output[-1:] == (subject.side,)}
        for name in counting.without:
            kept -= networks.selected(name, graph, _selected)
        selected.append(Part(whole.part(kept), subject, networks.opened(network)))
    return selected


def _selected(name: str, graph: LayerGraph) -> frozenset[int]:
    """The layers that a name in a claim means, as indexes."""
    layers = enumerate(graph.layers)
    return frozenset(index for index, layer in layers if _matches(name, layer, graph))


def _matches(name: str, layer: Layer, graph: LayerGraph) -> bool:
    """Whether a name in a claim means a layer.

    ``3a`` means every layer in the block called 3a, ``conv1`` also the norm and the
    activation in that layer's line, ``Conv DW 3x3`` every layer of that type, ``fc``
    every layer of that kind, and ``*/expand`` every layer whose name matches.
    """
    path = layer.name
    if path == name or path.startswith((f"{name}/", f"{name}.")) or layer.kind.name == name:
        return True
    if "*" in name:
        return fnmatchcase(path, name) or fnmatchcase(path, f"{name}[/.]*")
    if name in graph.blocks.values():
        return any(graph.blocks.get(block) == name for block in paths(path))
    return type_name(layer.kind, layer.operation, layer.input_shapes) == name


def _refuse_name(name: str, graphs: Sequence[LayerGraph]) -> NoReturn:
    known = {layer.name for graph in graphs for layer in graph.layers}
    known.update(path for graph in graphs for path in graph.blocks)
    titles = " or ".join(graph.name for graph in graphs)
    refuse(
        None,
        f"no layer of {titles} is '{name}'",
        expected="a layer's name, a block, a type ('Conv 1x1') or a kind ('fc')",
        hint=did_you_mean(name, known),
    )
