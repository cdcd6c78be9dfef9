"""The costs of layers, of types of layer and in total, as plain typed values."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from costcalc.costs.count import LayerCost
from costcalc.graph.layer import INPUT, Computation, LayerGraph
from costcalc.kinds.base import Kind, Shape
from costcalc.kinds.naming import filter_sides, is_depthwise, row_label, type_name
from costcalc.records import NamedTuple
from costcalc.render.formatting import percent


class Totals(NamedTuple):
    """Costs added up, in the convention's unit."""

    params: int
    mult_adds: int


class TypeCost(NamedTuple):
    """All layers of one type: a row as in MobileNetV1's Table 2."""

    type: str
    layers: int
    mult_adds: int
    mult_adds_percent: float
    params: int
    params_percent: float


class LayerReport(NamedTuple):
    """One layer with its cost."""

    name: str
    kind: str
    type: str
    """The type, named as in MobileNetV1's Table 2."""
    label: str
    """The layer, named as in the rows of MobileNetV1's Table 1."""
    attributes: Mapping[str, Any]
    """The attributes of its kind; stride, kernel and dilation have one entry per axis."""
    input: Shape
    """The first input's shape, channels first; empty for a source."""
    output: Shape
    filter: Shape
    """The filter's shape as in MobileNetV1's Table 1; empty if there is none."""
    is_depthwise: bool
    mult_adds: int
    params: int
    is_free: bool
    """Whether the convention counts neither."""
    host: str | None
    """The layer on whose line a norm or an activation was written."""
    is_counted: bool = True
    """Whether costcalc knows the operation; if not, its costs are unknown, not zero."""
    input_axis: int | None = 0
    """The axis of the first input's channels, the first of a map, the last of tokens; None
    for a source, which reads nothing."""
    output_axis: int = 0
    is_guessed: bool = False
    """Whether it is counted at a guessed shape, behind an operation unknown to costcalc."""
    is_of_weights: bool = False
    """Whether it computes on stored numbers alone, which the convention does not count."""

    @property
    def title(self) -> str:
        """Its row as in MobileNetV1's Table 1, such as ``Conv dw / s2``."""
        stride = self.attributes.get("stride")
        return (f"{self.label} / s{_stride_text(stride)}" if stride else self.label) + self.doubt

    @property
    def doubt(self) -> str:
        """What a reader must know of its costs; '' for nothing."""
        return " (shape guessed)" if self.is_guessed else ""


def _stride_text(stride: Shape) -> str:
    """A stride as in Table 1: one number if it is the same along all axes."""
    is_one = all(side == stride[0] for side in stride)
    return str(stride[0]) if is_one else "×".join(map(str, stride))


def totals(costs: Iterable[LayerCost]) -> Totals:
    """Costs added up."""
    listed = list(costs)
    return Totals(sum(cost.params for cost in listed), sum(cost.mult_adds for cost in listed))


def layer_reports(
    graph: LayerGraph, costs: Sequence[LayerCost], axes: Mapping[int, int]
) -> Iterator[LayerReport]:
    """Each layer with its cost; equal layers are described once.

    Args:
        graph: the layers.
        costs: the cost of each layer.
        axes: the axis of each tensor's channels, as :func:`.graph.layouts.channel_axes` has it.
    """
    describe, guessed = cache(_describe), graph.guessed
    for index, (layer, mult_adds, params, is_free, is_of_weights) in enumerate(costs):
        yield LayerReport(
            layer.name,
            *describe(layer.computation),
            mult_adds,
            params,
            is_free,
            host=graph.layers[layer.host].name if layer.host is not None else None,
            is_counted=layer.kind.is_counted,
            input_axis=axes.get(layer.inputs[0], 0) if layer.inputs else None,
            output_axis=axes.get(index, 0),
            is_guessed=index in guessed,
            is_of_weights=is_of_weights,
        )


def free_types(layers: Iterable[LayerReport]) -> dict[str, int]:
    """The number of layers of each type that the convention does not count."""
    return dict(Counter(layer.type for layer in layers if layer.is_free and layer.kind != INPUT))


def free_notes(layers: Sequence[LayerReport]) -> Iterator[str]:
    """What the convention does not count, in sentences."""
    free = ", ".join(f"{number} {type_}" for type_, number in free_types(layers).items())
    if free:
        yield f"Free in this convention: {free}."
    alone = Counter(layer.type for layer in layers if layer.is_of_weights)
    if alone:
        work = ", ".join(f"{number} {type_}" for type_, number in alone.items())
        yield f"On weights alone, no work of an image, and free: {work}."


def type_costs(
    layers: Sequence[LayerReport], totals: Totals, costing: Collection[str] = ()
) -> tuple[TypeCost, ...]:
    """The types with a cost, sorted by mult-adds, then params, the largest first.

    Layers whose names are in ``costing`` have a cost in any case: bytes.
    """
    sums: dict[str, list[int]] = {}
    for layer in layers:
        if layer.mult_adds or layer.params or layer.name in costing:
            row = sums.setdefault(layer.type, [0, 0, 0])
            row[0] += 1
            row[1] += layer.mult_adds
            row[2] += layer.params
    rows = (
        TypeCost(
            name,
            number,
            mult_adds,
            percent(mult_adds, totals.mult_adds),
            params,
            percent(params, totals.params),
        )
        for name, (number, mult_adds, params) in sums.items()
    )
    return tuple(sorted(rows, key=lambda row: (-row.mult_adds, -row.params)))


_PER_AXIS = ("stride", "kernel", "dilation")


class _Description(NamedTuple):
    """What equal layers have in common, in the order of the fields of :class:`LayerReport`."""

    kind: str
    type: str
    label: str
    attributes: Mapping[str, Any]
    input: Shape
    output: Shape
    filter: Shape
    is_depthwise: bool


def _describe(computation: Computation) -> _Description:
    kind, operation, shapes = computation.kind, computation.operation, computation.input_shapes
    return _Description(
        kind=kind.name,
        type=type_name(kind, operation, shapes),
        label=row_label(kind, operation, shapes),
        attributes=_attributes(kind, operation, shapes),
        input=shapes[0] if shapes else (),
        output=computation.output,
        filter=filter_sides(kind, operation, shapes, computation.output),
        is_depthwise=is_depthwise(kind, operation, shapes),
    )


def _attributes(kind: Kind, operation: Any, shapes: tuple[Shape, ...]) -> dict[str, Any]:
    """The attributes that a report shows; those of :data:`_PER_AXIS` have one entry per axis."""
    attributes: dict[str, Any] = {}
    for name in kind.attributes:
        value = getattr(operation, name)
        if name == "stride" and value is None:
            value = operation.kernel
        if name in _PER_AXIS and not isinstance(value, tuple):
            value = (value,) * (len(shapes[0]) - 1)
        if name not in kind.rare or value != kind.default(name):
            attributes[name] = value
    return attributes
