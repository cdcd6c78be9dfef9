"""Steps of a network: their attributes, the steps inside them, and the blocks they call."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from costcalc.blocks.parameters import BlockParameter

BORROWS = "borrows."
"""The prefix of values that tell which params another layer counts."""

OFTEN = {
    "norm": "none",
    "act": "none",
    "functional": False,
    "functional_act": False,
    "repeat": 1,
}
"""Values of a step besides its kind's attributes, and their defaults."""


class Formula(NamedTuple):
    """A value computed from names in scope."""

    text: str


class Part(NamedTuple):
    """Steps inside another step: a branch, a gate, the steps of a sequence."""

    steps: tuple[Step, ...]
    label: str = ""


class Step(NamedTuple):
    """One step: a layer with its norm and activation, a join of branches, a call of a block."""

    word: str
    """A kind, a block, ``sequence`` or ``table``."""
    values: Mapping[str, Any]
    """All attributes of its kind, or the arguments of its block; and other values."""
    reads: int
    """The channels of its input, ``in``."""
    first: int
    """Its first line, counted over the network."""
    last: int
    """The line that computes its output."""
    path: str = ""
    """The common path of its layers' names."""
    parts: tuple[Part, ...] = ()
    sources: tuple[int | str, ...] = ()
    """The lines that it reads, later their names; empty if it reads only the previous step."""
    name: str = ""

    def with_values(self, **values: Any) -> Step:
        """The step with more values."""
        return self._replace(values={**self.values, **values})

    def map_parts(self, change: Callable[[tuple[Step, ...]], tuple[Step, ...]]) -> Step:
        """The step with the steps of each part changed."""
        parts = (part._replace(steps=change(part.steps)) for part in self.parts)
        return self._replace(parts=tuple(parts))

    def value(self, name: str) -> Any:
        """The value of an attribute, or its default."""
        return self.values.get(name, OFTEN.get(name))


def walk(steps: tuple[Step, ...]) -> Iterator[Step]:
    """The steps and all steps inside them."""
    for step in steps:
        yield step
        for part in step.parts:
            yield from walk(part.steps)


def size(steps: tuple[Step, ...]) -> int:
    """How many steps there are, with those inside them."""
    return sum(1 for _ in walk(steps))


class Block(NamedTuple):
    """Steps with parameters, under a name."""

    name: str
    parameters: Mapping[str, BlockParameter]
    steps: tuple[Step, ...]

    @property
    def settable(self) -> tuple[str, ...]:
        """The parameters that calls set."""
        return tuple(name for name, parameter in self.parameters.items() if parameter.column)

    def arguments(self, call: int) -> dict[str, Any]:
        """The arguments of a call, by its number."""
        return {name: self.parameters[name].column[call] for name in self.settable}
