"""Expressions for the numbers of a class: literals, parameters, and arithmetic on them."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any

from costcalc.blocks.columns import (
    ABSENT,
    Column,
    computed,
    is_constant,
    most_common,
    present,
)
from costcalc.blocks.parameters import (
    BlockParameter,
    Expression,
    ParameterSolver,
    equality,
    junction,
    number,
    truth,
)
from costcalc.exporters.torch.code import literal
from costcalc.exporters.torch.modules import ModuleRef
from costcalc.exporters.torch.names import variable
from costcalc.names import FreeNames

_FACTORS = range(2, 17)
"""Factors and divisors of a parameter."""

_KERNELS = ("kernel_size", "kernel", "k")
"""Kernel sizes: every call gives them, and only paddings are computed from them."""

_WINDOWS = ("kernel_size", "stride", "dilation", "output_padding")
"""Arguments that are never computed."""

_USUAL = {"stride": 1, "padding": 0, "groups": 1, "dilation": 1}
"""Parameters with a fixed default."""

_SMALL = 11
"""The largest default of a parameter; every call gives widths."""


class ModuleParameters(ParameterSolver):
    """The parameters of a class's constructor, and its numbers in terms of these in Python.

    ``facts`` are numbers of each instance that may become parameters, in order of
    preference.
    """

    def __init__(self, facts: Sequence[Mapping[str, int]]) -> None:
        known: dict[str, Column] = {}
        for name in facts[0]:
            if all(name in named for named in facts):
                column = tuple(named[name] for named in facts)
                if not is_constant(column) and column not in known.values():
                    known[FreeNames(known).free(variable(name, "n"))] = column
        super().__init__(known)
        self.arithmetic: dict[str, Expression] = {}
        """The arithmetic used so far, by its text."""

    def free(self, word: str) -> str:
        """The word as a variable, numbered if it is taken: ``c``, ``c_2``."""
        return FreeNames([*self.facts, *self.columns]).free(variable(word, "n"))

    def expression(self, column: Column, word: str, role: str = "") -> Expression:
        """The expression for a column; adds a parameter if no known expression fits."""
        return self.known(column, role) or self.add(word, column)

    def known(self, column: Column, role: str = "") -> Expression | None:
        """The known expression for a column, if there is one.

        ``role`` is the name of the argument: strides are never computed, and a padding is
        computed only from a kernel size, from which nothing else is.
        """
        known = self.find(column, self._candidates(column, role))
        if known is not None and known.names and " " in known.text and role != "padding":
            self.arithmetic.setdefault(known.text, known)
        return known

    def condition(self, holds: Column) -> Expression | None:
        """The known condition that holds in the same instances, if there is one."""
        comparisons = list(self._comparisons())
        return self.find(holds, comparisons) or self.find(holds, _junctions(comparisons))

    def parameters(self) -> list[BlockParameter]:
        """The parameters in order, those with defaults last."""
        order = [*self.facts, *self.columns]
        parameters = [
            BlockParameter(name, self.columns[name], _default(name, self.columns[name]))
            for name in sorted(self.columns, key=order.index)
        ]
        return sorted(parameters, key=lambda parameter: parameter.default is not ABSENT)

    def _candidates(self, column: Column, role: str) -> Iterator[Expression]:
        values = present(column)
        if is_constant(column) and not isinstance(values[0], ModuleRef):
            yield Expression(literal(values[0]), (values[0],) * len(column))
        yield from self.named()
        if role in _WINDOWS or not all(type(value) is int for value in values):
            return
        if role == "padding":
            for one in self._numbers(are_kernels=True):
                halves = computed(lambda size: size // 2, one.column)
                yield Expression(f"{one.text} // 2", halves, one.names)
            return
        yield from self.arithmetic.values()
        numbers = self._numbers(are_kernels=False)
        for one in numbers:
            for factor in _FACTORS:
                by = number(factor, len(column))
                multiple = computed(operator.mul, by.column, one.column)
                yield Expression(f"{factor} * {one.text}", multiple, one.names)
                share = computed(operator.floordiv, one.column, by.column)
                yield Expression(f"{one.text} // {factor}", share, one.names)
        for one, other in combinations(numbers, 2):
            product = computed(operator.mul, one.column, other.column)
            yield Expression(f"{other.text} * {one.text}", product, (*one.names, *other.names))

    def _numbers(self, are_kernels: bool | None = None) -> list[Expression]:
        """Parameters and facts that are integers: kernel sizes, all others, or both."""
        return [
            one
            for one in self.named()
            if are_kernels in (None, one.text in _KERNELS)
            and all(type(value) is int for value in one.column)
        ]

    def _comparisons(self) -> Iterator[Expression]:
        for one in self.named():
            if all(type(value) is bool for value in one.column):
                yield from truth(one)
        for one in self._numbers(are_kernels=False):
            values = sorted({*one.column})
            if 0 in values or (values[-1] <= _SMALL and len(values) <= 4):
                for value in values[: None if values[-1] <= _SMALL else 1]:
                    yield from equality(one, number(value, len(one.column)))
        for one, other in combinations(self._numbers(), 2):
            same, differing = equality(one, other)
            if any(same.column) and min(*one.column, *other.column) > 1:
                yield same
                yield differing


def _junctions(conditions: Iterable[Expression]) -> Iterator[Expression]:
    for one, other in combinations(conditions, 2):
        yield junction(one, "and", other)
        yield junction(one, "or", other)


def _default(name: str, column: Column) -> Any:
    """The value that most instances have, if it is small; None if some instances have none."""
    if ABSENT in column:
        return None
    if name in _USUAL and _USUAL[name] in column:
        return _USUAL[name]
    if name in _KERNELS or any(isinstance(value, ModuleRef) for value in column):
        return ABSENT
    value = most_common(column)
    is_small = not isinstance(value, int) or value <= _SMALL
    return value if 2 * column.count(value) > len(column) and is_small else ABSENT
