"""A best-first search through the stages of a space: its networks, the best by one cost first.

The best cost of a partial network's completions is known exactly for the last stages and bounded
for the others.  So the search goes almost straight to the best network, then to the next one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeAlias

import numpy

from costcalc.grid.bounded import Array
from costcalc.grid.regions import Form
from costcalc.grid.tables import CostTables
from costcalc.spaces.completions import Column, Completions, columns_of, limits
from costcalc.spaces.stages import SpacePart, Stages

Node: TypeAlias = "tuple[int, int, Array]"
"""A stage, the state that it is reached in, and what the stages before it cost."""


class BestFirst:
    """The networks of a region, the best by one cost first."""

    def __init__(
        self,
        tables: CostTables,
        form: Form,
        direction: int,
        part: SpacePart,
    ) -> None:
        """Finds the completions that matter.

        Args:
            tables: the space.
            form: the cost.
            direction: 1 if less of it is better, -1 if more is.
            part: the part of it that the region is.

        Raises:
            Entangled: too many parts depend on the same parameters.
        """
        found = columns_of(tables, [(form, direction)], part.region)
        self._is_empty = found is None
        if found is None:
            return
        forms, columns = found
        self._space = Stages(tables, forms, part, is_in_order=True)
        self._direction = direction
        self._low, self._high = limits(columns)
        self._listed = Completions(self._space, columns, direction)
        if self._listed.first:
            self._relaxed = Completions(self._space, self._loosened(columns), direction)

    def first(self) -> Iterator[tuple[int, int, Node]]:
        """Where the search starts, like :meth:`following`."""
        if not self._is_empty:
            node = 0, 0, self._space.constant
            best = self._best(node)
            if best is not None:
                yield best, 0, node

    def is_whole(self, node: Node) -> bool:
        """Whether all stages have chosen."""
        return node[0] == len(self._space.stages)

    def following(self, row: int, node: Node) -> Iterator[tuple[int, int, Node]]:
        """The nodes that a stage's choices lead to, if completions of theirs may be wanted.

        Yields:
            The best cost that a completion may have, less being better; the number of the
            first row that one may have; and the node.
        """
        number, state, spent = node
        choices = self._space.choices(number, state)
        places = [self._space.places[axis] for axis in self._space.stages[number].axes]
        for costs, indexes, after in zip(
            choices.costs, choices.indexes.tolist(), choices.states.tolist(), strict=True
        ):
            reached = number + 1, after, spent + costs
            best = self._best(reached)
            if best is not None:
                at = sum(index * place for index, place in zip(indexes, places, strict=True))
                yield best, row + at, reached

    def _best(self, node: Node) -> int | None:
        """The best cost of a node's completions in the region, or a bound of it.

        Returns:
            The cost, less being better; None if no completion is in the region.
        """
        number, state, spent = node
        if number >= self._listed.first:
            return self._listed.best(number, state, spent)
        extent = self._space.extents[number][state]
        if extent is None:
            return None
        least, most = spent + extent.least, spent + extent.most
        low, high = numpy.maximum(least, self._low), numpy.minimum(most, self._high)
        low = least - (least - low) // extent.steps * extent.steps
        high = least + (high - least) // extent.steps * extent.steps
        if (low > high).any():
            return None
        bound = int(low[0]) if self._direction > 0 else -int(high[0])
        if number < self._relaxed.first:
            return bound
        best = self._relaxed.best(number, state, spent)
        return None if best is None else max(bound, best)

    def _loosened(self, columns: Sequence[Column]) -> list[Column]:
        """Without the bounds that leave all sums of a cost."""
        (first, *others), direction = columns, self._direction
        least, most = (int(end[0]) for end in self._space.before[-1])
        low, high = (first.low, most) if direction < 0 else (least, first.high)
        is_bound = low > least or high < most
        first = first._replace(sign=direction, low=low, high=high, is_bound=is_bound)
        return [first, *(column for column in others if column.sign)]
