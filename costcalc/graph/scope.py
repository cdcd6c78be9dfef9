"""Scopes of names: which names are taken, and which tensors they stand for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from costcalc.errors import Mark, did_you_mean
from costcalc.graph.bindings import Bindings, StepScope, Tensor
from costcalc.spec.document import SequenceStep, Step

REMEMBERED = 8
"""Steps whose outputs a block with several inputs may read without naming them."""


class NameScope:
    """The names inside a network, a block, a sequence or a branch.

    A sequence or a branch sees the names around it; a block sees only its inputs
    and its parameters.  Scopes with the same path share their names, so that no
    two layers have the same name.
    """

    def __init__(self, path: str, bindings: Bindings, outer: NameScope | None = None) -> None:
        self.path = path
        self.bindings = bindings
        self.outer = outer
        self.tensors: dict[str, Tensor] = {}
        self.left_out: dict[str, Mark] = {}
        """The places of steps that have a name and do not occur at these settings."""
        self.recent: tuple[Tensor, ...] = ()
        """The outputs of the last steps here, the latest first."""
        self.paths: dict[str, tuple[dict[str, int], set[str]]] = outer.paths if outer else {}
        self.counts, self.given = self.paths.setdefault(path, ({}, set()))

    def inner(self, path: str) -> NameScope:
        """The scope of a sequence or a branch inside this one."""
        return NameScope(path, self.bindings, self)

    def at(self, tensor: Tensor) -> StepScope:
        """The names at a step here that reads a tensor."""
        return StepScope(self.bindings, tensor)

    def expect(self, names: Iterable[str]) -> None:
        """Reserves the names that later steps have of their own."""
        self.given.update(names)

    def name(self, word: str, is_given: bool, is_numbered: bool) -> str:
        """A unique full name: ``word``, if it is given and free, or ``word`` with a number."""
        if is_given and not is_numbered and word not in self.counts:
            self.counts[word] = 1
            return self.full(word)
        joint = "_" if word[-1].isdigit() else ""
        while True:
            self.counts[word] = count = self.counts.get(word, 0) + 1
            name = f"{word}{joint}{count}"
            if name not in self.counts and name not in self.given:
                self.counts[name] = 0
                return self.full(name)

    def full(self, name: str) -> str:
        """The name with the path that leads to it."""
        return f"{self.path}/{name}" if self.path else name

    def find(self, name: str) -> Tensor | None:
        """The tensor of that name, here or in the scopes around."""
        for scope in self.outwards():
            if name in scope.tensors:
                return scope.tensors[name]
        return None

    def outwards(self) -> Iterator[NameScope]:
        """This scope and those around it, the inner ones first."""
        scope: NameScope | None = self
        while scope is not None:
            yield scope
            scope = scope.outer

    def leave_out(self, step: Step) -> None:
        """Notes that a step does not occur at these settings."""
        if step.common.name:
            self.left_out[step.common.name] = step.common.mark
        elif isinstance(step, SequenceStep):
            for inner in step.steps:
                self.leave_out(inner)

    def place_left_out(self, name: str) -> Mark | None:
        """The place of the step of that name that is left out, here or in the scopes around."""
        for scope in self.outwards():
            if name in scope.left_out:
                return scope.left_out[name]
        return None

    def remember(self, tensor: Tensor) -> None:
        """Remembers the output of a step here."""
        if self.recent[:1] != (tensor,):
            self.recent = (tensor, *self.recent[: REMEMBERED - 1])

    def hint(self, name: str) -> str:
        """A hint with a similar name that is visible here."""
        return did_you_mean(name, [known for scope in self.outwards() for known in scope.tensors])
