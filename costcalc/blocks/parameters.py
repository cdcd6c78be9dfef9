"""What the values of a block are: expressions in parameters that its calls give.

Values are columns.  A solver knows some columns by name: the parameters that it has
chosen, and facts that may become parameters when something is said by them.  It looks
for an expression with the wanted column, and adds a parameter where there is none.  A
condition, which says whether an instance has a step, is an expression that is true or
false.  Which expressions may be written, and in which order they are preferred, is for
those who print them: each language has a solver of its own.
"""

from __future__ import annotations

import operator
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from costcalc.blocks.columns import ABSENT, Column, computed, fits


class Expression(NamedTuple):
    """Something that may be written in a block, and its value in each instance."""

    text: str
    column: Column
    names: tuple[str, ...] = ()
    """The parameters that stand in it, or what would become one."""


class BlockParameter(NamedTuple):
    """What the calls of a block give it, or what it computes."""

    name: str
    column: Column = ()
    """What each call gives; nothing where the block computes it."""
    default: Any = ABSENT
    """What it is where a call gives nothing, or a formula; absent where every call gives it."""
    is_width: bool = False
    """Whether it is a number of channels, which a width multiplier scales."""


class ParameterSolver(ABC):
    """The parameters of a block while they are being found."""

    def __init__(self, facts: Mapping[str, Column]) -> None:
        self.facts = facts
        """Columns that may become parameters, by name."""
        self.columns: dict[str, Column] = {}
        """The parameters, by name."""
        self.flags: set[str] = set()
        """Those that say no more than whether a step is there."""

    @abstractmethod
    def free(self, word: str) -> str:
        """A name for a parameter, made of a word, that no other has."""

    def named(self) -> Iterator[Expression]:
        """The parameters, then the facts that are none yet."""
        for name, column in {**self.columns, **self.facts}.items():
            yield Expression(name, column, (name,))

    def find(self, column: Column, expressions: Iterable[Expression]) -> Expression | None:
        """The first of some expressions that has a column; its facts become parameters."""
        for one in expressions:
            if fits(column, one.column):
                for name in one.names:
                    if name in self.facts:
                        self.columns.setdefault(name, self.facts[name])
                return one
        return None

    def add(self, word: str, column: Column) -> Expression:
        """A new parameter."""
        name = self.free(word)
        self.columns[name] = column
        return Expression(name, column, (name,))

    def flag(self, word: str, holds: Column) -> Expression:
        """A parameter that is true where something holds: one that is there already, or new."""
        known = self.find(holds, self.named())
        if known is not None:
            return known
        flag = self.add(word, holds)
        self.flags.add(flag.text)
        return flag


def number(value: int, count: int) -> Expression:
    """A number, which is the same in every instance."""
    return Expression(str(value), (value,) * count)


def truth(one: Expression) -> Iterator[Expression]:
    """That a truth value holds, and that it does not."""
    yield one
    yield Expression(f"not {one.text}", computed(operator.not_, one.column), one.names)


def equality(one: Expression, other: Expression) -> Iterator[Expression]:
    """That two numbers are equal, and that they differ."""
    names = (*one.names, *other.names)
    for sign, holds in (("==", operator.eq), ("!=", operator.ne)):
        column = computed(holds, one.column, other.column)
        yield Expression(f"{one.text} {sign} {other.text}", column, names)


def junction(one: Expression, word: str, other: Expression) -> Expression:
    """Two conditions, joined by ``and`` or ``or``."""
    join = operator.and_ if word == "and" else operator.or_
    column = computed(join, one.column, other.column)
    return Expression(f"{one.text} {word} {other.text}", column, (*one.names, *other.names))
