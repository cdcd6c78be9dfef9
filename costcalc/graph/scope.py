"""Names of layers: which are taken, and which tensor each one means."""

from __future__ import annotations

from costcalc.errors import did_you_mean
from costcalc.graph.frame import Tensor

REMEMBERED = 8
"""Steps whose results a block of several inputs may read without naming them."""


class Scope:
    """The names inside a network, a block or a sequence.

    A sequence sees the names around it; a block sees its inputs alone.  Where a
    sequence has no name, its layers share a path with those around it, and no
    two of them a name.
    """

    def __init__(self, path: str, outer: Scope | None = None) -> None:
        self.path = path
        self.outer = outer
        self.tensors: dict[str, Tensor] = {}
        self.recent: tuple[Tensor, ...] = ()
        """What the last steps here gave, the last one first."""
        self.own: set[str] = set()
        shared = outer is not None and outer.path == path
        self.counts: dict[str, int] = outer.counts if outer and shared else {}

    def name(self, word: str, is_given: bool, numbered: bool) -> str:
        """A name that is free here: the given one, or ``word`` with a number."""
        name = word
        while name in self.counts or not is_given or numbered:
            self.counts[word] = self.counts.get(word, 0) + 1
            name = f"{word}{self.counts[word]}"
            if name not in self.counts:
                break
        self.counts[name] = 0
        self.own.add(name)
        return name

    def is_taken(self, name: str) -> bool:
        """Whether a layer here has this name already."""
        return name in self.own

    def full(self, name: str) -> str:
        """The name with the path that leads to it."""
        return f"{self.path}/{name}" if self.path else name

    def find(self, name: str) -> Tensor | None:
        """The tensor of that name, here or around."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope.tensors:
                return scope.tensors[name]
            scope = scope.outer
        return None

    def gave(self, tensor: Tensor) -> None:
        """Remembers what a step here gave."""
        if self.recent[:1] != (tensor,):
            self.recent = (tensor, *self.recent[: REMEMBERED - 1])

    def hint(self, name: str) -> str:
        """A likely name among those that are known here."""
        known: list[str] = []
        scope: Scope | None = self
        while scope is not None:
            known += scope.tensors
            scope = scope.outer
        return did_you_mean(name, known)
