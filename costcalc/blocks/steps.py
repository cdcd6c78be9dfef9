"""Steps: what a line of a network says, what it holds, and the blocks that it calls."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from costcalc.blocks.parameters import BlockParameter
from costcalc.kinds import KINDS

BORROWS = "borrows."
"""What stands before the name of the params that another layer counts."""

OFTEN = {
    "norm": "none",
    "act": "none",
    "functional": False,
    "functional_act": False,
    "repeat": 1,
}
"""What a step may say besides its kind's attributes, and what holds where it does not."""


class Formula(NamedTuple):
    """A value that is computed from names in scope."""

    text: str


class Part(NamedTuple):
    """Steps that another step holds: a branch, a gate, what a sequence groups."""

    steps: tuple[Step, ...]
    label: str = ""


class Step(NamedTuple):
    """One step: a layer with its norm and activation, a join of branches, a call of a block."""

    word: str
    """A kind, a block, ``sequence`` or ``table``."""
    values: Mapping[str, Any]
    """Attributes of a kind, all of them; arguments of a block; what else the step says."""
    reads: int
    """The channels that arrive, ``in``."""
    first: int
    """Its first line, counted over the network."""
    last: int
    """The line whose result is its own."""
    path: str = ""
    """What the network calls it: the layers' names as far as they agree."""
    parts: tuple[Part, ...] = ()
    sources: tuple[int | str, ...] = ()
    """The lines that it reads, later their names, where those are not simply the step before."""
    name: str = ""

    def say(self, **values: Any) -> Step:
        """The step, saying more."""
        return self._replace(values={**self.values, **values})

    def value(self, name: str) -> Any:
        """What it says of an attribute, or what holds where it says nothing."""
        return self.values.get(name, OFTEN.get(name))


def default(word: str, name: str) -> Any:
    """What an attribute of a kind is where a line leaves it out."""
    return KINDS[word].default(name)


def walk(steps: tuple[Step, ...]) -> Iterator[Step]:
    """Steps and all that they hold."""
    for step in steps:
        yield step
        for part in step.parts:
            yield from walk(part.steps)


class Block(NamedTuple):
    """Steps with parameters, under a name."""

    name: str
    parameters: Mapping[str, BlockParameter]
    steps: tuple[Step, ...]

    @property
    def given(self) -> tuple[str, ...]:
        """The parameters that calls give."""
        return tuple(name for name, each in self.parameters.items() if each.column)

    def arguments(self, call: int) -> dict[str, Any]:
        """What a call gives, counted from the first."""
        return {name: self.parameters[name].column[call] for name in self.given}
