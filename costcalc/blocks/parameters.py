"""Expressions for the values of a block, in terms of parameters that its calls set.

Values are columns.  A solver has some columns by name: the parameters that it has
chosen, and facts, which become parameters once an expression uses them.  It looks for
an expression with a given column, and adds a parameter if there is none.  A condition,
which tells whether an instance has a step, is a Boolean expression.  Each language has
a solver of its own, which decides which expressions are allowed and preferred.
"""

from __future__ import annotations

import operator
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from costcalc.blocks.columns import ABSENT, Column, computed, fits


class Expression(NamedTuple):
    """An expression in the code of a block, and its value in each instance."""

    text: str
    column: Column
    names: tuple[str, ...] = ()
    """The parameters and facts that it uses."""


class BlockParameter(NamedTuple):
    """A parameter of a block, set by its calls or computed."""

    name: str
    column: Column = ()
    """Its value in each call; empty if the block computes it."""
    default: Any = ABSENT
    """Its default or its formula; absent if it is required."""
    is_width: bool = False
    """Whether it is a number of channels, which a width multiplier scales."""


class ParameterSolver(ABC):
    """Finds the parameters of a block."""

    def __init__(self, facts: Mapping[str, Column]) -> None:
        self.facts = facts
        """Columns that may become parameters, by name."""
        self.columns: dict[str, Column] = {}
        """The parameters, by name."""
        self.flags: set[str] = set()
        """The parameters that only tell whether a step is present."""

    @abstractmethod
    def free(self, word: str) -> str:
        """A unique name for a parameter, made from a word."""

    def named(self) -> Iterator[Expression]:
        """The parameters, then the unused facts."""
        for name, column in {**self.columns, **self.facts}.items():
            yield Expression(name, column, (name,))

    def find(self, column: Column, expressions: Iterable[Expression]) -> Expression | None:
        """The first expression that has a column; the facts it uses become parameters."""
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
        """A parameter that tells where something holds: a known one, or a new one."""
        known = self.find(holds, self.named())
        if known is not None:
            return known
        flag = self.add(word, holds)
        self.flags.add(flag.text)
        return flag


def number(value: int, count: int) -> Expression:
    """A number, the same in every instance."""
    return Expression(str(value), (value,) * count)


def truth(one: Expression) -> Iterator[Expression]:
    """A Boolean expression and its negation."""
    yield one
    yield Expression(f"not {one.text}", computed(operator.not_, one.column), one.names)


def equality(one: Expression, other: Expression) -> Iterator[Expression]:
    """The comparisons ``==`` and ``!=`` of two numbers."""
    names = (*one.names, *other.names)
    for sign, holds in (("==", operator.eq), ("!=", operator.ne)):
        column = computed(holds, one.column, other.column)
        yield Expression(f"{one.text} {sign} {other.text}", column, names)


def junction(one: Expression, word: str, other: Expression) -> Expression:
    """Two conditions, joined by ``and`` or ``or``."""
    join = operator.and_ if word == "and" else operator.or_
    column = computed(join, one.column, other.column)
    return Expression(f"{one.text} {word} {other.text}", column, (*one.names, *other.names))
