"""Params that several layers share: which layer owns them, and whether they fit the others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

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
            )
        return layer._replace(shares=index)


def _learned(layer: Layer) -> tuple[str, tuple[Size, ...]]:
    events = layer.events()
    return layer.kind.name, tuple(getattr(events, name) for name in PARAMS)


def _described(layer: Layer) -> str:
    events = layer.events()
    return f"'{layer.kind.name}' with {events.weights} weights and {events.biases} biases"
