"""Which settings of a chunk are wanted: conditions, the largest few, the Pareto front."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy

from costcalc.advice import advice, option
from costcalc.errors import SpecError, did_you_mean, refuse
from costcalc.formulas import algebra
from costcalc.graph.budgets import wrong_unit
from costcalc.grid.axes import Axis, Numerators, of_values
from costcalc.grid.bounded import CACHED, Array
from costcalc.grid.dominance import undominated
from costcalc.grid.evaluate import Chunk, Grid
from costcalc.grid.regions import Form, Range, Region, regions
from costcalc.grid.splitting import Mask, Split
from costcalc.metrics import COUNTED, METRICS
from costcalc.spec.expression import Parsed, parse
from costcalc.spec.numbers import ExpressionError


class Condition:
    """A condition over a network's parameters and costs: ``mult_adds <= 100M``."""

    def __init__(self, text: str) -> None:
        """Reads the condition.

        Raises:
            SpecError: it is malformed.
        """
        self.text = text
        try:
            self.parsed: Parsed = parse(text, has_units=True)
        except ExpressionError as error:
            refuse(
                None, advice("{}: {}", option("where"), error.message), error.expected, f"'{text}'"
            )

    def check(self, known: Mapping[str, Any], metrics: Sequence[str]) -> None:
        """Checks that every name of the condition is known, and compared in its own unit.

        Raises:
            SpecError: one is not.
        """
        for name in sorted(self.parsed.names):
            check_name(name, option("where"), known, metrics)
        for names, numbers in self.parsed.comparisons:
            for name in sorted(names & METRICS.keys()):
                for number in numbers:
                    problem = wrong_unit(name, number, METRICS[name].is_bytes)
                    if problem is not None:
                        message = advice("{}: {}", option("where"), problem.message)
                        raise SpecError([problem._replace(message=message)])

    def holds(self, grid: Grid, chunk: Chunk, known: Mapping[str, Any]) -> Array:
        """Where in a chunk the condition holds; False where there is no network.

        Raises:
            SpecError: the condition compares what cannot be compared, or divides by zero.
        """
        result = chunk.is_valid.copy()
        columns = {name: column(name, grid, chunk, known) for name in self.parsed.names}
        for start in range(0, len(result), CACHED):
            (inside,) = numpy.nonzero(result[start : start + CACHED])
            for part, holds in self._decided(inside + start, columns):
                result[part] = holds
        return result

    def _decided(self, cells: Array, columns: Mapping[str, Any]) -> list[tuple[Array, bool]]:
        """The cells cut into parts, with the condition's answer for each."""
        waiting, decided = [cells] if len(cells) else [], []
        while waiting:
            part = waiting.pop()
            try:
                decided.append((part, self._truth(part, columns)))
            except Split as split:
                answers = numpy.broadcast_to(split.answers, (len(part),))
                waiting += [part[answers == answer] for answer in numpy.unique(answers)]
        return decided

    def regions(
        self,
        known: Mapping[str, Any],
        metrics: Sequence[str],
        reach: Callable[[Form], Range],
    ) -> list[Region]:
        """The regions of the costs in which the condition holds at a setting.

        Args:
            known: the values of the parameters.
            metrics: the costs.
            reach: a lower and an upper bound of a sum of costs over the space.

        Raises:
            Inseparable: it does more than bound sums of costs.
            SpecError: it compares what cannot be compared, or divides by zero.
        """
        costs = self.parsed.names & {*metrics}

        def holds(cost: Callable[[str], Any]) -> bool:
            scope = {name: known[name] for name in self.parsed.names - costs}
            return self._holds(scope | {name: cost(name) for name in costs})

        return regions(holds, reach)

    def _truth(self, cells: Array, columns: Mapping[str, Any]) -> bool:
        return self._holds({name: _values(column, cells) for name, column in columns.items()})

    def _holds(self, scope: Mapping[str, Any]) -> bool:
        try:
            value = self.parsed.evaluate(scope)
            if isinstance(value, bool | Mask):
                return bool(value)
            reason = "is not a condition"
        except ZeroDivisionError:
            reason = "divides by zero"
        except ExpressionError as error:
            reason = error.message
        except TypeError:
            reason = "compares what cannot be compared"
        refuse(
            None,
            advice("{} '{}' {}", option("where"), self.text, reason),
            "a condition: mult_adds <= 100M",
        )


def check_name(name: str, where: str, known: Mapping[str, Any], metrics: Sequence[str]) -> None:
    """Checks that a name is that of a parameter of the network, or of a cost of the rows.

    Raises:
        SpecError: it is neither.
    """
    if name not in known and name in METRICS and name not in metrics:
        asked = ",".join((*metrics[len(COUNTED) :], name))
        message = advice("{}: the rows have no {}", where, name)
        refuse(None, message, option("metrics", asked))
    if name not in known and name not in metrics:
        names = [*known, *metrics]
        refuse(
            None,
            advice("{}: '{}' has no meaning here", where, name),
            expected="one of " + ", ".join(names),
            hint=did_you_mean(name, names),
        )


def largest(column: Array, count: int, is_smallest: bool) -> Array:
    """The indexes of the ``count`` largest (or smallest) numbers, in the order of the rows."""
    ranks = _ranks(column)
    order = numpy.argsort(ranks if is_smallest else -ranks, kind="stable")
    return numpy.sort(order[:count])


def front(*costs: Array) -> Array:
    """The Pareto front: ascending indexes of the points that no other point dominates.

    Args:
        costs: two or more arrays, each with one cost of every point.
    """
    points = numpy.stack([_ranks(column) for column in costs], axis=1)
    return numpy.sort(undominated(points))


def column(name: str, grid: Grid, chunk: Chunk, known: Mapping[str, Any]) -> Any:
    """A parameter or a cost across a chunk.

    Returns:
        Numerators, words, or a single value if it does not vary.
    """
    if name in chunk.costs:
        costs = chunk.costs[name]
        return Numerators(costs, 1) if costs.dtype != object else of_values(costs.tolist())
    for number, axis in enumerate(grid.axes):
        if axis.name == name:
            return _axis(number, axis, grid, chunk)
    return known[name]


def _axis(number: int, axis: Axis, grid: Grid, chunk: Chunk) -> Any:
    shape = [1] * len(grid.axes)
    shape[number] = -1
    taken = chunk.slices[number]
    if axis.is_numeric:
        array = grid.numerators[number]
        return array._replace(array=_spread(array.array[taken].reshape(shape), chunk))
    words = numpy.empty(len(axis.values), object)
    words[:] = axis.values
    return _spread(words[taken].reshape(shape), chunk)


def _spread(array: Array, chunk: Chunk) -> Array:
    shape = tuple(part.stop - part.start for part in chunk.slices)
    return numpy.broadcast_to(array, shape).ravel()


def _values(column: Any, cells: Array) -> Any:
    """A column's value in some cells, for an expression to compute with.

    Raises:
        Split: it is a word that differs between the cells.
    """
    if isinstance(column, Numerators):
        numbers = column.array[cells]
        if (numbers == numbers[0]).all():
            return algebra.whole(Fraction(int(numbers[0]), column.denominator))
        return column._replace(array=numbers).along(0, 1)
    if not isinstance(column, numpy.ndarray):
        return column
    words = [str(word) for word in column[cells]]
    if len(set(words)) > 1:
        raise Split(numpy.array(words))
    return column[cells[0]]


def _ranks(array: Array) -> Array:
    """Sort keys: the numbers, or their ranks if they are Python objects."""
    if array.dtype != object:
        return array
    return numpy.unique(array, return_inverse=True)[1]
