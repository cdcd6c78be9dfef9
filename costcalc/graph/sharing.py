"""Params that several layers share: which layer owns them, and whether they fit the others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from costcalc.errors import Problems
from costcalc.formulas.algebra import Size
from costcalc.graph.layer import Layer
from costcalc.kinds.base import PARAMS


class Sharing:
    """Layers at the same place in steps with the same ``shares`` word share their params."""

    def __init__(self, problems: Problems) -> None:
        self.problems = problems
        self.owners: dict[tuple[str, str], int] = {}
        self.around: tuple[str, str] | None = None

    @contextmanager
    def inside(self, word: str, path: str) -> Iterator[None]:
        """A context in which layers belong to the step at ``path``, which shares ``word``."""
        outer, self.around = self.around, (word, path)
        try:
            yield
        finally:
            self.around = outer

    def owned(self, layer: Layer, layers: Sequence[Layer]) -> Layer:
        """The layer, which comes after ``layers``, with the owner of its params."""
        if self.around is None:
            return layer
        word, path = self.around
        place = (word, layer.name.removeprefix(path))
        index = self.owners.setdefault(place, len(layers))
        if index == len(layers):
            return layer
        owner = layers[index]
        if _learned(owner) != _learned(layer):
            self.problems.add(
                layer.mark,
                f"layer '{layer.name}' cannot share the params of '{owner.name}'",
                expected=f"{_described(owner)}, as at {owner.mark}",
                found=_described(layer),
                hint=_table_hint(owner, layer),
            )
        return layer._replace(shares=index)


def _learned(layer: Layer) -> tuple[str, Size, tuple[Size, ...]]:
    """What a layer's params are: those of layers that share them are equal.

    An embedding's table is the matrix of a fully connected layer with an output for each of
    its rows: Press and Wolf, arXiv 1608.05859.
    """
    events, kind = layer.events(), layer.kind.name
    operation: Any = layer.operation
    rows = operation.rows if kind == "embedding" else operation.out if kind == "fc" else 1
    counts = tuple(getattr(events, name) for name in PARAMS)
    return "table" if kind in _TABLES else kind, rows, counts


_TABLES = ("embedding", "fc")
"""Kinds whose weights are a matrix of rows."""


def _table_hint(owner: Layer, layer: Layer) -> str:
    """A hint if a fully connected layer differs from the table it shares as such layers do."""
    (*mine, (weights, *_)), (*theirs, (others, *_)) = _learned(layer), _learned(owner)
    if mine != theirs or layer.kind == owner.kind:
        return ""
    connected: Any = (layer if layer.kind.name == "fc" else owner).operation
    if weights != others and not connected.per_position:
        return "per_position: true, for the matrix at every position"
    return "bias: false, as a table has none" if weights == others else ""


def _described(layer: Layer) -> str:
    events, (_, rows, _) = layer.events(), _learned(layer)
    of_rows = f" of {rows} rows" if layer.kind.name in _TABLES else ""
    return f"'{layer.kind.name}'{of_rows} with {events.weights} weights and {events.biases} biases"
