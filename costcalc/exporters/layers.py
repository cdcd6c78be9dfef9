"""What every exporter asks of a graph's layers: what writes each, and what must not be written."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from costcalc.errors import Refusal, SpecError
from costcalc.graph.layer import Layer, LayerGraph

T = TypeVar("T")

UNDEFINED: Mapping[str, str] = {
    "rearrange": "the graph states what shape comes out, and not which elements move where",
    "uncounted": "costcalc does not know what the operation computes",
}
"""Kinds that no format can express, and why."""


class UnwritableLayer(Refusal):
    """A layer that a format cannot express; the caller knows which one."""


def for_each_layer(graph: LayerGraph, write: Callable[[int], T], format_: str) -> list[T]:
    """What ``write`` makes of every layer, given its index.

    Raises:
        SpecError: the format cannot express some of them; all are named.
    """
    written, problems = [], []
    for index, layer in enumerate(graph.layers):
        try:
            written.append(write(index))
        except UnwritableLayer as error:
            subject = f"layer '{layer.name}' cannot be written for {format_}"
            problems.append(error.problem(layer.mark, subject))
    if problems:
        raise SpecError(problems)
    return written


def row_of(layer: Layer, rows: Mapping[str, T], missing: Mapping[str, str]) -> T:
    """The row of a layer's kind in a format's table.

    Raises:
        UnwritableLayer: the format cannot express the kind, for the reason in ``missing``.
    """
    if layer.kind.name in missing:
        operation: Any = layer.operation
        found = layer.kind.name if layer.kind.is_counted else operation.op
        raise UnwritableLayer(missing[layer.kind.name], found=f"'{found}'")
    return rows[layer.kind.name]


def refuse_borrowing(layer: Layer) -> None:
    """Refuses a layer that uses part of another's params, of which the graph keeps the count alone.

    Raises:
        UnwritableLayer: it does, and a file would need to name the tensors.
    """
    if layer.borrows:
        raise UnwritableLayer("shares parameters with a layer that the graph does not name")


class Splits:
    """The tensors that are split: other formats cut one once, where a layer here gives one part."""

    def __init__(self, layers: Sequence[Layer]) -> None:
        self._names: dict[object, dict[int, str]] = {}
        for layer in layers:
            if layer.kind.name == "split":
                operation: Any = layer.operation
                self._names.setdefault(_cut(layer), {}).setdefault(operation.part, layer.name)

    def names(self, layer: Layer) -> Mapping[int, str]:
        """For each part of the tensor that a layer splits, the first layer that gives it."""
        return self._names[_cut(layer)]

    def is_first(self, layer: Layer) -> bool:
        """Whether the layer is the first of those that split the tensor in its way."""
        return next(iter(self.names(layer).values())) == layer.name


def _cut(layer: Layer) -> object:
    """What all parts of one tensor, split in one way, have in common."""
    operation: Any = layer.operation
    return layer.inputs, operation._replace(part=1)
