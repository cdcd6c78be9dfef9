"""A tape replayed at all combinations of some values of its parameters, for exploring."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import prod

from costcalc.tape.player import Player
from costcalc.tape.tape import Operation, Parameter, Rational, TooLarge, computed

VALUES = 1_000_000
"""The most values that one exploration computes, in about a second."""

Values = list[Rational | None]
Box = tuple[tuple[int, ...], ...]
"""All combinations of some values of each parameter, given by their places on its axis."""


class Tables:
    """The values of nodes at all combinations of the parameters that each depends on.

    A value is None where a division by zero or a number that grows too large leaves none.
    """

    def __init__(self, player: Player, axes: Sequence[Sequence[Rational]]) -> None:
        """Computes nothing yet.

        Args:
            player: of the tape.
            axes: the values of each of the tape's parameters.
        """
        self.player = player
        self.axes = tuple(map(tuple, axes))
        self.room = VALUES
        """The number of values that may still be computed."""
        self._tables: dict[int, Values] = {}
        self._places: dict[tuple[tuple[int, ...], tuple[int, ...]], list[int]] = {}

    @property
    def whole(self) -> Box:
        """All values of each parameter."""
        return tuple(tuple(range(len(values))) for values in self.axes)

    def divided(self, node: int, box: Box) -> Iterator[tuple[bool, Box]]:
        """Parts of a box with one outcome of a comparison each, after that outcome.

        Raises:
            TooLarge: a value is None, or there are more than :data:`VALUES`.
        """
        return self._divided(self._table(node), self._strides(node), box)

    def _divided(
        self, table: Values, strides: Sequence[tuple[int, int]], box: Box, start: int = 0
    ) -> Iterator[tuple[bool, Box]]:
        """Divides a box along some axes, given with their strides in the table."""
        if not strides:
            yield _outcome(table[start]), box
            return
        (axis, stride), *others = strides
        offsets = [start]
        for other, step in others:
            offsets = [offset + place * step for offset in offsets for place in box[other]]
        places_by_outcomes: dict[tuple[bool, ...], list[int]] = {}
        for place in box[axis]:
            row = [_outcome(table[offset + place * stride]) for offset in offsets]
            places_by_outcomes.setdefault(tuple(row), []).append(place)
        for outcomes, places in places_by_outcomes.items():
            part = (*box[:axis], tuple(places), *box[axis + 1 :])
            if len({*outcomes}) == 1:
                yield outcomes[0], part
            else:
                yield from self._divided(table, others, part, start + places[0] * stride)

    def _strides(self, node: int) -> list[tuple[int, int]]:
        """The parameters that a node depends on, with the strides of their values in its table."""
        strides, stride = [], 1
        for axis in reversed(self.player.support(node)):
            strides.append((axis, stride))
            stride *= len(self.axes[axis])
        return strides[::-1]

    def _table(self, node: int) -> Values:
        tables, nodes = self._tables, self.player.tape.nodes
        if node in tables:
            return tables[node]
        for number in self.player.tape.needed([node], tables):
            content = nodes[number].content
            if isinstance(content, Parameter):
                tables[number] = list(self.axes[number])
            elif isinstance(content, Operation):
                tables[number] = self._computed(number, content)
            else:
                tables[number] = [content]
        return tables[node]

    def _computed(self, node: int, operation: Operation) -> Values:
        support = self.player.support(node)
        self.room -= prod(len(self.axes[axis]) for axis in support)
        if self.room < 0:
            raise TooLarge
        left, right = (self._spread(operand, support) for operand in operation[1:])
        return [_value(operation.name, a, b) for a, b in zip(left, right, strict=True)]

    def _spread(self, node: int, support: tuple[int, ...]) -> Values:
        """A node's table, spread over the combinations of more parameters."""
        own, table = self.player.support(node), self._tables[node]
        if own == support:
            return table
        places = self._places.get((own, support))
        if places is None:
            places = [0]
            for axis in support:
                length = len(self.axes[axis])
                steps = range(length) if axis in own else (0,) * length
                scale = length if axis in own else 1
                places = [place * scale + step for place in places for step in steps]
            self._places[own, support] = places
        return [table[place] for place in places]


def _value(operation: str, a: Rational | None, b: Rational | None) -> Rational | None:
    if a is None or b is None:
        return None
    try:
        return computed(operation, a, b)
    except (ZeroDivisionError, TooLarge):
        return None


def _outcome(value: Rational | None) -> bool:
    if value is None:
        raise TooLarge
    return bool(value)
