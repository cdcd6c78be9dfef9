"""What all exporters share: finding the writer of each layer, and refusing what has none."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from costcalc.errors import Refusal, SpecError
from costcalc.graph.layer import Layer, LayerGraph

T = TypeVar("T")

UNDEFINED: Mapping[str, str] = {
    "rearrange": "the graph states the output shape, but not which elements move where",
    "uncounted": "costcalc does not know what the operation computes",
    **dict.fromkeys(
        ("grid_sample", "roi_pool", "top_k", "nms", "fft"),
        "costcalc reads such layers, and does not write them",
    ),
}
"""The kinds that no exporter writes, and why."""


class UnwritableLayer(Refusal):
    """A format cannot express a layer; the caller adds the layer's name."""


def for_each_layer(graph: LayerGraph, write: Callable[[int], T], format_: str) -> list[T]:
    """The result of ``write`` for each layer's index.

    Raises:
        SpecError: the format cannot express some layers; all are named.
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
    """The row of a layer's kind in the table of a format.

    Raises:
        UnwritableLayer: the format cannot express the kind; ``missing`` has the reason.
    """
    if layer.kind.name in missing:
        operation: Any = layer.operation
        found = layer.kind.name if layer.kind.is_counted else operation.op
        raise UnwritableLayer(missing[layer.kind.name], found=f"'{found}'")
    return rows[layer.kind.name]


def refuse_borrowing(layer: Layer) -> None:
    """Refuse a layer that borrows params: the graph keeps their count, but a file needs tensors.

    Raises:
        UnwritableLayer: it does.
    """
    if layer.borrows:
        raise UnwritableLayer("shares parameters with a layer that the graph does not name")


class Splits:
    """Groups the layers that split one tensor: other formats split it once, into all parts."""

    def __init__(self, layers: Sequence[Layer]) -> None:
        self._names: dict[object, dict[int, str]] = {}
        for layer in layers:
            if layer.kind.name == "split":
                operation: Any = layer.operation
                self._names.setdefault(_split_of(layer), {}).setdefault(operation.part, layer.name)

    def names(self, layer: Layer) -> Mapping[int, str]:
        """The first layer that takes each part of the tensor that a layer splits."""
        return self._names[_split_of(layer)]

    def is_first(self, layer: Layer) -> bool:
        """Whether the layer is the first of those that split the tensor like this."""
        return next(iter(self.names(layer).values())) == layer.name


def _split_of(layer: Layer) -> object:
    """A key that is equal for all parts of one tensor, split in one way."""
    operation: Any = layer.operation
    return layer.inputs, operation._replace(part=1)
